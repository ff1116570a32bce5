/**
 * Statements of a portal-group.
 *
 * @module
 */

import {
  addOption,
  type PortalGroupDraft,
  storeRedirectKind,
} from "./draft.ts";
import { parseSocketAddress } from "./inet.ts";
import type { DiscoveryFilter } from "./model.ts";
import { invalidNumber, parseNumber } from "./numbers.ts";
import {
  ISER,
  type KeywordTable,
  keywordTable,
  type Problem,
  unsupported,
} from "./statement.ts";

/** TCP port of iSCSI, registered with IANA. */
const ISCSI_PORT = 3260;
const TAG_MAX = 0xffff;
const DSCP_MAX = 63;
const PCP_MAX = 7;

const DISCOVERY_FILTERS: readonly string[] = [
  "none",
  "portal",
  "portal-name",
  "portal-name-auth",
] satisfies DiscoveryFilter[];

/** Code points by name: RFC 2474, RFC 2597 and RFC 3246. */
const DSCP_NAMES: ReadonlyMap<string, number> = new Map([
  ["be", 0],
  ["ef", 46],
  ...[0, 1, 2, 3, 4, 5, 6, 7].map(classSelector),
  ...[1, 2, 3, 4].flatMap(assuredForwarding),
]);

/** Keywords of a portal-group. */
export const PORTAL_GROUP_KEYWORDS: KeywordTable<PortalGroupDraft> =
  keywordTable<PortalGroupDraft>({
    "discovery-auth-group": { words: 1, store: setDiscoveryAuthGroup },
    "discovery-filter": { words: 1, store: setDiscoveryFilter },
    "dscp": { words: 1, store: setDscp },
    "foreign": { words: 0, store: setForeign },
    "listen": { words: 1, store: addListen },
    "listen-iser": unsupported(ISER),
    "offload": { words: 1, store: setOffload },
    "option": { words: 2, store: addPortOption },
    "pcp": { words: 1, store: setPcp },
    "redirect": { words: 1, optionalWords: 1, store: setRedirect },
    "tag": { words: 1, store: setTag },
  });

function setDiscoveryAuthGroup(group: PortalGroupDraft, name: string): Problem {
  if (group.discoveryAuthGroup !== undefined) {
    return `discovery-auth-group for ${label(group)} specified more than once`;
  }
  if (!group.root.authGroups.has(name)) {
    return `unknown discovery-auth-group "${name}" for ${label(group)}`;
  }
  group.discoveryAuthGroup = name;
  return undefined;
}

function setDiscoveryFilter(group: PortalGroupDraft, word: string): Problem {
  if (!isDiscoveryFilter(word)) {
    return `invalid discovery-filter "${word}" for ${label(group)}`;
  }
  if ((group.discoveryFilter ?? word) !== word) {
    return `cannot set discovery-filter to "${word}" for ${label(group)}; ` +
      `already has a different value`;
  }
  group.discoveryFilter = word;
  return undefined;
}

function setForeign(group: PortalGroupDraft): Problem {
  group.foreign = true;
  return undefined;
}

/** The second socket on the same place could not be bound: one is enough. */
function addListen(group: PortalGroupDraft, text: string): Problem {
  const place = parseSocketAddress(text, ISCSI_PORT);
  if (place === undefined) return `invalid listen address ${text}`;
  const key = `${place.address} ${place.port}`;
  if (group.listen.has(key)) {
    group.root.warnings.add(
      `duplicate listen address ${text} for ${label(group)}`,
    );
  }
  group.listen.set(key, place);
  return undefined;
}

function setOffload(group: PortalGroupDraft, driver: string): Problem {
  if (group.offload !== undefined) {
    return `cannot set offload to "${driver}" for ${label(group)}; ` +
      `already defined`;
  }
  group.offload = driver;
  warnOfNoEffect(group, "offload", "there are no offload drivers");
  return undefined;
}

function addPortOption(
  group: PortalGroupDraft,
  name: string,
  value: string,
): Problem {
  warnOfNoEffect(group, `option "${name}"`, "ports have no options here");
  return addOption(group.options, name, value, label(group));
}

function setRedirect(
  group: PortalGroupDraft,
  address: string,
  how?: string,
): Problem {
  if (group.redirect !== undefined) {
    return `cannot set redirection to "${address}" for ${label(group)}; ` +
      `already defined`;
  }
  group.redirect = address;
  return storeRedirectKind(group, how, label(group));
}

/** CTL takes 0 for a tag that was not given. */
function setTag(group: PortalGroupDraft, word: string): Problem {
  const tag = parseNumber(word, TAG_MAX);
  if (tag === undefined) return invalidNumber(word);
  group.tag = tag === 0 ? undefined : tag;
  return undefined;
}

function setDscp(group: PortalGroupDraft, word: string): Problem {
  const dscp = DSCP_NAMES.get(word.toLowerCase()) ??
    parseNumber(word, DSCP_MAX);
  if (dscp === undefined) {
    return `invalid DSCP value ${word} for ${label(group)}`;
  }
  warnOfNoEffect(group, "dscp", "the runtime cannot set it on sockets");
  group.dscp = dscp;
  return undefined;
}

function setPcp(group: PortalGroupDraft, word: string): Problem {
  const pcp = parseNumber(word, PCP_MAX);
  if (pcp === undefined) return `invalid PCP value ${word} for ${label(group)}`;
  warnOfNoEffect(group, "pcp", "the runtime cannot set it on sockets");
  group.pcp = pcp;
  return undefined;
}

function warnOfNoEffect(
  group: PortalGroupDraft,
  subject: string,
  reason: string,
): void {
  group.root.warnings.add(
    `${subject} for ${label(group)} is of no effect: ${reason}`,
  );
}

function label({ name }: PortalGroupDraft): string {
  return `portal-group "${name}"`;
}

function isDiscoveryFilter(word: string): word is DiscoveryFilter {
  return DISCOVERY_FILTERS.includes(word);
}

function classSelector(n: number): [string, number] {
  return [`cs${n}`, 8 * n];
}

function assuredForwarding(n: number): [string, number][] {
  return [1, 2, 3].map((drop) => [`af${n}${drop}`, 8 * n + 2 * drop]);
}
