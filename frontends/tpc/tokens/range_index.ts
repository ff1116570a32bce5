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
 * Ranges by their first block, in runs that grow by halves: a question costs a
 * few binary searches, and a walk over neighbours only when there is something
 * to be found. Owners that were removed are swept out many at a time, so that
 * thousands come and go without a stall.
 */
export class RangeIndex<Owner> {
  /** From the longest to the shortest. */
  #runs: Run<Owner>[] = [];
  /** Owners, and how many ranges each has. */
  readonly #owners: Map<Owner, number> = new Map();
  #pieces = 0;
  #removed = 0;

  /** Whether there are no owners. */
  get isEmpty(): boolean {
    return this.#owners.size === 0;
  }

  /** Adds an owner and its ranges; one that was removed never comes back. */
  add(ranges: readonly BlockRange[], owner: Owner): void {
    this.#owners.set(owner, ranges.length);
    this.#pieces += ranges.length;
    const pieces = ranges.map(({ lba, blockCount }) => ({
      lba,
      end: lba + blockCount,
      owner,
    }));
    this.#runs.push(new Run(pieces));
    while (this.#isLastLong()) this.#merge(2);
  }

  /** Takes an owner out. */
  remove(owner: Owner): void {
    this.#removed += this.#owners.get(owner) ?? 0;
    this.#owners.delete(owner);
    const mostAreGone = 2 * this.#removed > this.#pieces;
    if (this.isEmpty || mostAreGone) this.#merge(this.#runs.length);
  }

  /** Owners with a block in a range; all of them for null. */
  touched(range: BlockRange | null): Set<Owner> {
    if (range === null) return new Set(this.#owners.keys());
    const found = new Set<Owner>();
    for (const run of this.#runs) run.find(range, found);
    for (const owner of found) {
      if (!this.#owners.has(owner)) found.delete(owner);
    }
    return found;
  }

  #isLastLong(): boolean {
    const [before, last] = this.#runs.slice(-2);
    return last !== undefined && before !== undefined &&
      before.length <= 2 * last.length;
  }

  #merge(count: number): void {
    const merged = this.#runs.splice(-count).flatMap(({ pieces }) => pieces);
    const kept = merged.filter(({ owner }) => this.#owners.has(owner));
    const gone = merged.length - kept.length;
    this.#pieces -= gone;
    this.#removed -= gone;
    if (kept.length > 0) this.#runs.push(new Run(kept));
  }
}

/** Pieces in order. */
class Run<Owner> {
  readonly pieces: readonly Piece<Owner>[];
  /** The furthest end of a piece and of those before it. */
  readonly #reach: readonly number[];

  constructor(pieces: Piece<Owner>[]) {
    this.pieces = pieces.sort((a, b) => a.lba - b.lba);
    let reach = 0;
    this.#reach = pieces.map(({ end }) => reach = Math.max(reach, end));
  }

  get length(): number {
    return this.pieces.length;
  }

  find({ lba, blockCount }: BlockRange, found: Set<Owner>): void {
    for (let at = this.#firstFrom(lba + blockCount) - 1; at >= 0; at -= 1) {
      if ((this.#reach[at] ?? 0) <= lba) return;
      const piece = this.pieces[at];
      if (piece !== undefined && piece.end > lba) found.add(piece.owner);
    }
  }

  // The first piece that begins at a block or behind it.
  #firstFrom(lba: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.pieces[middle]?.lba ?? Infinity) < lba) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
