/**
 * Statements of an auth-group, also when a target has one for itself.
 *
 * @module
 */

import { type AuthGroupDraft } from "./draft.ts";
import { parsePrefix } from "./inet.ts";
import type { AuthType, Credentials } from "./model.ts";
import { nameWarnings } from "./names.ts";
import {
  type KeywordTable,
  keywordTable,
  NVME,
  type Problem,
  unsupported,
} from "./statement.ts";

/** RFC 7143 9.2.1 asks for 96 bits at least. */
const SECRET_LENGTH_MIN = 12;
/** Many initiators take no more. */
const SECRET_LENGTH_MAX = 16;

const AUTH_TYPES: readonly string[] = [
  "none",
  "deny",
  "chap",
  "chap-mutual",
] satisfies AuthType[];

/** Keywords of an auth-group. */
export const AUTH_GROUP_KEYWORDS: KeywordTable<AuthGroupDraft> = keywordTable<
  AuthGroupDraft
>({
  // Two of the types are keywords, but nothing else can stand here.
  "auth-type": { words: 1, store: setAuthType, keywordsAsWords: true },
  "chap": { words: 2, store: addChap, secret: true },
  "chap-mutual": { words: 4, store: addChapMutual, secret: true },
  "initiator-name": { words: 1, store: addInitiatorName },
  "initiator-portal": { words: 1, store: addInitiatorPortal },
  "host-address": unsupported(NVME),
  "host-nqn": unsupported(NVME),
});

function setAuthType(group: AuthGroupDraft, word: string): Problem {
  if (!isAuthType(word)) {
    return `invalid auth-type "${word}" for ${group.label}`;
  }
  if (group.type !== "unknown" && group.type !== word) {
    return `cannot set auth-type to "${word}" for ${group.label}; ` +
      `already has a different type`;
  }
  group.type = word;
  return undefined;
}

function addChap(
  group: AuthGroupDraft,
  user: string,
  secret: string,
): Problem {
  return addCredentials(group, "chap", { user, secret, mutual: undefined });
}

function addChapMutual(
  group: AuthGroupDraft,
  user: string,
  secret: string,
  mutualUser: string,
  mutualSecret: string,
): Problem {
  const mutual = { user: mutualUser, secret: mutualSecret };
  return addCredentials(group, "chap-mutual", { user, secret, mutual });
}

function addCredentials(
  group: AuthGroupDraft,
  type: "chap" | "chap-mutual",
  credentials: Credentials,
): Problem {
  if (group.type === "unknown") group.type = type;
  if (group.type !== type) {
    return `cannot mix "${type}" authentication with other types ` +
      `for ${group.label}`;
  }
  const { user } = credentials;
  if (group.credentials.has(user)) {
    return `duplicate credentials for user "${user}" for ${group.label}`;
  }
  group.credentials.set(user, credentials);
  warnOfSecrets(group, credentials);
  return undefined;
}

function addInitiatorName(group: AuthGroupDraft, name: string): Problem {
  if (group.initiatorNames.has(name)) return undefined;
  group.initiatorNames.add(name);
  for (const warning of nameWarnings("initiator", name)) {
    group.warnings.add(`${warning} (for ${group.label})`);
  }
  return undefined;
}

function addInitiatorPortal(group: AuthGroupDraft, text: string): Problem {
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    return `invalid initiator portal "${text}" for ${group.label}`;
  }
  group.initiatorPortals.push(prefix);
  return undefined;
}

function warnOfSecrets(group: AuthGroupDraft, credentials: Credentials): void {
  const { user, secret, mutual } = credentials;
  const whose = `for user "${user}" for ${group.label}`;
  warnOfLength(group, `secret ${whose}`, secret);
  if (mutual === undefined) return;
  warnOfLength(group, `mutual secret ${whose}`, mutual.secret);
  if (mutual.secret !== secret) return;
  group.warnings.add(
    `mutual secret ${whose} is the same as the secret; they should differ`,
  );
}

function warnOfLength(
  { warnings }: AuthGroupDraft,
  subject: string,
  { length }: string,
): void {
  if (length < SECRET_LENGTH_MIN) {
    warnings.add(
      `${subject} is too short; ` +
        `it should be at least ${SECRET_LENGTH_MIN} characters long`,
    );
  }
  if (length > SECRET_LENGTH_MAX) {
    warnings.add(
      `${subject} is too long; ` +
        `it should be at most ${SECRET_LENGTH_MAX} characters long`,
    );
  }
}

function isAuthType(word: string): word is AuthType {
  return AUTH_TYPES.includes(word);
}
