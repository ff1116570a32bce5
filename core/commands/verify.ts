/**
 * Commands that compare: VERIFY, WRITE AND VERIFY, COMPARE AND WRITE (SBC-4
 * 5.33 to 5.36, 5.43 to 5.45, 5.3).
 *
 * @module
 */

import { BUFFER_LENGTH_MAX } from "../buffer_pool.ts";
import { bufferFor } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { OK } from "../ports/block_store.ts";
import {
  type Completion,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  invalidFieldInCdb,
  miscompareDuringVerify,
  senseOfStoreFault,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import {
  flagsAt,
  flagsOf,
  FUA,
  range10,
  range12,
  range16,
  range32,
  rangeCompareAndWrite,
  VARIABLE_LENGTH,
} from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import {
  type Chunk,
  chunkBytes,
  expectAllData,
  forEachChunk,
  readChunk,
} from "./chunks.ts";
import {
  checkRange,
  flush,
  interruption,
  readsThrough,
  withDataOut,
  writeBlocks,
  writesThrough,
} from "./medium.ts";

const VERIFY = {
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.READ,
  direction: "out",
  flags: FLAG.WRITE_EXCLUSIVE,
  pattern: PATTERN.READ | PATTERN.RANGE,
  execute: verify,
} as const;

const WRITE_AND_VERIFY = {
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.WRITE,
  direction: "out",
  flags: 0,
  pattern: PATTERN.WRITE | PATTERN.RANGE,
  execute: writeAndVerify,
} as const;

/** Longest COMPARE AND WRITE in blocks: its count has one byte. */
export const COMPARE_AND_WRITE_BLOCKS_MAX = 255;

/** The commands that compare. */
export const VERIFY_COMMANDS: readonly CommandDefinition[] = [
  {
    ...VERIFY,
    name: "VERIFY(10)",
    opcode: 0x2f,
    usage: "16 ffffffff 3f ffff 07",
    range: range10,
  },
  {
    ...VERIFY,
    name: "VERIFY(12)",
    opcode: 0xaf,
    usage: "16 ffffffff ffffffff 3f 07",
    range: range12,
  },
  {
    ...VERIFY,
    name: "VERIFY(16)",
    opcode: 0x8f,
    usage: "16 ffffffffffffffff ffffffff 3f 07",
    range: range16,
  },
  {
    ...WRITE_AND_VERIFY,
    name: "WRITE AND VERIFY(10)",
    opcode: 0x2e,
    usage: "12 ffffffff 3f ffff 07",
    range: range10,
  },
  {
    ...WRITE_AND_VERIFY,
    name: "WRITE AND VERIFY(12)",
    opcode: 0xae,
    usage: "12 ffffffff ffffffff 3f 07",
    range: range12,
  },
  {
    ...WRITE_AND_VERIFY,
    name: "WRITE AND VERIFY(16)",
    opcode: 0x8e,
    usage: "12 ffffffffffffffff ffffffff 3f 07",
    range: range16,
  },
  {
    ...VERIFY,
    name: "VERIFY(32)",
    opcode: VARIABLE_LENGTH,
    serviceAction: 0x000a,
    usage: "07 00000000 3f ff 000a 16 00 ffffffffffffffff " +
      "ffffffff ffff ffff ffffffff",
    range: range32,
  },
  {
    ...WRITE_AND_VERIFY,
    name: "WRITE AND VERIFY(32)",
    opcode: VARIABLE_LENGTH,
    serviceAction: 0x000c,
    usage: "07 00000000 3f ff 000c 12 00 ffffffffffffffff " +
      "ffffffff ffff ffff ffffffff",
    range: range32,
  },
  {
    name: "COMPARE AND WRITE",
    opcode: 0x89,
    deviceTypes: FOR.DISK,
    usage: "18 ffffffffffffffff 000000 ff 3f 07",
    serialization: SERIALIZATION.WRITE,
    direction: "out",
    flags: 0,
    pattern: PATTERN.WRITE | PATTERN.RANGE,
    range: rangeCompareAndWrite,
    execute: compareAndWrite,
  },
];

/** BYTCHK: what a verification is held against (SBC-4 5.33). */
const BYTE_CHECK = {
  MEDIUM: 0,
  EVERY_BLOCK: 1,
  RESERVED: 2,
  ONE_BLOCK: 3,
} as const;

async function verify(task: ScsiTask, unit: LogicalUnit): Promise<Completion> {
  const outside = checkRange(task, unit);
  if (outside !== null) return outside;
  const byteCheck = flagsOf(task) >> 1 & 3;
  if (byteCheck === BYTE_CHECK.RESERVED) {
    return invalidFieldInCdb(flagsAt(task), 2);
  }
  if (task.blockCount === 0) return STATUS.GOOD;
  // What is verified is the medium, not the cache before it.
  if (readsThrough(unit, true)) {
    const flushed = await flush(task, unit);
    if (flushed !== STATUS.GOOD) return flushed;
  }
  if (byteCheck === BYTE_CHECK.MEDIUM) return await readThrough(task, unit);
  return byteCheck === BYTE_CHECK.ONE_BLOCK
    ? await verifyOneBlock(task, unit)
    : await verifyEveryBlock(task, unit);
}

/** Reads the range of a task and throws the data away. */
async function readThrough(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const { buffers } = task.nexus;
  const buffer = await bufferFor(task, chunkBytes(task, unit));
  if (buffer === null) return STATUS.TASK_ABORTED;
  try {
    return await forEachChunk(
      task,
      unit,
      (chunk) => readChunk(unit, chunk, buffer, task),
    );
  } finally {
    buffers.release(buffer);
  }
}

async function verifyOneBlock(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const { blockLength } = unit.geometry;
  task.transferLength = blockLength;
  if (task.expectedDataOutLength < blockLength) {
    return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
  }
  const spareBytes = chunkBytes(task, unit);
  const dataOut = { offset: 0, lengthBytes: blockLength, spareBytes };
  return await withDataOut(task, unit, dataOut, (buffer) => {
    task.movedLength = blockLength;
    task.moveCount = 1;
    const block = buffer.subarray(0, blockLength);
    const medium = buffer.subarray(blockLength);
    return forEachChunk(task, unit, async (chunk) => {
      const completion = await readChunk(unit, chunk, medium, task);
      if (completion !== STATUS.GOOD) return completion;
      return compareWithBlock(medium, block, chunk);
    });
  });
}

function compareWithBlock(
  medium: Uint8Array,
  block: Uint8Array,
  chunk: Chunk,
): Completion {
  for (let at = 0; at < chunk.bytes; at += block.length) {
    const piece = medium.subarray(at, at + block.length);
    const different = firstDifference(piece, block, block.length);
    if (different >= 0) {
      return miscompareDuringVerify(chunk.offset + at + different);
    }
  }
  return STATUS.GOOD;
}

async function verifyEveryBlock(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const wrong = expectAllData(task, task.blockCount, unit);
  if (wrong !== null) return wrong;
  return await forEachChunk(task, unit, (chunk) => {
    const { offset, bytes } = chunk;
    const dataOut = { offset, lengthBytes: bytes, spareBytes: bytes };
    return withDataOut(task, unit, dataOut, async (buffer) => {
      task.movedLength += bytes;
      task.moveCount += 1;
      const medium = buffer.subarray(bytes);
      const completion = await readChunk(unit, chunk, medium, task);
      if (completion !== STATUS.GOOD) return completion;
      return compared(medium, buffer, chunk);
    });
  });
}

function compared(
  medium: Uint8Array,
  expected: Uint8Array,
  chunk: Chunk,
): Completion {
  const different = firstDifference(medium, expected, chunk.bytes);
  return different < 0
    ? STATUS.GOOD
    : miscompareDuringVerify(chunk.offset + different);
}

async function writeAndVerify(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const outside = checkRange(task, unit);
  if (outside !== null) return outside;
  const { blockLength } = unit.geometry;
  task.transferLength = task.blockCount * blockLength;
  const offered = Math.min(task.transferLength, task.expectedDataOutLength);
  if (offered % blockLength !== 0) {
    return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
  }
  // Fewer blocks than asked for may be offered; the others stay as they are.
  task.blockCount = offered / blockLength;
  const compare = (flagsOf(task) & 0x02) !== 0;
  return await forEachChunk(
    task,
    unit,
    (chunk) => writeAndVerifyChunk(task, unit, chunk, compare),
  );
}

async function writeAndVerifyChunk(
  task: ScsiTask,
  unit: LogicalUnit,
  chunk: Chunk,
  compare: boolean,
): Promise<Completion> {
  const { offset, bytes } = chunk;
  const dataOut = { offset, lengthBytes: bytes, spareBytes: bytes };
  return await withDataOut(task, unit, dataOut, async (buffer) => {
    const written = await writeBlocks(
      unit,
      chunk.lba,
      chunk.blocks,
      buffer,
      task,
    );
    if (written !== OK) return senseOfStoreFault(written, "write");
    task.movedLength += bytes;
    task.moveCount += 1;
    // What is verified is the medium, not the cache before it.
    const flushed = await flush(task, unit);
    if (flushed !== STATUS.GOOD) return flushed;
    const medium = buffer.subarray(bytes);
    const completion = interruption(task, unit) ??
      await readChunk(unit, chunk, medium, task);
    if (completion !== STATUS.GOOD || !compare) return completion;
    return compared(medium, buffer, chunk);
  });
}

async function compareAndWrite(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const outside = checkRange(task, unit);
  if (outside !== null) return outside;
  // No blocks is fine; data for no blocks are a count that did not fit.
  if (task.blockCount === 0 && task.expectedDataOutLength === 0) {
    return STATUS.GOOD;
  }
  if (
    task.blockCount === 0 ||
    task.blockCount > compareAndWriteBlocksMax(unit)
  ) {
    return invalidFieldInCdb(13);
  }
  const wrong = expectAllData(task, 2 * task.blockCount, unit);
  if (wrong !== null) return wrong;
  const lengthBytes = task.transferLength;
  if (task.expectedDataOutLength > lengthBytes) {
    return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
  }
  const dataOut = { offset: 0, lengthBytes, spareBytes: lengthBytes / 2 };
  return await withDataOut(task, unit, dataOut, (buffer) => {
    task.movedLength = lengthBytes;
    task.moveCount = 1;
    return compareThenWrite(task, unit, buffer);
  });
}

/** MAXIMUM COMPARE AND WRITE LENGTH of a unit, in blocks. */
export function compareAndWriteBlocksMax(unit: LogicalUnit): number {
  const blockLength = Math.max(unit.geometry.blockLength, 1);
  // What to compare, what to write and what was read share one buffer.
  return Math.min(
    COMPARE_AND_WRITE_BLOCKS_MAX,
    Math.floor(BUFFER_LENGTH_MAX / 3 / blockLength),
  );
}

async function compareThenWrite(
  task: ScsiTask,
  unit: LogicalUnit,
  buffer: Uint8Array,
): Promise<Completion> {
  const through = writesThrough(unit, (task.cdb.getUint8(1) & FUA) !== 0);
  const bytes = task.transferLength / 2;
  const { lba, blockCount: blocks } = task;
  const chunk = { lba, blocks, bytes, offset: 0 };
  const medium = buffer.subarray(2 * bytes);
  // The task set keeps others off the range: nothing changes in between.
  const read = await readChunk(unit, chunk, medium, task);
  if (read !== STATUS.GOOD) return read;
  const same = interruption(task, unit) ?? compared(medium, buffer, chunk);
  if (same !== STATUS.GOOD) return same;
  const second = buffer.subarray(bytes, 2 * bytes);
  const written = await writeBlocks(unit, lba, blocks, second, task);
  if (written !== OK) return senseOfStoreFault(written, "write");
  return through ? await flush(task, unit) : STATUS.GOOD;
}

/** Offset of the first byte in which two buffers differ; -1: none. */
function firstDifference(
  one: Uint8Array,
  other: Uint8Array,
  lengthBytes: number,
): number {
  for (let at = 0; at < lengthBytes; at += 1) {
    if (one[at] !== other[at]) return at;
  }
  return -1;
}
