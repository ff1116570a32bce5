/**
 * Which of many sets of block ranges a range touches.
 *
 * @module
 */

import type { BlockRange } from "../../../core/mod.ts";

interface Piece<Owner> {
  readonly lba: number;
  readonly end: number;
  readonly owner: Owner;
}

/**
 * Ranges by their first block. A question costs a binary search, and a walk
 * over neighbours only when there is something to be found.
 */
export class RangeIndex<Owner> {
  #pieces: Piece<Owner>[] = [];
  /** The furthest end of a piece and of those before it. */
  #reach: number[] = [];

  /** Whether there are no ranges. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Adds the ranges of an owner. */
  add(ranges: readonly BlockRange[], owner: Owner): void {
    const added = ranges.map(({ lba, blockCount }) => ({
      lba,
      end: lba + blockCount,
      owner,
    }));
    const pieces = [...this.#pieces, ...added];
    this.#set(pieces.sort((a, b) => a.lba - b.lba));
  }

  /** Takes the ranges of an owner out. */
  remove(owner: Owner): void {
    this.#set(this.#pieces.filter((piece) => piece.owner !== owner));
  }

  /** Owners with a block in a range; all of them for null. */
  touched(range: BlockRange | null): Set<Owner> {
    const found = new Set<Owner>();
    const lba = range?.lba ?? 0;
    const end = range === null ? Infinity : lba + range.blockCount;
    for (let at = this.#firstFrom(end) - 1; at >= 0; at -= 1) {
      if ((this.#reach[at] ?? 0) <= lba) break;
      const piece = this.#pieces[at];
      if (piece !== undefined && piece.end > lba) found.add(piece.owner);
    }
    return found;
  }

  #set(pieces: Piece<Owner>[]): void {
    this.#pieces = pieces;
    let reach = 0;
    this.#reach = pieces.map(({ end }) => reach = Math.max(reach, end));
  }

  // The first piece that begins at a block or behind it.
  #firstFrom(lba: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#pieces[middle]?.lba ?? Infinity) < lba) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
