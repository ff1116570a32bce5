/**
 * A row of the command table: all that the target knows of one command.
 *
 * @module
 */

import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import type { Completion } from "../sense.ts";
import type { SerializationClass } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { VARIABLE_LENGTH } from "./cdb.ts";
import { writtenThrough } from "./written_through.ts";

/** Under which conditions a command runs, as bits. */
export const FLAG = {
  /** Without a medium, stopped or ejected. */
  NO_MEDIUM: 0x01,
  /** In access state standby. */
  STANDBY: 0x02,
  /** In access states unavailable and transitioning. */
  UNAVAILABLE: 0x04,
  /** While another nexus holds a RESERVE. */
  RESERVED: 0x08,
  /** Under any persistent reservation of others. */
  PERSISTENT: 0x10,
  /** Under write exclusive persistent reservations of others. */
  WRITE_EXCLUSIVE: 0x20,
  /** Ahead of a pending unit attention, which it deals with itself. */
  AHEAD_OF_ATTENTION: 0x40,
  /** On the node that receives it, whatever the roles. */
  RUN_HERE: 0x80,
} as const;

/** What a command does to the medium, for write protection and injection. */
export const PATTERN = {
  NONE: 0x000,
  READ: 0x001,
  WRITE: 0x002,
  READ_CAPACITY: 0x004,
  TEST_UNIT_READY: 0x008,
  /** It has a range of blocks. */
  RANGE: 0x200,
} as const;

/** Direction of its data, as the command table says. */
export type Direction = "in" | "out" | "none";

/** Runs a command on a unit: at once where it can, else by a promise. */
export type Execute = (
  task: ScsiTask,
  unit: LogicalUnit,
) => MaybePromise<Completion>;

/** What a family of commands says of each of them. */
export interface CommandDefinition {
  /** Name in the standard's words: `READ(10)`. */
  readonly name: string;
  /** OPERATION CODE. */
  readonly opcode: number;
  /** SERVICE ACTION, for operation codes that have them. */
  readonly serviceAction?: number;
  /** Device types that have it: bits of `FOR`. */
  readonly deviceTypes: number;
  /** CDB usage data from byte 1 on, as hexadecimal (SPC-5 6.33.3). */
  readonly usage: string;
  /** Its row and column in the ordering matrix. */
  readonly serialization: SerializationClass;
  /** Direction of its data. */
  readonly direction: Direction;
  /** Bits of {@linkcode FLAG}. */
  readonly flags: number;
  /** Bits of {@linkcode PATTERN}. */
  readonly pattern: number;
  /** Whether a unit offers it, beyond its device type; absent: always. */
  readonly supported?: (unit: LogicalUnit) => boolean;
  /** RECOMMENDED COMMAND TIMEOUT in seconds; absent: none is told. */
  readonly recommendedTimeoutS?: (unit: LogicalUnit) => number;
  /** Reads the block range from the CDB into the task, for ordering. */
  readonly range?: (task: ScsiTask, unit: LogicalUnit) => void;
  /** Runs it. */
  readonly execute: Execute;
  /** Runs it where no unit stands behind the address. */
  readonly executeWithoutUnit?: (task: ScsiTask) => MaybePromise<Completion>;
  /** Runs it on the well-known logical unit REPORT LUNS; absent: refused. */
  readonly executeOnWellKnown?: (task: ScsiTask) => MaybePromise<Completion>;
}

/** A definition with what dispatch needs, worked out once. */
export interface CommandRow extends CommandDefinition {
  /** Bytes of the CDB. */
  readonly cdbLength: number;
  /** CDB usage data, the operation code first. */
  readonly usageBytes: Uint8Array;
  /** Bits that must be zero, as big-endian words of the CDB. */
  readonly forbidden: Uint32Array;
  /** What it moves are blocks, to be read or written. */
  readonly movesBlocks: boolean;
}

/** NACA of the CONTROL byte: auto contingent allegiance is not offered. */
const NACA = 0x04;

// A definition is the same for every target: its row is made once.
const rows = new WeakMap<CommandDefinition, CommandRow>();

/** A definition's row: its usage bytes and masks. */
export function commandRowOf(definition: CommandDefinition): CommandRow {
  const made = rows.get(definition);
  if (made !== undefined) return made;
  const row = makeRow(definition);
  rows.set(definition, row);
  return row;
}

function makeRow(definition: CommandDefinition): CommandRow {
  const rest = Uint8Array.fromHex(definition.usage.replaceAll(" ", ""));
  const usageBytes = Uint8Array.of(definition.opcode, ...rest);
  const words = new DataView(new ArrayBuffer((usageBytes.length + 3) & ~3));
  // CONTROL is the last byte, but the second of variable length CDBs.
  const control = definition.opcode === VARIABLE_LENGTH
    ? 1
    : usageBytes.length - 1;
  for (let byte = 1; byte < usageBytes.length; byte += 1) {
    const allowed = usageBytes[byte] ?? 0;
    words.setUint8(byte, ~allowed & 0xff | (byte === control ? NACA : 0));
  }
  const forbidden = new Uint32Array(words.byteLength / 4);
  forbidden.forEach((_, word) => {
    forbidden[word] = words.getUint32(4 * word);
  });
  const { execute, pattern } = definition;
  const writes = (pattern & PATTERN.WRITE) !== 0;
  return Object.freeze({
    ...definition,
    execute: writes ? writtenThrough(execute) : execute,
    cdbLength: usageBytes.length,
    usageBytes,
    forbidden,
    movesBlocks: movesBlocks(definition),
  });
}

function movesBlocks({ direction, pattern }: CommandDefinition): boolean {
  const kind = direction === "in" ? PATTERN.READ : PATTERN.WRITE;
  const wanted = kind | PATTERN.RANGE;
  return (pattern & wanted) === wanted;
}
