import { assert, assertEquals } from "@std/assert";
import { ACCESS } from "../../../../core/mod.ts";
import { KIND } from "../../../../ha/forward/wire/kinds.ts";
import { assertBytes, patternBytes } from "../../../support/bytes.ts";
import { isSettled, settle } from "../../../support/core_target.ts";
import {
  BLOCK,
  read,
  RETRY,
  write,
} from "../../../support/forward_commands.ts";
import { HaPair, pairTest, SILENT_MS } from "../../../support/ha_pair.ts";
import { read10 } from "../../../support/initiator/cdb_block.ts";
import { testUnitReady } from "../../../support/initiator/cdb_primary.ts";
import { FUNCTION, GOOD } from "../../../support/local_initiator.ts";

const BUSY = 0x08;
const TASK_ABORTED = 0x40;

function sharedTest(name: string, body: (pair: HaPair) => Promise<void>) {
  pairTest(name, "shared", async (pair) => {
    await pair.addLun({ backend: "controlled", options: { atonce: "on" } });
    await body(pair);
  });
}

sharedTest("A grant: data do not pass the link", async (pair) => {
  const a = await pair.ready("a");
  const data = patternBytes(64 * BLOCK);
  await write(a, 0, data);
  assertBytes((await read(a, 0, 64)).data, data);
  const { counts } = pair.far.link;
  assertEquals([counts.get(KIND.GRANT), counts.get(KIND.DATA_IN)], [
    2,
    undefined,
  ]);
  assertEquals(pair.near.link.counts.get(KIND.FINISH), 2);
  assertEquals(pair.near.link.dataBytesMax, 0);
});

sharedTest(
  "A grant: what has no medium is run by the far node",
  async (pair) => {
    const a = await pair.ready("a");
    const { counts } = pair.far.link;
    counts.clear();
    assertEquals((await a.command(0, testUnitReady())).status, GOOD);
    assertEquals([...counts.keys()], [KIND.COMPLETE]);
  },
);

sharedTest("A place: its tag is free when its command ended", async (pair) => {
  const a = await pair.ready("a");
  const { link } = pair.near;
  const again = () => a.command(0, read10(0, 1), { read: BLOCK, tag: 7143 });
  link.holding = true;
  const first = again();
  await settle();
  link.deliver();
  assertEquals((await first).status, GOOD);
  // The end of the first and the second one come in one piece.
  const second = again();
  await settle();
  assertEquals(link.waiting, 2);
  link.resume();
  assertEquals((await second).sense, "");
});

sharedTest("A place: kept by a write whose link has ended", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  store.holding = true;
  const mine = write(a, 0, patternBytes(BLOCK, 1));
  await settle();
  pair.near.link.cut("the test cut it");
  const others = write(b, 0, patternBytes(BLOCK, 2));
  const beside = write(b, 1, patternBytes(BLOCK, 3));
  store.answerAll();
  assertEquals((await beside).status, GOOD);
  assert(!await isSettled(others));
  assertEquals((await mine).status, GOOD);
  assert(!await isSettled(others), "the far node cannot know that yet");
  pair.far.forwarding.peerFenced();
  assertEquals((await others).status, GOOD);
  assertBytes((await read(b, 0, 1)).data, patternBytes(BLOCK, 2));
});

sharedTest("A place: not kept by a read whose link has ended", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  store.holding = true;
  const mine = read(a, 0, 1);
  await settle();
  pair.near.link.cut("the test cut it");
  const others = write(b, 0, patternBytes(BLOCK, 2));
  store.answerAll();
  assertEquals((await others).status, GOOD);
  assertEquals((await mine).status, GOOD);
});

sharedTest("A place: given back when the link is up again", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  store.holding = true;
  const [long, short] = [
    write(a, 0, patternBytes(BLOCK, 1)),
    write(a, 1, patternBytes(BLOCK, 1)),
  ];
  await settle();
  pair.near.link.cut("the test cut it");
  const behindLong = write(b, 0, patternBytes(BLOCK, 2));
  const behindShort = write(b, 1, patternBytes(BLOCK, 2));
  await settle();
  const [, second] = store.calls.splice(0);
  assertEquals(second, "write 1 1");
  store.answerOne(1);
  assertEquals((await short).status, GOOD);
  pair.connect();
  await settle();
  store.answerOne(1);
  assertEquals((await behindShort).status, GOOD);
  assert(!await isSettled(behindLong), "it is still running");
  store.answerAll();
  assertEquals((await long).status, GOOD);
  assertEquals((await behindLong).status, GOOD);
});

sharedTest("A place: free when the near node is another one", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  store.holding = true;
  const mine = write(a, 0, patternBytes(BLOCK, 1));
  await settle();
  pair.near.link.cut("the test cut it");
  const others = write(b, 0, patternBytes(BLOCK, 2));
  assert(!await isSettled(others));
  pair.far.forwarding.peerGone();
  store.answerAll();
  assertEquals((await others).status, GOOD);
  await mine;
});

sharedTest(
  "A place: a reset waits until the near node is done",
  async (pair) => {
    const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
    const { store } = pair.farTest.driver;
    store.holding = true;
    const mine = write(a, 0, patternBytes(BLOCK, 1));
    await settle();
    pair.near.link.cut("the test cut it");
    const reset = b.manage(FUNCTION.LOGICAL_UNIT_RESET);
    assert(!await isSettled(reset));
    pair.far.forwarding.peerFenced();
    assertEquals((await reset).response, "FUNCTION COMPLETE");
    store.answerAll();
    await mine;
  },
);

sharedTest("A grant: revoked by another initiator", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  store.holding = true;
  const mine = write(a, 0, patternBytes(4096 * BLOCK / 2, 1));
  await settle();
  const cleared = b.manage(FUNCTION.CLEAR_TASK_SET);
  assert(!await isSettled(cleared));
  store.answerAll();
  assertEquals((await cleared).response, "FUNCTION COMPLETE");
  assertEquals((await mine).status, TASK_ABORTED);
});

sharedTest("A grant: stopped when the far node may act", async (pair) => {
  const a = await pair.ready("a");
  a.givesData = false;
  const { store } = pair.farTest.driver;
  const data = patternBytes(2 * BLOCK, 1);
  const running = a.command(0, [0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0], {
    write: data,
    immediate: 0,
  });
  await settle();
  const before = store.calls.length;
  pair.near.forwarding.stopGranted();
  assertEquals((await running).status, BUSY);
  assertEquals(store.calls.length, before);
  a.resume();
});

sharedTest("A grant: too late for a node that stood still", async (pair) => {
  const a = await pair.ready("a");
  const { store } = pair.farTest.driver;
  const before = store.calls.length;
  pair.far.link.holding = true;
  const mine = write(a, 0, patternBytes(BLOCK, 1));
  await settle();
  pair.near.link.silenceMs = SILENT_MS;
  pair.far.link.resume();
  assertEquals((await mine).sense, RETRY);
  assertEquals(store.calls.length, before);
  pair.near.link.silenceMs = 0;
});

sharedTest("A place: a far node that gives the unit up", async (pair) => {
  const [a, b] = [await pair.ready("a"), await pair.readyFar("b")];
  const { store } = pair.farTest.driver;
  store.holding = true;
  const first = write(b, 0, patternBytes(BLOCK, 1));
  const waiting = write(a, 0, patternBytes(BLOCK, 2));
  await settle();
  pair.far.target.luns.get(0)?.setAccess(ACCESS.TRANSITIONING);
  const late = write(a, 5, patternBytes(BLOCK, 2));
  assertEquals((await late).sense, RETRY);
  store.answerAll();
  assertEquals((await first).status, GOOD);
  assertEquals((await waiting).sense, RETRY);
  pair.far.target.luns.get(0)?.setAccess(ACCESS.OPTIMIZED);
  assertEquals((await write(a, 0, patternBytes(BLOCK, 2))).status, GOOD);
});

sharedTest("A grant: a store that throws is one defect", async (pair) => {
  const a = await pair.ready("a");
  const unit = pair.near.target.luns.get(0);
  const { store } = pair.farTest.driver;
  const thrower = () => {
    throw new TypeError("The test threw");
  };
  assert(unit?.store);
  Object.assign(unit.store, { tryRead: thrower });
  pair.nearTest.plantedDefects = 1;
  assertEquals((await read(a, 0, 1)).sense, "4/44/00");
  Object.assign(unit.store, { tryRead: store.tryRead?.bind(store) });
  assertEquals((await read(a, 0, 1)).status, GOOD);
});
