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
  isMapped,
  type Leaf,
  LEAF_PAGES,
  LeafMap,
  type LeafRange,
  SHARED,
  sharedEntry,
  slotOf,
} from "./leaf_map.ts";
import { PageArena } from "./page_arena.ts";
import { PageMemory } from "./page_memory.ts";

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
  /** Where the bytes are; maps of one memory can share them. */
  readonly memory: PageMemory;
  readonly #arena: PageArena;
  readonly #leaves = new LeafMap();
  #usedPages = 0;

  /** Makes an empty map; `pageBytes` is a power of two. */
  constructor(
    pageBytes: number,
    pageCountMax: number,
    memory: PageMemory = new PageMemory(pageBytes),
  ) {
    this.pageBytes = pageBytes;
    this.pageCountMax = Math.min(pageCountMax, PAGE_COUNT_MAX);
    this.memory = memory;
    this.#arena = new PageArena(pageBytes, this.pageCountMax, memory);
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
      const entry = this.entryOf(page);
      const part = this.#pieceLength(page, entry, offset, length - done);
      if (isMapped(entry)) {
        this.#arena.copyOut(slotOf(entry), offset, part, into, at + done);
      } else into.fill(0, at + done, at + done + part);
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
    if (!this.#areOwned(position, length) && !this.#own(position, length)) {
      return false;
    }
    for (let done = 0; done < length;) {
      const page = Math.floor((position + done) / this.pageBytes);
      const offset = position + done - page * this.pageBytes;
      const slot = this.entryOf(page);
      const part = this.#pieceLength(page, slot, offset, length - done);
      this.#arena.copyIn(slot, offset, part, from, at + done);
      done += part;
    }
    return true;
  }

  /**
   * Writes zeroes into a part of a page, if it is mapped.
   *
   * @returns false when it is shared, and there is no memory for a copy
   */
  zeroWithinPage(position: number, length: number): boolean {
    const page = Math.floor(position / this.pageBytes);
    if (!isMapped(this.entryOf(page))) return true;
    if (!this.#own(position, length)) return false;
    const offset = position - page * this.pageBytes;
    this.#arena.zero(this.entryOf(page), offset, length);
    return true;
  }

  /**
   * Copies bytes that lie in one page of another map of this memory, to where
   * they lie in one page of this one.
   *
   * @returns false when there is no room; then nothing was stored
   */
  copyWithinPage(
    from: PageMap,
    position: number,
    toPosition: number,
    length: number,
  ): boolean {
    const page = Math.floor(position / this.pageBytes);
    if (!isMapped(from.entryOf(page))) {
      return this.zeroWithinPage(toPosition, length);
    }
    if (!this.#own(toPosition, length)) return false;
    // Only now: if both are the same page, it may have moved.
    const slot = slotOf(from.entryOf(page));
    const toPage = Math.floor(toPosition / this.pageBytes);
    this.#arena.copyFrom(
      slot,
      position - page * this.pageBytes,
      this.entryOf(toPage),
      toPosition - toPage * this.pageBytes,
      length,
    );
    return true;
  }

  /** The entry of a page; if that has a slot, it is a shared one from now. */
  share(page: number): number {
    const leaf = this.#leaves.of(page);
    const entry = leaf?.slots[page % LEAF_PAGES] ?? DEALLOCATED;
    if (leaf === undefined || entry < 0) return entry;
    return leaf.slots[page % LEAF_PAGES] = sharedEntry(entry);
  }

  /**
   * Takes the shared slot of an entry for a page, in place of what it had.
   *
   * @returns false when there is no room; then nothing was changed
   */
  adopt(page: number, entry: number): boolean {
    const was = this.entryOf(page);
    if (was === entry) return true;
    if (was === DEALLOCATED) {
      if (this.#usedPages >= this.pageCountMax) return false;
      this.#usedPages++;
    }
    const leaf = this.#leaves.make(page);
    this.memory.share(slotOf(entry));
    leaf.slots[page % LEAF_PAGES] = entry;
    if (isMapped(was)) {
      this.#leave(leaf, page % LEAF_PAGES, was);
      return true;
    }
    if (was === ANCHORED) leaf.anchoredPages--;
    leaf.mappedPages++;
    return true;
  }

  /**
   * Shares mapped pages of another map of this memory, from a page on and in
   * place of what there was: as many as follow each other, lie in one leaf
   * here and there, and have room.
   *
   * @returns how many
   */
  adoptRun(
    from: PageMap,
    page: number,
    toPage: number,
    pagesMax: number,
  ): number {
    const source = from.#leaves.of(page);
    if (source === undefined) return 0;
    const first = page % LEAF_PAGES;
    const rest = LEAF_PAGES - Math.max(first, toPage % LEAF_PAGES);
    const pages = Math.min(pagesMax, rest);
    for (let done = 0; done < pages; done++) {
      const was = source.slots[first + done] ?? DEALLOCATED;
      if (!isMapped(was)) return done;
      const entry = was < 0 ? was : sharedEntry(was);
      source.slots[first + done] = entry;
      if (!this.adopt(toPage + done, entry)) return done;
    }
    return pages;
  }

  /** Deallocates mapped pages; those that are anchored stay so. */
  forget(firstPage: number, endPage: number): void {
    for (const range of this.#leaves.between(firstPage, endPage)) {
      this.#releaseRange(range, DEALLOCATED, ANCHORED);
    }
  }

  /** What there is of a range of pages, in order. */
  leavesBetween(firstPage: number, endPage: number): readonly LeafRange[] {
    return this.#leaves.between(firstPage, endPage);
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
      this.#releaseRange(range, to, to);
      if (count % RELEASE_STEP_LEAVES === RELEASE_STEP_LEAVES - 1) yield;
    }
    yield* this.#arena.trim();
  }

  /** What is left is for others of the memory: the map is not used any more. */
  abandon(): void {
    this.#arena.abandon();
  }

  /** Status of a page, one of {@linkcode PROVISIONING}. */
  statusOf(page: number): number {
    const entry = this.entryOf(page);
    if (isMapped(entry)) return PROVISIONING.MAPPED;
    return entry === ANCHORED
      ? PROVISIONING.ANCHORED
      : PROVISIONING.DEALLOCATED;
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

  /** Entry of a page; see `Leaf`. */
  entryOf(page: number): number {
    const leaf = this.#leaves.of(page);
    if (leaf === undefined) return DEALLOCATED;
    return leaf.slots[page % LEAF_PAGES] ?? DEALLOCATED;
  }

  /** Bytes from `offset` of a page on that one copy can move. */
  #pieceLength(
    page: number,
    entry: number,
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
      isMapped(entry) ? this.#arena.slotsInPiece(slotOf(entry)) : Infinity,
    );
    let pages = 1;
    while (pages < pagesMax) {
      const next = leaf?.slots[first + pages] ?? DEALLOCATED;
      if (!isNext(entry, next, pages)) break;
      pages++;
    }
    return Math.min(wanted, pages * this.pageBytes - offset);
  }

  #areOwned(position: number, length: number): boolean {
    const end = Math.ceil((position + length) / this.pageBytes);
    for (let page = Math.floor(position / this.pageBytes); page < end; page++) {
      if (this.entryOf(page) < 0) return false;
    }
    return true;
  }

  /**
   * Gives all pages of a range slots that nobody else uses, or none when there
   * are too few. What of them the range does not cover is as it was.
   */
  #own(position: number, length: number): boolean {
    const first = Math.floor(position / this.pageBytes);
    const end = Math.ceil((position + length) / this.pageBytes);
    let slots = 0;
    let charged = 0;
    for (let page = first; page < end; page++) {
      const entry = this.entryOf(page);
      if (entry === DEALLOCATED) charged++;
      if (!isMapped(entry) || this.#hasOthers(entry)) slots++;
    }
    if (this.#usedPages + charged > this.pageCountMax) return false;
    if (!this.#arena.reserve(slots)) return false;
    this.#usedPages += charged;
    for (let page = first; page < end; page++) {
      const begin = page * this.pageBytes;
      const isCovered = begin >= position &&
        begin + this.pageBytes <= position + length;
      this.#ownPage(page, isCovered);
    }
    return true;
  }

  #ownPage(page: number, isCovered: boolean): void {
    const leaf = this.#leaves.make(page);
    const was = leaf.slots[page % LEAF_PAGES] ?? DEALLOCATED;
    if (was >= 0) return;
    if (isMapped(was)) {
      leaf.slots[page % LEAF_PAGES] = this.#unshared(leaf, page, isCovered);
      return;
    }
    if (was === ANCHORED) leaf.anchoredPages--;
    const slot = this.#arena.take();
    if (!isCovered) this.#arena.zero(slot, 0, this.pageBytes);
    leaf.slots[page % LEAF_PAGES] = slot;
    leaf.mappedPages++;
  }

  /** A slot for a page that had a shared one: the same, if it is the last. */
  #unshared(leaf: Leaf, page: number, isCovered: boolean): number {
    const was = leaf.slots[page % LEAF_PAGES] ?? DEALLOCATED;
    if (!this.#hasOthers(was)) return slotOf(was);
    const slot = this.#arena.take();
    if (!isCovered) {
      this.#arena.copyFrom(slotOf(was), 0, slot, 0, this.pageBytes);
    }
    this.#leave(leaf, page % LEAF_PAGES, was);
    return slot;
  }

  #hasOthers(entry: number): boolean {
    return entry <= SHARED && this.memory.isShared(slotOf(entry));
  }

  /** A page leaves the slot that it had. */
  #leave(leaf: Leaf, page: number, entry: number): void {
    if (entry <= SHARED && leaf.keepers !== undefined) {
      for (const keeper of leaf.keepers) keeper.pageLeft(page, entry);
    }
    this.memory.give(slotOf(entry));
  }

  /** Releases pages but those that are `to` already, or `spared`. */
  #releaseRange(range: LeafRange, to: number, spared: number): void {
    const { leaf, first, end } = range;
    for (let page = end - 1; page >= first; page--) {
      const was = leaf.slots[page] ?? DEALLOCATED;
      if (was === DEALLOCATED || was === to || was === spared) continue;
      if (was === ANCHORED) leaf.anchoredPages--;
      else {
        leaf.mappedPages--;
        this.#leave(leaf, page, was);
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

/** Whether a page goes on where another one began `pages` before it. */
function isNext(entry: number, next: number, pages: number): boolean {
  if (entry >= 0) return next === entry + pages;
  return entry <= SHARED ? next === entry - pages : !isMapped(next);
}
