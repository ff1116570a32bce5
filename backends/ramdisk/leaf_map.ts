/**
 * Leaves of a page map, found by page. Only leaves that hold something exist.
 *
 * @module
 */

import { PROVISIONING } from "../../core/mod.ts";

/** Pages of a leaf. */
export const LEAF_PAGES = 256;
/** In the place of a slot: the page is not in use. */
export const DEALLOCATED = -1;
/** In the place of a slot: the page has room, but no data. */
export const ANCHORED = -2;

/**
 * From here down an entry names a slot that may have other users, so that it
 * must not be written; see {@linkcode sharedEntry}.
 */
export const SHARED = -3;

/** The entry for a slot that may have other users. */
export function sharedEntry(slot: number): number {
  return SHARED - slot;
}

/** Whether an entry names a slot. */
export function isMapped(entry: number): boolean {
  return entry >= 0 || entry <= SHARED;
}

/** The slot that an entry names. */
export function slotOf(entry: number): number {
  return entry >= 0 ? entry : SHARED - entry;
}

/** Hears when a page is not any more what it was. */
export interface LeafKeeper {
  /** The page of the leaf leaves the shared slot of its entry. */
  pageLeft(page: number, entry: number): void;
}

/** What {@linkcode LEAF_PAGES} neighbouring pages are. */
export class Leaf {
  /**
   * For each page its entry: its slot if it has that for itself, a
   * {@linkcode sharedEntry}, or {@linkcode DEALLOCATED} or the like.
   */
  readonly slots: Int32Array = new Int32Array(LEAF_PAGES).fill(DEALLOCATED);
  /** Pages that have a slot. */
  mappedPages = 0;
  /** Pages that have room. */
  anchoredPages = 0;
  /** Snapshots of the leaf; undefined: none. */
  keepers: Set<LeafKeeper> | undefined;

  /** Whether all pages are mapped, or all anchored, as `status` says. */
  isAll(status: number): boolean {
    if (status === PROVISIONING.MAPPED) return this.mappedPages === LEAF_PAGES;
    return status === PROVISIONING.ANCHORED &&
      this.anchoredPages === LEAF_PAGES;
  }
}

/** Part of a leaf: `first` page to before `end`, counted in the leaf. */
export interface LeafRange {
  /** The leaf. */
  readonly leaf: Leaf;
  /** Its number. */
  readonly index: number;
  /** First page. */
  readonly first: number;
  /** Page behind the last one. */
  readonly end: number;
}

/** Leaves by number. */
export class LeafMap {
  readonly #leaves = new Map<number, Leaf>();
  /** All numbers in order, once somebody needed that. */
  #sorted: number[] | undefined;
  /** The leaf that was found last; one request asks for it several times. */
  #lastIndex = -1;
  #lastLeaf: Leaf | undefined;

  /** The leaf of a page, if there is one. */
  of(page: number): Leaf | undefined {
    const index = Math.floor(page / LEAF_PAGES);
    if (index !== this.#lastIndex) {
      this.#lastLeaf = this.#leaves.get(index);
      this.#lastIndex = index;
    }
    return this.#lastLeaf;
  }

  /** The leaf of a page, made if need be. */
  make(page: number): Leaf {
    const found = this.of(page);
    if (found !== undefined) return found;
    const leaf = new Leaf();
    this.#leaves.set(Math.floor(page / LEAF_PAGES), leaf);
    this.#forgetOrder();
    return leaf;
  }

  /** Drops a leaf if none of its pages is in use. */
  dropIfUnused({ index, leaf }: LeafRange): void {
    if (leaf.mappedPages + leaf.anchoredPages > 0) return;
    // Between two turns somebody else may have dropped it and made another.
    if (this.#leaves.get(index) !== leaf) return;
    this.#leaves.delete(index);
    this.#forgetOrder();
  }

  /** What there is of a range of pages, in order. */
  between(firstPage: number, endPage: number): LeafRange[] {
    const ranges: LeafRange[] = [];
    for (const index of this.#indicesBetween(firstPage, endPage)) {
      const leaf = this.#leaves.get(index);
      if (leaf === undefined) continue;
      const first = Math.max(0, firstPage - index * LEAF_PAGES);
      const end = Math.min(LEAF_PAGES, endPage - index * LEAF_PAGES);
      ranges.push({ leaf, index, first, end });
    }
    return ranges;
  }

  /** First page of the first leaf from `page` on; Infinity: there is none. */
  nextFrom(page: number): number {
    const sorted = this.#order();
    const next = sorted[lowerBound(sorted, Math.floor(page / LEAF_PAGES))];
    return next === undefined ? Infinity : next * LEAF_PAGES;
  }

  #indicesBetween(firstPage: number, endPage: number): number[] {
    if (endPage <= firstPage) return [];
    const first = Math.floor(firstPage / LEAF_PAGES);
    const end = Math.ceil(endPage / LEAF_PAGES);
    // The range may be a million times longer than what is used of it.
    if (end - first > this.#leaves.size) {
      const sorted = this.#order();
      return sorted.slice(lowerBound(sorted, first), lowerBound(sorted, end));
    }
    return Array.from({ length: end - first }, (_, at) => first + at);
  }

  #order(): number[] {
    this.#sorted ??= [...this.#leaves.keys()].sort((one, two) => one - two);
    return this.#sorted;
  }

  #forgetOrder(): void {
    this.#sorted = undefined;
    this.#lastIndex = -1;
  }
}

/** Where the first number that is not below `value` stands, or would. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
