import { assert, assertEquals, assertThrows } from "@std/assert";
import { CANNOT_SHARE, OK, PROVISIONING } from "../../../../core/mod.ts";
import { BlackHoleStore } from "../../../../backends/ramdisk/black_hole.ts";
import { PageMemory } from "../../../../backends/ramdisk/page_memory.ts";
import type { RamStore } from "../../../../backends/ramdisk/store.ts";
import {
  bytesOf,
  copyAll,
  fill,
  firstBytes,
  PAGE,
  ramStore,
  type StoreWish,
} from "./ram_stores.ts";

/** Blocks of a page. */
const BLOCKS = PAGE / 512;

interface Pair {
  readonly memory: PageMemory;
  readonly from: RamStore;
  readonly to: RamStore;
}

function pair(from: StoreWish = {}, to: StoreWish = from): Pair {
  const memory = new PageMemory(from.pblocksize ?? PAGE);
  return {
    memory,
    from: ramStore({ ...from, memory }),
    to: ramStore({ ...to, memory }),
  };
}

Deno.test("RamStore.copyRange shares pages until one is written", async () => {
  const { memory, from, to } = pair();
  fill(from, 0, 10 * BLOCKS, 1);
  await copyAll(from, 0, 10 * BLOCKS, to, 0);
  assertEquals(memory.usedSlots, 10);
  fill(from, 0, BLOCKS, 2);
  fill(to, BLOCKS, 1, 3);
  assertEquals(memory.usedSlots, 12);
  const lbas = [0, BLOCKS, BLOCKS + 1, 2 * BLOCKS];
  assertEquals(firstBytes(from, lbas), [2, 1, 1, 1]);
  assertEquals(firstBytes(to, lbas), [1, 3, 1, 1]);
});

Deno.test("RamStore.copyRange charges what is shared to each store", async () => {
  const { from, to } = pair();
  fill(from, 0, 10 * BLOCKS, 1);
  await copyAll(from, 0, 10 * BLOCKS, to, 0);
  assertEquals([from.usage().used, to.usage().used], [10 * PAGE, 10 * PAGE]);
  // So a write to a shared page has room.
  fill(to, 0, 10 * BLOCKS, 2);
  assertEquals([from.usage().used, to.usage().used], [10 * PAGE, 10 * PAGE]);
});

Deno.test("RamStore writes in place what only it has still", async () => {
  const { memory, from, to } = pair();
  fill(from, 0, 10 * BLOCKS, 1);
  await copyAll(from, 0, 10 * BLOCKS, to, 0);
  await from.close();
  assertEquals(memory.usedSlots, 10);
  fill(to, 1, 10 * BLOCKS - 2, 2);
  assertEquals(memory.usedSlots, 10);
  assertEquals(firstBytes(to, [0, 1]), [1, 2]);
});

Deno.test("RamStore.copyRange copies holes as holes", async () => {
  const { from, to } = pair();
  fill(from, BLOCKS, BLOCKS, 1);
  fill(to, 0, 4 * BLOCKS, 9);
  await to.unmap(3 * BLOCKS, BLOCKS, true);
  await copyAll(from, 0, 4 * BLOCKS, to, 0);
  const statuses = [0, 1, 2, 3].map((page) =>
    to.extent(page * BLOCKS, BLOCKS).status
  );
  const { MAPPED, DEALLOCATED, ANCHORED } = PROVISIONING;
  // What was anchored there stays so: it reads as zeroes, too.
  assertEquals(statuses, [DEALLOCATED, MAPPED, DEALLOCATED, ANCHORED]);
  assertEquals(bytesOf(to, 0, 4 * BLOCKS), bytesOf(from, 0, 4 * BLOCKS));
  assertEquals(to.usage().used, 2 * PAGE);
});

Deno.test("RamStore.copyRange copies parts of pages", async () => {
  const { memory, from, to } = pair();
  fill(from, 0, 4 * BLOCKS, 1);
  fill(to, 0, 4 * BLOCKS, 9);
  await copyAll(from, 3, 3 * BLOCKS, to, 3);
  // Two pages are shared, of the outer ones a part has moved.
  assertEquals(memory.usedSlots, 6);
  const edges = [2, 3, 3 * BLOCKS + 2, 3 * BLOCKS + 3];
  assertEquals(firstBytes(to, edges), [9, 1, 1, 9]);
});

Deno.test("RamStore.copyRange copies what lies otherwise in its pages", async () => {
  const { from, to } = pair();
  const bytes = new Uint8Array(64 * 512).map((_, at) => at * 7 + (at >> 9));
  assertEquals(from.tryWrite(5, 64, bytes, 0), OK);
  await copyAll(from, 4, 66, to, 11);
  const wanted = new Uint8Array(66 * 512);
  wanted.set(bytes, 512);
  assertEquals(bytesOf(to, 11, 66), wanted);
});

Deno.test("RamStore.copyRange copies within a store", async () => {
  const store = ramStore();
  fill(store, 0, 4 * BLOCKS, 1);
  await copyAll(store, 0, 4 * BLOCKS, store, 100 * BLOCKS);
  await copyAll(store, 1, 3, store, 5);
  fill(store, 0, 1, 2);
  assertEquals(firstBytes(store, [0, 5, 100 * BLOCKS]), [2, 1, 1]);
});

Deno.test("RamStore.copyRange cannot share what overlaps", () => {
  const store = ramStore();
  fill(store, 0, 4 * BLOCKS, 1);
  assertEquals(store.copyRange(0, 2 * BLOCKS, store, BLOCKS), CANNOT_SHARE);
  assertEquals(store.copyRange(BLOCKS, 2 * BLOCKS, store, 0), CANNOT_SHARE);
});

Deno.test("RamStore.copyRange cannot share with strangers", () => {
  const store = ramStore();
  assertEquals(store.copyRange(0, 1, ramStore(), 0), CANNOT_SHARE);
  const hole = new BlackHoleStore({ ...store.geometry }, false);
  assertEquals(store.copyRange(0, 1, hole, 0), CANNOT_SHARE);
});

Deno.test("RamStore.copyRange takes blocks of another length", async () => {
  const { memory, from, to } = pair({}, { blockLength: 4096 });
  fill(from, 8, 16, 1);
  await copyAll(from, 8, 16, to, 3);
  assertEquals(memory.usedSlots, 2);
  assertEquals(firstBytes(to, [2, 3, 4, 5]), [0, 1, 1, 0]);
  await copyAll(to, 3, 2, from, 101);
  assertEquals(firstBytes(from, [100, 101, 116, 117]), [0, 1, 1, 0]);
});

Deno.test("RamStore.copyRange counts whole blocks of both", () => {
  const { from, to } = pair({}, { blockLength: 4096, sizeBytes: 2 ** 27 });
  for (let lba = 0; lba < 2 ** 15; lba += 2048) fill(from, lba, 2048, 1);
  // Otherwise in its pages, so that a slice ends before all is done.
  const copied = from.copyRange(1, 2 ** 15 - 8, to, 0);
  assert(typeof copied === "number" && copied < 2 ** 15 - 8);
  assertEquals(copied % 8, 0);
});

Deno.test("RamStore.copyRange into a read-only store is refused", () => {
  const { from, to } = pair({}, { readOnly: true });
  const result = from.copyRange(0, 1, to, 0);
  assert(typeof result === "object" && "cause" in result);
  assertEquals(result.cause, "read-only");
});

Deno.test("RamStore.copyRange copies as far as there is room", () => {
  const { from, to } = pair({}, { capacityBytes: 3 * PAGE });
  fill(from, 0, 5 * BLOCKS, 1);
  assertEquals(from.copyRange(0, 5 * BLOCKS, to, 0), 3 * BLOCKS);
  const full = from.copyRange(3 * BLOCKS, 2 * BLOCKS, to, 3 * BLOCKS);
  assert(typeof full === "object" && "cause" in full);
  assertEquals(full.cause, "no-space");
  assertEquals(to.usage(), { used: 3 * PAGE, available: 0 });
});

Deno.test("RamStore.copyRange does slices of a long range", async () => {
  const wish = { sizeBytes: 2 ** 40, capacityBytes: 2 ** 28, pblocksize: 512 };
  const { memory, from, to } = pair(wish);
  for (let lba = 0; lba < 2 ** 17; lba += 2048) fill(from, lba, 2048, 1);
  assertEquals(await copyAll(from, 0, 2 ** 31, to, 0), 5);
  assertEquals(memory.usedSlots, 2 ** 17);
  assertEquals(firstBytes(to, [0, 2 ** 17 - 1, 2 ** 17]), [1, 1, 0]);
  // A hole that is as long clears what is there, in slices too.
  assertEquals(await copyAll(from, 2 ** 20, 2 ** 30, to, 0) > 0, true);
  assertEquals(to.usage().used, 0);
});

Deno.test("RamStore.copyRange asserts that both ranges fit", () => {
  const { from, to } = pair();
  const blocks = from.geometry.blockCount;
  assertThrows(() => from.copyRange(blocks, 1, to, 0));
  assertThrows(() => from.copyRange(0, 1, to, blocks));
});

Deno.test("RamStore gives memory back that was another store's", async () => {
  const { memory, from, to } = pair();
  fill(from, 0, 10 * BLOCKS, 1);
  await copyAll(from, 0, 10 * BLOCKS, to, 0);
  await from.close();
  assert(memory.chunks.some((chunk) => chunk !== undefined));
  // A third one takes what is free in the memory that nobody owns.
  const third = ramStore({ memory });
  fill(third, 0, BLOCKS, 3);
  assertEquals(memory.chunks.filter((chunk) => chunk !== undefined).length, 1);
  await third.close();
  await to.close();
  assertEquals(memory.usedSlots, 0);
  assert(memory.chunks.every((chunk) => chunk === undefined));
});

Deno.test("RamStore.unmap leaves others what it shares", async () => {
  const { from, to } = pair();
  fill(from, 0, 4 * BLOCKS, 1);
  await copyAll(from, 0, 4 * BLOCKS, to, 0);
  await from.unmap(3, 2 * BLOCKS, false);
  assertEquals(firstBytes(from, [2, 3, BLOCKS, 2 * BLOCKS + 3]), [1, 0, 0, 1]);
  assert(bytesOf(to, 0, 4 * BLOCKS).every((byte) => byte === 1));
});
