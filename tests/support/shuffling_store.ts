/**
 * A store that answers in the order that a test chooses, and its backend.
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
  type StoreCapabilities,
  type StoreResult,
} from "../../core/mod.ts";

const CAPABILITIES: StoreCapabilities = {
  ...{ readOnly: false, volatileCache: false },
  ...{ unmap: "none", anchor: false, extents: "none" },
};

/** Blocks in memory. */
export class ShufflingStore implements BlockStore {
  readonly geometry: BlockStore["geometry"];
  readonly capabilities: BlockStore["capabilities"] = CAPABILITIES;
  /** Whether a read that begins at a block can be answered at once. */
  atOnce: (lba: number) => boolean = () => false;
  readonly #bytes: Uint8Array;
  readonly #waiting: (() => void)[] = [];

  /** Zeroes. */
  constructor(blockLength: number, blockCount: number) {
    this.geometry = {
      ...{ blockLength, blockCount, optimalTransferBlocks: 0 },
      ...{ physicalBlockExponent: 0, lowestAlignedLba: 0 },
      ...{ unmapGranularityExponent: 0, unmapAlignmentLba: 0 },
    };
    this.#bytes = new Uint8Array(blockLength * blockCount);
  }

  /** Calls that wait for their answers. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Answers one of the calls that wait. */
  answer(which: number): void {
    const [answer] = this.#waiting
      .splice(which % Math.max(1, this.#waiting.length), 1);
    answer?.();
  }

  tryRead(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    if (!this.atOnce(lba)) return NOT_NOW;
    into.set(this.#range(lba, blockCount), at);
    return OK;
  }

  async read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    await this.#turn();
    into.set(this.#range(lba, blockCount), at);
    return OK;
  }

  async write(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    await this.#turn();
    const range = this.#range(lba, blockCount);
    range.set(from.subarray(at, at + range.length));
    return OK;
  }

  flush(): StoreResult {
    return OK;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #range(lba: number, blockCount: number): Uint8Array {
    const { blockLength } = this.geometry;
    const start = lba * blockLength;
    return this.#bytes.subarray(start, start + blockCount * blockLength);
  }
}

/** A plugin whose backend opens one store. */
export function storePlugin(name: string, store: BlockStore): Plugin {
  const driver: BackendDriver<Record<never, never>> = {
    name,
    options: {},
    identityOf: () => undefined,
    open: () => Promise.resolve({ store }),
  };
  return definePlugin({
    ...{ name, api: PLUGIN_API, options: {}, requires: {}, optional: {} },
    setup(register) {
      register.backend(driver);
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  });
}
