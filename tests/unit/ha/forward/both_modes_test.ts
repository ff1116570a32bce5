import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../../support/bytes.ts";
import { settle, settled } from "../../../support/core_target.ts";
import { HaPair, type PairMode, pairTest } from "../../../support/ha_pair.ts";
import {
  read10,
  unmap,
  unmapList,
  write10,
} from "../../../support/initiator/cdb_block.ts";
import {
  modeSelect6,
  modeSense6,
  testUnitReady,
} from "../../../support/initiator/cdb_primary.ts";
import {
  BLOCK,
  read,
  RETRY,
  write,
} from "../../../support/forward_commands.ts";
import { FUNCTION, GOOD, SILENT } from "../../../support/local_initiator.ts";

const RESERVE = [0x16, 0, 0, 0, 0, 0];
const RELEASE = [0x17, 0, 0, 0, 0, 0];
const CONFLICT = 0x18;
const BUSY = 0x08;
const TASK_ABORTED = 0x40;

function bothModes(name: string, body: (pair: HaPair) => Promise<void>) {
  const modes: readonly PairMode[] = ["proxy", "shared"];
  for (const mode of modes) {
    pairTest(name, mode, async (pair) => {
      await pair.addLun({ backend: "controlled", options: { atonce: "on" } });
      await body(pair);
    });
  }
}

bothModes("Forwarding: moves data both ways", async (pair) => {
  const a = await pair.ready("a");
  const b = await pair.readyFar("b");
  for (const blocks of [1, 8, 127, 600, 2048]) {
    const data = patternBytes(blocks * BLOCK, blocks);
    assertEquals((await write(a, 0, data)).status, GOOD);
    assertBytes((await read(a, 0, blocks)).data, data);
    assertBytes((await read(b, 0, blocks)).data, data);
  }
});

bothModes("Forwarding: Data-Out that is asked for", async (pair) => {
  const a = await pair.ready("a");
  const data = patternBytes(1200 * BLOCK, 3);
  const { status, transferLength } = await a
    .command(0, write10(5, 1200), { write: data, immediate: 700 });
  assertEquals([status, transferLength], [GOOD, data.length]);
  assertBytes((await read(a, 5, 1200)).data, data);
});

bothModes("Forwarding: a slow initiator holds up nobody else", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.ready("b")];
  const data = patternBytes(2048 * BLOCK, 9);
  await write(b, 0, data);
  a.hasRoom = false;
  const waiting = Array.from({ length: 8 }, () => read(a, 0, 2048));
  await settle();
  assertBytes((await read(b, 0, 2048)).data, data);
  a.roomBytes = 3 * BLOCK;
  a.resume();
  for (const { data: found } of await Promise.all(waiting)) {
    assertBytes(found, data);
  }
});

bothModes("Forwarding: sense, residuals, errors of the store", async (pair) => {
  const a = await pair.ready("a");
  assertEquals((await read(a, 2048, 1)).sense, "5/21/00");
  const beyond = await read(a, 2047, 2);
  assertEquals([beyond.sense, beyond.senseValue?.information], [
    "5/21/00",
    2048,
  ]);
  const less = await a.command(0, read10(0, 4), { read: 700 });
  assertEquals([less.data.length, less.transferLength], [700, 2048]);
  const more = await a.command(0, read10(0, 1), { read: 4096 });
  assertEquals([more.data.length, more.transferLength], [512, 512]);
  pair.farTest.driver.store.fail("write", "medium");
  assertEquals((await write(a, 0, patternBytes(512))).sense, "3/0c/02");
  pair.farTest.driver.store.fail("read", "medium");
  assertEquals((await read(a, 0, 1)).sense, "3/11/00");
  const list = Uint8Array.of(
    0,
    0,
    0,
    0,
    0x0a,
    10,
    2,
    0,
    8,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  );
  const bad = await a
    .command(0, modeSelect6(list.length), { write: list });
  assertEquals(bad.sense, "5/26/00");
  assertEquals(bad.senseValue?.field?.inCdb, false);
});

bothModes("Forwarding: one order for both nodes", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  store.holding = true;
  const first = write(a, 0, patternBytes(BLOCK, 1));
  await settle();
  const second = write(b, 0, patternBytes(BLOCK, 2));
  const other = write(b, 1, patternBytes(BLOCK, 3));
  const third = write(a, 0, patternBytes(BLOCK, 4));
  await settle();
  assertEquals(store.calls, ["write 0 1", "write 1 1"]);
  store.answerAll();
  for (const each of [first, second, other, third]) {
    assertEquals((await each).status, GOOD);
  }
  assertBytes((await read(b, 0, 1)).data, patternBytes(BLOCK, 4));
});

bothModes("Forwarding: reservations see the true initiator", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.ready("b")];
  const c = await pair.readyFar("c");
  assertEquals((await a.command(0, RESERVE)).status, GOOD);
  assertEquals((await b.command(0, testUnitReady())).status, CONFLICT);
  assertEquals((await read(c, 0, 1)).status, CONFLICT);
  assertEquals((await read(b, 0, 1)).status, CONFLICT);
  assertEquals((await read(a, 0, 1)).status, GOOD);
  const holder = pair.far.target.luns.get(0)?.reservations.holder;
  assertEquals(holder?.initiator.nexusId, a.nexus.initiator.nexusId);
  assertEquals((await a.command(0, RELEASE)).status, GOOD);
  assertEquals((await b.command(0, RESERVE)).status, GOOD);
  await b.disconnect();
  await settle();
  assertEquals((await read(c, 0, 1)).status, GOOD);
});

bothModes("Forwarding: unit attentions go to the true nexus", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.ready("b")];
  const c = await pair.readyFar("c");
  const wanted = { page: 0x0a, noBlockDescriptors: true };
  const sensed = await a.command(0, modeSense6(wanted), { read: 255 });
  const list = sensed.data.slice();
  list[0] = 0;
  list[6] = (list[6] ?? 0) ^ 0x04; // D_SENSE
  const select = modeSelect6(list.length);
  const { status, sense } = await a.command(0, select, { write: list });
  assertEquals([status, sense], [GOOD, ""]);
  for (const other of [b, c]) {
    assertEquals((await other.command(0, testUnitReady())).sense, "6/2a/01");
    assertEquals((await other.command(0, testUnitReady())).status, GOOD);
  }
  assertEquals((await a.command(0, testUnitReady())).status, GOOD);
});

bothModes(
  "Forwarding: ABORT TASK is answered after the store",
  async (pair) => {
    const a = await pair.ready("a");
    const { store } = pair.farTest.driver;
    store.holding = true;
    const running = write(a, 0, patternBytes(BLOCK, 1));
    await settle();
    assertEquals(store.calls.length, 1);
    const aborted = a.manage(FUNCTION.ABORT_TASK, 0, a.nextTag - 1);
    assertEquals(await settled(aborted), undefined);
    store.answerAll();
    assertEquals((await aborted).response, "FUNCTION COMPLETE");
    assertEquals((await running).status, SILENT);
    assertEquals((await read(a, 0, 1)).status, GOOD);
  },
);

bothModes(
  "Forwarding: an abort of a task that waits for data",
  async (pair) => {
    const a = await pair.ready("a");
    a.givesData = false;
    const data = patternBytes(600 * BLOCK, 1);
    const running = a.command(0, write10(0, 600), {
      write: data,
      immediate: 0,
    });
    await settle();
    await a.manage(FUNCTION.ABORT_TASK, 0, a.nextTag - 1);
    assertEquals((await running).status, SILENT);
    a.resume();
    a.hasRoom = false;
    const reading = read(a, 0, 2048);
    await settle();
    await a.manage(FUNCTION.ABORT_TASK_SET);
    assertEquals((await reading).status, SILENT);
    a.resume();
    assertEquals((await read(a, 0, 2)).status, GOOD);
  },
);

bothModes("Forwarding: LUN RESET reaches tasks of both nodes", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  for (const by of [a, b]) {
    store.holding = true;
    const tasks = [
      write(a, 0, patternBytes(BLOCK, 1)),
      write(b, 5, patternBytes(BLOCK, 1)),
      write(a, 5, patternBytes(BLOCK, 2)),
    ];
    await settle();
    const reset = by.manage(FUNCTION.LOGICAL_UNIT_RESET);
    assertEquals(await settled(reset), undefined);
    store.answerAll();
    assertEquals((await reset).response, "FUNCTION COMPLETE");
    const ends = (await Promise.all(tasks)).map(({ status }) => status);
    assertEquals(
      ends,
      by === a
        ? [SILENT, TASK_ABORTED, SILENT]
        : [TASK_ABORTED, SILENT, TASK_ABORTED],
    );
    for (const each of [a, b]) {
      assertEquals((await each.command(0, testUnitReady())).sense, "6/29/00");
      assertEquals((await each.command(0, testUnitReady())).status, GOOD);
    }
  }
});

bothModes("Forwarding: CLEAR TASK SET and TARGET RESET", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  for (const name of ["CLEAR_TASK_SET", "TARGET_RESET"] as const) {
    store.holding = true;
    const tasks = [
      write(a, 0, patternBytes(BLOCK, 1)),
      write(b, 5, patternBytes(BLOCK, 1)),
    ];
    await settle();
    const done = a.manage(FUNCTION[name]);
    await settle();
    store.answerAll();
    assertEquals((await done).response, "FUNCTION COMPLETE");
    const ends = (await Promise.all(tasks)).map(({ status }) => status);
    assertEquals(ends, [SILENT, TASK_ABORTED]);
  }
  assertEquals((await a.command(0, testUnitReady())).sense, "6/29/03");
  assertEquals((await b.command(0, testUnitReady())).sense, "6/29/03");
});

bothModes("Forwarding: I_T NEXUS RESET drops what is held", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  await a.command(0, RESERVE);
  assertEquals((await read(b, 0, 1)).status, CONFLICT);
  await a.manage(FUNCTION.I_T_NEXUS_RESET);
  assertEquals((await read(b, 0, 1)).status, GOOD);
});

bothModes("Forwarding: queries are answered here", async (pair) => {
  const a = await pair.ready("a");
  const { store } = pair.farTest.driver;
  store.holding = true;
  const running = write(a, 0, patternBytes(BLOCK, 1));
  await settle();
  const tag = a.nextTag - 1;
  const query = await a.manage(FUNCTION.QUERY_TASK, 0, tag);
  assertEquals(query.response, "FUNCTION SUCCEEDED");
  store.answerAll();
  await running;
  const after = await a.manage(FUNCTION.QUERY_TASK_SET);
  assertEquals(after.response, "FUNCTION COMPLETE");
});

bothModes("Forwarding: a tag that is in use", async (pair) => {
  const a = await pair.ready("a");
  const { store } = pair.farTest.driver;
  store.holding = true;
  const data = patternBytes(BLOCK, 1);
  const first = a.command(0, write10(0, 1), { write: data, tag: 77 });
  await settle();
  const second = a.command(0, write10(9, 1), { write: data, tag: 77 });
  await settle();
  store.answerAll();
  assertEquals((await second).sense, "b/4d/4d");
  assertEquals((await first).status, SILENT);
});

bothModes("Forwarding: the end of the link is a retry", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  pair.far.link.holding = true;
  const tasks = [
    a.command(0, testUnitReady()),
    read(a, 0, 1),
    write(a, 0, patternBytes(BLOCK, 1)),
  ];
  await settle();
  pair.near.link.cut("the test cut it");
  for (const each of tasks) assertEquals((await each).sense, RETRY);
  assertEquals((await read(a, 0, 1)).sense, RETRY);
  pair.far.link.holding = false;
  pair.connect();
  assertEquals((await read(a, 0, 1)).status, GOOD);
  assertEquals((await write(b, 0, patternBytes(BLOCK, 1))).status, GOOD);
  assertEquals(store.calls.at(-1), "tryWrite 0 1");
});

bothModes("Forwarding: a lost link leaves the reservations", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  await a.command(0, RESERVE);
  pair.near.link.cut("the test cut it");
  assertEquals((await read(b, 0, 1)).status, CONFLICT);
  pair.connect();
  await settle();
  assertEquals((await read(b, 0, 1)).status, CONFLICT);
  assertEquals((await read(a, 0, 1)).status, GOOD);
  pair.near.link.cut("the test cut it");
  await a.disconnect();
  pair.connect();
  await settle();
  assertEquals((await read(b, 0, 1)).status, GOOD);
});

bothModes("Forwarding: a restarted peer has no initiators", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  await a.command(0, RESERVE);
  pair.near.link.cut("the test cut it");
  pair.connect(true);
  await settle();
  assertEquals((await read(b, 0, 1)).status, GOOD);
});

bothModes("Forwarding: a node that stood still serves nobody", async (pair) => {
  const a = await pair.ready("a");
  pair.far.link.silenceMs = 2000;
  const { calls } = pair.farTest.driver.store;
  const before = calls.length;
  assertEquals((await write(a, 0, patternBytes(BLOCK, 1))).sense, RETRY);
  assertEquals(calls.length, before);
  pair.far.link.silenceMs = 0;
  assertEquals((await write(a, 0, patternBytes(BLOCK, 1))).status, GOOD);
});

bothModes("Forwarding: a port that is not there yet", async (pair) => {
  await pair.far.target.ports.remove(pair.shown);
  const a = pair.initiator("a");
  const tur = () => a.command(0, testUnitReady());
  await tur();
  assertEquals((await tur()).status, BUSY);
});

bothModes("Forwarding: UNMAP", async (pair) => {
  const options = { atonce: "on", unmaps: "native" };
  await pair.addLun({ backend: "controlled", number: 1, options });
  const a = await pair.ready("a");
  const data = patternBytes(4 * BLOCK, 1);
  await a.command(1, write10(0, 4), { write: data });
  const list = unmapList([[1, 2]]);
  const { status, sense } = await a
    .command(1, unmap(list.length), { write: list });
  assertEquals([status, sense], [GOOD, ""]);
  const found = await a.command(1, read10(0, 4), { read: 4 * BLOCK });
  data.fill(0, BLOCK, 3 * BLOCK);
  assertBytes(found.data, data);
  assert(found.status === GOOD);
});
