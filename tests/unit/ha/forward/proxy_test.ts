import { assert, assertEquals } from "@std/assert";
import {
  DATA_IN_WINDOW_BYTES,
  PIECE_BYTES,
  TASKS_MAX,
} from "../../../../ha/forward/limits.ts";
import { KIND } from "../../../../ha/forward/wire/kinds.ts";
import {
  encodeWant,
  WANT_LENGTH,
} from "../../../../ha/forward/wire/transfer.ts";
import { assertBytes, patternBytes } from "../../../support/bytes.ts";
import { settle } from "../../../support/core_target.ts";
import { BLOCK, read, RETRY } from "../../../support/forward_commands.ts";
import { HaPair, pairTest, SILENT_MS } from "../../../support/ha_pair.ts";
import { read10, write10 } from "../../../support/initiator/cdb_block.ts";
import { testUnitReady } from "../../../support/initiator/cdb_primary.ts";
import { FUNCTION, GOOD, SILENT } from "../../../support/local_initiator.ts";

const BUSY = 0x08;

function proxyTest(name: string, body: (pair: HaPair) => Promise<void>) {
  pairTest(name, "proxy", async (pair) => {
    await pair.addLun({ backend: "controlled", options: { atonce: "on" } });
    await body(pair);
  });
}

proxyTest("Forwarding: a small read is one frame each way", async (pair) => {
  const a = await pair.ready("a");
  const { near, far } = pair;
  near.link.counts.clear();
  far.link.counts.clear();
  const results = await Promise.all(
    Array.from({ length: 32 }, (_, lba) => read(a, lba, 8)),
  );
  assert(results.every(({ status }) => status === GOOD));
  assertEquals([...near.link.counts], [[KIND.COMMAND, 32]]);
  assertEquals([...far.link.counts], [[KIND.DATA_IN, 32]]);
});

proxyTest("Forwarding: a small write is one frame each way", async (pair) => {
  const a = await pair.ready("a");
  const { near, far } = pair;
  near.link.counts.clear();
  far.link.counts.clear();
  await a.command(0, write10(0, 8), { write: patternBytes(8 * BLOCK) });
  assertEquals([...near.link.counts], [[KIND.COMMAND, 1]]);
  assertEquals([...far.link.counts], [[KIND.COMPLETE, 1]]);
});

proxyTest("Forwarding: Data-Out leave with their command", async (pair) => {
  const a = await pair.ready("a");
  for (const blocks of [8, 400]) {
    const data = patternBytes(blocks * BLOCK);
    const received = data.slice();
    const writing = a.command(0, write10(0, blocks), { write: received });
    // As a transport does whose receive buffer takes the next command.
    received.fill(0xa5);
    assertEquals((await writing).status, GOOD);
    assertBytes((await read(a, 0, blocks)).data, data);
  }
});

proxyTest("Forwarding: commands of a turn keep their order", async (pair) => {
  const a = await pair.ready("a");
  const long = patternBytes(100 * BLOCK);
  const short = new Uint8Array(8 * BLOCK).fill(7);
  const [first, second] = [
    a.command(0, write10(0, 100), { write: long }),
    a.command(0, write10(0, 8), { write: short }),
  ];
  assertEquals((await first).status, GOOD);
  assertEquals((await second).status, GOOD);
  assertBytes((await read(a, 0, 8)).data, short);
});

proxyTest("Forwarding: a WANT for what was sent", async (pair) => {
  const a = await pair.ready("a");
  pair.far.link.holding = true;
  const data = patternBytes(8 * BLOCK);
  const writing = a.command(0, write10(0, 8), { write: data });
  await settle();
  const want = new Uint8Array(WANT_LENGTH);
  const length = data.length;
  encodeWant(new DataView(want.buffer), { task: 0, offset: 0, length });
  pair.near.link.inject(KIND.WANT, want);
  assertEquals((await writing).sense, RETRY);
  assert(!pair.near.link.isUp);
});

proxyTest("Forwarding: a command at which the link ends", async (pair) => {
  const a = await pair.ready("a");
  const { link } = pair.near;
  const send = link.send.bind(link);
  link.send = (...words) => {
    link.send = send;
    link.cut("its queue is full");
    return send(...words);
  };
  assertEquals((await read(a, 0, 8)).sense, RETRY);
});

proxyTest("Forwarding: Data-Out for a node that stood still", async (pair) => {
  const a = await pair.ready("a");
  const { calls } = pair.farTest.driver.store;
  const before = calls.length;
  a.givesData = false;
  const data = patternBytes(600 * BLOCK);
  const writing = a.command(0, write10(0, 600), { write: data, immediate: 0 });
  await settle();
  pair.far.link.silenceMs = SILENT_MS;
  a.givesData = true;
  a.resume();
  assertEquals((await writing).sense, RETRY);
  assertEquals(calls.length, before);
});

proxyTest("Forwarding: what a slow initiator costs", async (pair) => {
  const a = await pair.ready("a");
  a.hasRoom = false;
  const waiting = Array.from({ length: 16 }, () => read(a, 0, 2048));
  await settle();
  const { counts } = pair.far.link;
  const bytes = (counts.get(KIND.DATA_IN) ?? 0) * PIECE_BYTES;
  assertEquals(bytes, DATA_IN_WINDOW_BYTES);
  a.resume();
  for (const { status } of await Promise.all(waiting)) {
    assertEquals(status, GOOD);
  }
});

proxyTest("Forwarding: a congested link makes data wait", async (pair) => {
  const a = await pair.ready("a");
  const data = patternBytes(1024 * BLOCK);
  pair.near.link.congested = pair.far.link.congested = true;
  const writing = a
    .command(0, write10(0, 1024), { write: data, immediate: 0 });
  await settle();
  assertEquals(pair.near.link.counts.get(KIND.DATA_OUT), undefined);
  pair.near.link.congested = false;
  pair.near.forwarding.linkDrained();
  assertEquals((await writing).status, GOOD);
  const reading = read(a, 0, 1024);
  await settle();
  assertEquals(pair.far.link.counts.get(KIND.DATA_IN), undefined);
  pair.far.link.congested = false;
  pair.far.forwarding.linkDrained();
  assertBytes((await reading).data, data);
});

proxyTest("Forwarding: Data-Out that do not come", async (pair) => {
  const a = await pair.ready("a");
  a.givesData = false;
  const data = patternBytes(600 * BLOCK);
  const writing = a.command(0, write10(0, 600), {
    write: data,
    immediate: 512,
  });
  await settle();
  a.loseDataOut();
  assertEquals((await writing).sense, "b/47/05");
  assertEquals((await read(a, 0, 1)).status, GOOD);
});

proxyTest("Forwarding: a command that fails amid its data", async (pair) => {
  const a = await pair.ready("a");
  a.givesData = false;
  const data = patternBytes(1500 * BLOCK);
  const writing = a.command(0, write10(0, 1500), { write: data, immediate: 0 });
  await settle();
  pair.far.target.luns.get(0)?.setAccess(0x3);
  const aborts = [...pair.shown.nexuses].map((nexus) => nexus.nexusLost());
  assertEquals((await writing).status, SILENT);
  await Promise.all(aborts);
  a.resume();
});

proxyTest("Forwarding: data that wait survive the link", async (pair) => {
  const a = await pair.ready("a");
  const data = patternBytes(100 * BLOCK);
  await a.command(0, write10(0, 100), { write: data });
  a.hasRoom = false;
  const reading = read(a, 0, 100);
  const long = a.command(0, read10(0, 2048), { read: 2048 * BLOCK });
  await settle();
  pair.near.link.cut("the test cut it");
  a.resume();
  assertBytes((await reading).data, data);
  await long;
  pair.connect();
  const many = Array.from({ length: 10 }, () => read(a, 0, 2048));
  for (const { status } of await Promise.all(many)) assertEquals(status, GOOD);
});

proxyTest("Forwarding: the link ends while data are fetched", async (pair) => {
  const a = await pair.ready("a");
  a.givesData = false;
  const data = patternBytes(600 * BLOCK);
  const writing = a.command(0, write10(0, 600), { write: data, immediate: 0 });
  await settle();
  pair.near.link.cut("the test cut it");
  assertEquals((await writing).sense, RETRY);
  a.resume();
  pair.connect();
  await settle();
  assertEquals((await read(a, 0, 1)).status, GOOD);
});

proxyTest("Forwarding: an abort crosses the end of its task", async (pair) => {
  const a = await pair.ready("a");
  pair.far.link.holding = true;
  const reading = read(a, 0, 8);
  const testing = a.command(0, testUnitReady());
  await settle();
  const aborted = a.manage(FUNCTION.ABORT_TASK_SET);
  await settle();
  pair.far.link.resume();
  assertEquals((await aborted).response, "FUNCTION COMPLETE");
  assertEquals((await reading).status, SILENT);
  assertEquals((await testing).status, SILENT);
  assertEquals((await read(a, 0, 8)).status, GOOD);
});

proxyTest("Forwarding: an abort in the turn of its command", async (pair) => {
  const a = await pair.ready("a");
  pair.near.link.counts.clear();
  const sent = read(a, 0, 8);
  const abortedToo = a.manage(FUNCTION.ABORT_TASK_SET);
  assertEquals((await sent).status, SILENT);
  await abortedToo;
  assertEquals(pair.near.link.counts.get(KIND.COMMAND), 1);
});

proxyTest("Forwarding: more tasks than the link takes", async (pair) => {
  const a = await pair.ready("a");
  pair.near.link.holding = true;
  const results = Array.from(
    { length: TASKS_MAX + 1 },
    () => a.command(0, testUnitReady()),
  );
  assertEquals((await results.at(-1))?.status, BUSY);
  pair.near.link.resume();
  const ends = await Promise.all(results);
  const good = ends.filter(({ status }) => status === GOOD).length;
  assertEquals(good, TASKS_MAX);
});
