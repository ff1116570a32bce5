import { assert, assertEquals } from "@std/assert";
import { ManagementError } from "../../../core/mod.ts";
import { SLICE_MS } from "../../../core/slices.ts";
import {
  settle,
  settled,
  targetTest,
  TestTarget,
} from "../../support/core_target.ts";
import {
  GOOD,
  type LocalInitiator,
  SILENT,
} from "../../support/local_initiator.ts";

// Operations on the medium: what stories cannot show.

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const FORMAT_IMMED = [0x04, 0x10, 0, 0, 0, 0];
const IMMED_LIST = Uint8Array.of(0, 0x02, 0, 0);
const OVERWRITE_IMMED = [0x48, 0x81, 0, 0, 0, 0, 0, 0, 5, 0];
const OVERWRITE_LIST = Uint8Array.of(1, 0, 0, 1, 0xaa);
const EXIT_FAILURE_MODE = [0x48, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0];

/** How a LUN is, after its first unit attention. */
async function readiness(initiator: LocalInitiator): Promise<string> {
  await initiator.command(0, TEST_UNIT_READY);
  return (await initiator.command(0, TEST_UNIT_READY)).sense;
}

/** A target that finds what another one had kept when it was cut off. */
async function afterPowerLoss(
  before: TestTarget,
  check: (after: TestTarget) => Promise<void>,
): Promise<void> {
  const after = new TestTarget();
  for (const name of before.host.state.names("")) {
    const value = before.host.state.read(name);
    if (value !== undefined) after.host.state.write(name, value);
  }
  try {
    await check(after);
  } finally {
    await after.end();
  }
  after.checkRules();
}

const LUN = {
  backend: "controlled",
  sizeBytes: 64 * 1024,
  options: { path: "/x" },
};

targetTest("a format that a loss of power cut off is shown", async (test) => {
  await test.addLun(LUN);
  const a = await test.connectReady("a");
  test.driver.store.holding = true;
  const { status } = await a.command(0, FORMAT_IMMED, { write: IMMED_LIST });
  assertEquals(status, GOOD);
  await afterPowerLoss(test, async (after) => {
    await after.addLun(LUN);
    const b = after.connect("b");
    assertEquals(await readiness(b), "3/31/00");
    await b.command(0, [0x04, 0, 0, 0, 0, 0]);
    assertEquals(await readiness(b), "");
  });
});

targetTest("a sanitize goes on after a loss of power", async (test) => {
  await test.addLun(LUN);
  const a = await test.connectReady("a");
  test.driver.store.holding = true;
  await a.command(0, OVERWRITE_IMMED, { write: OVERWRITE_LIST });
  await afterPowerLoss(test, async (after) => {
    await after.addLun(LUN);
    await settle();
    const b = after.connect("b");
    assertEquals(await readiness(b), "");
    const read = [0x28, 0, 0, 0, 0, 127, 0, 0, 1, 0];
    const { data } = await b.command(0, read, { read: 512 });
    assertEquals(data, new Uint8Array(512).fill(0xaa));
  });
});

targetTest(
  "a sanitize waits for a medium that can be written",
  async (test) => {
    await test.addLun(LUN);
    const a = await test.connectReady("a");
    test.driver.store.holding = true;
    await a.command(0, OVERWRITE_IMMED, { write: OVERWRITE_LIST });
    await afterPowerLoss(test, async (after) => {
      await after.addLun({ ...LUN, options: { path: "/x", readonly: "on" } });
      const b = after.connect("b");
      assertEquals(await readiness(b), "3/31/03");
      const options = new Map(Object.entries(LUN.options));
      await after.target.luns.modify(0, { options });
      await settle();
      assertEquals(await readiness(b), "");
    });
  },
);

for (const bytes of [[], [2], [1, 1, 0, 1, 0, 0, 0, 0]]) {
  targetTest(`a record of ${bytes} is a sanitize that failed`, async (test) => {
    const unit = await test.addLun(LUN);
    unit.state.write("operation", Uint8Array.from(bytes));
    await test.target.luns.remove(0);
    await test.addLun(LUN);
    const a = test.connect("a");
    assertEquals(await readiness(a), "3/31/03");
    assertEquals((await a.command(0, EXIT_FAILURE_MODE)).sense, "5/24/00");
    await a.command(0, OVERWRITE_IMMED, { write: OVERWRITE_LIST });
    await settle();
    assertEquals(await readiness(a), "");
  });
}

targetTest("nothing begins that cannot be kept", async (test) => {
  await test.addLun(LUN);
  const a = await test.connectReady("a");
  const { state } = test.host;
  const write = state.write.bind(state);
  state.write = () => {
    throw new ManagementError("state", "The disk is full");
  };
  const sent = { write: OVERWRITE_LIST };
  assertEquals((await a.command(0, OVERWRITE_IMMED, sent)).sense, "4/44/00");
  assertEquals(await readiness(a), "");
  assertEquals(test.driver.store.calls, []);
  state.write = write;
});

targetTest("an end that cannot be kept is a failure", async (test) => {
  await test.addLun(LUN);
  const a = await test.connectReady("a");
  const { state } = test.host;
  const remove = state.remove.bind(state);
  state.remove = () => {
    throw new ManagementError("state", "The disk is full");
  };
  const cdb = [0x48, 0x21, 0, 0, 0, 0, 0, 0, 5, 0];
  const sent = { write: OVERWRITE_LIST };
  assertEquals((await a.command(0, cdb, sent)).sense, "3/31/03");
  assertEquals((await a.command(0, EXIT_FAILURE_MODE)).sense, "4/44/00");
  assertEquals(await readiness(a), "3/31/03");
  state.remove = remove;
  assertEquals((await a.command(0, EXIT_FAILURE_MODE)).status, GOOD);
  assertEquals(await readiness(a), "");
});

targetTest("a defect of a store ends an operation", async (test) => {
  await test.addLun(LUN);
  const a = await test.connectReady("a");
  test.driver.store.write = () => Promise.reject(new TypeError("planted"));
  const cdb = [0x48, 0x01, 0, 0, 0, 0, 0, 0, 5, 0];
  const sent = { write: OVERWRITE_LIST };
  assertEquals((await a.command(0, cdb, sent)).sense, "3/31/03");
  const lines = test.host.log.lines.splice(0).map(({ text }) => text);
  assert(lines.includes("error: An operation on a medium met a defect"));
});

/** Lets each look at the clock use up a slice, and turns wait to be given. */
function oneTurnAtATime(test: TestTarget): () => void {
  const { clock } = test.host;
  const nowMs = clock.nowMs.bind(clock);
  clock.nowMs = () => {
    clock.advance(SLICE_MS);
    return nowMs();
  };
  let go = () => {};
  clock.nextTurn = () => new Promise((resolve) => go = resolve);
  return () => go();
}

const BLOCK = new Uint8Array(512).fill(7);
const COMPARE_AND_WRITE = [0x89, ...Array(9).fill(0), 0, 0, 0, 1, 0, 0];

function compareAndWriteAt(lba: number): number[] {
  const cdb = [...COMPARE_AND_WRITE];
  cdb[8] = lba >> 8;
  cdb[9] = lba & 0xff;
  return cdb;
}

const LONG: readonly (readonly [string, number[], object])[] = [
  ["WRITE SAME", [0x41, 0, 0, 0, 0, 0, 0, 0x20, 0, 0], { write: BLOCK }],
  ["VERIFY", [0x2f, 0, 0, 0, 0, 0, 0, 0x20, 0, 0], {}],
  ["ORWRITE", [0x8b, ...Array(9).fill(0), 0, 0, 0x20, 0, 0, 0], {
    write: new Uint8Array(0x2000 * 512),
  }],
];

for (const [name, cdb, data] of LONG) {
  targetTest(`${name} lets a COMPARE AND WRITE in between`, async (test) => {
    await test.addLun({ sizeBytes: 2 ** 24 });
    const a = await test.connectReady("a");
    const b = await test.connectReady("b");
    const giveTurn = oneTurnAtATime(test);
    let ended = false;
    const long = a.command(0, cdb, data).finally(() => ended = true);
    await settle();
    for (let lba = 0x3000; !ended; lba += 1) {
      const write = new Uint8Array(1024);
      const swap = b.command(0, compareAndWriteAt(lba), { write });
      const swapped = await settled(swap);
      assertEquals(swapped?.status, GOOD);
      giveTurn();
      await settle();
    }
    assertEquals((await long).status, GOOD);
    test.host.clock.nextTurn = () => Promise.resolve();
  });
}

targetTest("SANITIZE lets other units have their turns", async (test) => {
  await test.addLun({ sizeBytes: 2 ** 22 });
  await test.addLun({ sizeBytes: 2 ** 20 });
  const a = await test.connectReady("a");
  const giveTurn = oneTurnAtATime(test);
  await a.command(0, OVERWRITE_IMMED, { write: OVERWRITE_LIST });
  let turns = 0;
  for (; turns < 1000; turns += 1) {
    await settle();
    const ready = await settled(a.command(0, TEST_UNIT_READY));
    if (ready?.status === GOOD) break;
    const swap = a.command(1, COMPARE_AND_WRITE, {
      write: new Uint8Array(1024),
    });
    assertEquals((await settled(swap))?.status, GOOD);
    giveTurn();
  }
  // 4 MiB in steps of 256 KiB, each a slice of its own.
  assertEquals(turns, 16);
  test.host.clock.nextTurn = () => Promise.resolve();
});

targetTest(
  "a task aborted with its list at hand begins nothing",
  async (test) => {
    await test.addLun(LUN);
    const a = await test.connectReady("a");
    a.hold();
    const command = a.command(0, [0x48, 0x01, 0, 0, 0, 0, 0, 0, 5, 0], {
      write: OVERWRITE_LIST,
      immediate: 0,
    });
    await settle();
    // The list and the abort come in one turn.
    a.resume();
    const answer = await settled(a.manage("ABORT TASK SET"));
    assertEquals(answer?.response, "FUNCTION COMPLETE");
    assertEquals((await command).status, SILENT);
    assertEquals(test.driver.store.calls, []);
    assertEquals(await readiness(a), "");
  },
);
