/**
 * The blocks of a ROD token as they were when it was made: one read-only store
 * over the snapshots of its ranges, which follow each other without gaps.
 *
 * @module
 */

import {
  type BlockRange,
  type BlockStore,
  CANNOT_SHARE,
  type CopyResult,
  type Extent,
  type LogicalUnit,
  type MaybePromise,
  NOT_NOW,
  OK,
  type RangeSnapshot,
  type StoreCapabilities,
  type StoreFault,
  type StoreGeometry,
  type StoreResult,
} from "../../../core/mod.ts";
import { blocksOf } from "./token_parameters.ts";
import type { TokenCost } from "./token_cost.ts";

interface Part {
  readonly snapshot: RangeSnapshot;
  /** Block of the image with which it begins. */
  readonly begin: number;
  /** Block of the image behind it. */
  readonly end: number;
}

const GONE: StoreFault = Object.freeze({
  cause: "offline",
  message: "The snapshot was let go",
});
const READ_ONLY: StoreFault = Object.freeze({
  cause: "read-only",
  message: "A snapshot cannot be written",
});

/** What an image of ranges of a unit costs. */
export function costOfImage(
  { geometry }: LogicalUnit,
  ranges: readonly BlockRange[],
): TokenCost {
  const bytes = blocksOf(ranges) * geometry.blockLength;
  return { tokens: 1, snapshots: ranges.length, bytes };
}

/** The image. Nothing is asked of a snapshot once it was let go. */
export class TokenImage implements BlockStore {
  readonly geometry: StoreGeometry;
  readonly capabilities: StoreCapabilities;
  /** A watch over its blocks, which ends with it. */
  watch: Disposable | null = null;
  readonly #parts: readonly Part[];
  readonly #close: PromiseWithResolvers<void> = Promise.withResolvers();
  #inFlight = 0;
  #gone = false;
  #isClosing = false;

  /** Of snapshots in the order of the data. */
  constructor(blockLength: number, snapshots: readonly RangeSnapshot[]) {
    let end = 0;
    this.#parts = snapshots.map((snapshot) => {
      const begin = end;
      end += snapshot.geometry.blockCount;
      return { snapshot, begin, end };
    });
    this.geometry = {
      ...{ blockLength, blockCount: end, optimalTransferBlocks: 0 },
      ...{ physicalBlockExponent: 0, lowestAlignedLba: 0 },
      ...{ unmapGranularityExponent: 0, unmapAlignmentLba: 0 },
    };
    const tellsExtents = snapshots.some(({ capabilities }) =>
      capabilities.extents !== "none"
    );
    this.capabilities = {
      ...{ readOnly: true, volatileCache: false, unmap: "none" },
      ...{ anchor: false, extents: tellsExtents ? "native" : "none" },
    };
  }

  /** Whether its data are not there any more. */
  get isLost(): boolean {
    return this.#gone || this.#parts.some(({ snapshot }) => snapshot.isLost);
  }

  /** Resolves when its snapshots are closed. */
  get closed(): Promise<void> {
    return this.#close.promise;
  }

  /** Lets the snapshots go, as soon as nothing reads them. */
  release(): void {
    this.#gone = true;
    this.watch?.[Symbol.dispose]();
    this.#closeIdle();
  }

  /** See `BlockStore`. */
  tryRead(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    if (this.#gone) return GONE;
    const part = this.#partAt(lba);
    // What lies in several is read by `read`.
    if (part === undefined || lba + blockCount > part.end) return NOT_NOW;
    const { snapshot, begin } = part;
    return snapshot.tryRead?.(lba - begin, blockCount, into, at) ?? NOT_NOW;
  }

  /** See `BlockStore`. */
  read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    return this.#use(() => this.#read(lba, blockCount, into, at));
  }

  /** See `BlockStore`: refused. */
  write(): Promise<StoreResult> {
    return Promise.resolve(READ_ONLY);
  }

  /** See `BlockStore`. */
  async extent(lba: number, blockCount: number): Promise<Extent | StoreFault> {
    if (this.#gone) return GONE;
    const part = this.#partAt(lba);
    const mapped = { lba, blockCount, status: 0 };
    if (part?.snapshot.extent === undefined) return mapped;
    const { snapshot, begin, end } = part;
    const count = Math.min(blockCount, end - lba);
    const found = await this.#use(async () =>
      await snapshot.extent?.(lba - begin, count) ?? mapped
    );
    return "cause" in found ? found : { ...found, lba };
  }

  /** See `BlockStore`: what lies in one snapshot at a time. */
  copyRange(
    lba: number,
    blockCount: number,
    to: BlockStore,
    toLba: number,
  ): MaybePromise<CopyResult> {
    if (this.#gone) return GONE;
    const part = this.#partAt(lba);
    if (part?.snapshot.copyRange === undefined) return CANNOT_SHARE;
    const { snapshot, begin, end } = part;
    const count = Math.min(blockCount, end - lba);
    const copied = snapshot.copyRange?.(lba - begin, count, to, toLba) ??
      CANNOT_SHARE;
    return copied instanceof Promise ? this.#use(() => copied) : copied;
  }

  /** See `BlockStore`. */
  flush(): StoreResult {
    return OK;
  }

  /** See `BlockStore`. */
  close(): Promise<void> {
    this.release();
    return this.closed;
  }

  async #read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    const { blockLength } = this.geometry;
    for (let done = 0; done < blockCount;) {
      const part = this.#partAt(lba + done);
      if (this.#gone || part === undefined) return GONE;
      const { snapshot, begin, end } = part;
      const first = lba + done - begin;
      const count = Math.min(blockCount - done, end - lba - done);
      const place = at + done * blockLength;
      const result = await snapshot.read(first, count, into, place);
      if (result !== OK) return result;
      done += count;
    }
    return OK;
  }

  #partAt(lba: number): Part | undefined {
    return this.#parts.find(({ begin, end }) => lba >= begin && lba < end);
  }

  // They are not closed while somebody waits for an answer of theirs.
  async #use<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.#inFlight += 1;
    try {
      return await ask();
    } finally {
      this.#inFlight -= 1;
      this.#closeIdle();
    }
  }

  #closeIdle(): void {
    if (!this.#gone || this.#isClosing || this.#inFlight > 0) return;
    this.#isClosing = true;
    const closing = this.#parts.map(({ snapshot }) => snapshot.close());
    this.#close.resolve(Promise.all(closing).then(() => {}));
  }
}
