/**
 * Moves blocks between stores and initiators: what all media commands share.
 *
 * @module
 */

import { assert } from "../assert.ts";
import { dataOutFailed, sendBytes } from "../data_transfer.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  type BlockStore,
  type MaybePromise,
  NOT_NOW,
  OK,
  type StoreResult,
} from "../ports/block_store.ts";
import {
  type Completion,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  lbaOutOfRange,
  senseOfStoreFault,
  STATUS,
} from "../sense.ts";
import { ABORT, type ScsiTask } from "../task.ts";

/** Bytes that a command moves at a time: no transfer is held whole. */
export const CHUNK_BYTES: number = 2 ** 20;

/** Checks that the range of a task lies on the medium (SBC-4 4.5). */
export function checkRange(
  task: ScsiTask,
  unit: LogicalUnit,
): Completion | null {
  const { blockCount } = unit.geometry;
  return task.lba + task.blockCount <= blockCount
    ? null
    : lbaOutOfRange(Math.max(task.lba, blockCount));
}

/** The store of a unit that was judged to have a medium. */
export function storeOf(unit: LogicalUnit): BlockStore {
  assert(unit.store !== null, "a media command runs without a medium");
  return unit.store;
}

/** Whole blocks in a chunk, at least one. */
export function blocksPerChunk(unit: LogicalUnit): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / unit.geometry.blockLength));
}

/** Sends the blocks of the task's range. */
export function readRange(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const store = storeOf(unit);
  const { blockLength } = unit.geometry;
  task.transferLength = task.blockCount * blockLength;
  const wanted = Math.min(task.transferLength, task.expectedDataInLength);
  if (store.tryRead === undefined) return readLater(task, unit, wanted);
  const { transport } = task.nexus;
  while (task.movedLength < wanted) {
    const done = task.movedLength;
    const room = transport.roomForDataIn(task, wanted - done);
    const blocks = Math.floor(room / blockLength);
    if (blocks === 0) return readLater(task, unit, wanted);
    const lba = task.lba + done / blockLength;
    const result = store.tryRead(lba, blocks, task.dataIn, task.dataInAt);
    if (result === NOT_NOW) return readLater(task, unit, wanted);
    if (result !== OK) return senseOfStoreFault(result, "read");
    const bytes = blocks * blockLength;
    task.movedLength = done + bytes;
    task.moveCount += 1;
    transport.sendDataIn(task, bytes, done + bytes === wanted);
  }
  return STATUS.GOOD;
}

// Reads what is left by way of buffers of our own: the store does not answer
// at once, the transport has no room, or the initiator wants part of a block.
async function readLater(
  task: ScsiTask,
  unit: LogicalUnit,
  wanted: number,
): Promise<Completion> {
  const { blockLength } = unit.geometry;
  const { buffers } = task.nexus;
  while (task.movedLength < wanted) {
    const done = task.movedLength;
    const length = Math.min(wanted - done, CHUNK_BYTES);
    const blocks = Math.ceil(length / blockLength);
    const buffer = await buffers.acquire(blocks * blockLength);
    try {
      if (task.abort !== ABORT.NONE) return STATUS.TASK_ABORTED;
      const lba = task.lba + done / blockLength;
      const last = done + length === wanted;
      if (last && unit.serseq === "soft") unit.taskSet.sequentialDone(task);
      const result = await readBlocks(unit, lba, blocks, buffer);
      if (result !== OK) return senseOfStoreFault(result, "read");
      if (last) unit.taskSet.sequentialDone(task);
      if (task.abort !== ABORT.NONE) return STATUS.TASK_ABORTED;
      const sent = await sendBytes(task, buffer, length, last);
      if (!sent) return STATUS.TASK_ABORTED;
    } finally {
      buffers.release(buffer);
    }
  }
  return STATUS.GOOD;
}

/** Reads blocks into the beginning of a buffer, at once if the store can. */
export function readBlocks(
  unit: LogicalUnit,
  lba: number,
  blockCount: number,
  into: Uint8Array,
): MaybePromise<StoreResult> {
  const store = storeOf(unit);
  const result = store.tryRead?.(lba, blockCount, into, 0) ?? NOT_NOW;
  return result === NOT_NOW ? store.read(lba, blockCount, into, 0) : result;
}

/** Writes blocks out of the beginning of a buffer, at once if it can. */
export function writeBlocks(
  unit: LogicalUnit,
  lba: number,
  blockCount: number,
  from: Uint8Array,
): MaybePromise<StoreResult> {
  const store = storeOf(unit);
  const result = store.tryWrite?.(lba, blockCount, from, 0) ?? NOT_NOW;
  return result === NOT_NOW ? store.write(lba, blockCount, from, 0) : result;
}

/**
 * Receives the task's range and writes it.
 *
 * @param through the blocks must be durable before the command ends
 */
export function writeRange(
  task: ScsiTask,
  unit: LogicalUnit,
  through: boolean,
): MaybePromise<Completion> {
  const { blockLength } = unit.geometry;
  task.transferLength = task.blockCount * blockLength;
  const offered = Math.min(task.transferLength, task.expectedDataOutLength);
  if (offered % blockLength !== 0) {
    return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
  }
  if (task.immediateLength < offered) {
    return writeLater(task, unit, offered, through);
  }
  const result = storeOf(unit).tryWrite?.(
    task.lba,
    offered / blockLength,
    task.immediate,
    task.immediateAt,
  ) ?? NOT_NOW;
  if (result === NOT_NOW) return writeLater(task, unit, offered, through);
  if (result !== OK) return senseOfStoreFault(result, "write");
  task.movedLength = offered;
  task.moveCount = 1;
  return through ? flush(unit) : STATUS.GOOD;
}

async function writeLater(
  task: ScsiTask,
  unit: LogicalUnit,
  offered: number,
  through: boolean,
): Promise<Completion> {
  const { blockLength } = unit.geometry;
  const chunkBytes = blocksPerChunk(unit) * blockLength;
  while (task.movedLength < offered) {
    const done = task.movedLength;
    const bytes = Math.min(offered - done, chunkBytes);
    const dataOut = { offset: done, lengthBytes: bytes };
    const completion = await withDataOut(task, dataOut, async (buffer) => {
      const lba = task.lba + done / blockLength;
      const blocks = bytes / blockLength;
      const result = await writeBlocks(unit, lba, blocks, buffer);
      return result === OK ? STATUS.GOOD : senseOfStoreFault(result, "write");
    });
    if (completion !== STATUS.GOOD) return completion;
    task.movedLength = done + bytes;
    task.moveCount += 1;
  }
  return through ? flush(unit) : STATUS.GOOD;
}

/** A piece of a task's Data-Out, and room beside it. */
export interface DataOutPiece {
  /** Where the piece begins in the initiator's buffer. */
  readonly offset: number;
  /** Its bytes. */
  readonly lengthBytes: number;
  /** Bytes wanted behind it in the same buffer. */
  readonly spareBytes?: number;
}

/**
 * Lends a buffer with a piece of the task's Data-Out to `use`. A command that
 * needs a second buffer asks for room beside the piece: it must not wait for
 * one buffer while it holds another.
 */
export async function withDataOut(
  task: ScsiTask,
  piece: DataOutPiece,
  use: (buffer: Uint8Array) => MaybePromise<Completion>,
): Promise<Completion> {
  const { buffers, transport } = task.nexus;
  const { offset, lengthBytes, spareBytes = 0 } = piece;
  const buffer = await buffers.acquire(lengthBytes + spareBytes);
  try {
    if (task.abort !== ABORT.NONE) return STATUS.TASK_ABORTED;
    const whole = await transport
      .receiveDataOut(task, offset, lengthBytes, buffer, 0);
    if (!whole || task.abort !== ABORT.NONE) return dataOutFailed(task);
    return await use(buffer);
  } finally {
    buffers.release(buffer);
  }
}

/** Makes durable what was written; the end of a command. */
export async function flush(unit: LogicalUnit): Promise<Completion> {
  const result = await storeOf(unit).flush();
  return result === OK ? STATUS.GOOD : senseOfStoreFault(result, "flush");
}

/** Whether a write with this FUA bit must be durable before it ends. */
export function writesThrough(unit: LogicalUnit, fua: boolean): boolean {
  if (!storeOf(unit).capabilities.volatileCache) return false;
  return fua || !unit.modePages.settings.writeCacheEnabled;
}
