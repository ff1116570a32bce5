/**
 * READ and WRITE (SBC-4 5.11 to 5.15, 5.38 to 5.42).
 *
 * @module
 */

import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, STATUS } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import {
  flagsOf,
  FUA,
  range10,
  range12,
  range16,
  range32,
  range6,
  VARIABLE_LENGTH,
} from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import {
  checkRange,
  flush,
  interruption,
  readRange,
  readsThrough,
  writeRange,
  writesThrough,
} from "./medium.ts";

const READ = {
  serialization: SERIALIZATION.READ,
  direction: "in",
  flags: FLAG.WRITE_EXCLUSIVE,
  pattern: PATTERN.READ | PATTERN.RANGE,
} as const;

const WRITE = {
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.WRITE,
  direction: "out",
  flags: 0,
  pattern: PATTERN.WRITE | PATTERN.RANGE,
} as const;

/** The READ and WRITE commands. */
export const READ_WRITE_COMMANDS: readonly CommandDefinition[] = [
  {
    ...READ,
    name: "READ(6)",
    opcode: 0x08,
    deviceTypes: FOR.DISK,
    usage: "1f ff ff ff 07",
    range: range6,
    execute: read6,
  },
  {
    ...WRITE,
    name: "WRITE(6)",
    opcode: 0x0a,
    usage: "1f ff ff ff 07",
    range: range6,
    execute: write6,
  },
  {
    ...READ,
    name: "READ(10)",
    opcode: 0x28,
    deviceTypes: FOR.DISK_AND_CD,
    usage: "1e ffffffff 3f ffff 07",
    range: range10,
    execute: read,
  },
  {
    ...WRITE,
    name: "WRITE(10)",
    opcode: 0x2a,
    usage: "1a ffffffff 3f ffff 07",
    range: range10,
    execute: write,
  },
  {
    ...READ,
    name: "READ(12)",
    opcode: 0xa8,
    deviceTypes: FOR.DISK_AND_CD,
    usage: "1e ffffffff ffffffff 3f 07",
    range: range12,
    execute: read,
  },
  {
    ...WRITE,
    name: "WRITE(12)",
    opcode: 0xaa,
    usage: "1a ffffffff ffffffff 3f 07",
    range: range12,
    execute: write,
  },
  {
    ...READ,
    name: "READ(16)",
    opcode: 0x88,
    deviceTypes: FOR.DISK,
    usage: "1e ffffffffffffffff ffffffff 3f 07",
    range: range16,
    execute: read,
  },
  {
    ...WRITE,
    name: "WRITE(16)",
    opcode: 0x8a,
    usage: "1a ffffffffffffffff ffffffff 3f 07",
    range: range16,
    execute: write,
  },
  {
    ...READ,
    name: "READ(32)",
    opcode: VARIABLE_LENGTH,
    serviceAction: 0x0009,
    deviceTypes: FOR.DISK,
    usage: "07 00000000 3f ff 0009 1c 00 ffffffffffffffff " +
      "ffffffff ffff ffff ffffffff",
    range: range32,
    execute: read32,
  },
  {
    ...WRITE,
    name: "WRITE(32)",
    opcode: VARIABLE_LENGTH,
    serviceAction: 0x000b,
    usage: "07 00000000 3f ff 000b 18 00 ffffffffffffffff " +
      "ffffffff ffff ffff ffffffff",
    range: range32,
    execute: write32,
  },
];

function read(task: ScsiTask, unit: LogicalUnit): MaybePromise<Completion> {
  return readChecked(task, unit, (task.cdb.getUint8(1) & FUA) !== 0);
}

function read32(task: ScsiTask, unit: LogicalUnit): MaybePromise<Completion> {
  return readChecked(task, unit, (flagsOf(task) & FUA) !== 0);
}

function read6(task: ScsiTask, unit: LogicalUnit): MaybePromise<Completion> {
  return readChecked(task, unit, false);
}

function readChecked(
  task: ScsiTask,
  unit: LogicalUnit,
  fua: boolean,
): MaybePromise<Completion> {
  const outside = checkRange(task, unit);
  if (outside !== null) return outside;
  return readsThrough(unit, fua)
    ? readFromMedium(task, unit)
    : readRange(task, unit);
}

// Blocks that stand in the volatile cache only are written to the medium
// first (SBC-4 4.15).
async function readFromMedium(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const flushed = await flush(task, unit);
  if (flushed !== STATUS.GOOD) return flushed;
  return interruption(task, unit) ?? await readRange(task, unit);
}

function write(task: ScsiTask, unit: LogicalUnit): MaybePromise<Completion> {
  const fua = (task.cdb.getUint8(1) & FUA) !== 0;
  return checkRange(task, unit) ??
    writeRange(task, unit, writesThrough(unit, fua));
}

function write32(task: ScsiTask, unit: LogicalUnit): MaybePromise<Completion> {
  const fua = (flagsOf(task) & FUA) !== 0;
  return checkRange(task, unit) ??
    writeRange(task, unit, writesThrough(unit, fua));
}

function write6(task: ScsiTask, unit: LogicalUnit): MaybePromise<Completion> {
  return checkRange(task, unit) ??
    writeRange(task, unit, writesThrough(unit, false));
}
