import { assert, assertEquals } from "@std/assert";
import type { SequentialMode } from "../../../../core/mod.ts";
import { eventText } from "../../../../ctladm/trace/lines.ts";
import {
  type CamRig,
  camRig,
  readBlocks,
  within,
} from "../../../support/cam_rig.ts";
import {
  settle,
  targetTest,
  type TestTarget,
} from "../../../support/core_target.ts";
import { MediaOrder } from "../../../support/media_order.ts";
import {
  ShufflingStore,
  storePlugin,
} from "../../../support/shuffling_store.ts";
import { FRAME } from "../../../../frontends/camtgt/wire/frame.ts";

const MODES: readonly SequentialMode[] = ["off", "soft", "read", "on"];

async function rigWith(test: TestTarget, serseq: string): Promise<CamRig> {
  await test.addLun({ backend: "controlled", options: { serseq } });
  return await camRig(test);
}

/** What was asked of the store since the last look. */
function calls({ test }: CamRig): string {
  return test.driver.store.calls.splice(0).join(", ");
}

// Two reads in sequence: the data of the first stay on the wire.
for (const serseq of MODES) {
  targetTest(
    `serseq ${serseq} over a wire that takes its time`,
    async (test) => {
      const rig = await rigWith(test, serseq);
      const { initiator, filter } = await rig.ready(1n);
      filter.holdBack(({ type }) => type === FRAME.DATA);
      test.driver.store.holding = true;
      const first = initiator.send(readBlocks(0, 8));
      const second = initiator.send(readBlocks(8, 8));
      await settle();
      const together = serseq === "off" || serseq === "soft";
      assertEquals(calls(rig), together ? "read 0 8, read 8 8" : "read 0 8");
      test.driver.store.answerHeld();
      await settle();
      // The media are read: the next may begin, wherever the data are.
      assertEquals(calls(rig), together ? "" : "read 8 8");
      test.driver.store.answerAll();
      await settle();
      assertEquals(test.target.luns.get(0)?.taskSet.size, 2);
      filter.letGo();
      const ends = [await within(first.ended), await within(second.ended)];
      assertEquals(ends.map(({ status }) => status), [0, 0]);
      assertEquals(test.target.luns.get(0)?.taskSet.size, 0);
    },
  );
}

targetTest("A trace shows the overlap of sequential reads", async (test) => {
  const rig = await rigWith(test, "read");
  const { initiator, filter } = await rig.ready(1n);
  filter.holdBack(({ type }) => type === FRAME.DATA);
  test.driver.store.holding = true;
  const trace = test.target.tracing.start();
  const sent = [readBlocks(0, 8), readBlocks(8, 8)]
    .map((command) => initiator.send(command));
  await settle();
  test.host.clock.advance(3);
  test.driver.store.answerHeld();
  await settle();
  test.host.clock.advance(1);
  test.driver.store.answerAll();
  await settle();
  filter.letGo();
  for (const { ended } of sent) await within(ended);
  const [a = 0, b = 0] = sent.map(({ tag }) => tag);
  const texts = trace.records(0, 100)
    .map((record) => `${record.tag === a ? "a" : "b"} ${eventText(record)}`);
  assertEquals(b, a + 1);
  assertEquals(texts, [
    "a READ(10) arrives, LBA 0 + 8",
    "a READ(10) executes",
    "a store read LBA 0 + 8",
    "a waits for store",
    "b READ(10) arrives, LBA 8 + 8",
    `b blocked by READ(10) tag ${a} of naa.0000000000000001`,
    "a waited 3.000 ms for store",
    "a store read: ok",
    // The second begins while the data of the first are on their way.
    "b unblocked after 3.000 ms",
    "b READ(10) executes",
    "a Data-In of 4096 bytes from byte 0 on",
    "a Data-In: 4096 bytes moved",
    "b store read LBA 8 + 8",
    "b waits for store",
    "a waits for Data-In",
    "b waited 1.000 ms for store",
    "b store read: ok",
    "b Data-In of 4096 bytes from byte 0 on",
    "b Data-In: 4096 bytes moved",
    "b waits for Data-In",
    "a waited 1.000 ms for Data-In",
    "a READ(10) GOOD",
    "b waited 0.000 ms for Data-In",
    "b READ(10) GOOD",
  ]);
});

/** Milliseconds of the clock that reads in sequence take, at some depth. */
async function timeOf(rig: CamRig, reads: number): Promise<number> {
  const { clock } = rig.test.host;
  const { initiator } = await rig.ready(1n);
  const beganMs = clock.nowMs();
  const ended = Array.from(
    { length: reads },
    (_, at) => initiator.execute(readBlocks(at, 1)),
  );
  let isOver = false;
  Promise.all(ended).then(() => isOver = true);
  await settle();
  while (!isOver && clock.nowMs() - beganMs < 10 * reads) {
    clock.advance(1);
    await settle(500);
  }
  assert(isOver, "They do not end");
  return clock.nowMs() - beganMs;
}

targetTest("Moves of 1 ms hold up nobody but their own read", async (test) => {
  await test.addLun({ backend: "controlled", options: { serseq: "read" } });
  const rig = await camRig(test, { move_ms: "1" });
  // Attentions are heard over the same wire: that takes time, too.
  const early = await timeWithTicks(rig);
  assertEquals(early < 8, true, `${early} ms`);
});

targetTest("Unblocked at their end they take turns", async (test) => {
  const unit = await test.addLun({
    backend: "controlled",
    options: { serseq: "read" },
  });
  unit.taskSet.sequentialDone = () => {};
  const rig = await camRig(test, { move_ms: "1" });
  const late = await timeWithTicks(rig);
  assertEquals(late >= 32, true, `${late} ms`);
});

const READS = 32;

function timeWithTicks(rig: CamRig): Promise<number> {
  return timeOf(rig, READS);
}

targetTest("Soft: the last read is asked for, then the next", async (test) => {
  const store = new ShufflingStore(512, 8192);
  // The second read is at hand, the first is not.
  store.atOnce = (lba) => lba >= 4096;
  const order = new MediaOrder(store, "soft");
  const plugin = storePlugin("shuffling", order);
  test.plugins.set("shuffling", Promise.resolve(plugin));
  await test.addLun({ backend: "shuffling", options: { serseq: "soft" } });
  const rig = await camRig(test);
  const { initiator } = await rig.ready(1n);
  const sent = [[0, 4096], [4096, 8]].map(([lba = 0, blocks = 0]) => {
    order.arrives(lba, blocks, false);
    return initiator.send(readBlocks(lba, blocks));
  });
  for (const waiting of [1, 1, 0]) {
    await settle();
    assertEquals(store.waiting, waiting);
    store.answer(0);
  }
  assertEquals([order.violations, order.calls], [[], 3]);
  for (const { ended } of sent) assertEquals((await within(ended)).status, 0);
});
