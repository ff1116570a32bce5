/**
 * A store against the simplest thing that could be one: an array of bytes.
 *
 * @module
 */

import { type BlockStore, NOT_NOW, OK } from "../ports/block_store.ts";
import { expectBytes, expectSame } from "./contract_case.ts";

const COMMANDS = 600;
/** How often all is compared. */
const COMPARE_EACH = 25;
/** Fixed, so that a failure is the same tomorrow. */
const SEED = 20260;
/** Blocks of the store that are used; they straddle a megabyte. */
const FIRST_LBA = 1500;
const BLOCKS = 1100;
const BLOCKS_MAX = 200;

type Change = (
  store: BlockStore,
  model: Uint8Array,
  lba: number,
  blockCount: number,
  seed: number,
) => Promise<void>;

const CHANGES: readonly Change[] = [write, write, writeZeroes, unmap, flush];

/** Random commands have the same effect on the store and on the array. */
export async function behavesLikeArray(store: BlockStore): Promise<void> {
  const model = new Uint8Array(BLOCKS * store.geometry.blockLength);
  const random = numbers(SEED);
  for (let index = 0; index < COMMANDS; index += 1) {
    const lba = random(BLOCKS);
    const blockCount = 1 + random(Math.min(BLOCKS_MAX, BLOCKS - lba));
    const change = CHANGES[random(CHANGES.length)] ?? write;
    await change(store, model, lba, blockCount, 1 + random(255));
    const all = index % COMPARE_EACH === 0;
    if (all) await compare(store, model, 0, BLOCKS);
    else await compare(store, model, lba, blockCount);
  }
  await compare(store, model, 0, BLOCKS);
}

/** A linear congruential generator: the same numbers everywhere. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

async function write(
  store: BlockStore,
  model: Uint8Array,
  lba: number,
  blockCount: number,
  seed: number,
): Promise<void> {
  const { blockLength } = store.geometry;
  const from = new Uint8Array(blockCount * blockLength + 7).fill(seed);
  const at = FIRST_LBA + lba;
  const now = seed % 2 === 0
    ? store.tryWrite?.(at, blockCount, from, 7) ?? NOT_NOW
    : NOT_NOW;
  const result = now === NOT_NOW
    ? await store.write(at, blockCount, from, 7)
    : now;
  expectSame(result, OK, "a write");
  model.set(from.subarray(7), lba * blockLength);
}

async function writeZeroes(
  store: BlockStore,
  model: Uint8Array,
  lba: number,
  blockCount: number,
): Promise<void> {
  if (store.writeZeroes === undefined) return;
  const { blockLength } = store.geometry;
  const result = await store.writeZeroes(FIRST_LBA + lba, blockCount);
  expectSame(result, OK, "writeZeroes");
  model.fill(0, lba * blockLength, (lba + blockCount) * blockLength);
}

async function unmap(
  store: BlockStore,
  model: Uint8Array,
  lba: number,
  blockCount: number,
  seed: number,
): Promise<void> {
  if (store.unmap === undefined) return;
  const { blockLength } = store.geometry;
  const anchor = seed % 2 === 0 && store.capabilities.anchor;
  const result = await store.unmap(FIRST_LBA + lba, blockCount, anchor);
  expectSame(result, OK, "unmap");
  model.fill(0, lba * blockLength, (lba + blockCount) * blockLength);
}

async function flush(store: BlockStore): Promise<void> {
  expectSame(await store.flush(), OK, "flush");
}

async function compare(
  store: BlockStore,
  model: Uint8Array,
  lba: number,
  blockCount: number,
): Promise<void> {
  const { blockLength } = store.geometry;
  const into = new Uint8Array(blockCount * blockLength + 3).fill(0xa5);
  const at = FIRST_LBA + lba;
  const now = blockCount % 2 === 0
    ? store.tryRead?.(at, blockCount, into, 3) ?? NOT_NOW
    : NOT_NOW;
  const result = now === NOT_NOW
    ? await store.read(at, blockCount, into, 3)
    : now;
  expectSame(result, OK, "a read");
  const begin = lba * blockLength;
  const wanted = model.subarray(begin, begin + blockCount * blockLength);
  expectBytes(into.subarray(3), wanted, `blocks from ${at} on`);
}
