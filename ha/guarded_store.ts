/**
 * A store around a store: what it is asked is done only while this node may
 * touch the medium. A process that stood still learns by it, at the very next
 * access, that its time is over.
 *
 * @module
 */

import {
  type BlockStore,
  type MaybePromise,
  type StoreCapabilities,
  type StoreFault,
  type StoreGeometry,
  type StoreResult,
} from "../core/mod.ts";

/** Whether the medium may be touched now; asked before each access. */
export type MayAccess = () => boolean;

const FENCED: StoreFault = Object.freeze({
  cause: "offline",
  message: "This node must not touch the store: it is not primary any more",
});

/** The inner store behind the question whether it may be touched. */
export class GuardedStore implements BlockStore {
  readonly #inner: BlockStore;
  readonly #may: MayAccess;

  // What the inner store does not offer this one does not offer either.

  /** See `BlockStore`. */
  readonly tryRead?: NonNullable<BlockStore["tryRead"]>;
  /** See `BlockStore`. */
  readonly tryWrite?: NonNullable<BlockStore["tryWrite"]>;
  /** See `BlockStore`. */
  readonly prefetch?: NonNullable<BlockStore["prefetch"]>;
  /** See `BlockStore`. */
  readonly unmap?: NonNullable<BlockStore["unmap"]>;
  /** See `BlockStore`. */
  readonly writeZeroes?: NonNullable<BlockStore["writeZeroes"]>;
  /** See `BlockStore`. */
  readonly extent?: NonNullable<BlockStore["extent"]>;
  /** See `BlockStore`. */
  readonly usage?: NonNullable<BlockStore["usage"]>;
  /** See `BlockStore`. */
  readonly resize?: NonNullable<BlockStore["resize"]>;
  /** See `BlockStore`. */
  readonly copyRange?: NonNullable<BlockStore["copyRange"]>;
  /** See `BlockStore`. */
  readonly snapshotRange?: NonNullable<BlockStore["snapshotRange"]>;

  /** Guards a store. */
  constructor(inner: BlockStore, may: MayAccess) {
    this.#inner = inner;
    this.#may = may;
    const { tryRead, tryWrite, unmap, writeZeroes, extent } = inner;
    if (tryRead !== undefined) {
      this.tryRead = (lba, count, into, at) =>
        may() ? tryRead.call(inner, lba, count, into, at) : FENCED;
    }
    if (tryWrite !== undefined) {
      this.tryWrite = (lba, count, from, at) =>
        may() ? tryWrite.call(inner, lba, count, from, at) : FENCED;
    }
    if (unmap !== undefined) {
      this.unmap = (lba, count, anchor) =>
        may() ? unmap.call(inner, lba, count, anchor) : FENCED;
    }
    if (writeZeroes !== undefined) {
      this.writeZeroes = (lba, count) =>
        may() ? writeZeroes.call(inner, lba, count) : FENCED;
    }
    if (extent !== undefined) {
      this.extent = (lba, count) =>
        may() ? extent.call(inner, lba, count) : FENCED;
    }
    const { copyRange, snapshotRange } = inner;
    if (copyRange !== undefined) {
      this.copyRange = (lba, count, to, toLba) => {
        const target = GuardedStore.#below(to);
        return may() && target !== null
          ? copyRange.call(inner, lba, count, target, toLba)
          : FENCED;
      };
    }
    if (snapshotRange !== undefined) {
      this.snapshotRange = (lba, count) =>
        may() ? snapshotRange.call(inner, lba, count) : FENCED;
    }
    const { prefetch, usage, resize } = inner;
    if (prefetch !== undefined) this.prefetch = prefetch.bind(inner);
    if (usage !== undefined) this.usage = usage.bind(inner);
    if (resize !== undefined) {
      this.resize = (count) => may() ? resize.call(inner, count) : FENCED;
    }
  }

  // The store below another one; null: that one must not be touched.
  static #below(store: BlockStore): BlockStore | null {
    if (!(store instanceof GuardedStore)) return store;
    return store.#may() ? store.#inner : null;
  }

  /** See `BlockStore`. */
  get geometry(): StoreGeometry {
    return this.#inner.geometry;
  }

  /** See `BlockStore`. */
  get capabilities(): StoreCapabilities {
    return this.#inner.capabilities;
  }

  /** See `BlockStore`. */
  read(
    lba: number,
    count: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    return this.#may()
      ? this.#inner.read(lba, count, into, at)
      : Promise.resolve(FENCED);
  }

  /** See `BlockStore`. */
  write(
    lba: number,
    count: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    return this.#may()
      ? this.#inner.write(lba, count, from, at)
      : Promise.resolve(FENCED);
  }

  /** See `BlockStore`: a flush changes nothing that others have written. */
  flush(): MaybePromise<StoreResult> {
    return this.#inner.flush();
  }

  /** See `BlockStore`. */
  close(): Promise<void> {
    return this.#inner.close();
  }
}
