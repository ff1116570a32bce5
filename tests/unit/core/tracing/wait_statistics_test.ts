import { assertEquals, assertThrows } from "@std/assert";
import { WAIT, WAIT_NAMES } from "../../../../core/mod.ts";
import {
  BLOCKINGS_MAX,
  WaitStatistics,
} from "../../../../core/tracing/wait_statistics.ts";

const PAIR = {
  lun: 0,
  blocker: 1,
  blockerCommand: 2,
  waiter: 3,
  waiterCommand: 4,
};

Deno.test("WaitStatistics sums up each kind of wait", () => {
  const statistics = new WaitStatistics();
  const counter = statistics.ofKind(WAIT.FLUSH);
  counter.acquired += 3;
  counter.release(5);
  counter.release(2);
  assertEquals(statistics.kinds()[WAIT.FLUSH], {
    wait: "flush",
    acquired: 3,
    released: 2,
    totalMs: 7,
    maxMs: 5,
  });
  assertEquals(statistics.kinds().map(({ wait }) => wait), [...WAIT_NAMES]);
  assertThrows(() => statistics.ofKind(99), "No wait 99");
});

Deno.test("WaitStatistics ranks by time, then by number", () => {
  const statistics = new WaitStatistics();
  for (const [lun, waits] of [[1, [5]], [2, [3, 3]], [3, []], [4, [9]]]) {
    const counter = statistics.ofBlocking({ ...PAIR, lun: Number(lun) });
    counter.acquired += 1;
    for (const waitedMs of [waits].flat()) counter.release(Number(waitedMs));
  }
  statistics.ofBlocking({ ...PAIR, lun: 5 }).acquired += 2;
  const luns = statistics.blockings().map(({ lun }) => lun);
  assertEquals(luns, [4, 2, 1, 5, 3]);
});

Deno.test("WaitStatistics keeps a bounded number of pairs", () => {
  const statistics = new WaitStatistics();
  for (let lun = 0; lun < BLOCKINGS_MAX + 5; lun += 1) {
    statistics.ofBlocking({ ...PAIR, lun }).acquired += 1;
  }
  assertEquals(statistics.blockings().length, BLOCKINGS_MAX);
  assertEquals(statistics.unlisted.acquired, 5);
  statistics.ofBlocking({ ...PAIR, lun: 3 }).acquired += 1;
  assertEquals(statistics.unlisted.acquired, 5);
});
