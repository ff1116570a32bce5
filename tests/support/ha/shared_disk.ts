/**
 * A disk that two nodes reach: bytes in memory, and who has them open.
 *
 * @module
 */

import {
  type BackendDriver,
  type BlockStore,
  OK,
  type OpenOutcome,
  type OpenRequest,
  type RangeSnapshot,
  textOption,
} from "../../../core/mod.ts";

const BLOCK_LENGTH = 512;

/** The medium, and how it is used. */
export class SharedDisk {
  /** What is on it. */
  readonly bytes: Uint8Array;
  /** Nodes that have it open. */
  readonly openBy: Set<string> = new Set();
  /** Times that two nodes had it open at once. */
  doubleOpens = 0;
  /** It keeps what was, for those who ask. */
  keepsSnapshots = false;

  /** An empty disk. */
  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
  }

  /** The driver by which a node opens it. */
  driverOf(
    node: string,
    name = "disk",
  ): BackendDriver<{ readonly path: string }> {
    return {
      name,
      options: { path: textOption(`/${name}`, "path") },
      identityOf: ({ path }) => path,
      open: (request) => this.#open(node, request),
    };
  }

  #open(
    node: string,
    { readOnly }: OpenRequest<{ readonly path: string }>,
  ): Promise<OpenOutcome> {
    this.openBy.add(node);
    if (this.openBy.size > 1) this.doubleOpens += 1;
    const { bytes, openBy } = this;
    const store = storeOf(bytes, readOnly, () => openBy.delete(node));
    const snapshotRange = (lba: number, count: number): RangeSnapshot => {
      const [from, to] = [lba * BLOCK_LENGTH, (lba + count) * BLOCK_LENGTH];
      return {
        ...storeOf(bytes.slice(from, to), true, () => {}),
        isLost: false,
      };
    };
    return Promise.resolve({
      store: this.keepsSnapshots ? { ...store, snapshotRange } : store,
    });
  }
}

function storeOf(
  bytes: Uint8Array,
  readOnly: boolean,
  closed: () => void,
): BlockStore {
  const store: BlockStore = {
    geometry: {
      ...{ blockLength: BLOCK_LENGTH, optimalTransferBlocks: 0 },
      blockCount: bytes.length / BLOCK_LENGTH,
      ...{ physicalBlockExponent: 0, lowestAlignedLba: 0 },
      ...{ unmapGranularityExponent: 0, unmapAlignmentLba: 0 },
    },
    capabilities: {
      ...{ readOnly, volatileCache: true, unmap: "none" },
      ...{ anchor: false, extents: "none" },
    },
    tryRead(lba, count, into, at) {
      const from = lba * BLOCK_LENGTH;
      into.set(bytes.subarray(from, from + count * BLOCK_LENGTH), at);
      return OK;
    },
    tryWrite(lba, count, from, at) {
      const piece = from.subarray(at, at + count * BLOCK_LENGTH);
      bytes.set(piece, lba * BLOCK_LENGTH);
      return OK;
    },
    read(lba, count, into, at) {
      store.tryRead?.(lba, count, into, at);
      return Promise.resolve(OK);
    },
    write(lba, count, from, at) {
      store.tryWrite?.(lba, count, from, at);
      return Promise.resolve(OK);
    },
    flush: () => Promise.resolve(OK),
    close() {
      closed();
      return Promise.resolve();
    },
  };
  return store;
}
