import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type BlockStore,
  CANNOT_SHARE,
  NOT_NOW,
  OK,
  type RangeSnapshot,
  type StoreFault,
} from "../../../../core/mod.ts";
import type { BlockIoFacts } from "../../../../backends/block/block_io.ts";
import { layoutOf, LayoutProblem } from "../../../../backends/block/layout.ts";
import { FileStore } from "../../../../backends/block/store.ts";
import { settle } from "../../../support/core_target.ts";
import { CopyingIo } from "./copying_io.ts";
import { Gate } from "./memory_io.ts";

const BLOCK = 512;
const FULL: StoreFault = { cause: "no-space", message: "full" };

interface Made {
  readonly io: CopyingIo;
  readonly store: FileStore;
}

interface Wish {
  readonly blockLength?: number;
  readonly blockCount?: number;
  readonly unmap?: boolean;
  readonly facts?: Partial<BlockIoFacts>;
}

function made(wish: Wish = {}): Made {
  const io = new CopyingIo(wish.facts);
  const { blockLength = BLOCK, blockCount = 100 } = wish;
  const geometry = layoutOf(io.facts, 0, {
    ...{ sizeBytes: blockCount * blockLength, blockLength, deviceType: 0 },
    options: {
      ...{ pblocksize: undefined, pblockoffset: 0 },
      ...{ ublocksize: undefined, ublockoffset: 0 },
    },
  });
  assert(!(geometry instanceof LayoutProblem), JSON.stringify(geometry));
  const clock = { nowMs: (): number => 0 };
  const store = new FileStore({ io, geometry, unmap: wish.unmap, clock });
  return { io, store };
}

function fill(count: number, value: number): Uint8Array {
  return new Uint8Array(count * BLOCK).fill(value);
}

async function copyAll(
  from: BlockStore,
  lba: number,
  count: number,
  to: BlockStore,
  toLba: number,
): Promise<void> {
  const ratio = from.geometry.blockLength / to.geometry.blockLength;
  for (let done = 0; done < count;) {
    const toNext = toLba + done * ratio;
    const copied = await from
      .copyRange?.(lba + done, count - done, to, toNext);
    assert(typeof copied === "number" && copied > 0, Deno.inspect(copied));
    done += copied;
  }
}

Deno.test("FileStore.copyRange lets the system copy data, not holes", async () => {
  const [from, to] = [made(), made()];
  from.io.bytes = fill(30, 0);
  from.io.bytes.fill(7, 10 * BLOCK, 20 * BLOCK);
  to.io.bytes = fill(30, 9);
  assertEquals(await from.store.copyRange?.(0, 30, to.store, 0), 30);
  assertEquals(to.io.bytes, from.io.bytes);
  assertEquals(from.io.calls, ["hole 5120", "copy 5120+5120"]);
  const punched = to.io.calls.filter((call) => call.startsWith("punch"));
  assertEquals(punched, ["punch 0+5120", "punch 10240+5120"]);
});

Deno.test("FileStore.copyRange clears nothing behind the end", async () => {
  const [from, to] = [made(), made()];
  from.io.bytes = fill(10, 7);
  to.io.bytes = fill(5, 9);
  await copyAll(from.store, 0, 100, to.store, 0);
  assertEquals(to.io.bytes, from.io.bytes);
  assert(to.io.calls.every((call) => !call.startsWith("punch")));
});

Deno.test("FileStore.copyRange writes zeroes where nothing is freed", async () => {
  const [from, to] = [made(), made({ unmap: false })];
  to.io.bytes = fill(30, 9);
  await copyAll(from.store, 0, 30, to.store, 0);
  assertEquals(to.io.bytes, fill(30, 0));
  assertEquals(to.io.calls.filter((call) => call.startsWith("punch")), []);
  assertEquals(to.io.calls.includes("zero 0+15360"), true);
});

Deno.test("FileStore.copyRange shares space where it can", async () => {
  const [from, to] = [made(), made()];
  from.io.cloneUnit = 4096;
  from.io.bytes = fill(26, 7);
  await copyAll(from.store, 0, 30, to.store, 8);
  assertEquals(to.io.bytes.subarray(8 * BLOCK), from.io.bytes);
  assertEquals(from.io.calls, [
    ...["clone 0+12288", "hole 12288", "copy 12288+1024"],
  ]);
});

Deno.test("FileStore.copyRange looks for the end of data once", async () => {
  const blockCount = 2 ** 16;
  const [from, to] = [made({ blockCount }), made({ blockCount })];
  from.io.bytes = fill(blockCount, 7);
  await copyAll(from.store, 0, blockCount, to.store, 0);
  const looks = from.io.calls.filter((call) => call.startsWith("hole"));
  assertEquals(looks, ["hole 0"]);
});

Deno.test("FileStore.copyRange does a slice of many small pieces", async () => {
  const [from, to] = [made(), made()];
  from.io.bytes = fill(100, 0);
  for (let lba = 0; lba < 100; lba += 2) {
    from.io.bytes.fill(7, lba * BLOCK, (lba + 1) * BLOCK);
  }
  assertEquals(await from.store.copyRange?.(0, 100, to.store, 0), 16);
  await copyAll(from.store, 16, 84, to.store, 16);
  assertEquals(to.io.bytes, from.io.bytes.subarray(0, to.io.bytes.length));
});

Deno.test("FileStore.copyRange counts whole blocks of both", async () => {
  const [from, to] = [made(), made({ blockLength: 4096 })];
  from.io.bytes = fill(100, 7);
  from.io.lengthMax = 700;
  const copied = await from.store.copyRange?.(1, 96, to.store, 0);
  assertEquals(copied, 16);
  await copyAll(from.store, 17, 80, to.store, 2);
  assert(to.io.bytes.every((byte) => byte === 7));
  await copyAll(to.store, 0, 2, from.store, 3);
});

Deno.test("FileStore.copyRange tells what was done before a fault", async () => {
  const [from, to] = [made(), made()];
  from.io.bytes = fill(20, 7);
  from.io.bytes.fill(0, 4 * BLOCK, 6 * BLOCK);
  to.io.bytes = fill(20, 9);
  to.io.faults.set("punch", FULL);
  assertEquals(await from.store.copyRange?.(0, 20, to.store, 0), 4);
  assertEquals(await from.store.copyRange?.(4, 16, to.store, 4), FULL);
});

Deno.test("FileStore.copyRange is not offered without the system", () => {
  const io = new CopyingIo();
  const without = Object.assign(io, {
    ...{ copyTo: undefined, cloneTo: undefined, snapshot: undefined },
  });
  const geometry = { ...made().store.geometry };
  const clock = { nowMs: (): number => 0 };
  const parts = { io: without, geometry, unmap: undefined, clock };
  const store = new FileStore(parts);
  assertEquals([store.copyRange, store.snapshotRange], [undefined, undefined]);
});

Deno.test("FileStore.copyRange cannot share with strangers", async () => {
  const [from, to] = [made(), made()];
  const stranger: BlockStore = {
    ...to.store,
    read: () => Promise.resolve(OK),
    write: () => Promise.resolve(OK),
    flush: () => OK,
    close: () => Promise.resolve(),
  };
  assertEquals(await from.store.copyRange?.(0, 8, stranger, 0), CANNOT_SHARE);
  assertEquals(await from.store.copyRange?.(0, 8, from.store, 7), CANNOT_SHARE);
  from.io.bytes = fill(8, 7);
  from.io.copyAnswer = CANNOT_SHARE;
  assertEquals(await from.store.copyRange?.(0, 8, to.store, 0), CANNOT_SHARE);
  assertEquals(to.io.bytes.length, 0);
});

Deno.test("FileStore.copyRange into a read-only file is refused", async () => {
  const [from, to] = [made(), made({ facts: { readOnly: true } })];
  const refused = await from.store.copyRange?.(0, 8, to.store, 0);
  assert(typeof refused === "object" && refused.cause === "read-only");
});

Deno.test("FileStore.copyRange asserts that both ranges fit", () => {
  const [from, to] = [made(), made()];
  const outside = async (lba: number, toLba: number): Promise<string> => {
    const copied = from.store.copyRange?.(lba, 8, to.store, toLba);
    return await Promise.resolve(copied).then(String, (error) => error.name);
  };
  assertThrows(() => from.store.prefetch(99, 2));
  return Promise.all([outside(93, 0), outside(0, 93)]).then((names) =>
    assertEquals(names, ["Defect", "Defect"])
  );
});

Deno.test("FileStore leaves writes to others while space is shared", async () => {
  const [from, to] = [made(), made()];
  from.io.cloneUnit = BLOCK;
  from.io.bytes = fill(20, 7);
  const gate = from.io.copyGate = new Gate();
  const copying = from.store.copyRange?.(0, 20, to.store, 0);
  await settle();
  const write = (store: FileStore) => store.tryWrite?.(50, 1, fill(1, 1), 0);
  assertEquals([write(from.store), write(to.store)], [NOT_NOW, NOT_NOW]);
  gate.open();
  assertEquals(await copying, 20);
  assertEquals([write(from.store), write(to.store)], [OK, OK]);
});

Deno.test("FileStore.close waits for a slice, at both ends", async () => {
  for (const end of ["from", "to"] as const) {
    const pair = { from: made(), to: made() };
    pair.from.io.bytes = fill(20, 7);
    const gate = pair.from.io.copyGate = new Gate();
    const copying = pair.from.store.copyRange?.(0, 20, pair.to.store, 0);
    await settle();
    const closing = pair[end].store.close();
    await settle();
    assert(!pair[end].io.calls.includes("close"));
    gate.open();
    assertEquals(await copying, 20);
    await closing;
    assertEquals(pair[end].io.calls.at(-1), "close");
  }
});

async function snapshotOf(
  store: FileStore,
  lba: number,
  count: number,
): Promise<RangeSnapshot> {
  const snapshot = await store.snapshotRange?.(lba, count);
  assert(typeof snapshot === "object" && !("cause" in snapshot));
  return snapshot;
}

Deno.test("FileStore.snapshotRange keeps what the file shares", async () => {
  const { io, store } = made();
  io.cloneUnit = 4096;
  io.bytes = fill(20, 7);
  const snapshot = await snapshotOf(store, 3, 30);
  assertEquals(store.tryWrite?.(0, 20, fill(20, 8), 0), OK);
  const into = fill(30, 0xa5);
  assertEquals(await snapshot.read(0, 30, into, 0), OK);
  const wanted = fill(30, 0);
  wanted.fill(7, 0, 17 * BLOCK);
  assertEquals(into, wanted);
  assertEquals(snapshot.tryRead?.(16, 2, into, 0), OK);
  assertEquals([into[0], into[BLOCK]], [7, 0]);
  assertEquals(snapshot.geometry.blockCount, 30);
  assertEquals(snapshot.geometry.lowestAlignedLba, 5);
  assertEquals([snapshot.capabilities.readOnly, snapshot.isLost], [
    true,
    false,
  ]);
  assertEquals(snapshot.tryWrite, undefined);
  assertEquals(await snapshot.extent?.(2, 28), {
    ...{ lba: 2, blockCount: 15, status: 0 },
  });
  await copyAll(snapshot, 0, 17, store, 3);
  assertEquals(io.bytes.subarray(3 * BLOCK), fill(17, 7));
  await snapshot.close();
});

Deno.test("FileStore.snapshotRange needs shared space", async () => {
  const { store } = made();
  assertEquals(await store.snapshotRange?.(0, 8), CANNOT_SHARE);
});

/** Blocks of a store of the property. */
const BLOCKS = 60;

Deno.test("FileStores that copy behave like arrays", async () => {
  const command = fc.record({
    kind: fc.constantFrom("write", "unmap", "copy", "copy", "snapshot", "back"),
    one: fc.nat(1),
    other: fc.nat(1),
    lba: fc.nat(BLOCKS - 1),
    toLba: fc.nat(BLOCKS - 1),
    count: fc.integer({ min: 1, max: 40 }),
    value: fc.integer({ min: 1, max: 255 }),
  });
  const property = fc.asyncProperty(
    fc.array(command, { maxLength: 25 }),
    fc.constantFrom(0, 512, 4096),
    fc.constantFrom(100, 513, 5000, Infinity),
    async (commands, cloneUnit, lengthMax) => {
      const stores = [0, 1].map(() => {
        const each = made({ blockCount: BLOCKS });
        Object.assign(each.io, { cloneUnit, lengthMax });
        return { ...each, model: new Uint8Array(BLOCKS * BLOCK) };
      });
      let kept: { snapshot: RangeSnapshot; model: Uint8Array } | undefined;
      for (const { kind, lba, toLba, value, ...command } of commands) {
        const [one, other] = [stores[command.one], stores[command.other]];
        assert(one !== undefined && other !== undefined);
        const count = Math.min(command.count, BLOCKS - Math.max(lba, toLba));
        const [begin, end] = [lba * BLOCK, (lba + count) * BLOCK];
        if (kind === "write") {
          assertEquals(
            await one.store.write(lba, count, fill(count, value), 0),
            OK,
          );
          one.model.fill(value, begin, end);
        } else if (kind === "unmap") {
          assertEquals(await one.store.unmap?.(lba, count, false), OK);
          one.model.fill(0, begin, end);
        } else if (kind === "copy") {
          if (one === other && Math.abs(lba - toLba) < count) continue;
          await copyAll(one.store, lba, count, other.store, toLba);
          other.model.set(one.model.slice(begin, end), toLba * BLOCK);
        } else if (kind === "snapshot" && cloneUnit > 0) {
          const snapshot = await snapshotOf(one.store, lba, count);
          kept = { snapshot, model: one.model.slice(begin, end) };
        } else if (kind === "back" && kept !== undefined) {
          const { blockCount } = kept.snapshot.geometry;
          const at = Math.min(toLba, BLOCKS - blockCount);
          await copyAll(kept.snapshot, 0, blockCount, other.store, at);
          other.model.set(kept.model, at * BLOCK);
        }
      }
      for (const { store, model } of stores) {
        const into = fill(BLOCKS, 0xa5);
        assertEquals(await store.read(0, BLOCKS, into, 0), OK);
        assertEquals(into, model);
      }
    },
  );
  await fc.assert(property, { numRuns: 300, seed: 29 });
});
