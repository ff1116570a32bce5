/**
 * The slabs of a store, found by position, and the account of their pages.
 *
 * Positions and lengths are bytes of the store; pages are counted from its
 * begin. What was never written costs nothing: the map holds used slabs only,
 * and the longest walks are over those, not over the store.
 *
 * @module
 */

import { PROVISIONING } from "../../core/mod.ts";
import { Slab, SLAB_BYTES } from "./slab.ts";

/**
 * Slabs given back between two turns of the event loop: about a millisecond,
 * at 100 to 150 us for the 256 memory pages of a slab.
 */
const RELEASE_BATCH_SLABS = 8;

/** What part of a transfer lies in one slab. */
interface Piece {
  /** Number of the slab. */
  readonly index: number;
  /** Where the piece begins in the slab. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** Where the piece begins in the transfer. */
  readonly at: number;
}

function* piecesOf(position: number, length: number): Generator<Piece> {
  for (let at = 0; at < length;) {
    const index = Math.floor((position + at) / SLAB_BYTES);
    const offset = position + at - index * SLAB_BYTES;
    const piece = Math.min(length - at, SLAB_BYTES - offset);
    yield { index, offset, length: piece, at };
    at += piece;
  }
}

/** Thin memory with room for a number of pages. */
export class SlabMap {
  /** Bytes of a page, the unit of the account. */
  readonly pageBytes: number;
  /** Pages that may be used at the most. */
  readonly pageCountMax: number;
  readonly #slabs = new Map<number, Slab>();
  readonly #pageShift: number;
  readonly #slabPages: number;
  #usedPages = 0;

  /** Makes an empty map; `pageBytes` is a power of two up to a slab. */
  constructor(pageBytes: number, pageCountMax: number) {
    this.pageBytes = pageBytes;
    this.pageCountMax = pageCountMax;
    this.#pageShift = Math.log2(pageBytes);
    this.#slabPages = SLAB_BYTES / pageBytes;
  }

  /** Pages that are mapped or anchored. */
  get usedPages(): number {
    return this.#usedPages;
  }

  /** Copies what is stored at `position` into `into` from byte `at`. */
  read(position: number, length: number, into: Uint8Array, at: number): void {
    const index = Math.floor(position / SLAB_BYTES);
    const offset = position - index * SLAB_BYTES;
    if (offset + length > SLAB_BYTES) {
      this.#readAcross(position, length, into, at);
      return;
    }
    const slab = this.#slabs.get(index);
    if (slab === undefined || slab.mappedPages === 0) {
      into.fill(0, at, at + length);
    } else {
      into.set(slab.bytes.subarray(offset, offset + length), at);
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
    const index = Math.floor(position / SLAB_BYTES);
    const offset = position - index * SLAB_BYTES;
    const slab = this.#slabs.get(index);
    const end = offset + length;
    if (
      slab === undefined || end > SLAB_BYTES ||
      !slab.areMapped(offset >>> this.#pageShift, this.#pageEnd(end))
    ) return this.#writeAnew(position, length, from, at);
    slab.bytes.set(from.subarray(at, at + length), offset);
    return true;
  }

  /** Writes zeroes into a part of a page, if it is mapped. */
  zeroWithinPage(position: number, length: number): void {
    const index = Math.floor(position / SLAB_BYTES);
    const offset = position - index * SLAB_BYTES;
    const slab = this.#slabs.get(index);
    const page = offset >>> this.#pageShift;
    if (slab?.statusOf(page) === PROVISIONING.MAPPED) {
      slab.zero(offset, offset + length);
    }
  }

  /**
   * Reserves room for all deallocated pages of a range.
   *
   * @returns false when there is too little; then nothing was reserved
   */
  anchor(firstPage: number, endPage: number): boolean {
    const missing = endPage - firstPage -
      this.#usedBetween(firstPage, endPage);
    if (this.#usedPages + missing > this.pageCountMax) return false;
    const lastIndex = Math.floor((endPage - 1) / this.#slabPages);
    for (
      let index = Math.floor(firstPage / this.#slabPages);
      index <= lastIndex;
      index++
    ) {
      this.#account(index, this.#slabAt(index), (slab) => {
        slab.anchor(
          this.#firstIn(index, firstPage),
          this.#endIn(index, endPage),
        );
      });
    }
    return true;
  }

  /**
   * Forgets the data of pages, which become deallocated or stay anchored.
   * Yields when it has worked for about a millisecond.
   */
  *release(
    firstPage: number,
    endPage: number,
    status: number,
  ): Generator<void, void> {
    let returned = 0;
    for (const index of this.#slabsBetween(firstPage, endPage)) {
      this.#account(index, this.#slabAt(index), (slab) => {
        const first = this.#firstIn(index, firstPage);
        const end = this.#endIn(index, endPage);
        if (slab.release(first, end, status)) returned++;
      });
      if (returned < RELEASE_BATCH_SLABS) continue;
      returned = 0;
      yield;
    }
  }

  /** Status of a page, one of {@linkcode PROVISIONING}. */
  statusOf(page: number): number {
    const index = Math.floor(page / this.#slabPages);
    const slab = this.#slabs.get(index);
    return slab?.statusOf(page - index * this.#slabPages) ??
      PROVISIONING.DEALLOCATED;
  }

  /** The first page after `page` with another status, at most `limit`. */
  runEnd(page: number, limit: number): number {
    const status = this.statusOf(page);
    let next = page;
    while (next < limit) {
      const index = Math.floor(next / this.#slabPages);
      const slab = this.#slabs.get(index);
      if (slab !== undefined) {
        const first = next - index * this.#slabPages;
        const end = slab.runEnd(first, status);
        next += end - first;
        if (end < this.#slabPages) break;
      } else {
        if (status !== PROVISIONING.DEALLOCATED) break;
        next = this.#nextSlab(next, limit) * this.#slabPages;
      }
    }
    return Math.min(next, limit);
  }

  #readAcross(
    position: number,
    length: number,
    into: Uint8Array,
    at: number,
  ): void {
    for (const piece of piecesOf(position, length)) {
      this.read(position + piece.at, piece.length, into, at + piece.at);
    }
  }

  /** A write that crosses slabs or needs pages: all of it or nothing. */
  #writeAnew(
    position: number,
    length: number,
    from: Uint8Array,
    at: number,
  ): boolean {
    const firstPage = Math.floor(position / this.pageBytes);
    const endPage = Math.ceil((position + length) / this.pageBytes);
    const missing = endPage - firstPage -
      this.#usedBetween(firstPage, endPage);
    if (this.#usedPages + missing > this.pageCountMax) return false;
    if (!this.#materialise(position, length)) return false;
    for (const piece of piecesOf(position, length)) {
      this.#account(piece.index, this.#slabAt(piece.index), (slab) => {
        const end = piece.offset + piece.length;
        slab.map(piece.offset >>> this.#pageShift, this.#pageEnd(end));
        const begin = at + piece.at;
        const bytes = from.subarray(begin, begin + piece.length);
        slab.bytes.set(bytes, piece.offset);
      });
    }
    return true;
  }

  #materialise(position: number, length: number): boolean {
    for (const { index } of piecesOf(position, length)) {
      if (this.#slabAt(index).materialise()) continue;
      this.#dropEmpty(position, length);
      return false;
    }
    return true;
  }

  #dropEmpty(position: number, length: number): void {
    for (const { index } of piecesOf(position, length)) {
      const slab = this.#slabs.get(index);
      if (slab === undefined || slab.mappedPages > 0) continue;
      slab.discard();
      if (slab.usedPages === 0) this.#slabs.delete(index);
    }
  }

  #slabAt(index: number): Slab {
    let slab = this.#slabs.get(index);
    if (slab === undefined) {
      slab = new Slab(this.pageBytes);
      this.#slabs.set(index, slab);
    }
    return slab;
  }

  /** Does something to a slab, keeps the books, forgets it when unused. */
  #account(index: number, slab: Slab, change: (slab: Slab) => void): void {
    const before = slab.usedPages;
    change(slab);
    this.#usedPages += slab.usedPages - before;
    if (slab.usedPages === 0) this.#slabs.delete(index);
  }

  /** Numbers of the used slabs that a range of pages touches. */
  #slabsBetween(firstPage: number, endPage: number): number[] {
    if (endPage <= firstPage) return [];
    const first = Math.floor(firstPage / this.#slabPages);
    const last = Math.floor((endPage - 1) / this.#slabPages);
    // The range may be a million times longer than what is used of it.
    if (last - first > this.#slabs.size) {
      return [...this.#slabs.keys()]
        .filter((index) => index >= first && index <= last);
    }
    const indices = [];
    for (let index = first; index <= last; index++) {
      if (this.#slabs.has(index)) indices.push(index);
    }
    return indices;
  }

  #usedBetween(firstPage: number, endPage: number): number {
    let used = 0;
    for (const index of this.#slabsBetween(firstPage, endPage)) {
      const first = this.#firstIn(index, firstPage);
      const end = this.#endIn(index, endPage);
      used += this.#slabAt(index).usedBetween(first, end);
    }
    return used;
  }

  /** Number of the first used slab in a range, or of the one behind it. */
  #nextSlab(firstPage: number, endPage: number): number {
    let next = Math.ceil(endPage / this.#slabPages);
    for (const index of this.#slabsBetween(firstPage, endPage)) {
      if (index < next) next = index;
    }
    return next;
  }

  #firstIn(index: number, firstPage: number): number {
    return Math.max(0, firstPage - index * this.#slabPages);
  }

  #endIn(index: number, endPage: number): number {
    return Math.min(this.#slabPages, endPage - index * this.#slabPages);
  }

  #pageEnd(offset: number): number {
    return (offset + this.pageBytes - 1) >>> this.#pageShift;
  }
}
