/**
 * A snapshot of a range of a memory store.
 *
 * @module
 */

import {
  assertRange,
  type BlockStore,
  type Clock,
  type CopyResult,
  type Extent,
  type MaybePromise,
  OK,
  type RangeSnapshot,
  type StoreCapabilities,
  type StoreFault,
  type StoreGeometry,
  type StoreResult,
} from "../../core/mod.ts";
import type { PageMap } from "./page_map.ts";
import { extentOf, type PageRange } from "./page_range.ts";
import { PageSnapshot, type SnapshotAccount } from "./page_snapshot.ts";

const LOST: StoreFault = Object.freeze({
  cause: "offline",
  message: "The memory that option snapshot_capacity allows is used up",
});

const READ_ONLY: StoreFault = Object.freeze({
  cause: "read-only",
  message: "A snapshot cannot be written",
});

const CAPABILITIES: StoreCapabilities = Object.freeze({
  readOnly: true,
  volatileCache: false,
  unmap: "none",
  anchor: false,
  extents: "native",
});

/** Copies to a store, if that is one of memory. */
export type CopyPages = (
  range: PageRange,
  to: BlockStore,
  toLba: number,
) => MaybePromise<CopyResult>;

/** What a snapshot is made of. */
export interface RamSnapshotParts {
  /** Pages of the store. */
  readonly source: PageMap;
  /** Shape of the snapshot. */
  readonly geometry: StoreGeometry;
  /** First byte of the range in the store. */
  readonly position: number;
  /** Pages kept for snapshots of the store. */
  readonly account: SnapshotAccount;
  /** Lets others work. */
  readonly clock: Pick<Clock, "nextTurn">;
  /** Copies to other stores. */
  readonly copy: CopyPages;
}

/** Blocks as they were. Reads are answered at once. */
export class RamSnapshot implements RangeSnapshot {
  /** Its shape. */
  readonly geometry: StoreGeometry;
  /** It can be read. */
  readonly capabilities: StoreCapabilities = CAPABILITIES;
  readonly #position: number;
  readonly #snapshot: PageSnapshot;
  readonly #clock: Pick<Clock, "nextTurn">;
  readonly #copy: CopyPages;
  #released: Promise<void> | undefined;

  /** Makes one that has yet to take its blocks. */
  constructor(parts: RamSnapshotParts) {
    const { source, account } = parts;
    this.geometry = parts.geometry;
    this.#position = parts.position;
    this.#clock = parts.clock;
    this.#copy = parts.copy;
    const onLost = (): void => void this.#releaseLater();
    this.#snapshot = new PageSnapshot(source, account, onLost);
  }

  /** Whether its blocks could not be kept. */
  get isLost(): boolean {
    return this.#snapshot.isLost;
  }

  /** Takes the blocks as they are; a promise when they are many. */
  take(): MaybePromise<this> {
    const { pageBytes } = this.#snapshot.pages;
    const end = this.#position + this.#lengthOf(this.geometry.blockCount);
    const work = this.#snapshot.take(
      Math.floor(this.#position / pageBytes),
      Math.ceil(end / pageBytes),
    );
    return work.next().done ? this : this.#finish(work).then(() => this);
  }

  /** Reads; see `BlockStore`. */
  tryRead(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult {
    const length = this.#lengthOf(blockCount);
    assertRange(this.geometry, lba, blockCount, into.length - at - length);
    if (this.isLost) return LOST;
    this.#snapshot.pages.read(this.#positionOf(lba), length, into, at);
    return OK;
  }

  /** Like {@linkcode RamSnapshot.tryRead}. */
  read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    return Promise.resolve(this.tryRead(lba, blockCount, into, at));
  }

  /** Refused. */
  write(): Promise<StoreResult> {
    return Promise.resolve(READ_ONLY);
  }

  /** Nothing is to be done. */
  flush(): StoreResult {
    return OK;
  }

  /** The run of pages with the status of the page at `lba`. */
  extent(lba: number, blockCount: number): Extent | StoreFault {
    assertRange(this.geometry, lba, blockCount);
    if (this.isLost) return LOST;
    return extentOf(this.#rangeOf(lba, blockCount), lba);
  }

  /** Copies to another store of memory; see `BlockStore`. */
  copyRange(
    lba: number,
    blockCount: number,
    to: BlockStore,
    toLba: number,
  ): MaybePromise<CopyResult> {
    assertRange(this.geometry, lba, blockCount);
    if (this.isLost) return LOST;
    return this.#copy(this.#rangeOf(lba, blockCount), to, toLba);
  }

  /** Lets the blocks go. */
  close(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  /** In a later turn: somebody is in the middle of a change of pages. */
  #releaseLater(): Promise<void> {
    this.#released ??= this.#clock.nextTurn().then(() => this.#release());
    return this.#released;
  }

  async #release(): Promise<void> {
    const work = this.#snapshot.release();
    if (!work.next().done) await this.#finish(work);
  }

  async #finish(work: Iterator<void>): Promise<void> {
    do await this.#clock.nextTurn(); while (!work.next().done);
  }

  #rangeOf(lba: number, blockCount: number): PageRange {
    return {
      pages: this.#snapshot.pages,
      position: this.#positionOf(lba),
      length: this.#lengthOf(blockCount),
      blockLength: this.geometry.blockLength,
    };
  }

  #positionOf(lba: number): number {
    return this.#position + this.#lengthOf(lba);
  }

  #lengthOf(blockCount: number): number {
    return blockCount * this.geometry.blockLength;
  }
}
