/**
 * Blocks in memory, thin: what was never written takes no room.
 *
 * @module
 */

import {
  assertRange,
  type BlockStore,
  CANNOT_SHARE,
  type Clock,
  type CopyResult,
  Defect,
  type Extent,
  geometryOfRange,
  type MaybePromise,
  OK,
  PROVISIONING,
  type RangeSnapshot,
  type StoreCapabilities,
  type StoreFault,
  type StoreGeometry,
  type StoreResult,
  type StoreUsage,
} from "../../core/mod.ts";
import type { GrowingGeometry, Shape } from "./geometry.ts";
import { copySlice, type PageCopy } from "./page_copy.ts";
import { PageMap } from "./page_map.ts";
import type { PageMemory } from "./page_memory.ts";
import { extentOf, type PageRange } from "./page_range.ts";
import { SnapshotAccount } from "./page_snapshot.ts";
import { RamSnapshot } from "./snapshot.ts";

const NO_SPACE: StoreFault = Object.freeze({
  cause: "no-space",
  message: "The memory that option capacity allows is used up",
});

const READ_ONLY: StoreFault = Object.freeze({
  cause: "read-only",
  message: "The store was opened read-only",
});

/** Turns of others between two steps of giving replaced memory back. */
const TRIM_TURNS = 8;

/** What a memory store is made of. */
export interface RamStoreParts {
  /** Shape of the store and its pages. */
  readonly shape: Shape;
  /** Bytes of memory that its pages may take. */
  readonly capacityBytes: number;
  /** The same for what snapshots keep; undefined: as much as the pages. */
  readonly snapshotBytes?: number;
  /** Where its pages are: stores of one memory share them; undefined: alone. */
  readonly memory?: PageMemory;
  /** Refuse writes. */
  readonly readOnly: boolean;
  /** Lets others work while much memory is given back. */
  readonly clock: Pick<Clock, "nextTurn">;
}

/** A store in memory. Reads and writes are answered at once, always. */
export class RamStore implements BlockStore {
  /** Its shape. */
  readonly geometry: StoreGeometry;
  /** What it can do. */
  readonly capabilities: StoreCapabilities;
  readonly #growing: GrowingGeometry;
  readonly #blockLength: number;
  readonly #pages: PageMap;
  readonly #kept: SnapshotAccount;
  readonly #clock: Pick<Clock, "nextTurn">;
  #trimming = false;

  /** Makes an empty store. */
  constructor(parts: RamStoreParts) {
    const { geometry, pageBytes } = parts.shape;
    const pageCountMax = Math.floor(parts.capacityBytes / pageBytes);
    this.geometry = this.#growing = geometry;
    this.capabilities = Object.freeze({
      readOnly: parts.readOnly,
      volatileCache: false,
      unmap: "native",
      anchor: true,
      extents: "native",
      // A write is one turn of the event loop, and all or nothing.
      atomicWriteBlocksMax: Infinity,
    });
    this.#blockLength = geometry.blockLength;
    this.#pages = new PageMap(pageBytes, pageCountMax, parts.memory);
    const { snapshotBytes = parts.capacityBytes } = parts;
    this.#kept = new SnapshotAccount(Math.floor(snapshotBytes / pageBytes));
    this.#clock = parts.clock;
  }

  /** Reads; see `BlockStore`. */
  tryRead(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult {
    const length = blockCount * this.#blockLength;
    assertRange(this.geometry, lba, blockCount, into.length - at - length);
    this.#pages.read(lba * this.#blockLength, length, into, at);
    return OK;
  }

  /** Writes all or nothing; see `BlockStore`. */
  tryWrite(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): StoreResult {
    const length = blockCount * this.#blockLength;
    assertRange(this.geometry, lba, blockCount, from.length - at - length);
    if (this.capabilities.readOnly) return READ_ONLY;
    const position = lba * this.#blockLength;
    return this.#pages.write(position, length, from, at) ? OK : NO_SPACE;
  }

  /** Like {@linkcode RamStore.tryRead}. */
  read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    return Promise.resolve(this.tryRead(lba, blockCount, into, at));
  }

  /** Like {@linkcode RamStore.tryWrite}. */
  write(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    return Promise.resolve(this.tryWrite(lba, blockCount, from, at));
  }

  /** All blocks are at hand, always. */
  prefetch(): boolean {
    return true;
  }

  /** Nothing is to be done: memory is the medium. */
  flush(): StoreResult {
    return OK;
  }

  /**
   * Unmaps or anchors the pages that lie wholly in the range; of the two that
   * may stick out, the covered part is zeroed. A promise when much memory is
   * given back. "no-space" when the anchor has no room: nothing is changed.
   */
  unmap(
    lba: number,
    blockCount: number,
    anchor: boolean,
  ): MaybePromise<StoreResult> {
    assertRange(this.geometry, lba, blockCount);
    if (this.capabilities.readOnly) return READ_ONLY;
    return this.#unmapTo(lba, lba + blockCount, anchor);
  }

  /** The run of pages with the status of the page at `lba`. */
  extent(lba: number, blockCount: number): Extent {
    assertRange(this.geometry, lba, blockCount);
    return extentOf(this.#rangeOf(lba, blockCount), lba);
  }

  /**
   * Copies to a store of the same memory, or within this one: whole pages that
   * lie alike in both are shared until one of them is written, the rest is
   * copied.
   */
  copyRange(
    lba: number,
    blockCount: number,
    to: BlockStore,
    toLba: number,
  ): CopyResult {
    assertRange(this.geometry, lba, blockCount);
    return copyTo(this.#rangeOf(lba, blockCount), to, toLba);
  }

  /** Copies pages into this store: a slice, counted in blocks of the range. */
  copyFrom(range: PageRange, toLba: number): CopyResult {
    const { pages, position, length, blockLength } = range;
    const toPosition = toLba * this.#blockLength;
    assertRange(this.geometry, toLba, length / this.#blockLength, 0);
    if (this.capabilities.readOnly) return READ_ONLY;
    const overlaps = pages === this.#pages &&
      Math.abs(position - toPosition) < length;
    if (pages.memory !== this.#pages.memory || overlaps) return CANNOT_SHARE;
    const copy: PageCopy = {
      ...{ from: pages, position, to: this.#pages, toPosition, length },
    };
    const done = copySlice(copy);
    const whole = done - done % Math.max(blockLength, this.#blockLength);
    void this.#trimLater(pages.memory);
    return whole === 0 ? NO_SPACE : whole / blockLength;
  }

  /** Keeps the pages of a range; see `BlockStore`. */
  snapshotRange(lba: number, blockCount: number): MaybePromise<RangeSnapshot> {
    assertRange(this.geometry, lba, blockCount);
    const snapshot = new RamSnapshot({
      source: this.#pages,
      geometry: geometryOfRange(this.geometry, lba, blockCount),
      position: lba * this.#blockLength,
      account: this.#kept,
      clock: this.#clock,
      copy: copyTo,
    });
    return snapshot.take();
  }

  /**
   * Memory charged to the pages, and what the capacity leaves. A page that is
   * shared is charged to each store, so that there is room to write it.
   */
  usage(): StoreUsage {
    const { pageBytes, pageCountMax, usedPages } = this.#pages;
    const pages = this.#pageCount(this.geometry.blockCount);
    const available = Math.min(pages, pageCountMax) - usedPages;
    return {
      used: usedPages * pageBytes,
      available: Math.max(0, available) * pageBytes,
    };
  }

  /** Grows by zeroes, or shrinks and frees; undefined keeps the size. */
  resize(blockCount: number | undefined): MaybePromise<StoreResult> {
    if (blockCount === undefined) return OK;
    const sizeBytes = blockCount * this.#blockLength;
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
      throw new Defect(`Cannot resize to ${blockCount} blocks`);
    }
    const before = this.geometry.blockCount;
    const lost = blockCount < before
      ? this.#unmapTo(blockCount, before, false)
      : OK;
    this.#growing.blockCount = blockCount;
    return lost;
  }

  /** Forgets everything and gives the memory back. */
  async close(): Promise<void> {
    await this.#unmapTo(0, this.geometry.blockCount, false);
    this.#pages.abandon();
  }

  #unmapTo(
    lba: number,
    end: number,
    anchor: boolean,
  ): MaybePromise<StoreResult> {
    const pageBlocks = this.#pages.pageBytes / this.#blockLength;
    const firstPage = Math.ceil(lba / pageBlocks);
    // The last page is all there is, although the store may end within it.
    const endPage = end === this.geometry.blockCount
      ? this.#pageCount(end)
      : Math.floor(end / pageBlocks);
    const covers = firstPage < endPage;
    if (anchor && covers && !this.#pages.anchor(firstPage, endPage)) {
      return NO_SPACE;
    }
    const isZeroed = this.#zero(lba, Math.min(end, firstPage * pageBlocks)) &&
      (firstPage > endPage || this.#zero(endPage * pageBlocks, end));
    if (!isZeroed) return NO_SPACE;
    if (!covers) return OK;
    const status = anchor ? PROVISIONING.ANCHORED : PROVISIONING.DEALLOCATED;
    const work = this.#pages.release(firstPage, endPage, status);
    return work.next().done ? OK : this.#finish(work).then(() => OK);
  }

  async #finish(work: Iterator<void>): Promise<void> {
    do await this.#clock.nextTurn(); while (!work.next().done);
  }

  // What was in the place of shared pages is given back while others work: to
  // do so takes more time than to share.
  async #trimLater(memory: PageMemory): Promise<void> {
    if (this.#trimming || !memory.hasUnused) return;
    this.#trimming = true;
    while (memory.hasUnused) {
      for (let turn = 0; turn < TRIM_TURNS; turn += 1) {
        await this.#clock.nextTurn();
      }
      memory.trim().next();
    }
    this.#trimming = false;
  }

  #zero(lba: number, end: number): boolean {
    if (lba >= end) return true;
    const length = (end - lba) * this.#blockLength;
    return this.#pages.zeroWithinPage(lba * this.#blockLength, length);
  }

  #rangeOf(lba: number, blockCount: number): PageRange {
    return {
      pages: this.#pages,
      position: lba * this.#blockLength,
      length: blockCount * this.#blockLength,
      blockLength: this.#blockLength,
    };
  }

  #pageCount(blockCount: number): number {
    return Math.ceil(blockCount * this.#blockLength / this.#pages.pageBytes);
  }
}

/** Copies pages to a store that may be one of memory. */
function copyTo(
  range: PageRange,
  to: BlockStore,
  toLba: number,
): CopyResult {
  return to instanceof RamStore ? to.copyFrom(range, toLba) : CANNOT_SHARE;
}
