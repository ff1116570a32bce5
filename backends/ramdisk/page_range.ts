/**
 * A range of blocks that pages hold.
 *
 * @module
 */

import type { Extent } from "../../core/mod.ts";
import type { PageMap } from "./page_map.ts";

/** Bytes of pages. */
export interface PageRange {
  /** The pages. */
  readonly pages: PageMap;
  /** First byte. */
  readonly position: number;
  /** Bytes. */
  readonly length: number;
  /** Bytes of a block, in which they are counted. */
  readonly blockLength: number;
}

/** The extent that begins a range, whose first block is `lba`. */
export function extentOf(range: PageRange, lba: number): Extent {
  const { pages, position, length, blockLength } = range;
  const page = Math.floor(position / pages.pageBytes);
  const limit = Math.ceil((position + length) / pages.pageBytes);
  const end = pages.runEnd(page, limit) * pages.pageBytes;
  return {
    lba,
    blockCount: (Math.min(end, position + length) - position) / blockLength,
    status: pages.statusOf(page),
  };
}
