/**
 * The blocks that both nodes reach, and what of the machines is between: a
 * cache on each host that is lost with the host, writes that take their time
 * and land block by block.
 *
 * A block holds one number: the try of a write that wrote it.
 *
 * @module
 */

import {
  type BackendDriver,
  type BlockStore,
  OK,
  type StoreResult,
  textOption,
} from "../../core/mod.ts";
import type { SimProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

/** Bytes of a block. */
export const BLOCK_BYTES = 512;
/** Blocks of the medium. */
export const BLOCKS = 16;
/** Slowest usual access. */
const ACCESS_MS_MAX = 2;
/** One that takes its time: the margin of a lease is longer. */
const SLOW_MS_MAX = 160;
const SLOW_CHANCE = 0.03;

/** Who is told what happens to the medium. */
export interface MediumObserver {
  /** A node is about to touch it. */
  touched(node: 1 | 2): void;
  /** A try of a write has reached the cache of its host. */
  written(lba: number, attempt: number, node: 1 | 2): void;
  /** It has reached a block. */
  landed(lba: number, attempt: number, node: 1 | 2): void;
}

interface Piece {
  readonly lba: number;
  readonly attempt: number;
}

/** The blocks. */
export class SimMedium {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #observer: MediumObserver;
  readonly #blocks: Uint32Array = new Uint32Array(BLOCKS);
  readonly #caches: readonly Map<number, number>[] = [new Map(), new Map()];
  /** Milliseconds that each access takes more. */
  extraMs = 0;

  /** All zero. */
  constructor(schedule: Schedule, random: Random, observer: MediumObserver) {
    this.#schedule = schedule;
    this.#random = random;
    this.#observer = observer;
  }

  /** What is on it. */
  at(lba: number): number {
    return this.#blocks[lba] ?? 0;
  }

  /** The way of a process on a node to it. */
  driver(
    node: 1 | 2,
    process: SimProcess,
  ): BackendDriver<{ readonly file: string }> {
    return {
      name: "disk",
      options: { file: textOption("/disk", "path") },
      identityOf: ({ file }) => file,
      open: async ({ readOnly }) => {
        await this.#wait(process);
        return { store: this.#store(node, process, readOnly) };
      },
    };
  }

  /** The host has lost its power: its cache is gone, or was just written. */
  hostLost(node: 1 | 2): void {
    const cache = this.#cache(node);
    for (const [lba, attempt] of cache) {
      if (this.#random.chance(0.5)) this.#land(node, { lba, attempt });
    }
    cache.clear();
  }

  /** The process was killed: its host writes what it still has in its cache. */
  processLost(node: 1 | 2): void {
    this.#writeBack(node, () => {});
  }

  #store(node: 1 | 2, process: SimProcess, readOnly: boolean): BlockStore {
    return {
      geometry: {
        ...{ blockLength: BLOCK_BYTES, optimalTransferBlocks: 0 },
        ...{ blockCount: BLOCKS, physicalBlockExponent: 0 },
        ...{ lowestAlignedLba: 0, unmapGranularityExponent: 0 },
        unmapAlignmentLba: 0,
      },
      capabilities: {
        ...{ readOnly, volatileCache: true, unmap: "none" },
        ...{ anchor: false, extents: "none" },
      },
      read: (lba, count, into, at) => {
        if (!process.alive) return never();
        this.#observer.touched(node);
        return this.#read(node, process, { lba, count, into, at });
      },
      write: (lba, count, from, at) => {
        if (!process.alive) return never();
        this.#observer.touched(node);
        const pieces = piecesOf(lba, count, from, at);
        return this.#write(node, process, pieces);
      },
      flush: () => {
        if (!process.alive) return never();
        return new Promise((resolve) =>
          this.#writeBack(node, process.entry(() => resolve(OK)))
        );
      },
      close: () => this.#wait(process),
    };
  }

  #read(
    node: 1 | 2,
    process: SimProcess,
    { lba, count, into, at }: {
      lba: number;
      count: number;
      into: Uint8Array;
      at: number;
    },
  ): Promise<StoreResult> {
    return new Promise((resolve) => {
      this.#schedule.after(this.#ms(), () => {
        const view = new DataView(into.buffer, into.byteOffset + at);
        for (let index = 0; index < count; index += 1) {
          const block = lba + index;
          const value = this.#cache(node).get(block) ?? this.at(block);
          view.setUint32(index * BLOCK_BYTES, value);
        }
        process.entry(() => resolve(OK))();
      });
    });
  }

  // The system has it from now on: no SIGKILL takes it back.
  #write(
    node: 1 | 2,
    process: SimProcess,
    pieces: readonly Piece[],
  ): Promise<StoreResult> {
    return new Promise((resolve) => {
      let left = pieces.length;
      for (const { lba, attempt } of pieces) {
        this.#schedule.after(this.#ms(), () => {
          this.#cache(node).set(lba, attempt);
          this.#observer.written(lba, attempt, node);
          if (!process.alive) this.#writeBack(node, () => {});
          left -= 1;
          if (left === 0) process.entry(() => resolve(OK))();
        });
      }
    });
  }

  #writeBack(node: 1 | 2, done: () => void): void {
    const cache = this.#cache(node);
    let left = cache.size + 1;
    const end = () => {
      left -= 1;
      if (left === 0) done();
    };
    for (const [lba, attempt] of cache) {
      this.#schedule.after(this.#ms(), () => {
        if (cache.get(lba) === attempt) this.#land(node, { lba, attempt });
        end();
      });
    }
    this.#schedule.after(this.#ms(), end);
  }

  #wait(process: SimProcess): Promise<void> {
    return new Promise((resolve) => {
      this.#schedule.after(this.#ms(), process.entry(resolve));
    });
  }

  #cache(node: 1 | 2): Map<number, number> {
    return this.#caches[node - 1] ?? new Map();
  }

  #ms(): number {
    const slow = this.#random.chance(SLOW_CHANCE);
    const most = slow ? SLOW_MS_MAX : ACCESS_MS_MAX;
    return this.extraMs + this.#random.next() * most;
  }

  #land(node: 1 | 2, { lba, attempt }: Piece): void {
    this.#observer.landed(lba, attempt, node);
    this.#blocks[lba] = attempt;
    this.#cache(node).delete(lba);
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function piecesOf(
  lba: number,
  count: number,
  from: Uint8Array,
  at: number,
): Piece[] {
  const view = new DataView(from.buffer, from.byteOffset + at);
  return Array.from({ length: count }, (_, index) => ({
    lba: lba + index,
    attempt: view.getUint32(index * BLOCK_BYTES),
  }));
}
