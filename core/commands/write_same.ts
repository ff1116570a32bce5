/**
 * WRITE SAME (SBC-4 5.47, 5.48).
 *
 * @module
 */

import { bufferFor } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { OK } from "../ports/block_store.ts";
import {
  type Completion,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  invalidFieldInCdb,
  senseOfStoreFault,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import { Slices } from "../slices.ts";
import type { ScsiTask } from "../task.ts";
import { STORE_CALL } from "../tracing/trace_events.ts";
import {
  flagsAt,
  flagsOf,
  range10,
  range16,
  range32,
  toTheEnd,
  VARIABLE_LENGTH,
} from "./cdb.ts";
import { type CommandDefinition, PATTERN } from "./command_row.ts";
import {
  checkRange,
  flush,
  inSteps,
  interruption,
  type StoreChange,
  withDataOut,
  writeBlocks,
  writesThrough,
} from "./medium.ts";
import { unmapRanges } from "./provisioning.ts";

const ANCHOR = 0x10;
const UNMAP = 0x08;
const LBDATA = 0x02;
const NDOB = 0x01;

const WRITE_SAME = {
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.WRITE,
  direction: "out",
  flags: 0,
  pattern: PATTERN.WRITE | PATTERN.RANGE,
} as const;

/** The WRITE SAME commands. */
export const WRITE_SAME_COMMANDS: readonly CommandDefinition[] = [
  {
    ...WRITE_SAME,
    name: "WRITE SAME(10)",
    opcode: 0x41,
    usage: "1a ffffffff 3f ffff 07",
    range: toTheEnd(range10),
    execute: (task, unit) => writeSame(task, unit, 7),
  },
  {
    ...WRITE_SAME,
    name: "WRITE SAME(16)",
    opcode: 0x93,
    usage: "1b ffffffffffffffff ffffffff 3f 07",
    range: toTheEnd(range16),
    execute: (task, unit) => writeSame(task, unit, 10),
  },
  {
    ...WRITE_SAME,
    name: "WRITE SAME(32)",
    opcode: VARIABLE_LENGTH,
    serviceAction: 0x000d,
    usage: "07 00000000 3f ff 000d 19 00 ffffffffffffffff " +
      "ffffffff ffff ffff ffffffff",
    range: toTheEnd(range32),
    execute: (task, unit) => writeSame(task, unit, 28),
  },
];

async function writeSame(
  task: ScsiTask,
  unit: LogicalUnit,
  countField: number,
): Promise<Completion> {
  const flags = flagsOf(task);
  const wrong = checkRange(task, unit) ?? checkFlags(task, unit) ??
    checkCount(task, unit, countField);
  if (wrong !== null) return wrong;
  if (task.blockCount === 0) return STATUS.GOOD;
  if ((flags & NDOB) !== 0) return await writeZeroes(task, unit);
  const { blockLength } = unit.geometry;
  task.transferLength = blockLength;
  if (task.expectedDataOutLength !== blockLength) {
    return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
  }
  const spareBytes = patternBytes(task, unit) - blockLength;
  const dataOut = { offset: 0, lengthBytes: blockLength, spareBytes };
  return await withDataOut(task, unit, dataOut, (buffer) => {
    task.movedLength = blockLength;
    task.moveCount = 1;
    return writeBlock(task, unit, buffer);
  });
}

/** NDOB: the block is zeroes and nothing is fetched. */
async function writeZeroes(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const { buffers } = task.nexus;
  const buffer = await bufferFor(task, patternBytes(task, unit));
  if (buffer === null) return STATUS.TASK_ABORTED;
  try {
    buffer.fill(0, 0, unit.geometry.blockLength);
    return await writeBlock(task, unit, buffer);
  } finally {
    buffers.release(buffer);
  }
}

/**
 * Bytes written between two looks at the clock. Memory that is touched for the
 * first time takes ten times as long as other memory, so they are few.
 */
const FILL_BYTES = 2 ** 18;

// The block is repeated in one buffer.
function patternBytes(task: ScsiTask, unit: LogicalUnit): number {
  const { blockLength } = unit.geometry;
  const blocks = Math.max(1, Math.floor(FILL_BYTES / blockLength));
  return Math.min(task.blockCount, blocks) * blockLength;
}

function checkFlags(task: ScsiTask, unit: LogicalUnit): Completion | null {
  const flags = flagsOf(task);
  const at = flagsAt(task);
  if ((flags & UNMAP) !== 0 && !unit.unmapSupported) {
    return invalidFieldInCdb(at, 3);
  }
  const anchors = (flags & UNMAP) !== 0 && unit.store?.capabilities.anchor;
  if ((flags & ANCHOR) !== 0 && !anchors) return invalidFieldInCdb(at, 4);
  const repeats = (flags & LBDATA) !== 0;
  if (repeats && (flags & (UNMAP | NDOB)) !== 0) {
    return invalidFieldInCdb(at, 1);
  }
  return null;
}

function checkCount(
  task: ScsiTask,
  unit: LogicalUnit,
  countField: number,
): Completion | null {
  const limit = unit.options.write_same_max_lba;
  return limit !== undefined && task.blockCount > limit
    ? invalidFieldInCdb(countField)
    : null;
}

/** Writes, or unmaps, with the block that a buffer begins with. */
async function writeBlock(
  task: ScsiTask,
  unit: LogicalUnit,
  buffer: Uint8Array,
): Promise<Completion> {
  const flags = flagsOf(task);
  const withLba = (flags & LBDATA) !== 0;
  const block = buffer.subarray(0, unit.geometry.blockLength);
  // Whatever the block holds: so CTL, LIO and libiscsi's conformance suite
  // read UNMAP. SBC-4 5.47 would write a block that is not zero.
  if ((flags & UNMAP) !== 0) {
    return await unmapRanges(task, unit, [task], (flags & ANCHOR) !== 0);
  }
  const canZero = unit.store?.writeZeroes !== undefined && !withLba;
  if (canZero && block.every((byte) => byte === 0)) {
    return await zeroRange(task, unit);
  }
  const through = writesThrough(unit, false);
  const filled = await fillRange(task, unit, buffer, withLba);
  return filled === STATUS.GOOD && through ? await flush(task, unit) : filled;
}

const ZEROES: StoreChange = {
  storeCall: STORE_CALL.WRITE_ZEROES,
  call: (store, { lba, blockCount }) =>
    store.writeZeroes?.(lba, blockCount) ?? OK,
};

function zeroRange(task: ScsiTask, unit: LogicalUnit): Promise<Completion> {
  return inSteps(
    task,
    unit,
    [task],
    ZEROES,
  );
}

async function fillRange(
  task: ScsiTask,
  unit: LogicalUnit,
  buffer: Uint8Array,
  withLba: boolean,
): Promise<Completion> {
  const { blockLength } = unit.geometry;
  const slices = new Slices(unit.clock);
  const pattern = buffer.subarray(0, patternBytes(task, unit));
  repeatBlock(pattern, blockLength);
  for (let done = 0; done < task.blockCount;) {
    if (slices.used) await slices.next();
    const stopped = interruption(task, unit);
    if (stopped !== null) return stopped;
    const lba = task.lba + done;
    const left = task.blockCount - done;
    const count = Math.min(left, pattern.length / blockLength);
    if (withLba) putLbas(pattern, lba, count, blockLength);
    const result = await writeBlocks(unit, lba, count, pattern, task);
    if (result !== OK) return senseOfStoreFault(result, "write");
    done += count;
  }
  return STATUS.GOOD;
}

/** Fills a pattern with the block that it begins with. */
function repeatBlock(pattern: Uint8Array, blockLength: number): void {
  for (let filled = blockLength; filled < pattern.length; filled *= 2) {
    pattern.copyWithin(filled, 0, Math.min(filled, pattern.length - filled));
  }
}

// LBDATA: each block begins with its own address.
function putLbas(
  pattern: Uint8Array,
  lba: number,
  count: number,
  blockLength: number,
): void {
  const view = new DataView(pattern.buffer, pattern.byteOffset);
  for (let index = 0; index < count; index += 1) {
    view.setUint32(index * blockLength, (lba + index) % 2 ** 32);
  }
}
