/**
 * The UCL syntax of ctl.conf (`ctld -u`): which property has which form. What
 * the properties mean is in the tables of statements.
 *
 * @module
 */

import { createDraft } from "../draft.ts";
import { oneLine, printable } from "../lexer.ts";
import { FILE_LENGTH_MAX } from "../limits.ts";
import { FILE_TOO_LARGE, type ParseOutcome } from "../parser.ts";
import { GLOBAL_KEYWORDS } from "../settings.ts";
import { openBlock } from "../statement.ts";
import { finish } from "../validate.ts";
import {
  fieldOf,
  pass,
  readBytes,
  readFields,
  readFlag,
  readInteger,
  readLinks,
  readNamedInteger,
  readOptions,
  readRedirect,
  readSeconds,
  readSections,
  readSize,
  readSwitch,
  readText,
  readTexts,
  readUnnamed,
  readUnsupported,
  readWords,
} from "./forms.ts";
import { parseUcl, type UclSource } from "./parse.ts";
import {
  type Fault,
  first,
  type Form,
  type Forms,
  formTable,
  type Outcome,
  type Place,
  readObject,
  refuseType,
  state,
  stateBlock,
} from "./places.ts";
import {
  type UclEntry,
  type UclObject,
  type UclValue,
  valuesOf,
} from "./tree.ts";

const AUTH_ROWS = {
  "auth-type": readText,
  "chap": readFields("user", "secret"),
  "chap-mutual": readFields("user", "secret", "mutual-user", "mutual-secret"),
  "host-address": readUnsupported,
  "host-nqn": readUnsupported,
  "initiator-name": readTexts,
  "initiator-portal": readTexts,
} satisfies Record<string, Form>;

const AUTH_GROUP_FORMS = formTable(AUTH_ROWS);

const PORTAL_GROUP_FORMS = formTable({
  "discovery-auth-group": readText,
  "discovery-filter": readText,
  "dscp": readNamedInteger,
  "foreign": readFlag,
  "listen": readTexts,
  "listen-iser": readUnsupported,
  "offload": readText,
  "options": readOptions,
  "pcp": readInteger,
  "redirect": readRedirect,
  "tag": readInteger,
});

const LUN_ROWS = {
  "backend": readText,
  "blocksize": readBytes,
  "ctl-lun": readInteger,
  "device-id": readText,
  "device-type": readNamedInteger,
  "options": readOptions,
  "path": readText,
  "serial": readText,
  "size": readSize,
} satisfies Record<string, Form>;

const LUN_FORMS = formTable(LUN_ROWS);

/** In an array of LUNs, each says its number itself. */
const NUMBERED_LUN_FORMS = formTable({ ...LUN_ROWS, "number": pass });

const PLUGIN_FORMS = formTable({ "options": readOptions });

const HA_FORMS = formTable({
  "allow-ramdisk": readSwitch,
  "arbiter": readText,
  "certificate": readText,
  "cluster": readText,
  "dead-ms": readInteger,
  "defect": readText,
  "etcd": readTexts,
  "explicit-alua": readSwitch,
  "fence-command": readText,
  "fencer": readText,
  "heartbeat-ms": readInteger,
  "id": readInteger,
  "insecure": readSwitch,
  "key": readText,
  "lease-ms": readInteger,
  "mode": readNamedInteger,
  "peer": readWords,
  "peer-fingerprint": readText,
  "role": readNamedInteger,
  "silent-ms": readInteger,
});

const TARGET_FORMS = formTable({
  ...AUTH_ROWS,
  "alias": readText,
  "auth-group": readText,
  "lun": readTargetLuns,
  "namespace": readUnsupported,
  "port": readText,
  "portal-group": readLinks,
  "redirect": readRedirect,
});

const GLOBAL_FORMS = formTable({
  "auth-group": readSections(AUTH_GROUP_FORMS, label("auth-group")),
  "controller": readUnsupported,
  "debug": readInteger,
  "ha": readUnnamed(HA_FORMS),
  "isns-period": readSeconds,
  "isns-server": readTexts,
  "isns-timeout": readSeconds,
  "lun": readSections(LUN_FORMS, label("lun")),
  "maxproc": readInteger,
  "pidfile": readText,
  "plugin": readPlugins,
  "portal-group": readSections(PORTAL_GROUP_FORMS, label("portal-group")),
  "target": readSections(
    TARGET_FORMS,
    (name) => `target "${name.toLowerCase()}"`,
  ),
  "timeout": readSeconds,
  "transport-group": readUnsupported,
});

/** What others name is read before them: order is free in UCL. */
const RANKS: ReadonlyMap<string, number> = new Map([
  ["portal-group", 1],
  ["target", 2],
  ["controller", 2],
]);

/**
 * Reads a configuration in the UCL syntax.
 *
 * @returns the configuration with warnings, or the first error
 */
export function parseUclConfiguration(source: UclSource): ParseOutcome {
  if (source.text.length > FILE_LENGTH_MAX) return { error: FILE_TOO_LARGE };
  const tree = parseUcl(source);
  if ("error" in tree) return tree;
  const draft = createDraft();
  const place = {
    block: openBlock(GLOBAL_KEYWORDS, draft),
    where: "the configuration file",
    warnings: draft.warnings,
  };
  const fault = readObject(place, inReadingOrder(tree), GLOBAL_FORMS);
  return fault === undefined
    ? finish(draft)
    : { error: describe(fault, source) };
}

function inReadingOrder({ kind, entries }: UclObject): UclObject {
  const rank = ({ key }: UclEntry) => RANKS.get(key) ?? 0;
  return { kind, entries: entries.toSorted((a, b) => rank(a) - rank(b)) };
}

function describe({ at, near, text }: Fault, { path }: UclSource): string {
  const { file, line, column } = at;
  const name = file === path ? "" : `${oneLine(file)} `;
  return `error in configuration file ${name}at line ${line}, ` +
    `column ${column} near '${printable(near)}': ${oneLine(text)}`;
}

/** A path or an array of them, or objects keyed by path. */
function readPlugins(place: Place, entry: UclEntry): Outcome {
  const named = readSections(PLUGIN_FORMS, label("plugin"));
  return first(valuesOf(entry.value), (value) => {
    const read = value.kind === "object" ? named : readText;
    return read(place, { ...entry, value });
  });
}

function label(kind: string): (name: string) => string {
  return (name) => `${kind} "${name}"`;
}

/**
 * An object keyed by number, whose values name a lun or describe one, or
 * objects that say their number themselves.
 */
function readTargetLuns(place: Place, entry: UclEntry): Outcome {
  return first(valuesOf(entry.value), (value) => {
    if (value.kind !== "object") return refuseType(place, entry, "an object");
    const number = fieldOf(value, "number");
    if (number !== undefined) {
      return readNumberedLun(place, entry, value, number);
    }
    return first(value.entries, (lun) => readKeyedLun(place, lun));
  });
}

function readKeyedLun(place: Place, entry: UclEntry): Outcome {
  const { key: number } = entry;
  return first(
    valuesOf(entry.value),
    (value) =>
      value.kind === "object"
        ? describeLun(place, entry, { number, value, forms: LUN_FORMS })
        : nameLun(place, entry, number, value),
  );
}

function readNumberedLun(
  place: Place,
  entry: UclEntry,
  value: UclObject,
  given: UclValue,
): Outcome {
  const number = given.kind === "integer" ? given.digits : undefined;
  if (number === undefined) {
    return refuseType(place, { ...entry, key: "number" }, "an integer");
  }
  const name = fieldOf(value, "name");
  return name === undefined
    ? describeLun(place, entry, { number, value, forms: NUMBERED_LUN_FORMS })
    : nameLun(place, entry, number, name);
}

function nameLun(
  place: Place,
  entry: UclEntry,
  number: string,
  name: UclValue,
): Outcome {
  if (name.kind !== "string") return refuseType(place, entry, "a string");
  return state(place, entry, "lun", [number, name.text]);
}

function describeLun(
  place: Place,
  entry: UclEntry,
  { number, value, forms }: {
    readonly number: string;
    readonly value: UclObject;
    readonly forms: Forms;
  },
): Outcome {
  return stateBlock(place, entry, {
    keyword: "lun",
    name: number,
    read: (block) => {
      const where = `lun ${number} of ${place.where}`;
      return readObject({ ...place, block, where }, value, forms);
    },
  });
}
