/**
 * The pages of a store: which are in use, and where their bytes are.
 *
 * Positions and lengths are bytes of the store; pages are counted from its
 * begin. What was never written costs nothing, and the longest walks are over
 * what is in use, not over the store.
 *
 * @module
 */

import { PROVISIONING } from "../../core/mod.ts";
import {
  ANCHORED,
  DEALLOCATED,
  LEAF_PAGES,
  LeafMap,
  type LeafRange,
} from "./leaf_map.ts";
import { PageArena } from "./page_arena.ts";

/** Leaves that are released between two turns: about a millisecond. */
const RELEASE_STEP_LEAVES = 512;
/** Slots are 31-bit numbers: 4 TiB of pages of 4 KiB. */
const PAGE_COUNT_MAX = 2 ** 30;

/** Thin memory with room for a number of pages. */
export class PageMap {
  /** Bytes of a page, the unit of the account. */
  readonly pageBytes: number;
  /** Pages that may be used at the most. */
  readonly pageCountMax: number;
  readonly #arena: PageArena;
  readonly #leaves = new LeafMap();
  #usedPages = 0;

  /** Makes an empty map; `pageBytes` is a power of two. */
  constructor(pageBytes: number, pageCountMax: number) {
    this.pageBytes = pageBytes;
    this.pageCountMax = Math.min(pageCountMax, PAGE_COUNT_MAX);
    this.#arena = new PageArena(pageBytes, this.pageCountMax);
  }

  /** Pages that are mapped or anchored. */
  get usedPages(): number {
    return this.#usedPages;
  }

  /** Copies what is stored at `position` into `into` from byte `at`. */
  read(position: number, length: number, into: Uint8Array, at: number): void {
    for (let done = 0; done < length;) {
      const page = Math.floor((position + done) / this.pageBytes);
      const offset = position + done - page * this.pageBytes;
      const slot = this.#slotOf(page);
      const part = this.#pieceLength(page, slot, offset, length - done);
      if (slot < 0) into.fill(0, at + done, at + done + part);
      else this.#arena.copyOut(slot, offset, part, into, at + done);
      done += part;
    }
  }

  /**
   * Stores bytes of `from` beginning with `at`.
   *
   * @returns false when there is no room; then nothing was stored
   */
  write(
    position: number,
    length: number,
    from: Uint8Array,
    at: number,
  ): boolean {
    if (!this.#areMapped(position, length) && !this.#map(position, length)) {
      return false;
    }
    for (let done = 0; done < length;) {
      const page = Math.floor((position + done) / this.pageBytes);
      const offset = position + done - page * this.pageBytes;
      const slot = this.#slotOf(page);
      const part = this.#pieceLength(page, slot, offset, length - done);
      this.#arena.copyIn(slot, offset, part, from, at + done);
      done += part;
    }
    return true;
  }

  /** Writes zeroes into a part of a page, if it is mapped. */
  zeroWithinPage(position: number, length: number): void {
    const page = Math.floor(position / this.pageBytes);
    const slot = this.#slotOf(page);
    if (slot < 0) return;
    this.#arena.zero(slot, position - page * this.pageBytes, length);
  }

  /**
   * Reserves room for all deallocated pages of a range.
   *
   * @returns false when there is too little; then nothing was reserved
   */
  anchor(firstPage: number, endPage: number): boolean {
    const used = this.#usedBetween(firstPage, endPage);
    const missing = endPage - firstPage - used;
    if (this.#usedPages + missing > this.pageCountMax) return false;
    this.#usedPages += missing;
    for (let page = firstPage; page < endPage; page++) {
      const leaf = this.#leaves.make(page);
      if (leaf.slots[page % LEAF_PAGES] !== DEALLOCATED) continue;
      leaf.slots[page % LEAF_PAGES] = ANCHORED;
      leaf.anchoredPages++;
    }
    return true;
  }

  /**
   * Forgets the data of pages, which become deallocated or stay anchored.
   * Yields whenever it has worked for about a millisecond.
   */
  *release(
    firstPage: number,
    endPage: number,
    status: number,
  ): Generator<void, void> {
    const to = status === PROVISIONING.ANCHORED ? ANCHORED : DEALLOCATED;
    // Backwards: the slots come out again in the order they went in.
    const ranges = this.#leaves.between(firstPage, endPage).reverse();
    for (const [count, range] of ranges.entries()) {
      this.#releaseRange(range, to);
      if (count % RELEASE_STEP_LEAVES === RELEASE_STEP_LEAVES - 1) yield;
    }
    yield* this.#arena.trim();
  }

  /** Status of a page, one of {@linkcode PROVISIONING}. */
  statusOf(page: number): number {
    const slot = this.#slotOf(page);
    if (slot >= 0) return PROVISIONING.MAPPED;
    return slot === ANCHORED ? PROVISIONING.ANCHORED : PROVISIONING.DEALLOCATED;
  }

  /** The first page after `page` with another status, at most `limit`. */
  runEnd(page: number, limit: number): number {
    const status = this.statusOf(page);
    let next = page;
    while (next < limit && this.statusOf(next) === status) {
      const leaf = this.#leaves.of(next);
      if (leaf === undefined) next = this.#leaves.nextFrom(next);
      else if (leaf.isAll(status)) next += LEAF_PAGES - next % LEAF_PAGES;
      else next++;
    }
    return Math.min(next, limit);
  }

  #slotOf(page: number): number {
    const leaf = this.#leaves.of(page);
    if (leaf === undefined) return DEALLOCATED;
    return leaf.slots[page % LEAF_PAGES] ?? DEALLOCATED;
  }

  /** Bytes from `offset` of a page on that one copy can move. */
  #pieceLength(
    page: number,
    slot: number,
    offset: number,
    wanted: number,
  ): number {
    const bytes = this.pageBytes - offset;
    if (wanted <= bytes) return wanted;
    const leaf = this.#leaves.of(page);
    const first = page % LEAF_PAGES;
    const pagesMax = Math.min(
      LEAF_PAGES - first,
      Math.ceil((wanted - bytes) / this.pageBytes) + 1,
      slot < 0 ? Infinity : this.#arena.slotsInPiece(slot),
    );
    let pages = 1;
    while (pages < pagesMax) {
      const next = leaf?.slots[first + pages] ?? DEALLOCATED;
      if (slot < 0 ? next >= 0 : next !== slot + pages) break;
      pages++;
    }
    return Math.min(wanted, pages * this.pageBytes - offset);
  }

  #areMapped(position: number, length: number): boolean {
    const end = Math.ceil((position + length) / this.pageBytes);
    for (let page = Math.floor(position / this.pageBytes); page < end; page++) {
      if (this.#slotOf(page) < 0) return false;
    }
    return true;
  }

  /** Gives all pages of a range slots, or none when there are too few. */
  #map(position: number, length: number): boolean {
    const first = Math.floor(position / this.pageBytes);
    const end = Math.ceil((position + length) / this.pageBytes);
    let slots = 0;
    let charged = 0;
    for (let page = first; page < end; page++) {
      const slot = this.#slotOf(page);
      if (slot < 0) slots++;
      if (slot === DEALLOCATED) charged++;
    }
    if (this.#usedPages + charged > this.pageCountMax) return false;
    if (!this.#arena.reserve(slots)) return false;
    this.#usedPages += charged;
    for (let page = first; page < end; page++) {
      const begin = page * this.pageBytes;
      const isCovered = begin >= position &&
        begin + this.pageBytes <= position + length;
      this.#mapPage(page, isCovered);
    }
    return true;
  }

  #mapPage(page: number, isCovered: boolean): void {
    const leaf = this.#leaves.make(page);
    const was = leaf.slots[page % LEAF_PAGES] ?? DEALLOCATED;
    if (was >= 0) return;
    if (was === ANCHORED) leaf.anchoredPages--;
    const slot = this.#arena.take();
    if (!isCovered) this.#arena.zero(slot, 0, this.pageBytes);
    leaf.slots[page % LEAF_PAGES] = slot;
    leaf.mappedPages++;
  }

  #releaseRange(range: LeafRange, to: number): void {
    const { leaf, first, end } = range;
    for (let page = end - 1; page >= first; page--) {
      const was = leaf.slots[page] ?? DEALLOCATED;
      if (was === DEALLOCATED || was === to) continue;
      if (was === ANCHORED) leaf.anchoredPages--;
      else {
        leaf.mappedPages--;
        this.#arena.give(was);
      }
      if (to === ANCHORED) leaf.anchoredPages++;
      else this.#usedPages--;
      leaf.slots[page] = to;
    }
    this.#leaves.dropIfUnused(range);
  }

  #usedBetween(firstPage: number, endPage: number): number {
    let used = 0;
    for (const range of this.#leaves.between(firstPage, endPage)) {
      for (let page = range.first; page < range.end; page++) {
        if (range.leaf.slots[page] !== DEALLOCATED) used++;
      }
    }
    return used;
  }
}
