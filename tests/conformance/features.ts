/**
 * What the target offers: a table made from its command table.
 *
 * @module
 */

import {
  type CommandRow,
  createTarget,
  DEVICE_TYPE,
  maskOfDeviceType,
} from "../../core/mod.ts";
import { FLAG } from "../../core/commands/command_row.ts";
import { SERIALIZATION } from "../../core/serialization.ts";
import { type Table, toText } from "../bench/table.ts";
import { memoryHost } from "../support/memory_host.ts";

/** A command as the table has it. */
export interface Feature {
  /** Name in the standard's words. */
  readonly command: string;
  /** OPERATION CODE and SERVICE ACTION in hexadecimal. */
  readonly code: string;
  /** Device types that have it. */
  readonly deviceTypes: readonly string[];
  /** Bytes of the CDB. */
  readonly cdbLength: number;
  /** Direction of its data. */
  readonly data: string;
  /** Offered by some units alone, by their options or store. */
  readonly conditional: boolean;
  /** Row of the ordering matrix. */
  readonly order: string;
  /** While another nexus holds a RESERVE. */
  readonly reserved: boolean;
  /** Under persistent reservations of others: all, write exclusive, none. */
  readonly persistent: "all" | "write exclusive" | "none";
  /** Without a medium, stopped or ejected. */
  readonly noMedium: boolean;
  /** In access state standby. */
  readonly standby: boolean;
  /** In access states unavailable and transitioning. */
  readonly unavailable: boolean;
  /** Ahead of a pending unit attention. */
  readonly aheadOfAttention: boolean;
}

/** All commands of a target, by operation code. */
export function features(): Feature[] {
  const target = createTarget({
    host: memoryHost(),
    findPlugin: () => undefined,
  });
  return [...target.commands.rows()].map(featureOf);
}

function featureOf(row: CommandRow): Feature {
  const has = (flag: number) => (row.flags & flag) !== 0;
  return {
    command: row.name,
    code: codeOf(row),
    deviceTypes: deviceTypesOf(row),
    cdbLength: row.cdbLength,
    data: row.direction,
    conditional: row.supported !== undefined,
    order: orderOf(row),
    reserved: has(FLAG.RESERVED),
    persistent: persistentOf(has),
    noMedium: has(FLAG.NO_MEDIUM),
    standby: has(FLAG.STANDBY),
    unavailable: has(FLAG.UNAVAILABLE),
    aheadOfAttention: has(FLAG.AHEAD_OF_ATTENTION),
  };
}

function codeOf({ opcode, serviceAction }: CommandRow): string {
  const codes = [opcode, ...serviceAction === undefined ? [] : [serviceAction]];
  return codes.map((code) => code.toString(16).padStart(2, "0").toUpperCase())
    .join("/");
}

function deviceTypesOf({ deviceTypes }: CommandRow): string[] {
  return Object.entries(DEVICE_TYPE)
    .filter(([, type]) => (deviceTypes & maskOfDeviceType(type)) !== 0)
    .map(([name]) => name.toLowerCase());
}

function orderOf({ serialization }: CommandRow): string {
  const [name = String(serialization)] =
    Object.entries(SERIALIZATION).find(([, code]) => code === serialization) ??
      [];
  return name.toLowerCase().replaceAll("_", " ");
}

function persistentOf(has: (flag: number) => boolean): Feature["persistent"] {
  if (has(FLAG.PERSISTENT)) return "all";
  return has(FLAG.WRITE_EXCLUSIVE) ? "write exclusive" : "none";
}

/** The features for people. */
export function formatFeatures(rows: readonly Feature[]): string {
  return [toText(tableOf(rows)), "", ...LEGEND].join("\n");
}

function tableOf(rows: readonly Feature[]): Table {
  const yes = (is: boolean) => is ? "yes" : "-";
  return {
    head: [
      ...["command", "code", "device types", "CDB", "data", "if", "order"],
      ...["RESERVE", "PR", "no medium", "standby", "unavail.", "before UA"],
    ],
    rows: rows.map((row) => [
      row.command,
      row.code,
      row.deviceTypes.length === Object.keys(DEVICE_TYPE).length
        ? "all"
        : row.deviceTypes.join(" "),
      String(row.cdbLength),
      row.data,
      yes(row.conditional),
      row.order,
      yes(row.reserved),
      row.persistent === "none" ? "-" : row.persistent,
      ...[row.noMedium, row.standby, row.unavailable, row.aheadOfAttention]
        .map(yes),
    ]),
  };
}

const LEGEND = [
  "if: offered by some units alone. RESERVE, PR: runs while others hold one.",
  "no medium, standby, unavail.: runs in that state. before UA: runs ahead",
  "of a unit attention.",
];
