/**
 * A slab: one stretch of memory and the provisioning status of its pages.
 *
 * Two things always hold. The bytes of a page that is not mapped are zero, so
 * a read never looks at a status. And at least half of the pages that were
 * ever touched are mapped, so memory follows what is accounted.
 *
 * @module
 */

import { PROVISIONING } from "../../core/mod.ts";

/** Bytes of memory that are taken and given back as one. */
export const SLAB_BYTES: number = 2 ** 20;

/**
 * Where the data begin in a slab's buffer: on a cache line of their own, but
 * not on an operating system page. Large buffers of the runtime begin 16 bytes
 * into a page; if slabs began at 0, a copy to a buffer's first byte would
 * write just behind where it reads next, modulo 4096. The processor takes that
 * for a dependency and halves the speed (tests/bench/ramdisk_bench.ts).
 */
const SKEW_BYTES = 64;

const NO_BYTES = new Uint8Array(0);

/**
 * Zeroed memory that costs nothing until it is touched. Resizable, because
 * `resize(0)` returns the memory at once; that of an ordinary buffer waits for
 * the garbage collector and is then kept by the allocator.
 */
function freshBytes(): Uint8Array<ArrayBuffer> {
  const lengthBytes = SLAB_BYTES + SKEW_BYTES;
  const buffer = new ArrayBuffer(lengthBytes, { maxByteLength: lengthBytes });
  return new Uint8Array(buffer, SKEW_BYTES, SLAB_BYTES);
}

/** Memory of {@linkcode SLAB_BYTES}; pages are counted from its begin. */
export class Slab {
  /** Data; empty while no page is mapped. */
  bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  /** Pages with data. */
  mappedPages = 0;
  /** Pages with data, and anchored ones. */
  usedPages = 0;
  /** All its pages. */
  readonly pageCount: number;
  readonly #statuses: Uint8Array;
  readonly #pageBytes: number;
  /** Pages whose memory may be resident; never too low. */
  #touchedPages = 0;

  /** Makes a slab without mapped pages; it takes no memory for data yet. */
  constructor(pageBytes: number) {
    this.#pageBytes = pageBytes;
    this.pageCount = SLAB_BYTES / pageBytes;
    this.#statuses = new Uint8Array(this.pageCount)
      .fill(PROVISIONING.DEALLOCATED);
  }

  /** Status of a page, one of {@linkcode PROVISIONING}. */
  statusOf(page: number): number {
    return this.#statuses[page] ?? PROVISIONING.DEALLOCATED;
  }

  /** Whether all pages from `first` to before `end` hold data. */
  areMapped(first: number, end: number): boolean {
    for (let page = first; page < end; page++) {
      if (this.#statuses[page] !== PROVISIONING.MAPPED) return false;
    }
    return true;
  }

  /** How many pages from `first` to before `end` are mapped or anchored. */
  usedBetween(first: number, end: number): number {
    let used = 0;
    for (let page = first; page < end; page++) {
      if (this.#statuses[page] !== PROVISIONING.DEALLOCATED) used++;
    }
    return used;
  }

  /** The first page from `first` on that has another status, or the end. */
  runEnd(first: number, status: number): number {
    let page = first;
    while (this.#statuses[page] === status) page++;
    return page;
  }

  /**
   * Sees to memory for data.
   *
   * @returns false when the machine has none left
   */
  materialise(): boolean {
    if (this.bytes.length > 0) return true;
    try {
      this.bytes = freshBytes();
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Notes that pages are about to hold data. */
  map(first: number, end: number): void {
    for (let page = first; page < end; page++) {
      const status = this.#statuses[page];
      if (status === PROVISIONING.MAPPED) continue;
      if (status === PROVISIONING.DEALLOCATED) this.usedPages++;
      this.#statuses[page] = PROVISIONING.MAPPED;
      this.mappedPages++;
      this.#touchedPages++;
    }
  }

  /** Anchors those pages that are deallocated. */
  anchor(first: number, end: number): void {
    for (let page = first; page < end; page++) {
      if (this.#statuses[page] !== PROVISIONING.DEALLOCATED) continue;
      this.#statuses[page] = PROVISIONING.ANCHORED;
      this.usedPages++;
    }
  }

  /**
   * Forgets the data of pages; they read as zeroes.
   *
   * @param status what they become: deallocated, or anchored if they were used
   * @returns whether memory went back to the system
   */
  release(first: number, end: number, status: number): boolean {
    const left = this.mappedPages - this.#mappedBetween(first, end);
    if (left === this.mappedPages) {
      this.#setStatus(first, end, status, false);
      return false;
    }
    const isWaste = left * 2 < Math.min(this.#touchedPages, this.pageCount);
    this.#setStatus(first, end, status, !isWaste);
    this.mappedPages = left;
    if (left === 0) this.discard();
    else if (isWaste && !this.#compact()) {
      this.zero(first * this.#pageBytes, end * this.#pageBytes);
      return false;
    }
    return isWaste;
  }

  /** Writes zeroes, where there may be something else. */
  zero(begin: number, end: number): void {
    this.bytes.fill(0, begin, end);
  }

  /** Gives the memory back at once; no page may be mapped. */
  discard(): void {
    if (this.bytes !== NO_BYTES) this.bytes.buffer.resize(0);
    this.bytes = NO_BYTES;
    this.#touchedPages = 0;
  }

  #mappedBetween(first: number, end: number): number {
    let mapped = 0;
    for (let page = first; page < end; page++) {
      if (this.#statuses[page] === PROVISIONING.MAPPED) mapped++;
    }
    return mapped;
  }

  #setStatus(first: number, end: number, status: number, zero: boolean): void {
    for (let page = first; page < end; page++) {
      const was = this.#statuses[page];
      if (was === PROVISIONING.DEALLOCATED) continue;
      if (was === PROVISIONING.MAPPED && zero) {
        this.zero(page * this.#pageBytes, (page + 1) * this.#pageBytes);
      }
      if (status === PROVISIONING.DEALLOCATED) this.usedPages--;
      this.#statuses[page] = status;
    }
  }

  /**
   * Moves what is mapped into fresh memory; false when there is none.
   *
   * Pages that were unmapped stay resident until their buffer goes. Without
   * this an initiator could fill a slab, unmap all of it but a page, and so
   * take 256 times the memory that it is charged for.
   */
  #compact(): boolean {
    const old = this.bytes;
    this.bytes = NO_BYTES;
    if (!this.materialise()) {
      this.bytes = old;
      return false;
    }
    for (let page = 0; page < this.pageCount; page++) {
      if (this.#statuses[page] !== PROVISIONING.MAPPED) continue;
      const at = page * this.#pageBytes;
      this.bytes.set(old.subarray(at, at + this.#pageBytes), at);
    }
    old.buffer.resize(0);
    this.#touchedPages = this.mappedPages;
    return true;
  }
}
