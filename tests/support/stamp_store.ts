/**
 * A store that both nodes of a pair can open and that remembers, for each
 * block, which write it holds: a write is known by the number in the first
 * bytes of its blocks.
 *
 * @module
 */

import {
  type BackendDriver,
  type BlockStore,
  definePlugin,
  NOT_NOW,
  OK,
  type Plugin,
  PLUGIN_API,
  type StoreResult,
} from "../../core/mod.ts";

/** Bytes of a block. */
export const STAMP_BLOCK = 512;
/** Blocks. */
export const STAMP_BLOCKS = 4096;

/** What is stored, by both nodes. */
export class StampMedium {
  /** Number of the write that each block holds. */
  readonly stamps: Uint32Array = new Uint32Array(STAMP_BLOCKS);
  /** Told of each write that takes effect. */
  written: (stamp: number) => void = () => {};
  /** Answers wait. */
  holding = false;
  readonly #held: (() => void)[] = [];

  /** Answers that wait. */
  get waiting(): number {
    return this.#held.length;
  }

  /** Lets one answer go. */
  answerOne(index: number): void {
    const at = index % Math.max(1, this.#held.length);
    for (const answer of this.#held.splice(at, 1)) answer();
  }

  /** Lets all answers go, also later ones. */
  answerAll(): void {
    this.holding = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  /** A store of one node. */
  store(): BlockStore {
    return {
      geometry: {
        ...{ blockLength: STAMP_BLOCK, blockCount: STAMP_BLOCKS },
        ...{ physicalBlockExponent: 0, lowestAlignedLba: 0 },
        ...{ unmapGranularityExponent: 0, unmapAlignmentLba: 0 },
        optimalTransferBlocks: 0,
      },
      capabilities: {
        ...{ readOnly: false, volatileCache: false },
        ...{ unmap: "none", anchor: false, extents: "none" },
      },
      tryRead: (lba, count, into, at) => {
        if (this.holding) return NOT_NOW;
        return this.#read(lba, count, into, at);
      },
      tryWrite: (lba, count, from, at) => {
        if (this.holding) return NOT_NOW;
        return this.#write(lba, count, from, at);
      },
      read: (lba, count, into, at) =>
        this.#later(() => this.#read(lba, count, into, at)),
      write: (lba, count, from, at) =>
        this.#later(() => this.#write(lba, count, from, at)),
      flush: () => Promise.resolve(OK),
      close: () => Promise.resolve(),
    };
  }

  /** Both nodes' backend `stamps`. */
  plugin(): Plugin {
    const driver: BackendDriver<Record<never, never>> = {
      name: "stamps",
      options: {},
      identityOf: () => undefined,
      open: () => Promise.resolve({ store: this.store() }),
    };
    return definePlugin({
      ...{ name: "stamps", api: PLUGIN_API },
      ...{ options: {}, requires: {}, optional: {} },
      setup(register) {
        register.backend(driver);
        return { [Symbol.asyncDispose]: () => Promise.resolve() };
      },
    });
  }

  async #later(effect: () => StoreResult): Promise<StoreResult> {
    if (this.holding) {
      await new Promise<void>((resolve) => this.#held.push(resolve));
    }
    return effect();
  }

  #read(lba: number, count: number, into: Uint8Array, at: number): StoreResult {
    const view = new DataView(into.buffer, into.byteOffset);
    into.fill(0, at, at + count * STAMP_BLOCK);
    for (let block = 0; block < count; block += 1) {
      const stamp = this.stamps[lba + block] ?? 0;
      view.setUint32(at + block * STAMP_BLOCK, stamp);
    }
    return OK;
  }

  #write(
    lba: number,
    count: number,
    from: Uint8Array,
    at: number,
  ): StoreResult {
    const view = new DataView(from.buffer, from.byteOffset);
    for (let block = 0; block < count; block += 1) {
      const stamp = view.getUint32(at + block * STAMP_BLOCK);
      this.stamps[lba + block] = stamp;
      this.written(stamp);
    }
    return OK;
  }
}

/** Data of a write with a number. */
export function stamped(stamp: number, blocks: number): Uint8Array {
  const data = new Uint8Array(blocks * STAMP_BLOCK);
  const view = new DataView(data.buffer);
  for (let block = 0; block < blocks; block += 1) {
    view.setUint32(block * STAMP_BLOCK, stamp);
  }
  return data;
}
