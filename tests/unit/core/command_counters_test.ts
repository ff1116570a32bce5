import { assertEquals } from "@std/assert";
import {
  bucketLimitSeconds,
  bucketOf,
  type CommandTally,
  LATENCY_BUCKETS,
  type LogicalUnit,
  OUTCOME,
  SENSE_KEY,
  STATUS,
  TRANSFER,
  UNKNOWN_OPCODE,
} from "../../../core/mod.ts";
import { targetTest, type TestTarget } from "../../support/core_target.ts";
import {
  compareAndWrite,
  read10,
  reserve6,
  testUnitReady,
  unmap,
  unmapList,
  write10,
} from "../../support/initiator/mod.ts";
import { FUNCTION, SILENT } from "../../support/local_initiator.ts";

Deno.test("bucketOf() holds each latency below its bucket's limit", () => {
  const rows: readonly (readonly [timeUs: number, bucket: number])[] = [
    [-5, 0],
    [0, 0],
    [1, 0],
    [1.001, 1],
    [2, 1],
    [2.5, 2],
    [4, 2],
    [1000, 10],
    [1024, 10],
    [1024.5, 11],
    [2 ** 23, 23],
    [2 ** 23 + 1, 24],
    [2 ** 40, 24],
  ];
  for (const [timeUs, bucket] of rows) {
    assertEquals(bucketOf(timeUs / 1000), bucket, `${timeUs} us`);
    assertEquals(timeUs / 1e6 <= bucketLimitSeconds(bucket), true);
  }
  assertEquals(bucketLimitSeconds(LATENCY_BUCKETS - 1), Infinity);
});

/** Outcomes that were seen of one operation code, as `[outcome, count]`. */
function outcomes(tally: CommandTally, opcode: number): number[][] {
  return [...tally.read(opcode).outcomes.entries()]
    .filter(([, count]) => count > 0);
}

targetTest("CommandTally tells outcomes apart, by opcode", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const b = await test.connectReady("b");
  const write = new Uint8Array(512);
  await a.command(0, write10(0, 1), { write });
  await a.command(0, read10(0, 1), { read: 512 });
  await a.command(0, read10(0xffffff, 1), { read: 512 });
  await a.command(0, reserve6());
  await b.command(0, read10(0, 1), { read: 512 });
  await a.command(0, [0x17, 0, 0, 0, 0, 0]);
  await a.command(0, [0xee, 0, 0, 0, 0, 0]);
  await a.command(0, [0x2a, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
  const { statistics } = unit;
  assertEquals(outcomes(statistics, 0x2a), [
    [SENSE_KEY.ILLEGAL_REQUEST, 1],
    [OUTCOME.GOOD, 1],
  ]);
  assertEquals(outcomes(statistics, 0x28), [
    [SENSE_KEY.ILLEGAL_REQUEST, 1],
    [OUTCOME.GOOD, 1],
    [OUTCOME.RESERVATION_CONFLICT, 1],
  ]);
  assertEquals(outcomes(statistics, UNKNOWN_OPCODE), [
    [SENSE_KEY.ILLEGAL_REQUEST, 1],
  ]);
  assertEquals(statistics.read(0x2a).bytesOut, 512);
  assertEquals(statistics.read(0x28).bytesIn, 512);
});

targetTest("CommandTally counts every command once", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const b = await test.connectReady("b");
  await a.command(0, read10(0, 1), { read: 512 });
  await b.command(0, read10(0xffffff, 1), { read: 512 });
  const total = unit.statistics.total();
  assertEquals(total.commands, sum(total.buckets));
  assertEquals(test.port.statistics.total(), total);
  const ofA = a.nexus.statistics.total().commands;
  const ofB = b.nexus.statistics.total().commands;
  assertEquals(ofA + ofB, total.commands);
  await a.disconnect();
  assertEquals(test.port.statistics.total(), total);
});

targetTest("CommandTally measures from arrival to end", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const before = unit.statistics.read(0x2a);
  test.host.clock.advance(1000);
  a.hold();
  const write = new Uint8Array(512);
  const held = a.command(0, write10(0, 1), {
    write,
    immediate: 0,
    arrivedMs: 1000,
  });
  test.host.clock.advance(3);
  a.resume();
  await held;
  const after = unit.statistics.read(0x2a);
  assertEquals(after.timeMs - before.timeMs, 3);
  assertEquals(after.buckets[bucketOf(3)], 1);
  // What the initiator took its time for is time of the data move.
  assertEquals(unit.statistics.of(TRANSFER.WRITE).dmaTimeMs, 3);
});

targetTest("CommandTally times the wait for room to send", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  a.hold();
  const held = a.command(0, read10(0, 1), { read: 512 });
  test.host.clock.advance(7);
  a.resume();
  await held;
  assertEquals(unit.statistics.of(TRANSFER.READ).dmaTimeMs, 7);
});

targetTest("CommandTally tells aborts apart from the rest", async (test) => {
  const unit = await test.addLun();
  const a = await test.connectReady("a");
  const b = await test.connectReady("b");
  await setTaskAbortedStatus(test, unit);
  a.hold();
  const write = new Uint8Array(512);
  const told = a.command(0, write10(0, 1), { write, immediate: 0 });
  await b.manage(FUNCTION.CLEAR_TASK_SET);
  assertEquals((await told).status, STATUS.TASK_ABORTED);
  const silent = a.command(0, write10(0, 1), { write, immediate: 0 });
  await a.manage(FUNCTION.ABORT_TASK_SET);
  assertEquals((await silent).status, SILENT);
  assertEquals(outcomes(unit.statistics, 0x2a), [
    [OUTCOME.TASK_ABORTED, 1],
    [OUTCOME.ABORTED, 1],
  ]);
  assertEquals([...test.port.functions], [
    [FUNCTION.CLEAR_TASK_SET, 1],
    [FUNCTION.ABORT_TASK_SET, 1],
  ]);
});

targetTest("Units count blocks, attentions, miscompares", async (test) => {
  const unit = await test.addLun();
  const a = test.connect("a");
  assertEquals((await a.command(0, testUnitReady())).sense, "6/29/00");
  assertEquals(unit.attentionsReported, 1);
  await a.command(0, [3, 0, 0, 0, 18, 0], { read: 18 });
  assertEquals(unit.attentionsReported, 1);
  const list = unmapList([[0, 8], [64, 3]]);
  await a.command(0, unmap(list.length), { write: list });
  assertEquals(unit.unmappedBlocks, 11);
  const write = new Uint8Array(1024).fill(1);
  const answer = await a.command(0, compareAndWrite(0, 1), { write });
  assertEquals(answer.sense, "e/1d/00");
  assertEquals(outcomes(unit.statistics, 0x89), [[SENSE_KEY.MISCOMPARE, 1]]);
});

targetTest("Ports count what no unit has heard of", async (test) => {
  const a = test.connect("a");
  await a.command(9, testUnitReady());
  assertEquals(outcomes(test.port.statistics, 0x00), [
    [SENSE_KEY.ILLEGAL_REQUEST, 1],
  ]);
});

targetTest("Nexuses count what their transport refuses", async (test) => {
  const unit = await test.addLun();
  const { nexus } = await test.connectReady("a");
  const task = nexus.takeTask();
  task.cdb.setUint8(0, 0x28);
  task.status = STATUS.TASK_SET_FULL;
  nexus.refused(task);
  const expected = [[OUTCOME.TASK_SET_FULL, 1]];
  assertEquals(outcomes(unit.statistics, 0x28), expected);
  assertEquals(outcomes(nexus.statistics, 0x28), expected);
  assertEquals(nexus.taskCount, 0);
});

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((all, count) => all + count, 0);
}

// TAS of the control mode page.
async function setTaskAbortedStatus(
  test: TestTarget,
  unit: LogicalUnit,
): Promise<void> {
  const admin = await test.connectReady("admin");
  const sense = [0x1a, 8, 0x0a, 0, 255, 0];
  const write = (await admin.command(0, sense, { read: 255 })).data;
  write[0] = 0;
  write[9] = 0x40;
  const select = [0x15, 0x10, 0, 0, write.length, 0];
  assertEquals((await admin.command(0, select, { write })).status, 0);
  assertEquals(unit.modePages.settings.taskAbortedStatus, true);
  for (const nexus of test.port.nexuses) {
    for (const itl of nexus.itls) itl.pending = 0;
  }
}
