/**
 * The backend of controlled stores: `controlled`. Its options say what a store
 * can do, and how opening one ends.
 *
 * @module
 */

import {
  type BackendDriver,
  type Capability,
  choiceOption,
  definePlugin,
  flagOption,
  integerOption,
  type OpenOutcome,
  type OpenRequest,
  optionalTextOption,
  type OptionTable,
  type Plugin,
  PLUGIN_API,
} from "../../core/mod.ts";
import { ControlledStore } from "./core_store.ts";

/** Options of a controlled store. */
export interface ControlledOptions {
  /** Name of the thing below; undefined: it lives in memory. */
  readonly path: string | undefined;
  /** Volatile write cache. */
  readonly cache: boolean;
  /** Answers at once where it can. */
  readonly atonce: boolean;
  /** Writes zeroes by a way of its own. */
  readonly zeroes: boolean;
  /** Can unmap. */
  readonly unmaps: Capability;
  /** Can anchor. */
  readonly anchors: boolean;
  /** Tells extents. */
  readonly extents: boolean;
  /** Blocks that it writes whole or not at all. */
  readonly atomic: number;
  /** Reads ahead. */
  readonly readahead: boolean;
  /** Erases by another key. */
  readonly encrypts: boolean;
  /** How opening ends. */
  readonly opens: "well" | "warning" | "missing" | "error" | "throw";
}

const OPTIONS: OptionTable<ControlledOptions> = {
  path: optionalTextOption("thing below"),
  cache: flagOption(false, "volatile cache"),
  atonce: flagOption(false, "answers at once"),
  zeroes: flagOption(false, "writes zeroes by a way of its own"),
  unmaps: choiceOption<Capability, Capability>(
    ["none", "emulated", "native"],
    "none",
    "unmap",
  ),
  anchors: flagOption(false, "anchors"),
  extents: flagOption(false, "tells extents"),
  atomic: integerOption(0, { min: 0, max: 65536 }, "blocks of a whole write"),
  readahead: flagOption(false, "reads ahead"),
  encrypts: flagOption(false, "erases by another key"),
  opens: choiceOption<
    ControlledOptions["opens"],
    ControlledOptions["opens"]
  >(["well", "warning", "missing", "error", "throw"], "well", "outcome"),
};

const BLOCK_LENGTH_DEFAULT = 512;
const SIZE_DEFAULT = 512 * 1024;

/** The driver, and the stores that it has opened. */
export class ControlledDriver implements BackendDriver<ControlledOptions> {
  readonly name = "controlled";
  readonly options: OptionTable<ControlledOptions> = OPTIONS;
  /** All stores it opened, the last at the end. */
  readonly stores: ControlledStore[] = [];
  /** What was asked for, each time. */
  readonly requests: OpenRequest<ControlledOptions>[] = [];

  /** The store opened last. */
  get store(): ControlledStore {
    const store = this.stores.at(-1);
    if (store === undefined) throw new TypeError("No store was opened");
    return store;
  }

  identityOf(options: ControlledOptions): string | undefined {
    return options.path;
  }

  open(request: OpenRequest<ControlledOptions>): Promise<OpenOutcome> {
    this.requests.push(request);
    switch (request.options.opens) {
      case "error":
        return Promise.resolve({ error: "The test made opening fail" });
      case "missing":
        return Promise.resolve({ store: null, warning: "nothing there" });
      case "throw":
        return Promise.reject(new TypeError("The test made opening throw"));
      case "warning":
        return Promise.resolve({ store: this.#make(request), warning: "odd" });
      default:
        return Promise.resolve({ store: this.#make(request) });
    }
  }

  #make(request: OpenRequest<ControlledOptions>): ControlledStore {
    const { options } = request;
    const blockLength = request.blockLength ?? BLOCK_LENGTH_DEFAULT;
    const store = new ControlledStore({
      blockLength,
      blockCount: (request.sizeBytes ?? SIZE_DEFAULT) / blockLength,
      atOnce: options.atonce,
      zeroes: options.zeroes,
      capabilities: {
        readOnly: request.readOnly,
        volatileCache: options.cache,
        unmap: options.unmaps,
        anchor: options.anchors,
        extents: options.extents ? "native" : "none",
        readAhead: options.readahead,
        cryptographicErase: options.encrypts,
        atomicWriteBlocksMax: options.atomic,
      },
    });
    this.stores.push(store);
    return store;
  }
}

/** A plugin that offers one driver. */
export function pluginOf<Options>(driver: BackendDriver<Options>): Plugin {
  return definePlugin({
    name: driver.name,
    api: PLUGIN_API,
    options: {},
    requires: {},
    optional: {},
    setup(register) {
      register.backend(driver);
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  });
}
