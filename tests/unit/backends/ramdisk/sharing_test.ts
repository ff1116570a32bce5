/**
 * Stores that share pages against arrays that share nothing.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isMapped, LEAF_PAGES } from "../../../../backends/ramdisk/leaf_map.ts";
import { PageMemory } from "../../../../backends/ramdisk/page_memory.ts";
import type { RangeSnapshot } from "../../../../core/mod.ts";
import type { RamStore } from "../../../../backends/ramdisk/store.ts";
import { bytesOf, copyAll, PAGE, ramStore } from "./ram_stores.ts";

const BLOCK = 512;
const PAGE_BLOCKS = PAGE / BLOCK;
/** Blocks around the border of two leaves. */
const FIRST = LEAF_PAGES * PAGE_BLOCKS - 50;
const BLOCKS = 128;
const STORES = 3;
const RUNS = 400;

/** A store or a snapshot, and what it should hold. */
interface Twin<Store> {
  readonly store: Store;
  readonly model: Uint8Array;
}

class Scene {
  readonly memory: PageMemory = new PageMemory(PAGE);
  readonly stores: readonly Twin<RamStore>[];
  readonly snapshots: Twin<RangeSnapshot>[] = [];

  constructor() {
    const sizeBytes = 2 * LEAF_PAGES * PAGE;
    this.stores = Array.from({ length: STORES }, () => ({
      store: ramStore({ memory: this.memory, sizeBytes }),
      model: new Uint8Array(BLOCKS * BLOCK),
    }));
  }

  check(): void {
    for (const { store, model } of this.stores) {
      assertEquals(bytesOf(store, FIRST, BLOCKS), model);
    }
    for (const { store, model } of this.snapshots) {
      const { blockCount } = store.geometry;
      assertEquals(bytesOf(store, 0, blockCount), model);
    }
    // Each page is charged to somebody.
    const charged = this.stores.reduce(
      (sum, { store }) => sum + used(store),
      0,
    );
    const kept = this.snapshots.length * (BLOCKS / PAGE_BLOCKS + 1);
    assert(this.memory.usedSlots <= charged + kept);
    if (this.snapshots.length === 0) {
      assert(this.memory.usedSlots <= charged);
    }
  }

  async close(): Promise<void> {
    for (const { store } of this.snapshots) await store.close();
    for (const { store } of this.stores) await store.close();
    assertEquals(this.memory.usedSlots, 0);
    assert(this.memory.chunks.every((chunk) => chunk === undefined));
    for (const { store } of this.stores) assertEquals(used(store), 0);
  }
}

function used(store: RamStore): number {
  return (store.usage().used ?? NaN) / PAGE;
}

interface Operation {
  readonly kind: string;
  readonly one: number;
  readonly other: number;
  readonly lba: number;
  readonly toLba: number;
  readonly count: number;
  readonly value: number;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom(
    ...["write", "write", "unmap", "anchor", "copy", "copy", "aligned copy"],
    ...["snapshot", "copy snapshot", "close snapshot"],
  ),
  one: fc.nat(STORES - 1),
  other: fc.nat(STORES - 1),
  lba: fc.nat(BLOCKS - 1),
  toLba: fc.nat(BLOCKS - 1),
  count: fc.integer({ min: 1, max: 60 }),
  value: fc.integer({ min: 1, max: 255 }),
});

async function apply(scene: Scene, operation: Operation): Promise<void> {
  const { kind, lba, value } = operation;
  const one = at(scene.stores, operation.one);
  const other = at(scene.stores, operation.other);
  const count = Math.min(operation.count, BLOCKS - lba);
  if (kind === "write") {
    const bytes = new Uint8Array(count * BLOCK).fill(value);
    one.store.tryWrite(FIRST + lba, count, bytes, 0);
    one.model.set(bytes, lba * BLOCK);
  } else if (kind === "unmap" || kind === "anchor") {
    await one.store.unmap(FIRST + lba, count, kind === "anchor");
    one.model.fill(0, lba * BLOCK, (lba + count) * BLOCK);
  } else if (kind === "snapshot") {
    const store = await one.store.snapshotRange(FIRST + lba, count);
    const model = one.model.slice(lba * BLOCK, (lba + count) * BLOCK);
    scene.snapshots.push({ store, model });
  } else if (scene.snapshots.length > 0 && kind.endsWith("snapshot")) {
    const index = value % scene.snapshots.length;
    if (kind === "close snapshot") {
      for (const { store } of scene.snapshots.splice(index, 1)) {
        await store.close();
      }
    } else await copy(at(scene.snapshots, index), 0, other, operation);
  } else if (kind.endsWith("copy")) {
    await copy(one, FIRST, other, operation);
  }
}

async function copy(
  from: Twin<RamStore | RangeSnapshot>,
  first: number,
  to: Twin<RamStore>,
  { kind, lba, toLba, count }: Operation,
): Promise<void> {
  const blocks = from.model.length / BLOCK;
  const begin = lba % blocks;
  // Pages lie alike when both begin alike.
  const shifted = toLba - (toLba - begin) % PAGE_BLOCKS;
  const toBegin = kind === "aligned copy" && shifted >= 0 ? shifted : toLba;
  const length = Math.min(count, blocks - begin, BLOCKS - toBegin);
  if (from === to && Math.abs(begin - toBegin) < length) return;
  await copyAll(from.store, first + begin, length, to.store, FIRST + toBegin);
  const bytes = from.model.slice(begin * BLOCK, (begin + length) * BLOCK);
  to.model.set(bytes, toBegin * BLOCK);
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  assert(found !== undefined);
  return found;
}

Deno.test("RamStores that share pages behave like arrays", async () => {
  const operations = fc.array(operation, { maxLength: 40 });
  const property = fc.asyncProperty(operations, async (operations) => {
    const scene = new Scene();
    for (const operation of operations) await apply(scene, operation);
    scene.check();
    await scene.close();
  });
  await fc.assert(property, { numRuns: RUNS, seed: 23 });
});

Deno.test("isMapped is true of slots, shared or not", () => {
  assertEquals([0, 7, -1, -2, -3, -9].map(isMapped), [
    ...[true, true, false, false, true, true],
  ]);
});
