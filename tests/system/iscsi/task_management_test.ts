/**
 * Task management functions and their answers (RFC 7143 11.5, 11.6, RFC 7144).
 */

import { assert, assertEquals } from "@std/assert";
import {
  NO_TAG,
  read10,
  STATUS,
  TASK_MANAGEMENT as FUNCTION,
  TASK_MANAGEMENT_RESPONSE as RESPONSE,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import {
  hearAttentions,
  startHeld,
  systemTest,
} from "../../support/system_target.ts";

const LEVEL_2 = { keys: { iSCSIProtocolLevel: "2", InitialR2T: "Yes" } };
const OTHER = { initiatorName: "iqn.2026-01.test.dtl:other" };
interface Answer {
  readonly code: number;
  readonly lun?: number;
  /** Response with iSCSIProtocolLevel 2, and with 1. */
  readonly response: number;
  readonly responseBefore?: number;
}

// Asked of an idle unit without unit attentions.
const ANSWERS: Readonly<Record<string, Answer>> = {
  "ABORT TASK of nothing": {
    code: FUNCTION.ABORT_TASK,
    response: RESPONSE.TASK_DOES_NOT_EXIST,
  },
  "ABORT TASK SET": {
    code: FUNCTION.ABORT_TASK_SET,
    response: RESPONSE.COMPLETE,
  },
  "CLEAR ACA": { code: FUNCTION.CLEAR_ACA, response: RESPONSE.NOT_SUPPORTED },
  "CLEAR TASK SET": {
    code: FUNCTION.CLEAR_TASK_SET,
    response: RESPONSE.COMPLETE,
  },
  "LOGICAL UNIT RESET": {
    code: FUNCTION.LOGICAL_UNIT_RESET,
    response: RESPONSE.COMPLETE,
  },
  "TARGET WARM RESET": {
    code: FUNCTION.TARGET_WARM_RESET,
    response: RESPONSE.COMPLETE,
  },
  "TASK REASSIGN": {
    code: FUNCTION.TASK_REASSIGN,
    response: RESPONSE.NOT_SUPPORTED,
  },
  "QUERY TASK": {
    code: FUNCTION.QUERY_TASK,
    response: RESPONSE.COMPLETE,
    responseBefore: RESPONSE.NOT_SUPPORTED,
  },
  "QUERY TASK SET": {
    code: FUNCTION.QUERY_TASK_SET,
    response: RESPONSE.COMPLETE,
    responseBefore: RESPONSE.NOT_SUPPORTED,
  },
  "QUERY ASYNC EVENT": {
    code: FUNCTION.QUERY_ASYNC_EVENT,
    response: RESPONSE.COMPLETE,
    responseBefore: RESPONSE.NOT_SUPPORTED,
  },
  "function 0": { code: 0, response: RESPONSE.NOT_SUPPORTED },
  "function 13": { code: 13, response: RESPONSE.NOT_SUPPORTED },
  "function 127": { code: 127, response: RESPONSE.NOT_SUPPORTED },
  "ABORT TASK of no unit": {
    code: FUNCTION.ABORT_TASK,
    lun: 9,
    response: RESPONSE.LUN_DOES_NOT_EXIST,
  },
  "ABORT TASK SET of no unit": {
    code: FUNCTION.ABORT_TASK_SET,
    lun: 9,
    response: RESPONSE.LUN_DOES_NOT_EXIST,
  },
  "CLEAR TASK SET of no unit": {
    code: FUNCTION.CLEAR_TASK_SET,
    lun: 9,
    response: RESPONSE.LUN_DOES_NOT_EXIST,
  },
  "LOGICAL UNIT RESET of no unit": {
    code: FUNCTION.LOGICAL_UNIT_RESET,
    lun: 9,
    response: RESPONSE.LUN_DOES_NOT_EXIST,
  },
  "TARGET WARM RESET, whatever the LUN": {
    code: FUNCTION.TARGET_WARM_RESET,
    lun: 9,
    response: RESPONSE.COMPLETE,
  },
  "QUERY TASK of no unit": {
    code: FUNCTION.QUERY_TASK,
    lun: 9,
    response: RESPONSE.LUN_DOES_NOT_EXIST,
    responseBefore: RESPONSE.NOT_SUPPORTED,
  },
};

for (const [name, answer] of Object.entries(ANSWERS)) {
  const { code, lun = 0, response, responseBefore = response } = answer;
  systemTest(`${name} is answered`, async (system) => {
    const levels = [["2", response], ["1", responseBefore]] as const;
    for (const [iSCSIProtocolLevel, expected] of levels) {
      const session = await system.openReady({ keys: { iSCSIProtocolLevel } });
      const options = { lun, refCmdSN: session.numbers.cmdSN - 1 };
      for (const immediate of [true, false]) {
        const result = await session
          .taskManagement(code, { ...options, immediate });
        assertEquals(result.response, expected);
        assertEquals([...result.additional], [0, 0, 0]);
      }
    }
  });
}

systemTest("I_T NEXUS RESET needs iSCSIProtocolLevel 2", async (system) => {
  const session = await system.openReady();
  const { response } = await session.taskManagement(FUNCTION.I_T_NEXUS_RESET);
  assertEquals(response, RESPONSE.NOT_SUPPORTED);
  assertEquals((await session.command(0, testUnitReady())).status, 0);
});

systemTest("QUERY TASK finds a task while it lives", async (system) => {
  const session = await system.openReady(LEVEL_2);
  const task = await startHeld(session);
  const queries = async () => [
    (await session.taskManagement(FUNCTION.QUERY_TASK, { task })).response,
    (await session.taskManagement(FUNCTION.QUERY_TASK_SET, { lun: 0 }))
      .response,
  ];
  assertEquals(await queries(), [RESPONSE.SUCCEEDED, RESPONSE.SUCCEEDED]);
  task.release();
  await task.result();
  assertEquals(await queries(), [RESPONSE.COMPLETE, RESPONSE.COMPLETE]);
});

systemTest("QUERY TASK SET does not see other initiators", async (system) => {
  const one = await system.openReady(LEVEL_2);
  const two = await system.openReady({ ...LEVEL_2, ...OTHER });
  await startHeld(one);
  const { response } = await two
    .taskManagement(FUNCTION.QUERY_TASK_SET, { lun: 0 });
  assertEquals(response, RESPONSE.COMPLETE);
});

systemTest(
  "QUERY ASYNC EVENT tells the next unit attention",
  async (system) => {
    const session = await system.openReady(LEVEL_2);
    await session.taskManagement(FUNCTION.LOGICAL_UNIT_RESET, { lun: 0 });
    const query = () =>
      session.taskManagement(FUNCTION.QUERY_ASYNC_EVENT, { lun: 0 });
    const { response, additional } = await query();
    assertEquals(response, RESPONSE.SUCCEEDED);
    // One condition is pending, of key 6 and ASC 29h.
    assertEquals([...additional.subarray(0, 2)], [0x16, 0x29]);
    await hearAttentions(session, 0);
    assertEquals((await query()).response, RESPONSE.COMPLETE);
  },
);

systemTest("functions that wait are limited", async (system) => {
  const store = await system.addControlled();
  const session = await system.openReady();
  store.holding = true;
  session.start(1, read10(0, 1), { read: 512 });
  await session.ping();
  const asked = Array.from(
    { length: 65 },
    () => session.taskManagement(FUNCTION.ABORT_TASK_SET, { lun: 1 }),
  );
  assertEquals((await asked[64])?.response, RESPONSE.REJECTED);
  store.answerAll();
  for (const each of asked.slice(0, 64)) {
    assertEquals((await each).response, RESPONSE.COMPLETE);
  }
});

systemTest("immediate commands are limited", async (system) => {
  const store = await system.addControlled();
  const session = await system.openReady();
  store.holding = true;
  const commands = Array.from(
    { length: 65 },
    () => session.start(1, read10(0, 1), { read: 512, immediate: true }),
  );
  await session.expectReject(0x06);
  store.answerAll();
  for (const command of commands.slice(0, 64)) {
    assertEquals((await command.result()).status, STATUS.GOOD);
  }
  // There is room again.
  const { status } = await session
    .command(1, read10(0, 1), { read: 512, immediate: true });
  assertEquals(status, STATUS.GOOD);
});

systemTest(
  "a tag in use is rejected, its first task goes on",
  async (system) => {
    const session = await system.openReady(LEVEL_2);
    const first = await startHeld(session);
    const { initiatorTaskTag } = first;
    const second = session.start(0, testUnitReady(), { initiatorTaskTag });
    await session.expectReject(0x07);
    first.release();
    assertEquals((await first.result()).status, STATUS.GOOD);
    assert(!second.done);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
    assert(initiatorTaskTag !== NO_TAG);
  },
);
