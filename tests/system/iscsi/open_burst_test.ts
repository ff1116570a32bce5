/**
 * Reads that end in the middle of a sequence of Data-In: the initiator, which
 * watches each PDU, sees every sequence end with F (RFC 7143 11.7.1).
 */

import { assert, assertEquals } from "@std/assert";
import {
  FLAG,
  OPCODE,
  read10,
  type RunningCommand,
  type Session,
  STATUS,
  TASK_MANAGEMENT,
  TASK_MANAGEMENT_RESPONSE,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { type SystemTarget, systemTest } from "../../support/system_target.ts";

const MEBIBYTE = 2 ** 20;
/** Neither segments nor chunks end where such a burst does. */
const KEYS = {
  MaxRecvDataSegmentLength: "65536",
  MaxBurstLength: "700000",
  HeaderDigest: "CRC32C",
  DataDigest: "CRC32C",
};

/** A read of two chunks of which the second one waits for the store. */
async function startHalf(
  system: SystemTarget,
  fails = false,
): Promise<{ session: Session; read: RunningCommand }> {
  await system.addLun({ backend: "controlled", sizeBytes: 4 * MEBIBYTE });
  const { store } = system.driver;
  const session = await system.openReady({ keys: KEYS });
  store.holding = true;
  const length = 2 * MEBIBYTE;
  const read = session.start(1, read10(0, length / 512), { read: length });
  // The first chunk is answered, the second one waits.
  while (store.calls.filter((call) => call.startsWith("read")).length < 1) {
    await session.ping();
  }
  if (fails) store.fail("read", "medium");
  store.answerHeld();
  while (store.calls.filter((call) => call.startsWith("read")).length < 2) {
    await session.ping();
  }
  assert(!read.done);
  return { session, read };
}

systemTest("a read that fails in mid-burst ends its sequence", async (
  system,
) => {
  const { session, read } = await startHalf(system, true);
  system.driver.store.answerAll();
  const { status, data, responses } = await read.result();
  assertEquals(status, STATUS.CHECK_CONDITION);
  assertEquals(data.length, MEBIBYTE);
  const last = responses.filter(({ opcode }) => opcode === OPCODE.DATA_IN)
    .at(-1);
  assert(last?.has(FLAG.FINAL));
  assertEquals((await session.command(1, testUnitReady())).status, 0);
});

systemTest("a read that is told TASK ABORTED in mid-burst", async (system) => {
  const { session, read } = await startHalf(system);
  const other = await system.openReady({
    initiatorName: "iqn.2026-01.test.dtl:other",
  });
  const cleared = other
    .taskManagement(TASK_MANAGEMENT.CLEAR_TASK_SET, { lun: 1 });
  await other.ping();
  system.driver.store.answerAll();
  const { response } = await cleared;
  assertEquals(response, TASK_MANAGEMENT_RESPONSE.COMPLETE);
  const { status, sense } = await session.command(1, testUnitReady());
  // Either it hears of it by the status of its task, or by an attention.
  const told = read.done
    ? (await read.result()).status === STATUS.TASK_ABORTED
    : status === STATUS.CHECK_CONDITION && sense.startsWith("6/2f");
  assert(told);
});

systemTest("a read that is aborted in mid-burst is silent", async (system) => {
  const { session, read } = await startHalf(system);
  const aborted = session
    .taskManagement(TASK_MANAGEMENT.ABORT_TASK, { task: read });
  await session.ping();
  system.driver.store.answerAll();
  const { response } = await aborted;
  assertEquals(response, TASK_MANAGEMENT_RESPONSE.COMPLETE);
  const { responses } = await session.command(1, read10(0, 1), { read: 512 });
  assertEquals(responses.length, 1);
  await session.ping();
  assert(!read.done);
  assertEquals(session.unsolicited, []);
});
