import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  ATTRIBUTE,
  type CommandDefinition,
  SERIALIZATION,
  STATUS,
} from "../../../core/mod.ts";
import {
  hearAttentions,
  isSettled,
  settled,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import {
  type LocalContext,
  LocalInitiator,
} from "../../support/local_initiator.ts";
import type { ScsiTask } from "../../../core/mod.ts";

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const PLANTED = [0xc1, 0, 0, 0, 0, 0];

function write10(lba: number, blocks = 1): number[] {
  return [0x2a, 0, 0, 0, 0, lba, 0, 0, blocks, 0];
}

function read10(lba: number, blocks = 1): number[] {
  return [0x28, 0, 0, 0, 0, lba, 0, 0, blocks, 0];
}

/** Adds a command of the test's own. */
function plant(
  test: TestTarget,
  more: Partial<CommandDefinition>,
): Disposable {
  return test.target.commands.add({
    name: "PLANTED",
    opcode: 0xc1,
    deviceTypes: 7,
    usage: "00 00 00 00 07",
    serialization: SERIALIZATION.INQUIRY,
    direction: "none",
    flags: 0,
    pattern: 0,
    execute: () => STATUS.GOOD,
    ...more,
  });
}

function fail(): never {
  throw new TypeError("planted");
}

const DEFECTS: readonly [string, Partial<CommandDefinition>][] = [
  ["throws", { execute: fail }],
  ["rejects", { execute: () => Promise.reject(new TypeError("planted")) }],
  ["throws when judged", { range: fail }],
  ["throws no Error", {
    execute: () => {
      throw "planted";
    },
  }],
];

for (const [what, definition] of DEFECTS) {
  targetTest(`Dispatcher contains a command that ${what}`, async (test) => {
    await test.addLun();
    const a = await test.connectReady("a");
    plant(test, definition);
    const result = await a.command(0, PLANTED);
    assertEquals([result.status, result.sense], [2, "4/44/00"]);
    test.plantedDefects = 1;
    const errors = test.host.log.lines
      .filter(({ text }) => text.startsWith("error"));
    assertEquals(errors.length, 1);
    assertMatch(String(errors[0]?.fields["error"]), /planted/);
    const next = await a.command(0, TEST_UNIT_READY);
    assertEquals(next.status, STATUS.GOOD);
  });
}

targetTest("Dispatcher counts each defect", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  plant(test, { execute: fail });
  await a.command(0, PLANTED);
  await a.command(0, PLANTED);
  assertEquals(test.target.defects, 2);
  test.plantedDefects = 2;
});

targetTest("Dispatcher contains a store that throws", async (test) => {
  await test.addLun({ backend: "controlled" });
  const a = await test.connectReady("a");
  test.driver.store.read = () => Promise.reject(new RangeError("planted"));
  const result = await a.command(0, read10(0), { read: 512 });
  assertEquals(result.sense, "4/44/00");
  test.plantedDefects = 1;
  assertEquals(a.nexus.buffers.usedBytes, 0);
});

targetTest("Dispatcher sends statuses in the order tasks end", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  const ended: string[] = [];
  const send = (name: string, cdb: number[], data: Uint8Array) =>
    a.command(0, cdb, { write: data, immediate: 0 })
      .then(() => ended.push(name));
  const block = new Uint8Array(512);
  a.hold();
  const all = [
    send("w1", write10(0), block),
    send("w2", write10(0), block),
    send("w3", write10(0), block),
    send("tur", TEST_UNIT_READY, new Uint8Array(0)),
  ];
  a.resume();
  await settled(Promise.all(all));
  assertEquals(ended, ["tur", "w1", "w2", "w3"]);
});

targetTest("Dispatcher needs no deep stack for a long chain", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  const block = new Uint8Array(512).fill(7);
  a.hold();
  const first = a.command(0, write10(0), { write: block, immediate: 0 });
  const others = Array.from(
    { length: 1000 },
    () => a.command(0, write10(0), { write: block }),
  );
  a.resume();
  await first;
  const results = await Promise.all(others);
  assert(results.every(({ status }) => status === STATUS.GOOD));
  assertEquals(a.nexus.taskCount, 0);
});

targetTest(
  "Dispatcher aborts waiters of the task that just ended",
  async (test) => {
    await test.addLun();
    const [a, b, c] = [
      await test.connectReady("a"),
      await test.connectReady("b"),
      await test.connectReady("c"),
    ];
    await register(a, 1n);
    await register(b, 2n);
    c.hold();
    const head = c.command(0, read10(0, 200), {
      read: 200 * 512,
      attribute: ATTRIBUTE.HEAD_OF_QUEUE,
    });
    const preempt = b.command(0, [0x5f, 5, 1, 0, 0, 0, 0, 0, 24, 0], {
      write: reserveList(2n, 1n),
    });
    const victim = a.command(0, write10(0), { write: new Uint8Array(512) });
    assert(!await isSettled(preempt));
    c.resume();
    assertEquals((await settled(head))?.status, STATUS.GOOD);
    assertEquals((await settled(preempt))?.status, STATUS.GOOD);
    assertEquals((await settled(victim))?.status, STATUS.TASK_ABORTED);
  },
);

function reserveList(key: bigint, actionKey: bigint): Uint8Array {
  const list = new DataView(new ArrayBuffer(24));
  list.setBigUint64(0, key);
  list.setBigUint64(8, actionKey);
  return new Uint8Array(list.buffer);
}

async function register(who: LocalInitiator, key: bigint): Promise<void> {
  const cdb = [0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0];
  const result = await who.command(0, cdb, { write: reserveList(0n, key) });
  assertEquals(result.status, STATUS.GOOD);
}

/** Does something while it is told of the end of a command. */
class EagerInitiator extends LocalInitiator {
  /** Ends of commands until then. */
  countdown = 0;
  next: () => void = () => {};

  override sendCommandComplete(task: ScsiTask<LocalContext>): void {
    super.sendCommandComplete(task);
    this.#count();
  }

  override taskEnded(task: ScsiTask<LocalContext>): void {
    super.taskEnded(task);
    this.#count();
  }

  #count(): void {
    this.countdown -= 1;
    if (this.countdown === 0) this.next();
  }
}

targetTest(
  "Dispatcher takes a tag again as soon as it is told",
  async (test) => {
    await test.addLun();
    const a = new EagerInitiator(test.port, "iqn.a,i,0x1");
    await hearAttentions(a);
    let second: Promise<{ status: number; sense: string }> | undefined;
    a.countdown = 1;
    a.next = () => {
      second = a.command(0, TEST_UNIT_READY, { tag: 500 });
    };
    const first = await a.command(0, TEST_UNIT_READY, { tag: 500 });
    assertEquals(first.status, STATUS.GOOD);
    assertEquals((await second)?.sense, "");
  },
);

targetTest(
  "Dispatcher does not abort what takes the place of an aborted task",
  async (test) => {
    await test.addLun();
    const a = new EagerInitiator(test.port, "iqn.a,i,0x1");
    await hearAttentions(a);
    a.hold();
    const data = { write: new Uint8Array(1024), immediate: 0 };
    const aborted = [
      a.command(0, write10(0, 1), data),
      a.command(0, write10(0, 2), data),
      a.command(0, read10(1), { read: 512 }),
      a.command(0, read10(1), { read: 512 }),
    ];
    // The two reads wait for the second write alone: both end with it, and
    // the task of the first is free when the other is told of.
    let late: Promise<{ status: number }> | undefined;
    a.countdown = 3;
    a.next = () => {
      late = a.command(0, write10(50), data);
    };
    const answer = a.manage("ABORT TASK SET");
    const ends = await settled(Promise.all(aborted));
    assertEquals(ends?.map(({ status }) => status), [-1, -1, -1, -1]);
    assertEquals((await settled(answer))?.response, "FUNCTION COMPLETE");
    assert(late !== undefined && !await isSettled(late));
    a.resume();
    assertEquals((await settled(late))?.status, STATUS.GOOD);
  },
);

/** Breaks when it is told of the end of a command. */
class BrokenInitiator extends LocalInitiator {
  override sendCommandComplete(): void {
    throw new TypeError("planted");
  }
}

targetTest("Dispatcher contains a transport that throws", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  const broken = new BrokenInitiator(test.port, "iqn.broken,i,0x1");
  a.hold();
  const write = new Uint8Array(512);
  const first = a.command(0, write10(0), { write, immediate: 0 });
  broken.command(0, [3, 0, 0, 0, 18, 0], { read: 18 });
  const second = a.command(0, write10(0), { write });
  a.resume();
  assertEquals((await settled(first))?.status, STATUS.GOOD);
  assertEquals((await settled(second))?.status, STATUS.GOOD);
  test.plantedDefects = 1;
});

targetTest("Dispatcher counts what ended GOOD, by direction", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const before = [0, 1, 2].map((kind) => unit.statistics.of(kind));
  const write = new Uint8Array(1024).fill(1);
  test.host.clock.advance(100);
  a.hold();
  const held = a.command(0, write10(0, 2), {
    write,
    immediate: 0,
    arrivedMs: 100,
  });
  test.host.clock.advance(5);
  a.resume();
  await held;
  await a.command(0, read10(0, 2), { read: 1024, arrivedMs: 105 });
  await a.command(0, read10(0, 2), { read: 0, arrivedMs: 105 });
  await a.command(0, [0x28, 0, 0xff, 0, 0, 0, 0, 0, 1, 0], { read: 512 });
  const after = [0, 1, 2].map((kind) => unit.statistics.of(kind));
  const [none, reads, writes] = after.map((each, kind) => ({
    bytes: each.bytes - (before[kind]?.bytes ?? 0),
    operations: each.operations - (before[kind]?.operations ?? 0),
    dmas: each.dmas - (before[kind]?.dmas ?? 0),
    timeMs: each.timeMs - (before[kind]?.timeMs ?? 0),
  }));
  assertEquals(none, { bytes: 0, operations: 1, dmas: 0, timeMs: 0 });
  assertEquals(reads, { bytes: 1024, operations: 1, dmas: 1, timeMs: 0 });
  assertEquals(writes, { bytes: 1024, operations: 1, dmas: 1, timeMs: 5 });
  assertEquals(test.port.statistics.of(2).bytes, 1024);
});

targetTest("Dispatcher sums up the time without tasks", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const { clock } = test.host;
  clock.advance(50);
  a.hold();
  const held = a.command(0, read10(0, 200), {
    read: 200 * 512,
    arrivedMs: clock.nowMs(),
  });
  assertEquals(unit.idleMs, 50);
  clock.advance(30);
  a.resume();
  await held;
  clock.advance(7);
  await a.command(0, TEST_UNIT_READY, { arrivedMs: clock.nowMs() });
  assertEquals(unit.idleMs, 57);
});
