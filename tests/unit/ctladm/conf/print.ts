/**
 * Writes configurations in both syntaxes, by a tree that both can spell.
 *
 * @module
 */

import {
  type AuthGroup,
  type Configuration,
  DEFAULT_PORTAL_GROUP,
  type Lun,
  type PortalGroup,
  PREDEFINED_AUTH_GROUPS,
  type Target,
} from "../../../../ctladm/conf/model.ts";

/** A statement: a keyword, its words, and perhaps a block. */
interface Statement {
  readonly keyword: string;
  readonly words: readonly (string | number)[];
  readonly block?: readonly Statement[];
}

/** Ways to spell the same in UCL. */
export interface UclStyle {
  /** `key name { }` instead of `key { name { } }`. */
  readonly named: boolean;
  /** What stands between key and value. */
  readonly separator: " = " | ": " | " ";
  /** What stands between statements. */
  readonly end: "\n" | ";" | ",";
}

/** Writes a configuration in the classic syntax. */
export function printClassic(configuration: Configuration): string {
  return statementsOf(configuration).map(classicText).join("");
}

/** Writes a configuration in UCL. */
export function printUcl(
  configuration: Configuration,
  style: UclStyle,
): string {
  return statementsOf(configuration)
    .map((statement) => uclText(statement, style)).join("");
}

function classicText({ keyword, words, block }: Statement): string {
  const line = [keyword, ...words.map((word) => `"${word}"`)].join(" ");
  if (block === undefined) return `${line}\n`;
  return `${line} {\n${block.map(classicText).join("")}}\n`;
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "chap": ["user", "secret"],
  "chap-mutual": ["user", "secret", "mutual-user", "mutual-secret"],
  "portal-group": ["name", "auth-group-name"],
  "redirect": ["address", "kind"],
};

function uclText(statement: Statement, style: UclStyle): string {
  const { keyword, words, block } = statement;
  const pair = (key: string, value: string) =>
    `${key}${style.separator}${value}${style.end}`;
  if (block !== undefined) {
    const inner = block.map((each) => uclText(each, style)).join("");
    const name = JSON.stringify(String(words[0]));
    return style.named
      ? `${keyword} ${name} {${inner}}\n`
      : `${keyword} { ${name} {${inner}} }\n`;
  }
  const values = words.map(uclValue);
  const [first = "true", second = ""] = values;
  if (keyword === "option") {
    return `options { ${JSON.stringify(words[0])} = ${second} }\n`;
  }
  if (keyword === "lun") return `lun { ${words[0]} = ${second} }\n`;
  const fields = FIELDS[keyword];
  if (fields === undefined || values.length === 1) return pair(keyword, first);
  const inner = values.map((value, index) => pair(`${fields[index]}`, value));
  return `${keyword} {${inner.join("")}}\n`;
}

/** A dollar sign as an escape begins no variable. */
function uclValue(word: string | number): string {
  return JSON.stringify(word).replaceAll("$", "\\u0024");
}

function line(keyword: string, ...words: (string | number)[]): Statement {
  return { keyword, words };
}

/** A line, if there is a word for it. */
function maybe(
  keyword: string,
  word: string | number | undefined,
): readonly Statement[] {
  return word === undefined ? [] : [line(keyword, word)];
}

function statementsOf(configuration: Configuration): readonly Statement[] {
  const { plugins, authGroups, portalGroups, luns, targets, isns } =
    configuration;
  return [
    line("debug", configuration.debug),
    line("maxproc", configuration.maxproc),
    line("pidfile", configuration.pidfile),
    line("timeout", configuration.timeoutSeconds),
    ...isns.servers.map(({ text }) => line("isns-server", text)),
    line("isns-period", isns.periodSeconds),
    line("isns-timeout", isns.timeoutSeconds),
    ...[...plugins.values()].map(({ name, options: given }) => ({
      keyword: "plugin",
      words: [name],
      block: options(given),
    })),
    ...[...authGroups.values()].filter(isPrinted).map(authGroup),
    ...[...portalGroups.values()].map(portalGroup),
    ...[...luns.values()].map(lun),
    ...[...targets.values()].map(target),
  ];
}

/** A predefined group can be printed only when the file defined it anew. */
function isPrinted({ name = "", type, credentials }: AuthGroup): boolean {
  if (!Object.hasOwn(PREDEFINED_AUTH_GROUPS, name)) return true;
  return name === DEFAULT_PORTAL_GROUP &&
    (type !== "deny" || credentials.size > 0);
}

function authGroup(group: AuthGroup): Statement {
  return {
    keyword: "auth-group",
    words: [group.name ?? ""],
    block: authStatements(group),
  };
}

function authStatements(group: AuthGroup): readonly Statement[] {
  return [
    ...maybe("auth-type", group.type === "unknown" ? undefined : group.type),
    ...[...group.credentials.values()].map(({ user, secret, mutual }) =>
      mutual === undefined
        ? line("chap", user, secret)
        : line("chap-mutual", user, secret, mutual.user, mutual.secret)
    ),
    ...[...group.initiatorNames].map((name) => line("initiator-name", name)),
    ...group.initiatorPortals
      .map(({ text }) => line("initiator-portal", text)),
  ];
}

function portalGroup(group: PortalGroup): Statement {
  return {
    keyword: "portal-group",
    words: [group.name],
    block: [
      line("discovery-auth-group", group.discoveryAuthGroup.name ?? ""),
      line("discovery-filter", group.discoveryFilter),
      ...(group.foreign ? [line("foreign")] : []),
      ...group.listen.map(({ text }) => line("listen", text)),
      ...maybe("offload", group.offload),
      ...options(group.options),
      ...redirection(group),
      ...maybe("tag", group.tag),
      ...maybe("dscp", group.dscp),
      ...maybe("pcp", group.pcp),
    ],
  };
}

function lun(unit: Lun): Statement {
  return {
    keyword: "lun",
    words: [unit.name],
    block: [
      line("backend", unit.backend),
      ...maybe("path", unit.path),
      ...maybe("size", unit.sizeBytes),
      line("blocksize", unit.blocksize),
      line("device-type", unit.deviceType),
      ...maybe("ctl-lun", unit.ctlLun),
      ...maybe("device-id", unit.deviceId),
      ...maybe("serial", unit.serial),
      ...options(unit.options),
    ],
  };
}

function target(target: Target): Statement {
  const { authGroup: { name }, portalGroups } = target;
  return {
    keyword: "target",
    words: [target.name],
    block: [
      ...maybe("alias", target.alias),
      ...(name === undefined
        ? authStatements(target.authGroup)
        : [line("auth-group", name)]),
      ...portalGroups.map(({ portalGroup, authGroup }) =>
        line("portal-group", portalGroup, ...wordOf(authGroup?.name))
      ),
      ...maybe("port", target.port?.text),
      ...redirection(target),
      ...[...target.luns].map(([number, lun]) => line("lun", number, lun)),
    ],
  };
}

function redirection(
  { redirect, movedPermanently }: PortalGroup | Target,
): readonly Statement[] {
  if (redirect === undefined) return [];
  return [
    line("redirect", redirect, ...(movedPermanently ? ["permanent"] : [])),
  ];
}

function wordOf(word: string | undefined): string[] {
  return word === undefined ? [] : [word];
}

function options(map: ReadonlyMap<string, string>): readonly Statement[] {
  return [...map].map(([name, value]) => line("option", name, value));
}
