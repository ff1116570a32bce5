/**
 * The suite that every store of blocks passes.
 *
 * A backend proves itself by a file that calls {@linkcode backendContract}
 * with a function that makes its store. What is optional is tested as far as
 * the store's capabilities promise it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type BlockStore,
  type Extent,
  NOT_NOW,
  OK,
  PROVISIONING,
  type StoreResult,
} from "../../core/mod.ts";
import { storeModelProperty } from "./store_model.ts";

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
}

/** Makes a fresh store of the wanted shape. */
export type MakeSubject = (wanted: WantedShape) => Promise<Subject>;

const SMALL: WantedShape = { blockLength: 512, blockCount: 4096 };
/** Not a multiple of anything, and more than one megabyte. */
const ODD: WantedShape = { blockLength: 512, blockCount: 5003 };

/** Registers the suite under `name`. */
export function backendContract(name: string, make: MakeSubject): void {
  function check(
    criterion: string,
    wanted: WantedShape,
    body: (store: BlockStore) => Promise<void>,
  ): void {
    Deno.test(`${name}: ${criterion}`, async () => {
      await using subject = await make(wanted);
      assertEquals(subject.store.geometry.blockCount, wanted.blockCount);
      assertEquals(subject.store.geometry.blockLength, wanted.blockLength);
      await body(subject.store);
    });
  }
  check("reads zeroes before the first write", ODD, readsZeroes);
  check("keeps blocks at both edges", ODD, keepsEdges);
  check("keeps the whole range", ODD, keepsWholeRange);
  check("keeps 4096-byte blocks", {
    blockLength: 4096,
    blockCount: 300,
  }, keepsWholeRange);
  check("touches nothing beside the range", SMALL, touchesNothingBeside);
  check("serves many requests at once", SMALL, servesManyAtOnce);
  check("answers tryRead and tryWrite like the others", SMALL, triesAgree);
  check("flushes, also many times at once", SMALL, flushes);
  check("fetches ahead without a trace", SMALL, prefetches);
  check("writes whole or not, if it says so", SMALL, writesWhole);
  check("unmaps as far as it says", SMALL, unmaps);
  check("anchors if it says so", SMALL, anchors);
  check("tells extents that cover the store", ODD, tellsExtents);
  check("keeps what both sizes hold when resized", SMALL, resizes);
  check("has a geometry that fits together", ODD, geometryFits);
  check("behaves like an array", SMALL, storeModelProperty);
}

/** Bytes that differ from place to place and from seed to seed. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    bytes[at] = (at * 31 + (at >>> 9) * 7 + seed * 101 + 1) & 0xff;
  }
  return bytes;
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
  assertEquals(await store.read(lba, blockCount, into, 16), OK);
  assert(into.subarray(0, 16).every((byte) => byte === 0xa5));
  assert(into.subarray(16 + length).every((byte) => byte === 0xa5));
  return into.subarray(16, 16 + length);
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  // assertEquals on a megabyte is slow; it is for the message only.
  const same = actual.length === expected.length &&
    actual.every((byte, at) => byte === expected[at]);
  if (same) return;
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  assertEquals(
    { at, bytes: [...actual.subarray(at, at + 16)] },
    { at, bytes: [...expected.subarray(at, at + 16)] },
  );
}

async function readsZeroes(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  const bytes = await readBack(store, 0, blockCount);
  assertSame(bytes, new Uint8Array(blockCount * blockLength));
}

async function keepsEdges(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  for (const [lba, count] of [[0, 1], [blockCount - 1, 1], [7, 9]] as const) {
    const bytes = pattern(count * blockLength + 9, lba).subarray(4);
    assertEquals(await store.write(lba, count, bytes, 5), OK);
    assertSame(await readBack(store, lba, count), bytes.subarray(5));
  }
}

async function keepsWholeRange(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  const bytes = pattern(blockCount * blockLength, 3);
  assertEquals(await store.write(0, blockCount, bytes, 0), OK);
  assertSame(await readBack(store, 0, blockCount), bytes);
}

async function touchesNothingBeside(store: BlockStore): Promise<void> {
  const before = pattern(64 * 512, 1);
  const after = pattern(30 * 512, 2);
  assertEquals(await store.write(2030, 64, before, 0), OK);
  assertEquals(await store.write(2041, 30, after, 0), OK);
  before.set(after, 11 * 512);
  assertSame(await readBack(store, 2030, 64), before);
}

async function servesManyAtOnce(store: BlockStore): Promise<void> {
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  const results = await Promise.all(numbers.map((number) => {
    const bytes = pattern(8 * 512, number);
    return store.write((number * 37) % 512 * 8, 8, bytes, 0);
  }));
  assert(results.every((result) => result === OK));
  await Promise.all(numbers.map(async (number) => {
    const bytes = await readBack(store, (number * 37) % 512 * 8, 8);
    assertSame(bytes, pattern(8 * 512, number));
  }));
}

async function triesAgree(store: BlockStore): Promise<void> {
  const bytes = pattern(16 * 512 + 8, 9).subarray(8);
  const written = store.tryWrite?.(100, 16, bytes, 0) ?? NOT_NOW;
  if (written === NOT_NOW) {
    assertEquals(await store.write(100, 16, bytes, 0), OK);
  } else assertEquals(written, OK);
  assertSame(await readBack(store, 100, 16), bytes);
  const into = new Uint8Array(16 * 512 + 10).subarray(7);
  const read = store.tryRead?.(100, 16, into, 3) ?? NOT_NOW;
  if (read === NOT_NOW) return;
  assertEquals(read, OK);
  assertSame(into.subarray(3), bytes);
}

async function prefetches(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  const written = new Uint8Array(8 * blockLength).fill(0xaa);
  assertEquals(await store.write(0, 8, written, 0), OK);
  for (const [lba, count] of [[0, 8], [0, blockCount], [blockCount, 0]]) {
    const fits = store.prefetch?.(lba ?? 0, count ?? 0) ?? false;
    assertEquals(typeof fits, "boolean");
  }
  const read = new Uint8Array(8 * blockLength);
  assertEquals(await store.read(0, 8, read, 0), OK);
  assertEquals(read, written);
}

// No read sees a part of a write that was promised to be whole.
async function writesWhole(store: BlockStore): Promise<void> {
  const { blockCount, blockLength } = store.geometry;
  const promised = store.capabilities.atomicWriteBlocksMax ?? 0;
  const blocks = Math.min(promised, blockCount);
  if (blocks === 0) return;
  const one = new Uint8Array(blocks * blockLength).fill(1);
  const two = new Uint8Array(blocks * blockLength).fill(2);
  assertEquals(await store.write(0, blocks, one, 0), OK);
  const read = new Uint8Array(blocks * blockLength);
  const answers = await Promise.all([
    store.write(0, blocks, two, 0),
    store.read(0, blocks, read, 0),
  ]);
  assertEquals(answers, [OK, OK]);
  assertEquals(new Set(read).size, 1);
}

async function flushes(store: BlockStore): Promise<void> {
  assertEquals(await store.flush(), OK);
  const writes: (StoreResult | Promise<StoreResult>)[] = [];
  for (let lba = 0; lba < 20; lba++) {
    writes.push(store.write(lba, 1, pattern(512, lba), 0), store.flush());
  }
  const results = await Promise.all(writes);
  assert(results.every((result) => result === OK));
}

/** One unmap unit, aligned, as the geometry tells it. */
function unmapUnit(store: BlockStore): { lba: number; blockCount: number } {
  const { unmapGranularityExponent, unmapAlignmentLba } = store.geometry;
  const blockCount = 2 ** unmapGranularityExponent;
  return { lba: unmapAlignmentLba + blockCount, blockCount };
}

async function unmaps(store: BlockStore): Promise<void> {
  const offered = store.capabilities.unmap !== "none";
  assertEquals(store.unmap !== undefined, offered);
  if (store.unmap === undefined) return;
  const bytes = pattern(600 * 512, 4);
  assertEquals(await store.write(0, 600, bytes, 0), OK);
  const { lba, blockCount } = unmapUnit(store);
  assertEquals(await store.unmap(lba, blockCount, false), OK);
  // Neither aligned nor a whole unit: must read as zeroes all the same.
  assertEquals(await store.unmap(301, 99, false), OK);
  bytes.fill(0, lba * 512, (lba + blockCount) * 512);
  bytes.fill(0, 301 * 512, 400 * 512);
  assertSame(await readBack(store, 0, 600), bytes);
  if (store.capabilities.unmap !== "native") return;
  const extent = await extentAt(store, lba, blockCount);
  assertEquals(extent?.status ?? PROVISIONING.DEALLOCATED, 1);
}

async function anchors(store: BlockStore): Promise<void> {
  if (store.unmap === undefined || !store.capabilities.anchor) return;
  const { lba, blockCount } = unmapUnit(store);
  const bytes = pattern(blockCount * 512, 5);
  assertEquals(await store.write(lba, blockCount, bytes, 0), OK);
  assertEquals(await store.unmap(lba, blockCount, true), OK);
  assertSame(
    await readBack(store, lba, blockCount),
    new Uint8Array(blockCount * 512),
  );
  const extent = await extentAt(store, lba, blockCount);
  if (extent === undefined) return;
  assertEquals(extent.status, PROVISIONING.ANCHORED);
  assertEquals(await store.unmap(lba, blockCount, false), OK);
  const freed = await extentAt(store, lba, blockCount);
  assertEquals(freed?.status, PROVISIONING.DEALLOCATED);
}

async function extentAt(
  store: BlockStore,
  lba: number,
  blockCount: number,
): Promise<Extent | undefined> {
  if (store.extent === undefined) return undefined;
  const extent = await store.extent(lba, blockCount);
  assert("status" in extent, `extent failed: ${JSON.stringify(extent)}`);
  assertEquals(extent.lba, lba);
  assert(extent.blockCount > 0 && extent.blockCount <= blockCount);
  return extent;
}

async function tellsExtents(store: BlockStore): Promise<void> {
  const offered = store.capabilities.extents !== "none";
  assertEquals(store.extent !== undefined, offered);
  if (!offered) return;
  const { blockCount } = store.geometry;
  assertEquals(await store.write(2500, 3, pattern(3 * 512, 6), 0), OK);
  let mapped = 0;
  for (let lba = 0; lba < blockCount;) {
    const extent = await extentAt(store, lba, blockCount - lba);
    assert(extent !== undefined);
    if (extent.status === PROVISIONING.MAPPED) mapped += extent.blockCount;
    if (lba <= 2500 && lba + extent.blockCount > 2500) {
      assertEquals(extent.status, PROVISIONING.MAPPED);
    }
    lba += extent.blockCount;
  }
  assert(mapped < blockCount, "all is mapped, although little was written");
}

async function resizes(store: BlockStore): Promise<void> {
  if (store.resize === undefined) return;
  const bytes = pattern(4096 * 512, 7);
  assertEquals(await store.write(0, 4096, bytes, 0), OK);
  assertEquals(await store.resize(1001), OK);
  assertEquals(store.geometry.blockCount, 1001);
  assertSame(await readBack(store, 0, 1001), bytes.subarray(0, 1001 * 512));
  assertEquals(await store.resize(4096), OK);
  assertEquals(store.geometry.blockCount, 4096);
  assertSame(await readBack(store, 0, 1001), bytes.subarray(0, 1001 * 512));
  assertEquals(await store.write(4095, 1, bytes, 0), OK);
  assertSame(await readBack(store, 4095, 1), bytes.subarray(0, 512));
}

function geometryFits(store: BlockStore): Promise<void> {
  const { geometry } = store;
  const physicalBlocks = 2 ** geometry.physicalBlockExponent;
  assert(Number.isInteger(Math.log2(geometry.blockLength)));
  assert(geometry.lowestAlignedLba < physicalBlocks);
  const unmapBlocks = 2 ** geometry.unmapGranularityExponent;
  assert(geometry.unmapAlignmentLba < unmapBlocks);
  assert(geometry.optimalTransferBlocks >= 0);
  assertEquals(store.capabilities.readOnly, false);
  return Promise.resolve();
}
