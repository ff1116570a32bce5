/**
 * Copies between files: space is shared where the file system can, holes stay
 * holes, and the system copies the rest.
 *
 * @module
 */

import { CANNOT_SHARE, type StoreFault } from "../../core/mod.ts";
import {
  type BlockIo,
  type CopyOutcome,
  type IoResult,
  isFault,
} from "./block_io.ts";

/** Bytes of data that a slice copies, of them or of holes that it clears. */
const SLICE_BYTES = 2 ** 23;
/** Calls of the system that a slice makes, where pieces are small. */
const SLICE_CALLS = 16;

/** Where a copy reads. */
export interface CopySource {
  /** The file. */
  readonly io: BlockIo;
  /**
   * Up to there are data, as was found last. It may have become a hole since:
   * then a hole is copied as zeroes. Finding the end of data anew for each
   * slice would look through a long file again and again.
   */
  dataEnd: number;
  /** Data begin there. */
  dataBegin: number;
}

/** Where a copy writes. */
export interface CopyGoal {
  /** The file. */
  readonly io: BlockIo;
  /** Makes the first bytes of a range read as zeroes; tells how many. */
  clear(position: number, length: number): Promise<number | StoreFault>;
}

/** What is to be copied, in bytes. */
export interface CopyPlan {
  /** Where from. */
  readonly from: CopySource;
  /** First byte there. */
  readonly position: number;
  /** Where to. */
  readonly to: CopyGoal;
  /** First byte there. */
  readonly toPosition: number;
  /** Bytes. */
  readonly length: number;
  /** What is copied is a multiple of it; so is the length. */
  readonly unitBytes: number;
  /** Does what may lock both files, so that nobody waits for that. */
  locking(work: () => Promise<IoResult>): Promise<IoResult>;
}

/** Copies the first bytes of a range; how many, or why none. */
export async function copySlice(plan: CopyPlan): Promise<CopyOutcome> {
  const { length, unitBytes } = plan;
  let done = 0;
  for (let calls = 0; done < length; calls++) {
    const isEnough = done >= SLICE_BYTES || calls >= SLICE_CALLS;
    if (isEnough && done >= unitBytes) break;
    const copied = await copyPiece({
      ...plan,
      position: plan.position + done,
      toPosition: plan.toPosition + done,
      length: length - done,
    });
    if (typeof copied === "number") done += copied;
    else if (done < unitBytes) return copied;
    else break;
  }
  return done - done % unitBytes;
}

/** Copies as much as one call does, at least a byte. */
async function copyPiece(plan: CopyPlan): Promise<CopyOutcome> {
  const { from, to, position, toPosition, length } = plan;
  const cloned = await plan.locking(async () =>
    await from.io.cloneTo?.(position, to.io, toPosition, length) ?? 0
  );
  if (cloned !== 0) return cloned;
  const data = await dataAt(from, position, length);
  if (isFault(data)) return data;
  if (data.isHole) return await to.clear(toPosition, data.length);
  const copied = await from.io
    .copyTo?.(position, to.io, toPosition, data.length) ?? CANNOT_SHARE;
  // Behind the end of the file there is nothing but zeroes.
  return copied === 0 ? await to.clear(toPosition, data.length) : copied;
}

interface Data {
  readonly isHole: boolean;
  readonly length: number;
}

/** The data, or the hole, that a range begins with. */
async function dataAt(
  from: CopySource,
  position: number,
  length: number,
): Promise<Data | StoreFault> {
  const { io } = from;
  const data = io.nextData?.(position);
  if (isFault(data)) return data;
  const end = position + length;
  if (data === undefined || data > position) {
    return { isHole: true, length: Math.min(data ?? end, end) - position };
  }
  if (position < from.dataBegin || position >= from.dataEnd) {
    const hole = await io.nextHoleLater?.(position) ?? end;
    if (isFault(hole)) return hole;
    from.dataBegin = position;
    from.dataEnd = Math.max(hole, position + 1);
  }
  return { isHole: false, length: Math.min(from.dataEnd, end) - position };
}
