/**
 * A backend whose stores wait when a case wants them to.
 *
 * @module
 */

import { definePlugin, type Plugin, PLUGIN_API } from "../plugin.ts";
import type { BackendDriver } from "../ports/backend_driver.ts";
import {
  type BlockStore,
  OK,
  type StoreCapabilities,
  type StoreGeometry,
  type StoreResult,
} from "../ports/block_store.ts";

/** Name of the plugin and of its backend. */
export const HELD_BACKEND = "contract";

const BLOCK_LENGTH = 512;

/** Bytes in memory that answer when they are let. */
export class HeldStore implements BlockStore {
  readonly geometry: StoreGeometry;
  readonly capabilities: StoreCapabilities = {
    readOnly: false,
    volatileCache: false,
    unmap: "none",
    anchor: false,
    extents: "none",
  };
  /** Requests that have come. */
  requests = 0;
  readonly #bytes: Uint8Array;
  #waiting: (() => void)[] = [];
  #holding = false;

  /** A store of zeroes. */
  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.geometry = {
      blockLength: BLOCK_LENGTH,
      blockCount: sizeBytes / BLOCK_LENGTH,
      physicalBlockExponent: 0,
      lowestAlignedLba: 0,
      unmapGranularityExponent: 0,
      unmapAlignmentLba: 0,
      optimalTransferBlocks: 0,
    };
  }

  /** Answers nothing from now on. */
  hold(): void {
    this.#holding = true;
  }

  /** Answers all that waits, and what comes. */
  release(): void {
    this.#holding = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    await this.#turn();
    const begin = lba * BLOCK_LENGTH;
    const end = begin + blockCount * BLOCK_LENGTH;
    into.set(this.#bytes.subarray(begin, end), at);
    return OK;
  }

  async write(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    await this.#turn();
    const end = at + blockCount * BLOCK_LENGTH;
    this.#bytes.set(from.subarray(at, end), lba * BLOCK_LENGTH);
    return OK;
  }

  flush(): StoreResult {
    return OK;
  }

  close(): Promise<void> {
    this.release();
    return Promise.resolve();
  }

  async #turn(): Promise<void> {
    this.requests += 1;
    if (!this.#holding) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** A plugin with one kind of store, and what it has opened last. */
export class HeldBackend implements BackendDriver<object> {
  readonly name: string = HELD_BACKEND;
  readonly options = {};
  /** The store opened last. */
  store: HeldStore = new HeldStore(0);

  identityOf(): undefined {
    return undefined;
  }

  open({ sizeBytes = 0 }: { readonly sizeBytes: number | undefined }): Promise<
    { readonly store: BlockStore }
  > {
    this.store = new HeldStore(sizeBytes);
    return Promise.resolve({ store: this.store });
  }

  /** The plugin that offers it. */
  plugin(): Plugin {
    return definePlugin({
      name: HELD_BACKEND,
      api: PLUGIN_API,
      options: {},
      requires: {},
      optional: {},
      setup: (register) => {
        register.backend(this);
        return { [Symbol.asyncDispose]: () => Promise.resolve() };
      },
    });
  }
}
