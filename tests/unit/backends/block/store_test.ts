import { assert, assertEquals } from "@std/assert";
import {
  NOT_NOW,
  OK,
  PROVISIONING,
  type StoreFault,
} from "../../../../core/mod.ts";
import type { BlockIo } from "../../../../backends/block/block_io.ts";
import { layoutOf, LayoutProblem } from "../../../../backends/block/layout.ts";
import { FileStore } from "../../../../backends/block/store.ts";
import { settle } from "../../../support/core_target.ts";
import { Gate, MemoryIo, NativeMemoryIo } from "./memory_io.ts";

const NO_SPACE: StoreFault = { cause: "no-space", message: "full" };

interface StoreOptions {
  readonly blockCount?: number;
  readonly unmap?: boolean;
  readonly nowMs?: () => number;
}

function storeOn(io: BlockIo, options: StoreOptions = {}): FileStore {
  const geometry = layoutOf(io.facts, 0, {
    sizeBytes: (options.blockCount ?? 100) * 512,
    blockLength: 512,
    deviceType: 0,
    options: {
      pblocksize: undefined,
      pblockoffset: 0,
      ublocksize: undefined,
      ublockoffset: 0,
    },
  });
  assert(!(geometry instanceof LayoutProblem), JSON.stringify(geometry));
  const clock = { nowMs: options.nowMs ?? ((): number => 0) };
  return new FileStore({ io, geometry, unmap: options.unmap, clock });
}

function blocks(count: number, value: number): Uint8Array {
  return new Uint8Array(count * 512).fill(value);
}

/** A clock that shows the given times, one after the other. */
function clockOf(times: number[]): () => number {
  return () => {
    const time = times.shift();
    assert(time !== undefined, "the clock was read too often");
    return time;
  };
}

Deno.test("FileStore.read goes on after a short read", async () => {
  const io = new MemoryIo();
  io.bytes = blocks(4, 7);
  io.lengthMax = 600;
  const into = blocks(2, 0);
  assertEquals(await storeOn(io).read(1, 2, into, 0), OK);
  assert(into.every((byte) => byte === 7));
  assertEquals(io.calls, ["read 512+1024", "read 1112+424"]);
});

Deno.test("FileStore.read fills with zeroes past the end", async () => {
  const io = new MemoryIo();
  io.bytes = new Uint8Array(700).fill(7);
  const into = blocks(3, 0xa5);
  assertEquals(await storeOn(io).read(0, 3, into, 0), OK);
  assertEquals([into[699], into[700], into[1535]], [7, 0, 0]);
  assertEquals(io.calls, ["read 0+1536", "read 700+836"]);
});

Deno.test("FileStore.write goes on after a short write", async () => {
  const io = new MemoryIo();
  io.lengthMax = 1000;
  assertEquals(await storeOn(io).write(0, 3, blocks(3, 9), 0), OK);
  assertEquals(io.calls, ["write 0+1536", "write 1000+536"]);
  assertEquals(io.bytes, blocks(3, 9));
});

Deno.test("FileStore.write ends when the file takes nothing", async () => {
  const io = new MemoryIo();
  io.lengthMax = 0;
  const result = await storeOn(io).write(0, 1, blocks(1, 9), 0);
  assert(result !== OK && result.cause === "hardware");
});

Deno.test("FileStore passes faults on", async () => {
  const io = new NativeMemoryIo();
  const store = storeOn(io);
  io.faults.set("write", NO_SPACE);
  assertEquals(await store.write(0, 1, blocks(1, 1), 0), NO_SPACE);
  assertEquals(store.tryWrite?.(0, 1, blocks(1, 1), 0), NO_SPACE);
  const medium: StoreFault = { cause: "medium", message: "unreadable" };
  io.faults.set("read", medium).set("sync", medium).set("size", medium);
  assertEquals(await store.read(0, 1, blocks(1, 1), 0), medium);
  assertEquals(store.tryRead?.(0, 1, blocks(1, 1), 0), medium);
  assertEquals(await store.flush(), medium);
  assertEquals(await store.resize(undefined), medium);
  assertEquals(await store.unmap?.(0, 1, false), medium);
});

Deno.test("FileStore.flush shares the sync that comes after", async () => {
  const io = new MemoryIo();
  const [first, second] = [new Gate(), new Gate()];
  io.syncGates.push(first, second);
  const store = storeOn(io);
  const flushes = [store.flush()];
  await store.write(0, 1, blocks(1, 1), 0);
  flushes.push(store.flush(), store.flush(), store.flush());
  first.open();
  second.open();
  assertEquals(await Promise.all(flushes), [OK, OK, OK, OK]);
  assertEquals(io.calls, [
    "sync",
    "write 0+512",
    "sync ended",
    "sync",
    "sync ended",
  ]);
});

Deno.test("FileStore.flush syncs after the write it covers", async () => {
  const io = new MemoryIo();
  const [first, second] = [new Gate(), new Gate()];
  io.syncGates.push(first, second);
  const store = storeOn(io);
  const early = store.flush();
  const late = store.flush();
  first.open();
  await early;
  await store.write(0, 1, blocks(1, 1), 0);
  const latest = store.flush();
  second.open();
  assertEquals(await Promise.all([late, latest]), [OK, OK]);
  const ended = io.calls.lastIndexOf("sync");
  assert(ended > io.calls.indexOf("write 0+512"), io.calls.join());
});

Deno.test("FileStore reads and writes while a sync is slow", async () => {
  const io = new MemoryIo();
  const gate = new Gate();
  io.syncGates.push(gate);
  const store = storeOn(io);
  const flushed = store.flush();
  assertEquals(await store.write(0, 1, blocks(1, 1), 0), OK);
  assertEquals(await store.read(0, 1, blocks(1, 0), 0), OK);
  assertEquals(io.calls.includes("sync ended"), false);
  gate.open();
  assertEquals(await flushed, OK);
});

Deno.test("FileStore.tryWrite pauses after a slow write", () => {
  const io = new NativeMemoryIo();
  const times = [0, 5, 100, 106, 500, 1105, 1107, 1108];
  const store = storeOn(io, { nowMs: clockOf(times) });
  const results = [];
  for (let lba = 0; lba < 4; lba++) {
    results.push(store.tryWrite?.(lba, 1, blocks(1, 1), 0));
  }
  assertEquals(results, [OK, OK, NOT_NOW, NOT_NOW]);
  assertEquals(io.calls, ["write 0+512", "write 512+512"]);
  assertEquals(store.tryWrite?.(4, 1, blocks(1, 1), 0), OK);
});

/** A file whose writes take six milliseconds, and may wait in them. */
function slowStore(waiting: boolean): {
  write(): unknown;
  pass(timeMs: number): void;
} {
  const io = new NativeMemoryIo();
  let nowMs = 0;
  let waits = 100;
  const store = storeOn(Object.assign(io, { waits: () => waits }), {
    nowMs: () => nowMs,
  });
  const { writeNow } = io;
  io.writeNow = (...words) => {
    nowMs += 6;
    if (waiting) waits += 1;
    return writeNow.apply(io, words);
  };
  return {
    write: () => store.tryWrite?.(0, 1, blocks(1, 1), 0),
    pass: (timeMs) => {
      nowMs += timeMs;
      waits += 1;
    },
  };
}

Deno.test("FileStore.tryWrite pauses when slow writes have waited", () => {
  const store = slowStore(true);
  assertEquals([store.write(), store.write()], [OK, OK]);
  store.pass(999);
  assertEquals(store.write(), NOT_NOW);
  store.pass(1);
  assertEquals([store.write(), store.write()], [OK, NOT_NOW]);
  store.pass(5000);
  assertEquals([store.write(), store.write(), store.write()], [
    ...[OK, OK, NOT_NOW],
  ]);
});

Deno.test("FileStore.tryWrite goes on when others had the processor", () => {
  const store = slowStore(false);
  for (let turn = 0; turn < 10; turn += 1) {
    assertEquals(store.write(), OK);
    store.pass(turn);
  }
});

Deno.test("FileStore.tryWrite leaves the rest of a slow write to threads", () => {
  const io = new NativeMemoryIo();
  io.lengthMax = 1024;
  const times = [0, 4, 6, 6, 500];
  const store = storeOn(io, { nowMs: clockOf(times) });
  assertEquals(store.tryWrite?.(0, 8, blocks(8, 1), 0), NOT_NOW);
  assertEquals(io.calls, ["write 0+4096", "write 1024+3072"]);
  assertEquals(store.tryWrite?.(0, 1, blocks(1, 1), 0), NOT_NOW);
});

Deno.test("FileStore.tryWrite leaves more than a megabyte to threads", () => {
  const io = new NativeMemoryIo();
  const store = storeOn(io, { blockCount: 4096 });
  const bytes = blocks(2049, 1);
  assertEquals(store.tryWrite?.(0, 2049, bytes, 0), NOT_NOW);
  assertEquals(store.tryWrite?.(0, 2048, bytes, 0), OK);
});

Deno.test("FileStore.tryRead fills with zeroes past the end", () => {
  const io = new NativeMemoryIo();
  io.bytes = new Uint8Array(700).fill(7);
  const into = blocks(3, 0xa5);
  assertEquals(storeOn(io).tryRead?.(0, 3, into, 0), OK);
  assertEquals([into[699], into[700], into[1535]], [7, 0, 0]);
});

Deno.test("FileStore.unmap frees no more than the file has", async () => {
  const io = new NativeMemoryIo();
  io.bytes = blocks(20, 1);
  assertEquals(await storeOn(io).unmap?.(10, 90, false), OK);
  assertEquals(await storeOn(io).unmap?.(50, 10, false), OK);
  assertEquals(io.calls, ["punch 5120+5120"]);
});

Deno.test("FileStore.unmap frees a lot in slices", async () => {
  const io = new NativeMemoryIo();
  io.size = () => 3 * 2 ** 30;
  const store = storeOn(io, { blockCount: 3 * 2 ** 21 });
  assertEquals(await store.unmap?.(0, 2 ** 22 + 1, false), OK);
  assertEquals(io.calls, [
    "punch 0+1073741824",
    "punch 1073741824+1073741824",
    "punch 2147483648+512",
  ]);
});

Deno.test("FileStore.unmap emulated writes zeroes in slices", async () => {
  const io = new MemoryIo();
  io.bytes = blocks(1100, 1);
  const store = storeOn(io, { blockCount: 2000, unmap: true });
  assertEquals(store.capabilities.unmap, "emulated");
  assertEquals(await store.unmap?.(1, 1999, false), OK);
  assertEquals(io.calls, [
    "write 512+262144",
    "write 262656+262144",
    "write 524800+38400",
  ]);
  assertEquals(io.bytes.length, 1100 * 512);
  assert(io.bytes.subarray(512).every((byte) => byte === 0));
});

Deno.test("FileStore.unmap stops at the first fault", async () => {
  const io = new MemoryIo();
  io.bytes = blocks(1100, 1);
  io.faults.set("write", NO_SPACE);
  const store = storeOn(io, { blockCount: 2000, unmap: true });
  assertEquals(await store.unmap?.(0, 1100, false), NO_SPACE);
  assertEquals(io.calls.length, 1);
});

Deno.test("FileStore.writeZeroes zeroes a lot in slices", async () => {
  const io = new NativeMemoryIo();
  io.zero = (position, length) => {
    io.calls.push(`zero ${position}+${length}`);
    return Promise.resolve(OK);
  };
  const store = storeOn(io, { blockCount: 3 * 2 ** 21 });
  assertEquals(await store.writeZeroes?.(1, 2 ** 21 + 1), OK);
  assertEquals(io.calls, ["zero 512+1073741824", "zero 1073742336+512"]);
});

Deno.test("FileStore.writeZeroes stops at the first fault", async () => {
  const io = new NativeMemoryIo();
  io.faults.set("zero", NO_SPACE);
  const store = storeOn(io, { blockCount: 3 * 2 ** 21 });
  assertEquals(await store.writeZeroes?.(0, 2 ** 22), NO_SPACE);
  assertEquals(io.calls.length, 1);
});

Deno.test("FileStore.extent counts a block with any data as mapped", () => {
  const io = new NativeMemoryIo();
  io.bytes = new Uint8Array(20 * 512 + 100);
  io.bytes.fill(1, 3 * 512 + 100, 5 * 512 + 1);
  const store = storeOn(io);
  const { MAPPED, DEALLOCATED } = PROVISIONING;
  const extents = [0, 3, 6].map((lba) => store.extent?.(lba, 100 - lba));
  assertEquals(extents, [
    { lba: 0, blockCount: 3, status: DEALLOCATED },
    { lba: 3, blockCount: 3, status: MAPPED },
    { lba: 6, blockCount: 94, status: DEALLOCATED },
  ]);
  assertEquals(store.extent?.(0, 2), {
    lba: 0,
    blockCount: 2,
    status: DEALLOCATED,
  });
});

Deno.test("FileStore.resize takes the size of the file", async () => {
  const io = new MemoryIo();
  io.bytes = new Uint8Array(33 * 512 + 511);
  const store = storeOn(io);
  assertEquals(await store.resize(undefined), OK);
  assertEquals(store.geometry.blockCount, 33);
  assertEquals(await store.resize(1000), OK);
  assertEquals(store.geometry.blockCount, 1000);
  assertEquals(io.bytes.length, 33 * 512 + 511);
});

Deno.test("FileStore.resize refuses what a device does not have", async () => {
  const io = new MemoryIo({ isDevice: true, sectorBytes: 512 });
  io.bytes = blocks(50, 0);
  const geometry = storeOn(new MemoryIo()).geometry;
  const clock = { nowMs: (): number => 0 };
  const store = new FileStore({ io, geometry, unmap: undefined, clock });
  const fault = await store.resize(51);
  assert(fault !== OK && fault.message.includes("51 blocks"));
  assertEquals(await store.resize(50), OK);
  io.bytes = new Uint8Array(0);
  assert(await store.resize(undefined) !== OK);
});

Deno.test("FileStore opened read-only writes and syncs nothing", async () => {
  const io = new NativeMemoryIo({ readOnly: true });
  const store = storeOn(io, { unmap: true });
  assertEquals(store.capabilities, {
    readOnly: true,
    volatileCache: false,
    unmap: "none",
    anchor: false,
    extents: "native",
    readAhead: true,
  });
  assertEquals([store.tryWrite, store.unmap], [undefined, undefined]);
  const fault = await store.write(0, 1, blocks(1, 1), 0);
  assert(fault !== OK && fault.cause === "read-only");
  assertEquals(await store.flush(), OK);
  assertEquals(io.calls, []);
});

const UNMAPS: readonly [string, () => BlockIo, boolean | undefined, string][] =
  [
    ["plain", () => new MemoryIo(), undefined, "none"],
    ["plain, unmap=on", () => new MemoryIo(), true, "emulated"],
    ["plain, unmap=off", () => new MemoryIo(), false, "none"],
    ["native", () => new NativeMemoryIo(), undefined, "native"],
    ["native, unmap=on", () => new NativeMemoryIo(), true, "native"],
    ["native, unmap=off", () => new NativeMemoryIo(), false, "none"],
  ];

for (const [what, makeIo, unmap, expected] of UNMAPS) {
  Deno.test(`FileStore offers to unmap: ${what}`, () => {
    const store = storeOn(makeIo(), unmap === undefined ? {} : { unmap });
    assertEquals(store.capabilities.unmap, expected);
    assertEquals(store.unmap === undefined, expected === "none");
  });
}

Deno.test("FileStore without native calls never answers at once", () => {
  const store = storeOn(new MemoryIo());
  const { tryRead, tryWrite, extent } = store;
  assertEquals([tryRead, tryWrite, extent], [undefined, undefined, undefined]);
});

Deno.test("FileStore.prefetch reads a range once, and not all of a long one", async () => {
  const io = new MemoryIo();
  io.bytes = new Uint8Array(40 * 2 ** 20);
  const store = storeOn(io, { blockCount: 80 * 2 ** 11 });
  assertEquals(store.prefetch(8, 1024), false);
  // One at a time: the second is let go.
  assertEquals(store.prefetch(4096, 8), false);
  await settle();
  assertEquals(io.calls, ["read 4096+262144", "read 266240+262144"]);
  io.calls.length = 0;
  store.prefetch(0, 80 * 2 ** 11);
  await settle();
  assertEquals(io.calls.length, 2 ** 25 / 2 ** 18);
});

Deno.test("FileStore.prefetch stops at a fault, the end and a close", async () => {
  const io = new MemoryIo();
  io.bytes = new Uint8Array(2 ** 20);
  const store = storeOn(io, { blockCount: 2 ** 14 });
  io.faults.set("read", { cause: "medium", message: "worn out" });
  store.prefetch(0, 2 ** 12);
  await settle();
  assertEquals(io.calls.splice(0).length, 1);
  io.faults.clear();
  store.prefetch(2048, 2 ** 12);
  await settle();
  assertEquals(io.calls.splice(0).length, 1);
  store.prefetch(0, 2 ** 11);
  await store.close();
  await settle();
  assertEquals(io.calls.filter((call) => call.startsWith("read")).length, 1);
});
