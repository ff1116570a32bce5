/**
 * The range of a task in chunks, worked off in slices: what commands share
 * that hold data against the medium.
 *
 * @module
 */

import type { LogicalUnit } from "../logical_unit.ts";
import { type MaybePromise, OK } from "../ports/block_store.ts";
import {
  type Completion,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  senseOfStoreFault,
  STATUS,
} from "../sense.ts";
import { Slices } from "../slices.ts";
import type { ScsiTask } from "../task.ts";
import { blocksPerChunk, interruption, readBlocks } from "./medium.ts";

/** The initiator must offer all data of so many blocks. */
export function expectAllData(
  task: ScsiTask,
  blockCount: number,
  unit: LogicalUnit,
): Completion | null {
  task.transferLength = blockCount * unit.geometry.blockLength;
  return task.expectedDataOutLength < task.transferLength
    ? INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT
    : null;
}

/** A piece of a task's range. */
export interface Chunk {
  /** First block. */
  readonly lba: number;
  /** Blocks. */
  readonly blocks: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Bytes of the range before it. */
  readonly offset: number;
}

/** Bytes of the largest chunk of a task's range. */
export function chunkBytes(task: ScsiTask, unit: LogicalUnit): number {
  const blocks = Math.min(task.blockCount, blocksPerChunk(unit));
  return blocks * unit.geometry.blockLength;
}

/** Goes over the task's range in slices until `use` objects. */
export async function forEachChunk(
  task: ScsiTask,
  unit: LogicalUnit,
  use: (chunk: Chunk) => MaybePromise<Completion>,
): Promise<Completion> {
  const { blockLength } = unit.geometry;
  const slices = new Slices(unit.clock);
  for (let done = 0; done < task.blockCount;) {
    if (slices.used) await slices.next();
    const stopped = interruption(task, unit);
    if (stopped !== null) return stopped;
    const blocks = Math.min(task.blockCount - done, blocksPerChunk(unit));
    const completion = await use({
      lba: task.lba + done,
      blocks,
      bytes: blocks * blockLength,
      offset: done * blockLength,
    });
    if (completion !== STATUS.GOOD) return completion;
    done += blocks;
  }
  return STATUS.GOOD;
}

/** Reads a chunk into the beginning of a buffer. */
export async function readChunk(
  unit: LogicalUnit,
  chunk: Chunk,
  into: Uint8Array,
  by: ScsiTask,
): Promise<Completion> {
  const result = await readBlocks(unit, chunk.lba, chunk.blocks, into, by);
  return result === OK ? STATUS.GOOD : senseOfStoreFault(result, "read");
}
