/**
 * Moves blocks between stores and initiators: what all media commands share.
 *
 * @module
 */

import { assert } from "../assert.ts";
import {
  bufferFor,
  dataMoveFailed,
  receiveDataOut,
  roomForMore,
  sendBytes,
  sendPiece,
} from "../data_transfer.ts";
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
import { Slices } from "../slices.ts";
import { ABORT, type BlockRange, type ScsiTask } from "../task.ts";
import { STORE_CALL } from "../tracing/trace_events.ts";
import {
  tracedRead,
  tracedTryRead,
  tracedTryWrite,
  tracedWrite,
} from "../tracing/traced_store.ts";

/** Bytes that a command moves at a time: no transfer is held whole. */
export const CHUNK_BYTES: number = 2 ** 20;

/** Checks that a range, of a task itself, lies on the medium (SBC-4 4.5). */
export function checkRange(
  range: BlockRange,
  unit: LogicalUnit,
): Completion | null {
  const { blockCount } = unit.geometry;
  return range.lba + range.blockCount <= blockCount
    ? null
    : lbaOutOfRange(Math.max(range.lba, blockCount));
}

/**
 * What may have happened to a task while it waited: it was aborted, its data
 * cannot move, or the unit has shrunk. Every look at the store after a wait
 * asks first, and does not wait in between.
 *
 * @returns how the command ends, or null when it goes on
 */
export function interruption(
  task: ScsiTask,
  unit: LogicalUnit,
  range: BlockRange = task,
): Completion | null {
  return task.abort === ABORT.NONE
    ? task.transportSense ?? checkRange(range, unit)
    : STATUS.TASK_ABORTED;
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
  task.transferLength = task.blockCount * unit.geometry.blockLength;
  const wanted = Math.min(task.transferLength, task.expectedDataInLength);
  return readAtOnce(task, unit, wanted) ?? readLater(task, unit, wanted);
}

/**
 * Reads into the transport's own room as long as there is room and the store
 * answers at once.
 *
 * @returns null when something is left
 */
function readAtOnce(
  task: ScsiTask,
  unit: LogicalUnit,
  wanted: number,
): Completion | null {
  const store = storeOf(unit);
  if (store.tryRead === undefined) {
    return task.movedLength === wanted ? STATUS.GOOD : null;
  }
  const { blockLength } = unit.geometry;
  const { transport } = task.nexus;
  const { trace } = task;
  while (task.movedLength < wanted) {
    const done = task.movedLength;
    const room = transport.roomForDataIn(task, wanted - done);
    const blocks = Math.floor(room / blockLength);
    if (blocks === 0) return null;
    const lba = task.lba + done / blockLength;
    const result = trace === null
      ? store.tryRead(lba, blocks, task.dataIn, task.dataInAt)
      : tracedTryRead(trace, store, lba, blocks, task);
    if (result === NOT_NOW) return null;
    if (result !== OK) return senseOfStoreFault(result, "read");
    const bytes = blocks * blockLength;
    task.movedLength = done + bytes;
    task.moveCount += 1;
    task.answered = done + bytes === wanted && !unit.disturbed;
    sendPiece(task, bytes);
  }
  return STATUS.GOOD;
}

// What is left: the transport has no room, the store has to wait, or the
// initiator wants part of a block.
async function readLater(
  task: ScsiTask,
  unit: LogicalUnit,
  wanted: number,
): Promise<Completion> {
  const { transport } = task.nexus;
  while (true) {
    if (transport.roomForDataIn(task, wanted - task.movedLength) === 0) {
      await roomForMore(task);
    } else {
      const completion = await readChunk(task, unit, wanted);
      if (completion !== STATUS.GOOD) return completion;
      // What was sent whole has ended GOOD, whatever has happened since.
      if (task.movedLength === wanted) return completion;
    }
    const completion = interruption(task, unit) ??
      readAtOnce(task, unit, wanted);
    if (completion !== null) return completion;
  }
}

// One chunk by way of a buffer of ours.
async function readChunk(
  task: ScsiTask,
  unit: LogicalUnit,
  wanted: number,
): Promise<Completion> {
  const { blockLength } = unit.geometry;
  const { buffers } = task.nexus;
  const done = task.movedLength;
  const length = Math.min(wanted - done, CHUNK_BYTES);
  const blocks = Math.ceil(length / blockLength);
  const buffer = await bufferFor(task, blocks * blockLength);
  if (buffer === null) return STATUS.TASK_ABORTED;
  try {
    const stopped = interruption(task, unit);
    if (stopped !== null) return stopped;
    const lba = task.lba + done / blockLength;
    const last = done + length === wanted;
    const reading = readBlocks(unit, lba, blocks, buffer, task);
    // The next one asks at once, and must not be ahead of this one.
    if (last && unit.serseq === "soft") unit.taskSet.sequentialDone(task);
    const result = await reading;
    if (result !== OK) return senseOfStoreFault(result, "read");
    if (last) unit.taskSet.sequentialDone(task);
    if (task.abort !== ABORT.NONE) return STATUS.TASK_ABORTED;
    const sent = await sendBytes(task, buffer, length, last);
    return sent ? STATUS.GOOD : dataMoveFailed(task);
  } finally {
    buffers.release(buffer);
  }
}

/**
 * Reads blocks into the beginning of a buffer, at once if the store can.
 *
 * @param by the task that asks for them; null: none does
 */
export function readBlocks(
  unit: LogicalUnit,
  lba: number,
  blockCount: number,
  into: Uint8Array,
  by: ScsiTask | null,
): MaybePromise<StoreResult> {
  const store = storeOf(unit);
  const trace = by?.trace ?? null;
  if (trace !== null) return tracedRead(trace, store, lba, blockCount, into);
  const result = store.tryRead?.(lba, blockCount, into, 0) ?? NOT_NOW;
  return result === NOT_NOW ? store.read(lba, blockCount, into, 0) : result;
}

/** Writes blocks out of the beginning of a buffer, at once if it can. */
export function writeBlocks(
  unit: LogicalUnit,
  lba: number,
  blockCount: number,
  from: Uint8Array,
  by: ScsiTask,
): MaybePromise<StoreResult> {
  const store = storeOf(unit);
  const { trace } = by;
  by.unflushed = true;
  if (trace !== null) return tracedWrite(trace, store, lba, blockCount, from);
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
  const store = storeOf(unit);
  const blocks = offered / blockLength;
  const result = task.trace === null
    ? store.tryWrite?.(task.lba, blocks, task.immediate, task.immediateAt) ??
      NOT_NOW
    : tracedTryWrite(task.trace, store, blocks, task);
  if (result === NOT_NOW) return writeLater(task, unit, offered, through);
  task.unflushed = true;
  if (result !== OK) return senseOfStoreFault(result, "write");
  task.movedLength = offered;
  task.moveCount = 1;
  return through ? flush(task, unit) : STATUS.GOOD;
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
    const completion = await withDataOut(
      task,
      unit,
      dataOut,
      async (buffer) => {
        const lba = task.lba + done / blockLength;
        const blocks = bytes / blockLength;
        const result = await writeBlocks(unit, lba, blocks, buffer, task);
        return result === OK ? STATUS.GOOD : senseOfStoreFault(result, "write");
      },
    );
    if (completion !== STATUS.GOOD) return completion;
    task.movedLength = done + bytes;
    task.moveCount += 1;
  }
  return through ? flush(task, unit) : STATUS.GOOD;
}

/** Blocks that a step changes between two looks at the clock. */
const STEP_BLOCKS = 2 ** 21;

/** A call to a store that changes blocks without data. */
export interface StoreChange {
  /** One of `STORE_CALL`. */
  readonly storeCall: number;
  /** Calls it. */
  call(store: BlockStore, step: BlockRange): MaybePromise<StoreResult>;
}

/** Lets the store change ranges step by step, as durably as WCE asks. */
export async function inSteps(
  task: ScsiTask,
  unit: LogicalUnit,
  ranges: readonly BlockRange[],
  change: StoreChange,
): Promise<Completion> {
  const through = ranges.length > 0 && writesThrough(unit, false);
  const slices = new Slices(unit.clock);
  for (const step of stepsOf(ranges)) {
    if (slices.used) await slices.next();
    const stopped = interruption(task, unit, step);
    if (stopped !== null) return stopped;
    const result = await changeStep(task, storeOf(unit), step, change);
    if (result !== OK) return senseOfStoreFault(result, "write");
  }
  return through ? await flush(task, unit) : STATUS.GOOD;
}

function changeStep(
  task: ScsiTask,
  store: BlockStore,
  step: BlockRange,
  change: StoreChange,
): MaybePromise<StoreResult> {
  const { trace } = task;
  task.unflushed = true;
  return trace === null ? change.call(store, step) : trace.store(
    change.storeCall,
    step.lba,
    step.blockCount,
    () => change.call(store, step),
  );
}

function* stepsOf(ranges: readonly BlockRange[]): Iterable<BlockRange> {
  for (const { lba, blockCount } of ranges) {
    for (let done = 0; done < blockCount; done += STEP_BLOCKS) {
      yield {
        lba: lba + done,
        blockCount: Math.min(blockCount - done, STEP_BLOCKS),
      };
    }
  }
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
 *
 * Data that came with the command are taken before this returns.
 */
export function withDataOut(
  task: ScsiTask,
  unit: LogicalUnit,
  piece: DataOutPiece,
  use: (buffer: Uint8Array) => MaybePromise<Completion>,
): MaybePromise<Completion> {
  const buffer = bufferFor(task, piece.lengthBytes + (piece.spareBytes ?? 0));
  return buffer instanceof Promise
    ? buffer.then((late) => useDataOut(task, unit, piece, late, use))
    : useDataOut(task, unit, piece, buffer, use);
}

async function useDataOut(
  task: ScsiTask,
  unit: LogicalUnit,
  { offset, lengthBytes }: DataOutPiece,
  buffer: Uint8Array | null,
  use: (buffer: Uint8Array) => MaybePromise<Completion>,
): Promise<Completion> {
  const { buffers } = task.nexus;
  if (buffer === null) return STATUS.TASK_ABORTED;
  try {
    if (task.abort !== ABORT.NONE) return STATUS.TASK_ABORTED;
    const received = receiveDataOut(task, offset, lengthBytes, buffer);
    const whole = received instanceof Promise ? await received : received;
    if (!whole) return dataMoveFailed(task);
    return interruption(task, unit) ?? await use(buffer);
  } finally {
    buffers.release(buffer);
  }
}

/** Makes durable what was written, unless nobody has a use for it. */
export function flush(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  return task.abort === ABORT.NONE
    ? flushStore(task, storeOf(unit))
    : STATUS.TASK_ABORTED;
}

/** The same, whatever has become of the task. */
export async function flushStore(
  task: ScsiTask,
  store: BlockStore,
): Promise<Completion> {
  const { trace } = task;
  // Once: a store that cannot is not asked again.
  task.unflushed = false;
  const result =
    await (trace === null
      ? store.flush()
      : trace.store(STORE_CALL.FLUSH, 0, 0, () => store.flush()));
  return result === OK ? STATUS.GOOD : senseOfStoreFault(result, "flush");
}

/** Whether a read with this FUA bit must come from the medium itself. */
export function readsThrough(unit: LogicalUnit, fua: boolean): boolean {
  if (!storeOf(unit).capabilities.volatileCache) return false;
  return fua || unit.modePages.settings.readCacheDisabled;
}

/** Whether a write with this FUA bit must be durable before it ends. */
export function writesThrough(unit: LogicalUnit, fua: boolean): boolean {
  if (!storeOf(unit).capabilities.volatileCache) return false;
  return fua || !unit.modePages.settings.writeCacheEnabled;
}
