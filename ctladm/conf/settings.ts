/**
 * Statements at the top of the file.
 *
 * @module
 */

import { AUTH_GROUP_KEYWORDS } from "./auth_groups.ts";
import {
  claimName,
  type ConfigurationDraft,
  createAuthGroupDraft,
  createPortalGroupDraft,
} from "./draft.ts";
import { parseSocketAddress } from "./inet.ts";
import { HA_STATEMENT } from "./ha.ts";
import { INTEGER_MAX, PORTAL_GROUPS_MAX, SECONDS_MAX } from "./limits.ts";
import { openLun } from "./luns.ts";
import { invalidNumber, parseNumber } from "./numbers.ts";
import { PLUGIN_STATEMENT } from "./plugins.ts";
import { PORTAL_GROUP_KEYWORDS } from "./portal_groups.ts";
import {
  type Block,
  type Keyword,
  type KeywordTable,
  keywordTable,
  NVME,
  openBlock,
  type Problem,
  unsupported,
} from "./statement.ts";
import { openTarget } from "./targets.ts";

/** TCP port of iSNS, registered with IANA. */
const ISNS_PORT = 3205;

/** Keywords at the top of the file. */
export const GLOBAL_KEYWORDS: KeywordTable<ConfigurationDraft> = keywordTable<
  ConfigurationDraft
>({
  "auth-group": { open: openAuthGroup },
  "controller": unsupported(NVME),
  "debug": number(INTEGER_MAX, (draft, value) => {
    draft.debug = value;
  }),
  "ha": HA_STATEMENT,
  "isns-period": number(SECONDS_MAX, (draft, value) => {
    draft.isnsPeriodSeconds = value;
  }),
  "isns-server": { words: 1, store: addIsnsServer },
  "isns-timeout": number(SECONDS_MAX, (draft, value) => {
    draft.isnsTimeoutSeconds = value;
  }),
  "lun": { open: openLun },
  "maxproc": number(INTEGER_MAX, (draft, value) => {
    draft.maxproc = value;
    draft.warnings.add(
      "maxproc is of no effect: logins need no processes of their own",
    );
  }),
  "pidfile": { words: 1, store: setPidfile },
  "plugin": PLUGIN_STATEMENT,
  "portal-group": { open: openPortalGroup },
  "target": { open: openTarget },
  "timeout": number(SECONDS_MAX, (draft, value) => {
    draft.timeoutSeconds = value;
  }),
  "transport-group": unsupported(NVME),
});

/** A number that is stored; given again, the last one counts. */
function number(
  max: number,
  set: (draft: ConfigurationDraft, value: number) => void,
): Keyword<ConfigurationDraft> {
  return {
    words: 1,
    store: (draft, word: string) => {
      const value = parseNumber(word, max);
      if (value === undefined) return invalidNumber(word);
      set(draft, value);
      return undefined;
    },
  };
}

function setPidfile(draft: ConfigurationDraft, path: string): Problem {
  if (draft.pidfile !== undefined) return "pidfile specified more than once";
  draft.pidfile = path;
  return undefined;
}

function addIsnsServer(draft: ConfigurationDraft, text: string): Problem {
  if (draft.isnsServers.has(text)) return `duplicate iSNS address ${text}`;
  const place = parseSocketAddress(text, ISNS_PORT);
  if (place === undefined) return `invalid iSNS address ${text}`;
  draft.isnsServers.set(text, place);
  return undefined;
}

function openAuthGroup(
  draft: ConfigurationDraft,
  name: string,
): Block | string {
  const { authGroups, warnings } = draft;
  const problem = claimName("auth-group", name, authGroups, draft);
  if (problem !== undefined) return problem;
  const group = createAuthGroupDraft(name, `auth-group "${name}"`, warnings);
  authGroups.set(name, group);
  return openBlock(AUTH_GROUP_KEYWORDS, group);
}

function openPortalGroup(
  draft: ConfigurationDraft,
  name: string,
): Block | string {
  const { portalGroups } = draft;
  const problem = claimName("portal-group", name, portalGroups, draft);
  if (problem !== undefined) return problem;
  if (portalGroups.size > PORTAL_GROUPS_MAX) {
    return `more than ${PORTAL_GROUPS_MAX} portal-groups`;
  }
  const group = createPortalGroupDraft(draft, name);
  portalGroups.set(name, group);
  return openBlock(PORTAL_GROUP_KEYWORDS, group);
}
