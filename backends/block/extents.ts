/**
 * Blocks that a file keeps, told from its holes.
 *
 * @module
 */

import { type Extent, PROVISIONING, type StoreFault } from "../../core/mod.ts";
import { type BlockIo, isFault } from "./block_io.ts";

/** Blocks, from `lba` on. */
interface Range {
  readonly lba: number;
  readonly blockCount: number;
}

/**
 * The extent that begins at `range.lba`, cut at the range's end. A block that
 * is partly a hole counts as mapped.
 */
export function extentAt(
  io: BlockIo,
  range: Range,
  blockLength: number,
): Extent | StoreFault {
  const begin = range.lba * blockLength;
  const data = io.nextData?.(begin);
  if (isFault(data)) return data;
  const holeBlocks = data === undefined
    ? range.blockCount
    : Math.floor((data - begin) / blockLength);
  if (data === undefined || holeBlocks > 0) {
    return cut(range, holeBlocks, PROVISIONING.DEALLOCATED);
  }
  const hole = io.nextHole?.(data) ?? data;
  if (isFault(hole)) return hole;
  const dataBlocks = Math.max(1, Math.ceil((hole - begin) / blockLength));
  return cut(range, dataBlocks, PROVISIONING.MAPPED);
}

function cut(range: Range, blockCount: number, status: number): Extent {
  const { lba } = range;
  return { lba, blockCount: Math.min(blockCount, range.blockCount), status };
}
