/**
 * Writes that others see whole or not at all: ORWRITE and WRITE ATOMIC (SBC-4
 * 5.10, 5.48).
 *
 * @module
 */

import { BUFFER_LENGTH_MAX } from "../buffer_pool.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { OK } from "../ports/block_store.ts";
import {
  type Completion,
  invalidFieldInCdb,
  senseOfStoreFault,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { FUA, range16, rangeWriteAtomic } from "./cdb.ts";
import {
  type Chunk,
  expectAllData,
  forEachChunk,
  readChunk,
} from "./chunks.ts";
import { type CommandDefinition, PATTERN } from "./command_row.ts";
import {
  checkRange,
  flush,
  interruption,
  withDataOut,
  writeBlocks,
  writesThrough,
} from "./medium.ts";

const WRITE = {
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.WRITE,
  direction: "out",
  flags: 0,
  pattern: PATTERN.WRITE | PATTERN.RANGE,
} as const;

/** ORWRITE and WRITE ATOMIC. */
export const WHOLE_WRITE_COMMANDS: readonly CommandDefinition[] = [
  {
    ...WRITE,
    name: "ORWRITE(16)",
    opcode: 0x8b,
    usage: "1a ffffffffffffffff ffffffff 3f 07",
    range: range16,
    execute: orWrite,
  },
  {
    ...WRITE,
    name: "WRITE ATOMIC(16)",
    opcode: 0x9c,
    usage: "18 ffffffffffffffff 0000 ffff 3f 07",
    supported: (unit) => atomicBlocksMax(unit) > 0,
    range: rangeWriteAtomic,
    execute: writeAtomic,
  },
];

/** MAXIMUM ATOMIC TRANSFER LENGTH of a unit, in blocks; 0: not offered. */
export function atomicBlocksMax(unit: LogicalUnit): number {
  const blockLength = Math.max(unit.geometry.blockLength, 1);
  // The count has two bytes, and the data stand in one buffer.
  return Math.min(
    unit.store?.capabilities.atomicWriteBlocksMax ?? 0,
    Math.floor(BUFFER_LENGTH_MAX / blockLength),
    0xffff,
  );
}

function writesThroughOf(task: ScsiTask, unit: LogicalUnit): boolean {
  return writesThrough(unit, (task.cdb.getUint8(1) & FUA) !== 0);
}

// The task set keeps others off the range from the read to the last write.
async function orWrite(task: ScsiTask, unit: LogicalUnit): Promise<Completion> {
  const wrong = checkRange(task, unit) ??
    expectAllData(task, task.blockCount, unit);
  if (wrong !== null) return wrong;
  const completion = await forEachChunk(
    task,
    unit,
    (chunk) => orWriteChunk(task, unit, chunk),
  );
  return completion === STATUS.GOOD && writesThroughOf(task, unit)
    ? await flush(task, unit)
    : completion;
}

async function orWriteChunk(
  task: ScsiTask,
  unit: LogicalUnit,
  chunk: Chunk,
): Promise<Completion> {
  const { offset, bytes } = chunk;
  const dataOut = { offset, lengthBytes: bytes, spareBytes: bytes };
  return await withDataOut(task, unit, dataOut, async (buffer) => {
    task.movedLength += bytes;
    task.moveCount += 1;
    const medium = buffer.subarray(bytes);
    const read = await readChunk(unit, chunk, medium, task);
    if (read !== STATUS.GOOD) return read;
    const stopped = interruption(task, unit);
    if (stopped !== null) return stopped;
    mergeBits(buffer, medium, bytes);
    const written = await writeBlocks(
      unit,
      chunk.lba,
      chunk.blocks,
      buffer,
      task,
    );
    return written === OK ? STATUS.GOOD : senseOfStoreFault(written, "write");
  });
}

/** Adds the bits of one buffer to another, word by word: blocks are whole. */
function mergeBits(into: Uint8Array, from: Uint8Array, bytes: number): void {
  const words = new Uint32Array(into.buffer, into.byteOffset, bytes / 4);
  const more = new Uint32Array(from.buffer, from.byteOffset, bytes / 4);
  for (let at = 0; at < words.length; at += 1) {
    words[at] = (words[at] ?? 0) | (more[at] ?? 0);
  }
}

/**
 * All data are here before the first block changes, and the store takes them
 * in one call, which it has promised to carry out whole.
 */
async function writeAtomic(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const outside = checkRange(task, unit);
  if (outside !== null) return outside;
  if (task.blockCount > atomicBlocksMax(unit)) return invalidFieldInCdb(12);
  const wrong = expectAllData(task, task.blockCount, unit);
  if (wrong !== null) return wrong;
  if (task.blockCount === 0) return STATUS.GOOD;
  const lengthBytes = task.transferLength;
  const dataOut = { offset: 0, lengthBytes };
  return await withDataOut(task, unit, dataOut, async (buffer) => {
    task.movedLength = lengthBytes;
    task.moveCount = 1;
    const { lba, blockCount } = task;
    const written = await writeBlocks(unit, lba, blockCount, buffer, task);
    if (written !== OK) return senseOfStoreFault(written, "write");
    return writesThroughOf(task, unit) ? await flush(task, unit) : STATUS.GOOD;
  });
}
