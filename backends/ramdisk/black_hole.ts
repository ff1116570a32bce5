/**
 * A store that keeps nothing: writes vanish, reads are zero.
 *
 * @module
 */

import {
  type BlockStore,
  type Extent,
  OK,
  PROVISIONING,
  type StoreCapabilities,
  type StoreFault,
  type StoreGeometry,
  type StoreResult,
  type StoreUsage,
} from "../../core/mod.ts";
import type { GrowingGeometry } from "./geometry.ts";

const READ_ONLY: StoreFault = Object.freeze({
  cause: "read-only",
  message: "The store was opened read-only",
});

/** Takes everything and keeps nothing; for measuring what lies above. */
export class BlackHoleStore implements BlockStore {
  /** Its shape. */
  readonly geometry: StoreGeometry;
  /** What it can do. */
  readonly capabilities: StoreCapabilities;
  readonly #growing: GrowingGeometry;

  /** Makes one of the given shape. */
  constructor(geometry: GrowingGeometry, readOnly: boolean) {
    this.geometry = this.#growing = geometry;
    this.capabilities = Object.freeze({
      readOnly,
      volatileCache: false,
      unmap: "native",
      anchor: false,
      extents: "native",
    });
  }

  /** Reads zeroes. */
  tryRead(
    _lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult {
    into.fill(0, at, at + blockCount * this.geometry.blockLength);
    return OK;
  }

  /** Takes the blocks and forgets them. */
  tryWrite(): StoreResult {
    return this.capabilities.readOnly ? READ_ONLY : OK;
  }

  /** Like {@linkcode BlackHoleStore.tryRead}. */
  read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    return Promise.resolve(this.tryRead(lba, blockCount, into, at));
  }

  /** Like {@linkcode BlackHoleStore.tryWrite}. */
  write(): Promise<StoreResult> {
    return Promise.resolve(this.tryWrite());
  }

  /** There is nothing to lose. */
  flush(): StoreResult {
    return OK;
  }

  /** Everything is unmapped already. */
  unmap(): StoreResult {
    return this.tryWrite();
  }

  /** All of the range, deallocated. */
  extent(lba: number, blockCount: number): Extent {
    return { lba, blockCount, status: PROVISIONING.DEALLOCATED };
  }

  /** None. */
  usage(): StoreUsage {
    return { used: 0 };
  }

  /** Takes any size; undefined keeps the one it has. */
  resize(blockCount: number | undefined): StoreResult {
    if (blockCount !== undefined) this.#growing.blockCount = blockCount;
    return OK;
  }

  /** Nothing is held. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
