/**
 * Limits of a unit, by a clock that a test moves: when each command ends.
 */

import { assertEquals } from "@std/assert";
import {
  settle,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import {
  FUNCTION,
  type LocalInitiator,
} from "../../support/local_initiator.ts";

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];

function read(lba: number, blocks: number): number[] {
  return [
    0x28,
    0,
    0,
    0,
    lba >> 8,
    lba & 0xff,
    0,
    blocks >> 8,
    blocks & 0xff,
    0,
  ];
}

/** Sends reads; notes the time at which each ends under a name. */
function sendReads(
  test: TestTarget,
  from: LocalInitiator,
  { count, blocks = 1, name = "" }: {
    readonly count: number;
    readonly blocks?: number;
    readonly name?: string;
  },
  ends: string[],
): void {
  const { clock } = test.host;
  for (let at = 0; at < count; at += 1) {
    void from.command(0, read(0, blocks), { read: blocks * 512 })
      .then(({ status }) => {
        const failed = status === 0 ? "" : ` ${status}`;
        ends.push(`${name}${Math.round(clock.nowMs())}${failed}`);
      });
  }
}

/** Moves time in milliseconds. */
async function advance(test: TestTarget, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 1) {
    await settle(30);
    test.host.clock.advance(1);
  }
  await settle(30);
}

function modify(
  test: TestTarget,
  options: Readonly<Record<string, string>>,
): Promise<unknown> {
  const all = { capacity: "64m", ...options };
  return test.target.luns.modify(0, {
    options: new Map(Object.entries(all)),
  });
}

targetTest("RateLimits spaces commands after a first burst", async (test) => {
  await test.addLun({ options: { iops_limit: "100" } });
  const a = await test.connectReady("a");
  const ends: string[] = [];
  sendReads(test, a, { count: 10 }, ends);
  await advance(test, 100);
  // 50 ms of the limit and one command at once, then one each 10 ms.
  assertEquals(ends, ["0", "0", "0", "0", "0", "0", "10", "20", "30", "40"]);
});

targetTest("RateLimits counts a large command by its bytes", async (test) => {
  await test.addLun({
    sizeBytes: 2 ** 22,
    options: { bandwidth_limit: "1m" },
  });
  const a = await test.connectReady("a");
  const ends: string[] = [];
  sendReads(test, a, { count: 3, blocks: 2048 }, ends);
  sendReads(test, a, { count: 1, blocks: 8, name: "small " }, ends);
  await advance(test, 3000);
  assertEquals(ends, ["0", "950", "1950", "small 2950"]);
});

targetTest("RateLimits holds to both limits", async (test) => {
  const options = { bandwidth_limit: "512k", iops_limit: "10" };
  await test.addLun({ options });
  const a = await test.connectReady("a");
  const ends: string[] = [];
  sendReads(test, a, { count: 3, blocks: 1 }, ends);
  sendReads(test, a, { count: 2, blocks: 512, name: "large " }, ends);
  await advance(test, 1000);
  assertEquals(ends, ["0", "50", "150", "large 250", "large 700"]);
});

targetTest("RateLimits lets go what does not use the medium", async (test) => {
  await test.addLun({ options: { iops_limit: "1" } });
  const a = await test.connectReady("a");
  const ends: string[] = [];
  sendReads(test, a, { count: 2 }, ends);
  assertEquals((await a.command(0, TEST_UNIT_READY)).status, 0);
  assertEquals(ends, ["0"]);
  await advance(test, 1000);
});

targetTest("RateLimits leaves other units alone", async (test) => {
  await test.addLun({ options: { iops_limit: "1" } });
  await test.addLun();
  const a = await test.connectReady("a");
  const ends: string[] = [];
  sendReads(test, a, { count: 3 }, ends);
  for (let at = 0; at < 5; at += 1) {
    const { status } = await a.command(1, read(0, 1), { read: 512 });
    assertEquals(status, 0);
  }
  assertEquals(ends, ["0"]);
  await advance(test, 2000);
  assertEquals(ends, ["0", "950", "1950"]);
});

targetTest("RateLimits shares between initiators", async (test) => {
  await test.addLun({ options: { iops_limit: "100" } });
  const [a, b] = [await test.connectReady("a"), await test.connectReady("b")];
  const ends: string[] = [];
  sendReads(test, a, { count: 40, name: "a" }, ends);
  await advance(test, 1);
  sendReads(test, b, { count: 10, name: "b" }, ends);
  await advance(test, 205);
  const late = ends.filter((end) => Number(end.slice(1)) > 10);
  const ofB = late.filter((end) => end.startsWith("b"));
  assertEquals([late.length, ofB.length], [19, 9]);
  await advance(test, 400);
  assertEquals(ends.length, 50);
});

targetTest("RateLimits shares bytes, not commands", async (test) => {
  await test.addLun({ options: { bandwidth_limit: "1m" } });
  const [a, b] = [await test.connectReady("a"), await test.connectReady("b")];
  const ends: string[] = [];
  sendReads(test, a, { count: 20, blocks: 256, name: "a" }, ends);
  sendReads(test, b, { count: 300, blocks: 8, name: "b" }, ends);
  await advance(test, 2000);
  const count = (name: string) =>
    ends.filter((end) => end.startsWith(name)).length;
  const bytes = [count("a") * 256 * 512, count("b") * 8 * 512];
  const [ofA = 0, ofB = 0] = bytes;
  assertEquals(Math.abs(ofA - ofB) <= 256 * 512, true, `${ofA} ${ofB}`);
  await advance(test, 3000);
});

targetTest("RateLimits lets a waiting command be aborted", async (test) => {
  await test.addLun({ options: { iops_limit: "1" } });
  const a = await test.connectReady("a");
  const ends: string[] = [];
  sendReads(test, a, { count: 1 }, ends);
  const tag = a.nextTag;
  const waiting = a.command(0, read(0, 1), { read: 512 });
  sendReads(test, a, { count: 1 }, ends);
  const { response, tasksFound } = await a.manage(FUNCTION.ABORT_TASK, 0, tag);
  assertEquals([response, tasksFound], ["FUNCTION COMPLETE", 1]);
  assertEquals((await waiting).status, -1);
  // What was aborted has cost nothing.
  await advance(test, 1000);
  assertEquals(ends, ["0", "950"]);
});

targetTest("RateLimits ends with a nexus and with its unit", async (test) => {
  await test.addLun({ options: { iops_limit: "1" } });
  const [a, b] = [await test.connectReady("a"), await test.connectReady("b")];
  const first = b.command(0, read(0, 1), { read: 512 });
  const lost = a.command(0, read(0, 1), { read: 512 });
  const removed = b.command(0, read(0, 1), { read: 512 });
  assertEquals((await first).status, 0);
  await a.disconnect();
  assertEquals((await lost).status, -1);
  await test.target.luns.remove(0);
  assertEquals((await removed).status, 0x40);
});

targetTest("RateLimits follows a change while commands wait", async (test) => {
  await test.addLun({ options: { iops_limit: "1" } });
  const a = await test.connectReady("a");
  const ends: string[] = [];
  sendReads(test, a, { count: 30 }, ends);
  await advance(test, 450);
  assertEquals(ends, ["0"]);
  // Half a command is still owed; at the new rate that is 50 ms.
  await modify(test, { iops_limit: "10" });
  await advance(test, 149);
  assertEquals(ends, ["0", "500"]);
  await modify(test, { iops_limit: "0" });
  await advance(test, 1);
  assertEquals(ends.length, 30);
  assertEquals(test.target.luns.get(0)?.disturbed, false);
  await modify(test, { iops_limit: "1" });
  sendReads(test, a, { count: 2 }, ends);
  await advance(test, 10);
  assertEquals(ends.length, 31);
  await advance(test, 1000);
});

targetTest("RateLimits makes up for a late release", async (test) => {
  await test.addLun({ options: { iops_limit: "100" } });
  const a = await test.connectReady("a");
  const ends: string[] = [];
  sendReads(test, a, { count: 400 }, ends);
  await settle(50);
  assertEquals(ends.length, 6);
  test.host.clock.advance(500);
  await settle(500);
  assertEquals(ends.length, 56);
  // But for no more than a second.
  test.host.clock.advance(60_000);
  await settle(500);
  assertEquals(ends.length, 162);
  await modify(test, {});
  await advance(test, 1);
});

targetTest("RateLimits counts no block that will be refused", async (test) => {
  await test.addLun({ options: { bandwidth_limit: "1k" } });
  const a = await test.connectReady("a");
  const beyond = await a.command(0, read(0, 0xffff), { read: 0xffff * 512 });
  assertEquals(beyond.sense, "5/21/00");
  const { status } = await a.command(0, read(0, 1), { read: 512 });
  assertEquals(status, 0);
});

targetTest("RateLimits refuses what is no number", async (test) => {
  await test.addLun();
  const told = await modify(test, { bandwidth_limit: "fast" })
    .then(() => "", String);
  assertEquals(
    told,
    'ManagementError: Invalid value "fast" for option "bandwidth_limit": ' +
      "expected a number of bytes, or one with b, k, m, g, t, p or e",
  );
});
