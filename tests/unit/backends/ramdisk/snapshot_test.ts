import { assert, assertEquals, assertThrows } from "@std/assert";
import { CANNOT_SHARE, OK, PROVISIONING } from "../../../../core/mod.ts";
import { PageMemory } from "../../../../backends/ramdisk/page_memory.ts";
import type { RangeSnapshot } from "../../../../core/mod.ts";
import type { RamStore } from "../../../../backends/ramdisk/store.ts";
import {
  bytesOf,
  copyAll,
  fill,
  firstBytes,
  PAGE,
  ramStore,
} from "./ram_stores.ts";

/** Blocks of a page. */
const BLOCKS = PAGE / 512;

async function snapshotOf(
  store: RamStore,
  lba: number,
  blockCount: number,
): Promise<RangeSnapshot> {
  return await store.snapshotRange(lba, blockCount);
}

Deno.test("RamStore.snapshotRange keeps blocks as they were", async () => {
  const store = ramStore();
  fill(store, 0, 4 * BLOCKS, 1);
  const snapshot = await snapshotOf(store, 3, 3 * BLOCKS);
  fill(store, 0, 2 * BLOCKS, 2);
  await store.unmap(2 * BLOCKS, 2 * BLOCKS, false);
  assertEquals(snapshot.geometry.blockCount, 3 * BLOCKS);
  assert(bytesOf(snapshot, 0, 3 * BLOCKS).every((byte) => byte === 1));
  assertEquals(firstBytes(store, [3, 2 * BLOCKS]), [2, 0]);
  await snapshot.close();
});

Deno.test("RamStore.snapshotRange keeps holes as they were", async () => {
  const store = ramStore();
  fill(store, BLOCKS, BLOCKS, 1);
  const snapshot = await snapshotOf(store, 0, 3 * BLOCKS);
  fill(store, 0, 3 * BLOCKS, 2);
  assertEquals(firstBytes(snapshot, [0, BLOCKS, 2 * BLOCKS]), [0, 1, 0]);
  const { MAPPED, DEALLOCATED } = PROVISIONING;
  assertEquals(await snapshot.extent?.(1, 20), {
    ...{ lba: 1, blockCount: BLOCKS - 1, status: DEALLOCATED },
  });
  assertEquals(await snapshot.extent?.(BLOCKS, 12), {
    ...{ lba: BLOCKS, blockCount: BLOCKS, status: MAPPED },
  });
  await snapshot.close();
});

Deno.test("RamSnapshot takes memory for what has changed alone", async () => {
  const memory = new PageMemory(PAGE);
  const store = ramStore({ memory });
  fill(store, 0, 10 * BLOCKS, 1);
  const snapshot = await snapshotOf(store, 0, 10 * BLOCKS);
  assertEquals(memory.usedSlots, 10);
  fill(store, 0, 3 * BLOCKS, 2);
  fill(store, 0, 3 * BLOCKS, 3);
  assertEquals(memory.usedSlots, 13);
  assertEquals(store.usage().used, 10 * PAGE);
  await snapshot.close();
  assertEquals(memory.usedSlots, 10);
});

Deno.test("RamSnapshot never costs a write its room", async () => {
  const store = ramStore({ capacityBytes: 4 * PAGE });
  fill(store, 0, 4 * BLOCKS, 1);
  const snapshot = await snapshotOf(store, 0, 4 * BLOCKS);
  fill(store, 0, 4 * BLOCKS, 2);
  assertEquals(firstBytes(snapshot, [0, 3 * BLOCKS]), [1, 1]);
  await snapshot.close();
});

Deno.test("RamSnapshot is lost when its memory is used up", async () => {
  const memory = new PageMemory(PAGE);
  const store = ramStore({ memory, snapshotBytes: 2 * PAGE });
  fill(store, 0, 4 * BLOCKS, 1);
  const old = await snapshotOf(store, 0, 2 * BLOCKS);
  const other = await snapshotOf(store, 3 * BLOCKS, BLOCKS);
  const next = await snapshotOf(store, 0, 3 * BLOCKS);
  fill(store, 0, BLOCKS, 2);
  assertEquals([old.isLost, other.isLost, next.isLost], [false, false, false]);
  fill(store, BLOCKS, BLOCKS, 2);
  // Of those that keep anything the oldest goes, and the write is done.
  assertEquals([old.isLost, other.isLost, next.isLost], [true, false, false]);
  assertEquals(firstBytes(store, [0, BLOCKS]), [2, 2]);
  assertEquals(firstBytes(next, [0, BLOCKS]), [1, 1]);
  const fault = old.tryRead?.(0, 1, new Uint8Array(512), 0);
  assert(typeof fault === "object" && fault.cause === "offline");
  const extent = await old.extent?.(0, 1);
  assert(extent !== undefined && "cause" in extent);
  const copied = await old.copyRange?.(0, 1, store, 100);
  assert(typeof copied === "object" && copied.cause === "offline");
  for (const snapshot of [old, other, next]) await snapshot.close();
  assertEquals(memory.usedSlots, 4);
  await store.close();
  assertEquals(memory.usedSlots, 0);
});

Deno.test("RamStore without memory for snapshots loses each", async () => {
  const store = ramStore({ snapshotBytes: 0 });
  fill(store, 0, 1, 1);
  const snapshot = await snapshotOf(store, 0, 1);
  assertEquals(firstBytes(snapshot, [0]), [1]);
  fill(store, 1, 1, 1);
  assertEquals(snapshot.isLost, true);
  await snapshot.close();
});

Deno.test("RamSnapshot.copyRange shares what was", async () => {
  const memory = new PageMemory(PAGE);
  const store = ramStore({ memory });
  const other = ramStore({ memory });
  fill(store, 0, 4 * BLOCKS, 1);
  const snapshot = await snapshotOf(store, BLOCKS, 2 * BLOCKS);
  fill(store, 0, 4 * BLOCKS, 2);
  await copyAll(snapshot, 0, 2 * BLOCKS, other, 50 * BLOCKS);
  assertEquals(memory.usedSlots, 6);
  // And back to where it came from.
  await copyAll(snapshot, 0, 2 * BLOCKS, store, BLOCKS);
  assertEquals(memory.usedSlots, 4);
  await snapshot.close();
  assertEquals(firstBytes(other, [50 * BLOCKS, 52 * BLOCKS]), [1, 0]);
  assertEquals(firstBytes(store, [0, BLOCKS, 3 * BLOCKS]), [2, 1, 2]);
});

Deno.test("RamSnapshot can be copied to, and written, never", async () => {
  const store = ramStore();
  fill(store, 0, BLOCKS, 1);
  const snapshot = await snapshotOf(store, 0, BLOCKS);
  assertEquals(store.copyRange(0, 1, snapshot, 2), CANNOT_SHARE);
  const written = await snapshot.write(0, 1, new Uint8Array(512), 0);
  assert(typeof written === "object" && written.cause === "read-only");
  assertEquals(await snapshot.flush(), OK);
  assertThrows(() => snapshot.tryRead?.(BLOCKS, 1, new Uint8Array(512), 0));
});

Deno.test("RamSnapshot outlives its store", async () => {
  const memory = new PageMemory(PAGE);
  const store = ramStore({ memory });
  fill(store, 0, 4 * BLOCKS, 1);
  const snapshot = await snapshotOf(store, 0, 4 * BLOCKS);
  await store.close();
  assert(bytesOf(snapshot, 0, 4 * BLOCKS).every((byte) => byte === 1));
  await snapshot.close();
  assertEquals(memory.usedSlots, 0);
});

Deno.test("RamStore.snapshotRange of much lets others work", async () => {
  let turns = 0;
  const store = ramStore({
    ...{ sizeBytes: 2 ** 30, capacityBytes: 2 ** 26, pblocksize: 512 },
    onTurn: () => turns++,
  });
  for (let lba = 0; lba < 2 ** 17; lba += 128) fill(store, lba, 1, 1);
  const snapshot = await snapshotOf(store, 0, 2 ** 21);
  assert(turns > 1);
  fill(store, 2 ** 17 - 128, 1, 2);
  assertEquals(firstBytes(snapshot, [0, 2 ** 17 - 128]), [1, 1]);
  await snapshot.close();
});

Deno.test("RamSnapshot tells how it lies in physical blocks", async () => {
  const store = ramStore();
  const { geometry } = await snapshotOf(store, 3, 20);
  assertEquals([geometry.lowestAlignedLba, geometry.unmapAlignmentLba], [5, 5]);
  assertEquals(geometry.physicalBlockExponent, 3);
});
