/**
 * Statements of a target.
 *
 * @module
 */

import { AUTH_GROUP_KEYWORDS } from "./auth_groups.ts";
import {
  type AuthGroupDraft,
  type ConfigurationDraft,
  createAuthGroupDraft,
  storeRedirectKind,
  type TargetDraft,
} from "./draft.ts";
import {
  LUN_NUMBER_MAX,
  TARGET_NAME_BYTES_MAX,
  TARGETS_MAX,
} from "./limits.ts";
import { openLun } from "./luns.ts";
import type { PhysicalPort } from "./model.ts";
import { nameWarnings } from "./names.ts";
import { invalidNumber, parseNumber } from "./numbers.ts";
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

/** Highest iSCSI name by the standard; CTL's message names this one. */
const NAME_BYTES_BY_STANDARD = 223;

/** Keywords of a target. */
export const TARGET_KEYWORDS: KeywordTable<TargetDraft> = keywordTable<
  TargetDraft
>({
  ...privateAuthKeywords(),
  "alias": { words: 1, store: setAlias },
  "auth-group": { words: 1, store: setAuthGroup },
  "lun": { words: 2, store: mapLun, open: openInlineLun },
  "namespace": unsupported(NVME),
  "port": { words: 1, store: setPort },
  "portal-group": { words: 1, optionalWords: 1, store: addPortalGroup },
  "redirect": { words: 1, optionalWords: 1, store: setRedirect },
});

/** Begins a target. */
export function openTarget(
  root: ConfigurationDraft,
  givenName: string,
): Block | string {
  const name = givenName.toLowerCase();
  if (root.targets.has(name)) return `duplicated target "${givenName}"`;
  if (new TextEncoder().encode(name).length > TARGET_NAME_BYTES_MAX) {
    return `overlong name for target "${givenName}"; max length allowed ` +
      `by iSCSI specification is ${NAME_BYTES_BY_STANDARD} characters`;
  }
  if (root.targets.size >= TARGETS_MAX) {
    return `more than ${TARGETS_MAX} targets`;
  }
  nameWarnings("target", name).forEach((text) => root.warnings.add(text));
  const target: TargetDraft = {
    root,
    name,
    label: `target "${name}"`,
    alias: undefined,
    authGroup: undefined,
    privateAuth: undefined,
    portalGroups: new Map(),
    port: undefined,
    redirect: undefined,
    movedPermanently: false,
    luns: new Map(),
  };
  root.targets.set(name, target);
  return openBlock(TARGET_KEYWORDS, target);
}

/** The keywords of an auth-group fill a group of this target alone. */
function privateAuthKeywords(): Record<string, Keyword<TargetDraft>> {
  const rows: Record<string, Keyword<TargetDraft>> = {};
  for (const [name, keyword] of AUTH_GROUP_KEYWORDS) {
    const { store, open: _open, ...row } = keyword;
    rows[name] = store === undefined ? unsupported(NVME) : {
      ...row,
      store: (target, ...words) => {
        const group = privateAuth(target, name);
        return typeof group === "string" ? group : store(group, ...words);
      },
    };
  }
  return rows;
}

function privateAuth(
  target: TargetDraft,
  keyword: string,
): AuthGroupDraft | string {
  const { label, root } = target;
  if (target.authGroup !== undefined) {
    return `cannot use both auth-group and ${keyword} for ${label}`;
  }
  return target.privateAuth ??= createAuthGroupDraft(
    undefined,
    label,
    root.warnings,
  );
}

function setAlias(target: TargetDraft, text: string): Problem {
  if (target.alias !== undefined) {
    return `alias for ${target.label} specified more than once`;
  }
  target.alias = text;
  return undefined;
}

function setAuthGroup(target: TargetDraft, name: string): Problem {
  const { label, root } = target;
  if (target.privateAuth !== undefined) {
    return `cannot use both auth-group and explicit authorisations ` +
      `for ${label}`;
  }
  if (target.authGroup !== undefined) {
    return `auth-group for ${label} specified more than once`;
  }
  if (!root.authGroups.has(name)) {
    return `unknown auth-group "${name}" for ${label}`;
  }
  target.authGroup = name;
  return undefined;
}

function addPortalGroup(
  { label, name, portalGroups, root }: TargetDraft,
  portalGroup: string,
  authGroup?: string,
): Problem {
  if (!root.portalGroups.has(portalGroup)) {
    return `unknown portal-group "${portalGroup}" for ${label}`;
  }
  if (authGroup !== undefined && !root.authGroups.has(authGroup)) {
    return `unknown auth-group "${authGroup}" for ${label}`;
  }
  if (portalGroups.has(portalGroup)) {
    return `duplicate port "${portalGroup}-${name}"`;
  }
  portalGroups.set(portalGroup, authGroup);
  return undefined;
}

/** Whether the machine has such a port is seen when it is taken. */
function setPort(target: TargetDraft, text: string): Problem {
  const { label, root } = target;
  if (target.port !== undefined) {
    return `cannot set multiple physical ports for ${label}`;
  }
  const port = parsePhysicalPort(text);
  if (port === undefined) return `unknown port "${text}" for ${label}`;
  const key = `${port.driver}/${port.physicalPort}/${port.virtualPort}`;
  if (root.physicalPorts.has(key)) {
    return `can't link port "${text}" to ${label}, ` +
      `port already linked to some target`;
  }
  root.physicalPorts.add(key);
  target.port = port;
  return undefined;
}

/** Parses `name`, `name/pp` or `name/pp/vp`. */
function parsePhysicalPort(text: string): PhysicalPort | undefined {
  const match = /^([^/]+)(?:\/(\d{1,9}))?(?:\/(\d{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const [, driver = "", physicalPort = "0", virtualPort = "0"] = match;
  return {
    text,
    driver: driver.toLowerCase(),
    physicalPort: Number(physicalPort),
    virtualPort: Number(virtualPort),
  };
}

function setRedirect(
  target: TargetDraft,
  address: string,
  how?: string,
): Problem {
  if (target.redirect !== undefined) {
    return `cannot set redirection to "${address}" for ${target.label}; ` +
      `already defined`;
  }
  target.redirect = address;
  return storeRedirectKind(target, how, target.label);
}

function mapLun(target: TargetDraft, word: string, name: string): Problem {
  const number = newLunNumber(target, word);
  if (typeof number === "string") return number;
  if (!target.root.luns.has(name)) {
    return `unknown LUN named ${name} used for target ${target.name}`;
  }
  target.luns.set(number, name);
  return undefined;
}

function openInlineLun(target: TargetDraft, word: string): Block | string {
  const number = newLunNumber(target, word);
  if (typeof number === "string") return number;
  const name = `${target.name},lun,${number}`;
  const block = openLun(target.root, name, name);
  if (typeof block !== "string") target.luns.set(number, name);
  return block;
}

/** A number that the target does not use yet, or why this is none. */
function newLunNumber({ label, luns }: TargetDraft, word: string):
  | number
  | string {
  const number = parseNumber(word);
  if (number === undefined) return invalidNumber(word);
  if (number > LUN_NUMBER_MAX) return `LUN ${number} too big for ${label}`;
  return luns.has(number) ? `duplicate LUN ${number} for ${label}` : number;
}
