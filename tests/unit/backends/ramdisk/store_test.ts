import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type MaybePromise,
  OK,
  PROVISIONING,
  type StoreResult,
} from "../../../../core/mod.ts";
import {
  shapeOf,
  ShapeProblem,
  type ShapeRequest,
} from "../../../../backends/ramdisk/geometry.ts";
import { RamStore } from "../../../../backends/ramdisk/store.ts";

const PAGE = 4096;
const DEFAULTS: ShapeRequest = {
  sizeBytes: 2 ** 40,
  blockLength: 512,
  deviceType: 0,
  pblocksize: undefined,
  pblockoffset: 0,
  ublocksize: undefined,
  ublockoffset: 0,
};

function makeStore(
  {
    capacityBytes = 2 ** 24,
    readOnly = false,
    turns = [] as number[],
    ...shape
  }:
    & Partial<ShapeRequest>
    & { capacityBytes?: number; readOnly?: boolean; turns?: number[] } = {},
): RamStore {
  const made = shapeOf({ ...DEFAULTS, ...shape });
  assert(!(made instanceof ShapeProblem), JSON.stringify(made));
  const clock = {
    nextTurn(): Promise<void> {
      turns.push(turns.length);
      return Promise.resolve();
    },
  };
  return new RamStore({ shape: made, capacityBytes, readOnly, clock });
}

function blocks(count: number, value: number): Uint8Array {
  return new Uint8Array(count * 512).fill(value);
}

function causeOf(result: MaybePromise<StoreResult>): string {
  assert(typeof result === "object" && "cause" in result);
  return result.cause;
}

function byteAt(store: RamStore, lba: number): number | undefined {
  const into = blocks(1, 0xa5);
  assertEquals(store.tryRead(lba, 1, into, 0), OK);
  return into[511];
}

Deno.test("RamStore.tryWrite beyond the capacity says no space", () => {
  const store = makeStore({ capacityBytes: 2 * PAGE });
  assertEquals(store.tryWrite(0, 8, blocks(8, 1), 0), OK);
  assertEquals(causeOf(store.tryWrite(4, 16, blocks(16, 2), 0)), "no-space");
  assertEquals(byteAt(store, 4), 1);
  assertEquals(store.usage(), { used: PAGE, available: PAGE });
});

Deno.test("RamStore.usage knows of no more room than the store has", () => {
  const store = makeStore({ sizeBytes: 10 * 512, capacityBytes: 2 ** 30 });
  assertEquals(store.usage(), { used: 0, available: 2 * PAGE });
});

Deno.test("RamStore.unmap of part of a page zeroes, and keeps the page", () => {
  const store = makeStore();
  store.tryWrite(0, 24, blocks(24, 1), 0);
  assertEquals(store.unmap(2, 3, false), OK);
  assertEquals([1, 2, 4, 5].map((lba) => byteAt(store, lba)), [1, 0, 0, 1]);
  assertEquals(store.extent(0, 24), {
    lba: 0,
    blockCount: 24,
    status: PROVISIONING.MAPPED,
  });
});

Deno.test("RamStore.unmap frees whole pages and zeroes the rest", () => {
  const store = makeStore();
  store.tryWrite(0, 32, blocks(32, 1), 0);
  assertEquals(store.unmap(6, 20, false), OK);
  const lbas = [5, 6, 25, 26];
  assertEquals(lbas.map((lba) => byteAt(store, lba)), [1, 0, 0, 1]);
  assertEquals(store.extent(0, 32).blockCount, 8);
  assertEquals(store.extent(8, 24), {
    lba: 8,
    blockCount: 16,
    status: PROVISIONING.DEALLOCATED,
  });
  assertEquals(store.usage().used, 2 * PAGE);
});

Deno.test("RamStore.unmap frees the last page, although it is cut", () => {
  const store = makeStore({ sizeBytes: 12 * 512 });
  store.tryWrite(0, 12, blocks(12, 1), 0);
  assertEquals(store.unmap(8, 4, false), OK);
  assertEquals(store.usage().used, PAGE);
});

Deno.test("RamStore.unmap across a page border without a whole page", () => {
  const store = makeStore();
  store.tryWrite(0, 16, blocks(16, 1), 0);
  assertEquals(store.unmap(6, 4, false), OK);
  const lbas = [5, 6, 7, 8, 9, 10];
  assertEquals(lbas.map((lba) => byteAt(store, lba)), [1, 0, 0, 0, 0, 1]);
  assertEquals(store.usage().used, 2 * PAGE);
});

Deno.test("RamStore.unmap of what was never written takes nothing", () => {
  const store = makeStore();
  assertEquals(store.unmap(0, 2 ** 31, false), OK);
  assertEquals(store.unmap(3, 2, false), OK);
  assertEquals(store.usage().used, 0);
});

Deno.test("RamStore.unmap without room to anchor does nothing", () => {
  const store = makeStore({ capacityBytes: 4 * PAGE });
  store.tryWrite(0, 8, blocks(8, 1), 0);
  assertEquals(causeOf(store.unmap(0, 40, true)), "no-space");
  assertEquals(byteAt(store, 0), 1);
});

Deno.test("RamStore.unmap lets others work while it lasts", async () => {
  const turns: number[] = [];
  const store = makeStore({ turns, capacityBytes: 2 ** 30 });
  for (let leaf = 0; leaf < 1100; leaf++) {
    store.tryWrite(leaf * 2048, 1, blocks(1, 1), 0);
  }
  assertEquals(await store.unmap(0, 1100 * 2048, false), OK);
  assertEquals(turns.length, 2);
  assertEquals(store.usage().used, 0);
});

Deno.test("RamStore.resize frees what is cut off", () => {
  const store = makeStore({ sizeBytes: 100 * 512 });
  store.tryWrite(0, 100, blocks(100, 1), 0);
  assertEquals(store.resize(12), OK);
  assertEquals(store.usage().used, 2 * PAGE);
  assertEquals(store.resize(100), OK);
  const lbas = [11, 12, 15, 16, 99];
  assertEquals(lbas.map((lba) => byteAt(store, lba)), [1, 0, 0, 0, 0]);
});

Deno.test("RamStore.resize to what lies below keeps the size", () => {
  const store = makeStore({ sizeBytes: 100 * 512 });
  assertEquals(store.resize(undefined), OK);
  assertEquals(store.geometry.blockCount, 100);
});

Deno.test("RamStore opened read-only refuses to write", () => {
  const store = makeStore({ readOnly: true });
  assertEquals(store.capabilities.readOnly, true);
  assertEquals(causeOf(store.tryWrite(0, 1, blocks(1, 1), 0)), "read-only");
  assertEquals(causeOf(store.unmap(0, 1, false)), "read-only");
});

Deno.test("RamStore asserts that range and buffer fit", () => {
  const store = makeStore({ sizeBytes: 100 * 512 });
  assertThrows(() => store.tryRead(99, 2, blocks(2, 0), 0));
  assertThrows(() => store.tryRead(0, 2, blocks(2, 0), 1));
  assertThrows(() => store.tryWrite(0, 2, blocks(1, 0), 0));
});
