/**
 * A store under a test's control: it answers when it is told to, fails when
 * it is told to, has a volatile cache that can be looked behind, and writes
 * down every call.
 *
 * @module
 */

import {
  type BlockStore,
  type Extent,
  type MaybePromise,
  NOT_NOW,
  OK,
  PROVISIONING,
  type StoreCapabilities,
  type StoreFault,
  type StoreFaultCause,
  type StoreGeometry,
  type StoreResult,
  type StoreUsage,
} from "../../core/mod.ts";

/** A call that can be made to fail. */
export type StoreWork =
  | "read"
  | "write"
  | "flush"
  | "unmap"
  | "erase"
  | "extent"
  | "resize";

/** What a controlled store is made with. */
export interface ControlledShape {
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks. */
  readonly blockCount: number;
  /** What it can do. */
  readonly capabilities: StoreCapabilities;
  /** It has `tryRead` and `tryWrite`. */
  readonly atOnce: boolean;
  /** It has `writeZeroes`. */
  readonly zeroes: boolean;
}

type GrowingGeometry = {
  -readonly [Name in keyof StoreGeometry]: StoreGeometry[Name];
};

/** The store. */
export class ControlledStore implements BlockStore {
  readonly geometry: StoreGeometry;
  readonly capabilities: StoreCapabilities;
  readonly tryRead?: NonNullable<BlockStore["tryRead"]>;
  readonly tryWrite?: NonNullable<BlockStore["tryWrite"]>;
  readonly unmap?: NonNullable<BlockStore["unmap"]>;
  readonly extent?: NonNullable<BlockStore["extent"]>;
  readonly writeZeroes?: NonNullable<BlockStore["writeZeroes"]>;
  readonly cryptographicErase?: NonNullable<BlockStore["cryptographicErase"]>;
  /** Calls, as `write 8 2`, `flush`; failed and waiting ones, too. */
  readonly calls: string[] = [];
  /** What `usage` answers. */
  usageNow: StoreUsage = {};
  /** `close` was called. */
  closed = false;
  /** Answers wait for `answerAll`. */
  holding = false;
  readonly #geometry: GrowingGeometry;
  readonly #faults: Map<StoreWork, StoreFaultCause> = new Map();
  readonly #held: (() => void)[] = [];
  #bytes: Uint8Array;
  #durable: Uint8Array;

  /** A store of zeroes. */
  constructor(shape: ControlledShape) {
    const { blockLength, blockCount, capabilities } = shape;
    this.geometry = this.#geometry = {
      blockLength,
      blockCount,
      physicalBlockExponent: 0,
      lowestAlignedLba: 0,
      unmapGranularityExponent: 0,
      unmapAlignmentLba: 0,
      optimalTransferBlocks: 0,
    };
    this.capabilities = capabilities;
    this.#bytes = new Uint8Array(blockLength * blockCount);
    this.#durable = this.#bytes.slice();
    if (shape.atOnce) {
      this.tryRead = this.#tryRead;
      this.tryWrite = this.#tryWrite;
    }
    if (shape.zeroes) this.writeZeroes = this.#writeZeroes;
    if (capabilities.unmap !== "none") this.unmap = this.#unmap;
    if (capabilities.extents !== "none") this.extent = this.#extent;
    if (capabilities.cryptographicErase === true) {
      this.cryptographicErase = this.#cryptographicErase;
    }
  }

  /** Lets the next such call fail. */
  fail(work: StoreWork, cause: StoreFaultCause): void {
    this.#faults.set(work, cause);
  }

  /** Answers the calls that wait now; later ones wait again. */
  answerHeld(): void {
    for (const answer of this.#held.splice(0)) answer();
  }

  /** Answers one of the calls that wait, counted from 0. */
  answerOne(index: number): void {
    for (const answer of this.#held.splice(index, 1)) answer();
  }

  /** Answers all calls that wait, and from now on every one. */
  answerAll(): void {
    this.holding = false;
    this.answerHeld();
  }

  /** What would be left after a loss of power. */
  durable(lba: number, blockCount: number): Uint8Array {
    const { blockLength } = this.geometry;
    return this.#durable.slice(
      lba * blockLength,
      (lba + blockCount) * blockLength,
    );
  }

  read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    this.#check(lba, blockCount);
    return this.#later("read", `read ${lba} ${blockCount}`, () => {
      into.set(this.#range(lba, blockCount), at);
    });
  }

  write(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    this.#check(lba, blockCount);
    return this.#later("write", `write ${lba} ${blockCount}`, () => {
      this.#put(lba, blockCount, from, at);
    });
  }

  flush(): Promise<StoreResult> {
    const given = this.#bytes.slice();
    return this.#later("flush", "flush", () => {
      this.#durable = given;
    });
  }

  usage(): StoreUsage {
    return this.usageNow;
  }

  resize(blockCount: number | undefined): Promise<StoreResult> {
    return this.#later("resize", `resize ${blockCount ?? "auto"}`, () => {
      if (blockCount === undefined) return;
      this.#geometry.blockCount = blockCount;
      this.#bytes = resized(this.#bytes, blockCount * this.#blockLength);
      this.#durable = resized(this.#durable, blockCount * this.#blockLength);
    });
  }

  close(): Promise<void> {
    this.#note("close");
    this.closed = true;
    return Promise.resolve();
  }

  get #blockLength(): number {
    return this.geometry.blockLength;
  }

  #tryRead(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    if (this.holding) return NOT_NOW;
    this.#note(`tryRead ${lba} ${blockCount}`);
    this.#check(lba, blockCount);
    into.set(this.#range(lba, blockCount), at);
    return this.#fault("read") ?? OK;
  }

  #tryWrite(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    if (this.holding) return NOT_NOW;
    this.#note(`tryWrite ${lba} ${blockCount}`);
    this.#check(lba, blockCount);
    const fault = this.#fault("write");
    if (fault === undefined) this.#put(lba, blockCount, from, at);
    return fault ?? OK;
  }

  // What another key makes of it is anybody's guess.
  #cryptographicErase(): MaybePromise<StoreResult> {
    return this.#later("erase", "erase", () => this.#bytes.fill(0xee));
  }

  #unmap(
    lba: number,
    blockCount: number,
    anchor: boolean,
  ): Promise<StoreResult> {
    const how = anchor ? " anchor" : "";
    this.#check(lba, blockCount);
    return this.#later("unmap", `unmap ${lba} ${blockCount}${how}`, () => {
      this.#putZeroes(lba, blockCount);
    });
  }

  #writeZeroes(lba: number, blockCount: number): Promise<StoreResult> {
    this.#check(lba, blockCount);
    return this.#later("write", `writeZeroes ${lba} ${blockCount}`, () => {
      this.#putZeroes(lba, blockCount);
    });
  }

  #putZeroes(lba: number, blockCount: number): void {
    const zeroes = new Uint8Array(blockCount * this.#blockLength);
    this.#put(lba, blockCount, zeroes, 0);
  }

  #extent(lba: number, blockCount: number): MaybePromise<Extent | StoreFault> {
    const status = PROVISIONING.MAPPED;
    this.#note(`extent ${lba} ${blockCount}`);
    return this.#fault("extent") ?? { lba, blockCount, status };
  }

  async #later(
    work: StoreWork,
    call: string,
    effect: () => void,
  ): Promise<StoreResult> {
    this.#note(call);
    const fault = this.#fault(work);
    if (this.holding) {
      await new Promise<void>((resolve) => this.#held.push(resolve));
    }
    if (fault !== undefined) return fault;
    effect();
    return OK;
  }

  #note(call: string): void {
    if (this.closed) throw new TypeError(`"${call}" after close`);
    this.calls.push(call);
  }

  #fault(work: StoreWork): StoreFault | undefined {
    const cause = this.#faults.get(work);
    this.#faults.delete(work);
    return cause && { cause, message: `The test made ${work} fail` };
  }

  #check(lba: number, blockCount: number): void {
    if (lba + blockCount <= this.geometry.blockCount) return;
    throw new RangeError(`Cannot use ${blockCount} blocks at ${lba}`);
  }

  /** The bytes of a range, or what a resize has left of them. */
  #range(lba: number, blockCount: number): Uint8Array {
    const start = lba * this.#blockLength;
    return this.#bytes.subarray(start, start + blockCount * this.#blockLength);
  }

  #put(lba: number, blockCount: number, from: Uint8Array, at: number): void {
    const range = this.#range(lba, blockCount);
    range.set(from.subarray(at, at + range.length));
    if (!this.capabilities.volatileCache) this.#durable = this.#bytes.slice();
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const other = new Uint8Array(length);
  other.set(bytes.subarray(0, length));
  return other;
}
