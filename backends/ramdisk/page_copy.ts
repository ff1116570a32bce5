/**
 * Copies between maps of one memory: pages are shared, the parts of pages that
 * cannot be are copied, and holes stay holes.
 *
 * @module
 */

import { PROVISIONING } from "../../core/mod.ts";
import { LEAF_PAGES } from "./leaf_map.ts";
import type { PageMap } from "./page_map.ts";

/** Work of a slice: some 2 ms. A page that is shared is 1. */
const WORK_MAX = 2 ** 15;
/** Work to copy a part of a page, besides its bytes. */
const PIECE_WORK = 8;
/** Bytes that are copied for 1. */
const BYTES_OF_WORK = 512;
/** Work to look through a leaf. */
const LEAF_WORK = 64;
/** Pages of a hole that are cleared at once, where there is what to clear. */
const HOLE_PAGES_MAX = LEAF_PAGES * WORK_MAX / LEAF_WORK;

/** What is to be copied: bytes that do not overlap, of maps of one memory. */
export interface PageCopy {
  /** Where from. */
  readonly from: PageMap;
  /** First byte there. */
  readonly position: number;
  /** Where to. */
  readonly to: PageMap;
  /** First byte there. */
  readonly toPosition: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * Copies the first bytes of a range: all, or what takes about a millisecond,
 * or what there is room for.
 *
 * @returns how many
 */
export function copySlice(copy: PageCopy): number {
  let done = 0;
  for (let work = 0; done < copy.length && work < WORK_MAX;) {
    const rest: PageCopy = {
      ...copy,
      position: copy.position + done,
      toPosition: copy.toPosition + done,
      length: copy.length - done,
    };
    const step = copyStep(rest, WORK_MAX - work);
    if (step.bytes === 0) break;
    done += step.bytes;
    work += step.work;
  }
  return done;
}

interface Step {
  /** Bytes that were copied; 0: there is no room. */
  readonly bytes: number;
  readonly work: number;
}

function copyStep(copy: PageCopy, workMax: number): Step {
  const { from, position, toPosition } = copy;
  const { pageBytes } = from;
  const page = Math.floor(position / pageBytes);
  if (from.statusOf(page) !== PROVISIONING.MAPPED) {
    return clearStep(copy, page);
  }
  const pages = Math.floor(copy.length / pageBytes);
  const begins = position % pageBytes === 0 && toPosition % pageBytes === 0;
  return begins && pages > 0
    ? shareStep(copy, Math.min(pages, workMax))
    : pieceStep(copy);
}

/** Shares whole pages, up to a hole. */
function shareStep(copy: PageCopy, pages: number): Step {
  const { from, to, position, toPosition } = copy;
  const { pageBytes } = from;
  const first = position / pageBytes;
  const toFirst = toPosition / pageBytes;
  let shared = 0;
  for (let run = Infinity; run > 0 && shared < pages; shared += run) {
    run = to.adoptRun(from, first + shared, toFirst + shared, pages - shared);
  }
  return { bytes: shared * pageBytes, work: shared };
}

/** Copies what lies in one page here and there. */
function pieceStep(copy: PageCopy): Step {
  const { from, to, position, toPosition } = copy;
  const { pageBytes } = from;
  const bytes = Math.min(
    copy.length,
    pageBytes - position % pageBytes,
    pageBytes - toPosition % pageBytes,
  );
  const isDone = to.copyWithinPage(from, position, toPosition, bytes);
  const work = PIECE_WORK + bytes / BYTES_OF_WORK;
  return { bytes: isDone ? bytes : 0, work };
}

/** Makes a hole where there is one in `from`, beginning with `page`. */
function clearStep(copy: PageCopy, page: number): Step {
  const { from, to, position, toPosition, length } = copy;
  const { pageBytes } = from;
  const limit = Math.ceil((position + length) / pageBytes);
  const hole = from.runEnd(page, limit) * pageBytes - position;
  const whole = Math.min(length, hole);
  const firstPage = Math.ceil(toPosition / pageBytes);
  const leaves = to.leavesBetween(
    firstPage,
    Math.floor((toPosition + whole) / pageBytes),
  ).length;
  const bytes = leaves === 0
    ? whole
    : Math.min(whole, HOLE_PAGES_MAX * pageBytes);
  const end = toPosition + bytes;
  const endPage = Math.floor(end / pageBytes);
  const isDone =
    clearEdge(to, toPosition, Math.min(end, firstPage * pageBytes)) &&
    (endPage < firstPage || clearEdge(to, endPage * pageBytes, end));
  if (firstPage < endPage) to.forget(firstPage, endPage);
  const work = PIECE_WORK +
    LEAF_WORK * Math.min(leaves, HOLE_PAGES_MAX / LEAF_PAGES);
  return { bytes: isDone ? bytes : 0, work };
}

function clearEdge(to: PageMap, begin: number, end: number): boolean {
  return begin >= end || to.zeroWithinPage(begin, end - begin);
}
