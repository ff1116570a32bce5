/**
 * A file that is read as the system reads it, in the background, and watched:
 * a read must not begin before that of the blocks in front of it is done.
 *
 * @module
 */

import { type FileHandle, open } from "node:fs/promises";
import { type BlockStore, OK, type StoreResult } from "../../mod.ts";

/** The store. */
export class WatchedFile implements BlockStore {
  readonly geometry: BlockStore["geometry"];
  readonly capabilities: BlockStore["capabilities"] = {
    ...{ readOnly: true, volatileCache: false },
    ...{ unmap: "none", anchor: false, extents: "none" },
  };
  /** Reads that began too early. */
  violations = 0;
  /** Reads. */
  reads = 0;
  readonly #file: FileHandle;
  #reading = 0;
  #lastEnd = 0;

  /** Made by {@linkcode watchFile}. */
  constructor(file: FileHandle, blockLength: number, blockCount: number) {
    this.#file = file;
    this.geometry = {
      ...{ blockLength, blockCount, optimalTransferBlocks: 0 },
      ...{ physicalBlockExponent: 0, lowestAlignedLba: 0 },
      ...{ unmapGranularityExponent: 0, unmapAlignmentLba: 0 },
    };
  }

  async read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    const { blockLength } = this.geometry;
    if (lba === this.#lastEnd && this.#reading > 0) this.violations += 1;
    if (lba !== this.#lastEnd && lba !== 0) this.violations += 1;
    this.#lastEnd = lba + blockCount;
    this.reads += 1;
    this.#reading += 1;
    const length = blockCount * blockLength;
    await this.#file.read(into, at, length, lba * blockLength);
    this.#reading -= 1;
    return OK;
  }

  write(): Promise<StoreResult> {
    throw new TypeError("It is only read");
  }

  flush(): StoreResult {
    return OK;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Opens a file. */
export async function watchFile(
  path: string,
  blockLength: number,
  blockCount: number,
): Promise<WatchedFile> {
  return new WatchedFile(await open(path), blockLength, blockCount);
}
