/**
 * The suite that every store of blocks passes. What is optional is tested as
 * far as the store's capabilities promise it.
 *
 * @module
 */

import {
  type BlockStore,
  type Extent,
  NOT_NOW,
  OK,
  PROVISIONING,
  type StoreResult,
} from "../ports/block_store.ts";
import {
  type ContractCase,
  expect,
  expectBytes,
  expectSame,
  patternBytes as pattern,
} from "./contract_case.ts";
import {
  copiesLikeArrays,
  copiesToAnother,
  copiesWithin,
  keepsSnapshots,
  refusesStrangers,
} from "./copy_cases.ts";
import { behavesLikeArray } from "./store_model.ts";

/** The store that a test wants. */
export interface WantedShape {
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks. */
  readonly blockCount: number;
}

/** A store under test, with whatever must be cleaned up after it. */
export interface Subject extends AsyncDisposable {
  /** An open store whose blocks are all zero and, if it can tell, unmapped. */
  readonly store: BlockStore;
  /** One more of the same shape and the same medium, if it copies to such. */
  readonly another?: BlockStore;
}

/** Makes a fresh store of the wanted shape. */
export type MakeSubject = (wanted: WantedShape) => Promise<Subject>;

const SMALL: WantedShape = { blockLength: 512, blockCount: 4096 };
/** Not a multiple of anything, and more than one megabyte. */
const ODD: WantedShape = { blockLength: 512, blockCount: 5003 };
const LARGE_BLOCKS: WantedShape = { blockLength: 4096, blockCount: 300 };

const CHECKS: readonly (readonly [
  string,
  WantedShape,
  (store: BlockStore, another: BlockStore | undefined) => Promise<void>,
])[] = [
  ["reads zeroes before the first write", ODD, readsZeroes],
  ["keeps blocks at both edges", ODD, keepsEdges],
  ["keeps the whole range", ODD, keepsWholeRange],
  ["keeps 4096-byte blocks", LARGE_BLOCKS, keepsWholeRange],
  ["touches nothing beside the range", SMALL, touchesNothingBeside],
  ["serves many requests at once", SMALL, servesManyAtOnce],
  ["answers tryRead and tryWrite like the others", SMALL, triesAgree],
  ["flushes, also many times at once", SMALL, flushes],
  ["fetches ahead without a trace", SMALL, prefetches],
  ["writes whole or not, if it says so", SMALL, writesWhole],
  ["unmaps as far as it says", SMALL, unmaps],
  ["anchors if it says so", SMALL, anchors],
  ["tells extents that cover the store", ODD, tellsExtents],
  ["keeps what both sizes hold when resized", SMALL, resizes],
  ["has a geometry that fits together", ODD, geometryFits],
  ["behaves like an array", SMALL, behavesLikeArray],
  ["copies within itself if it offers to", SMALL, copiesWithin],
  ["copies to another store if it offers to", SMALL, copiesToAnother],
  ["copies to no strangers", SMALL, refusesStrangers],
  ["keeps snapshots if it offers to", SMALL, keepsSnapshots],
  ["copies and keeps like arrays", SMALL, copiesLikeArrays],
];

/** The suite, for stores that `make` makes. */
export function backendCases(make: MakeSubject): ContractCase[] {
  return CHECKS.map(([name, wanted, check]) => ({
    name,
    run: async () => {
      await using subject = await make(wanted);
      const { geometry } = subject.store;
      expectSame(geometry.blockCount, wanted.blockCount, "blocks");
      expectSame(geometry.blockLength, wanted.blockLength, "block length");
      await check(subject.store, subject.another);
    },
  }));
}

async function readBack(
  store: BlockStore,
  lba: number,
  blockCount: number,
): Promise<Uint8Array> {
  // Stale bytes around and inside the target show what was not written. And
  // it is part of a larger buffer, as those of a pool are.
  const length = blockCount * store.geometry.blockLength;
  const into = new Uint8Array(length + 52).fill(0xa5).subarray(20);
  expectSame(await store.read(lba, blockCount, into, 16), OK, "outcome");
  const beside = [...into.subarray(0, 16), ...into.subarray(16 + length)];
  expect(beside.every((byte) => byte === 0xa5), "It wrote beside its room");
  return into.subarray(16, 16 + length);
}

async function readsZeroes(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  const bytes = await readBack(store, 0, blockCount);
  expectBytes(bytes, new Uint8Array(blockCount * blockLength), "blocks");
}

async function keepsEdges(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  for (const [lba, count] of [[0, 1], [blockCount - 1, 1], [7, 9]] as const) {
    const bytes = pattern(count * blockLength + 9, lba).subarray(4);
    expectSame(await store.write(lba, count, bytes, 5), OK, "outcome");
    expectBytes(await readBack(store, lba, count), bytes.subarray(5), "blocks");
  }
}

async function keepsWholeRange(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  const bytes = pattern(blockCount * blockLength, 3);
  expectSame(await store.write(0, blockCount, bytes, 0), OK, "outcome");
  expectBytes(await readBack(store, 0, blockCount), bytes, "blocks");
}

async function touchesNothingBeside(store: BlockStore): Promise<void> {
  const before = pattern(64 * 512, 1);
  const after = pattern(30 * 512, 2);
  expectSame(await store.write(2030, 64, before, 0), OK, "outcome");
  expectSame(await store.write(2041, 30, after, 0), OK, "outcome");
  before.set(after, 11 * 512);
  expectBytes(await readBack(store, 2030, 64), before, "blocks");
}

async function servesManyAtOnce(store: BlockStore): Promise<void> {
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  const results = await Promise.all(numbers.map((number) => {
    const bytes = pattern(8 * 512, number);
    return store.write((number * 37) % 512 * 8, 8, bytes, 0);
  }));
  expect(results.every((result) => result === OK), "One of many has failed");
  await Promise.all(numbers.map(async (number) => {
    const bytes = await readBack(store, (number * 37) % 512 * 8, 8);
    expectBytes(bytes, pattern(8 * 512, number), "blocks");
  }));
}

async function triesAgree(store: BlockStore): Promise<void> {
  const bytes = pattern(16 * 512 + 8, 9).subarray(8);
  const written = store.tryWrite?.(100, 16, bytes, 0) ?? NOT_NOW;
  if (written === NOT_NOW) {
    expectSame(await store.write(100, 16, bytes, 0), OK, "outcome");
  } else expectSame(written, OK, "outcome");
  expectBytes(await readBack(store, 100, 16), bytes, "blocks");
  const into = new Uint8Array(16 * 512 + 10).subarray(7);
  const read = store.tryRead?.(100, 16, into, 3) ?? NOT_NOW;
  if (read === NOT_NOW) return;
  expectSame(read, OK, "outcome");
  expectBytes(into.subarray(3), bytes, "blocks");
}

async function prefetches(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  const written = new Uint8Array(8 * blockLength).fill(0xaa);
  expectSame(await store.write(0, 8, written, 0), OK, "outcome");
  for (const [lba, count] of [[0, 8], [0, blockCount], [blockCount, 0]]) {
    const fits = store.prefetch?.(lba ?? 0, count ?? 0) ?? false;
    expectSame(typeof fits, "boolean", "outcome");
  }
  const read = new Uint8Array(8 * blockLength);
  expectSame(await store.read(0, 8, read, 0), OK, "outcome");
  expectBytes(read, written, "blocks");
}

// No read sees a part of a write that was promised to be whole.
async function writesWhole(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  const promised = store.capabilities.atomicWriteBlocksMax ?? 0;
  const blocks = Math.min(promised, blockCount);
  if (blocks === 0) return;
  const one = new Uint8Array(blocks * blockLength).fill(1);
  const two = new Uint8Array(blocks * blockLength).fill(2);
  expectSame(await store.write(0, blocks, one, 0), OK, "outcome");
  const read = new Uint8Array(blocks * blockLength);
  const answers = await Promise.all([
    store.write(0, blocks, two, 0),
    store.read(0, blocks, read, 0),
  ]);
  for (const answer of answers) expectSame(answer, OK, "outcome");
  expectSame(new Set(read).size, 1, "outcome");
}

async function flushes(store: BlockStore): Promise<void> {
  expectSame(await store.flush(), OK, "outcome");
  const writes: (StoreResult | Promise<StoreResult>)[] = [];
  for (let lba = 0; lba < 20; lba++) {
    writes.push(store.write(lba, 1, pattern(512, lba), 0), store.flush());
  }
  const results = await Promise.all(writes);
  expect(results.every((result) => result === OK), "One of many has failed");
}

/** One unmap unit, aligned, as the geometry tells it. */
function unmapUnit(store: BlockStore): { lba: number; blockCount: number } {
  const { unmapGranularityExponent, unmapAlignmentLba } = store.geometry;
  const blockCount = 2 ** unmapGranularityExponent;
  return { lba: unmapAlignmentLba + blockCount, blockCount };
}

async function unmaps(store: BlockStore): Promise<void> {
  const offered = store.capabilities.unmap !== "none";
  expectSame(store.unmap !== undefined, offered, "unmap is there");
  if (store.unmap === undefined) return;
  const bytes = pattern(600 * 512, 4);
  expectSame(await store.write(0, 600, bytes, 0), OK, "outcome");
  const { lba, blockCount } = unmapUnit(store);
  expectSame(await store.unmap(lba, blockCount, false), OK, "outcome");
  // Neither aligned nor a whole unit: must read as zeroes all the same.
  expectSame(await store.unmap(301, 99, false), OK, "outcome");
  bytes.fill(0, lba * 512, (lba + blockCount) * 512);
  bytes.fill(0, 301 * 512, 400 * 512);
  expectBytes(await readBack(store, 0, 600), bytes, "blocks");
  if (store.capabilities.unmap !== "native") return;
  const extent = await extentAt(store, lba, blockCount);
  expectSame(extent?.status ?? PROVISIONING.DEALLOCATED, 1, "outcome");
}

async function anchors(store: BlockStore): Promise<void> {
  if (store.unmap === undefined || !store.capabilities.anchor) return;
  const { lba, blockCount } = unmapUnit(store);
  const bytes = pattern(blockCount * 512, 5);
  expectSame(await store.write(lba, blockCount, bytes, 0), OK, "outcome");
  expectSame(await store.unmap(lba, blockCount, true), OK, "outcome");
  expectBytes(
    await readBack(store, lba, blockCount),
    new Uint8Array(blockCount * 512),
    "blocks",
  );
  const extent = await extentAt(store, lba, blockCount);
  if (extent === undefined) return;
  expectSame(extent.status, PROVISIONING.ANCHORED, "outcome");
  expectSame(await store.unmap(lba, blockCount, false), OK, "outcome");
  const freed = await extentAt(store, lba, blockCount);
  expectSame(freed?.status, PROVISIONING.DEALLOCATED, "outcome");
}

async function extentAt(
  store: BlockStore,
  lba: number,
  blockCount: number,
): Promise<Extent | undefined> {
  if (store.extent === undefined) return undefined;
  const extent = await store.extent(lba, blockCount);
  expect("status" in extent, `extent failed: ${JSON.stringify(extent)}`);
  expectSame(extent.lba, lba, "outcome");
  const fits = extent.blockCount > 0 && extent.blockCount <= blockCount;
  expect(fits, `An extent has ${extent.blockCount} blocks`);
  return extent;
}

async function tellsExtents(store: BlockStore): Promise<void> {
  const offered = store.capabilities.extents !== "none";
  expectSame(store.extent !== undefined, offered, "extent is there");
  if (!offered) return;
  const { blockCount } = store.geometry;
  expectSame(await store.write(2500, 3, pattern(3 * 512, 6), 0), OK, "outcome");
  let mapped = 0;
  for (let lba = 0; lba < blockCount;) {
    const extent = await extentAt(store, lba, blockCount - lba);
    expect(extent !== undefined, "There is no extent");
    if (extent.status === PROVISIONING.MAPPED) mapped += extent.blockCount;
    if (lba <= 2500 && lba + extent.blockCount > 2500) {
      expectSame(extent.status, PROVISIONING.MAPPED, "outcome");
    }
    lba += extent.blockCount;
  }
  expect(mapped < blockCount, "all is mapped, although little was written");
}

async function resizes(store: BlockStore): Promise<void> {
  if (store.resize === undefined) return;
  const bytes = pattern(4096 * 512, 7);
  expectSame(await store.write(0, 4096, bytes, 0), OK, "outcome");
  expectSame(await store.resize(1001), OK, "outcome");
  expectSame(store.geometry.blockCount, 1001, "outcome");
  expectBytes(
    await readBack(store, 0, 1001),
    bytes.subarray(0, 1001 * 512),
    "blocks",
  );
  expectSame(await store.resize(4096), OK, "outcome");
  expectSame(store.geometry.blockCount, 4096, "outcome");
  expectBytes(
    await readBack(store, 0, 1001),
    bytes.subarray(0, 1001 * 512),
    "blocks",
  );
  expectSame(await store.write(4095, 1, bytes, 0), OK, "outcome");
  expectBytes(await readBack(store, 4095, 1), bytes.subarray(0, 512), "blocks");
}

function geometryFits(store: BlockStore): Promise<void> {
  const { geometry } = store;
  const physicalBlocks = 2 ** geometry.physicalBlockExponent;
  const unmapBlocks = 2 ** geometry.unmapGranularityExponent;
  const facts = {
    blockLength: Number.isInteger(Math.log2(geometry.blockLength)),
    lowestAlignedLba: geometry.lowestAlignedLba < physicalBlocks,
    unmapAlignmentLba: geometry.unmapAlignmentLba < unmapBlocks,
    optimalTransferBlocks: geometry.optimalTransferBlocks >= 0,
    readOnly: !store.capabilities.readOnly,
  };
  for (const [name, fits] of Object.entries(facts)) {
    expect(fits, `"${name}" does not fit`);
  }
  return Promise.resolve();
}
