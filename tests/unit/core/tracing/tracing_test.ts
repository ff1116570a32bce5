import { assert, assertEquals } from "@std/assert";
import { targetTest } from "../../../support/core_target.ts";

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];

targetTest("Tracing is off until it is started", async (test) => {
  await test.addLun();
  const { tracing } = test.target;
  assertEquals([tracing.tracer, tracing.last], [null, null]);
  const a = await test.connectReady("a");
  await a.command(0, TEST_UNIT_READY);
  assertEquals(tracing.last, null);
});

targetTest("Tracing keeps the last trace when it is stopped", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  const { tracing } = test.target;
  const trace = tracing.start();
  await a.command(0, TEST_UNIT_READY);
  tracing.stop();
  await a.command(0, TEST_UNIT_READY);
  assert(tracing.last === trace && tracing.tracer === null);
  assertEquals(trace.end, 3);
  const again = tracing.start();
  assertEquals([trace.id, again.id, again.end], [1, 2, 0]);
});

targetTest("Tracing counts what its ring has lost", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  const trace = test.target.tracing.start({ records: 4 });
  await a.command(0, TEST_UNIT_READY);
  await a.command(0, TEST_UNIT_READY);
  assertEquals([trace.begin, trace.end, trace.capacity], [2, 6, 4]);
  const events = trace.records(0, 100).map(({ seq, event }) => [seq, event]);
  assertEquals(events, [
    [2, "status"],
    [3, "arrive"],
    [4, "execute"],
    [5, "status"],
  ]);
  assertEquals(trace.records(5, 1).map(({ seq }) => seq), [5]);
  assertEquals(trace.records(6, 1), []);
});

targetTest("Tracing stops by itself when nobody reads", async (test) => {
  const { tracing } = test.target;
  const { clock } = test.host;
  tracing.start({ idleMs: 1000 });
  clock.advance(900);
  tracing.touch();
  clock.advance(900);
  assert(tracing.tracer !== null);
  clock.advance(100);
  assert(tracing.tracer === null && tracing.last !== null);
  // A trace without a limit goes on; the old limit is forgotten.
  tracing.start();
  clock.advance(100_000);
  assert(tracing.tracer !== null);
  await Promise.resolve();
});

targetTest("Commands to no unit are traced without one", async (test) => {
  const a = test.connect("a");
  const trace = test.target.tracing.start();
  await a.command(5, TEST_UNIT_READY);
  const [first, last] = [trace.records(0, 1)[0], trace.records(1, 1)[0]];
  assertEquals([first?.lun, first?.command], [null, "opcode 00h"]);
  assert(last?.event === "status");
  assertEquals(last.sense, { key: 5, asc: 0x25, ascq: 0 });
});
