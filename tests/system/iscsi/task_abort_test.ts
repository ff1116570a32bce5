/**
 * Task management functions that end tasks, and who hears of it (RFC 7143
 * 4.2.3, 11.5, 11.6).
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { patternBytes } from "../../support/bytes.ts";
import { settle } from "../../support/core_target.ts";
import {
  ASYNC_EVENT,
  dataOut,
  read10,
  type Session,
  STATUS,
  TASK_MANAGEMENT as FUNCTION,
  TASK_MANAGEMENT_RESPONSE as RESPONSE,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import {
  hearAttentions,
  HELD_WRITE,
  startHeld,
  type SystemTarget,
  systemTest,
} from "../../support/system_target.ts";

const LEVEL_2 = { keys: { iSCSIProtocolLevel: "2", InitialR2T: "Yes" } };
const OTHER = { initiatorName: "iqn.2026-01.test.dtl:other" };

systemTest("ABORT TASK ends a write that waits for data", async (system) => {
  const session = await system.openReady(LEVEL_2);
  const victim = await startHeld(session);
  const other = await startHeld(session, 8);
  const [r2t] = victim.heldR2ts;
  const { response } = await session
    .taskManagement(FUNCTION.ABORT_TASK, { task: victim });
  assertEquals(response, RESPONSE.COMPLETE);
  // Its data come all the same: they are dropped without a word.
  await session.send(dataOut({
    lun: 0,
    initiatorTaskTag: victim.initiatorTaskTag,
    targetTransferTag: r2t?.targetTransferTag ?? 0,
    expStatSN: session.expStatSN,
    dataSN: 0,
    bufferOffset: 0,
    final: true,
    data: patternBytes(512),
  }));
  const { data } = await session.command(0, read10(0, 1), { read: 512 });
  assertEquals(data, new Uint8Array(512));
  assert(!victim.done);
  assertEquals(session.unsolicited, []);
  other.release();
  assertEquals((await other.result()).status, STATUS.GOOD);
});

systemTest("ABORT TASK of an ended task finds none", async (system) => {
  const session = await system.openReady();
  const task = session.start(0, testUnitReady());
  await task.result();
  const { response } = await session
    .taskManagement(FUNCTION.ABORT_TASK, { task });
  assertEquals(response, RESPONSE.TASK_DOES_NOT_EXIST);
});

const NOT_COME: readonly (readonly [string, number, number])[] = [
  ["the next number", 0, RESPONSE.TASK_DOES_NOT_EXIST],
  ["a number beyond the window", 1000, RESPONSE.TASK_DOES_NOT_EXIST],
  ["a number before the window", -1000, RESPONSE.TASK_DOES_NOT_EXIST],
];

for (const [name, distance, expected] of NOT_COME) {
  systemTest(`ABORT TASK of ${name} finds none`, async (system) => {
    const session = await system.openReady();
    const refCmdSN = (session.numbers.cmdSN + distance) >>> 0;
    const { response } = await session.taskManagement(FUNCTION.ABORT_TASK, {
      lun: 0,
      refCmdSN,
      referencedTaskTag: 0x777,
    });
    assertEquals(response, expected);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
  });
}

systemTest(
  "ABORT TASK does not reach another session's task",
  async (system) => {
    const [one, two] = await twoSessions(system);
    const victim = await startHeld(one);
    const { response } = await two.taskManagement(FUNCTION.ABORT_TASK, {
      lun: 0,
      referencedTaskTag: victim.initiatorTaskTag,
      refCmdSN: two.numbers.cmdSN - 1,
    });
    assertEquals(response, RESPONSE.TASK_DOES_NOT_EXIST);
    victim.release();
    assertEquals((await victim.result()).status, STATUS.GOOD);
  },
);

async function twoSessions(
  system: SystemTarget,
): Promise<[one: Session, two: Session]> {
  return [
    await system.openReady(LEVEL_2),
    await system.openReady({ ...LEVEL_2, ...OTHER }),
  ];
}

const ABORTING: readonly (readonly [string, number])[] = [
  ["ABORT TASK", FUNCTION.ABORT_TASK],
  ["ABORT TASK SET", FUNCTION.ABORT_TASK_SET],
  ["CLEAR TASK SET", FUNCTION.CLEAR_TASK_SET],
  ["LOGICAL UNIT RESET", FUNCTION.LOGICAL_UNIT_RESET],
  ["TARGET WARM RESET", FUNCTION.TARGET_WARM_RESET],
  ["I_T NEXUS RESET", FUNCTION.I_T_NEXUS_RESET],
];

for (const [name, code] of ABORTING) {
  systemTest(`${name} is answered when its task has ended`, async (system) => {
    const store = await system.addControlled();
    const session = await system.openReady(LEVEL_2);
    store.holding = true;
    const victim = session
      .start(1, write10(0, 1), { write: patternBytes(512) });
    await session.ping();
    const answer = session.taskManagement(code, { task: victim, lun: 1 });
    let isAnswered = false;
    answer.then(() => isAnswered = true);
    await session.ping();
    await settle();
    assert(!isAnswered, "the store was still at it");
    store.answerAll();
    assertEquals((await answer).response, RESPONSE.COMPLETE);
    assert(!victim.done || session.ended);
    assertEquals(system.target.luns.get(1)?.taskSet.size, 0);
  });
}

systemTest("ABORT TASK SET ends the own tasks alone", async (system) => {
  const [one, two] = await twoSessions(system);
  const mine = [await startHeld(one, 0), await startHeld(one, 8)];
  const theirs = await startHeld(two, 16);
  const { response } = await one
    .taskManagement(FUNCTION.ABORT_TASK_SET, { lun: 0 });
  assertEquals(response, RESPONSE.COMPLETE);
  theirs.release();
  assertEquals((await theirs.result()).status, STATUS.GOOD);
  await one.ping();
  assertEquals(mine.map(({ done }) => done), [false, false]);
  assertEquals(one.unsolicited, []);
});

systemTest("CLEAR TASK SET tells the other initiator", async (system) => {
  const [one, two] = await twoSessions(system);
  const mine = await startHeld(one, 0);
  const theirs = await startHeld(two, 16);
  const blocked = two.start(0, read10(16, 1), { read: 512 });
  await two.ping();
  const { response } = await one
    .taskManagement(FUNCTION.CLEAR_TASK_SET, { lun: 0 });
  assertEquals(response, RESPONSE.COMPLETE);
  for (const task of [theirs, blocked]) {
    const { status, sense } = await task.result();
    assertEquals([status, sense], [STATUS.TASK_ABORTED, ""]);
  }
  await one.ping();
  assert(!mine.done);
  // A task that was told of needs no unit attention.
  assertEquals((await two.command(0, testUnitReady())).status, 0);
});

for (const [name, code] of ABORTING.slice(3, 5)) {
  systemTest(`${name} reaches all, and all hear of it`, async (system) => {
    const [one, two] = await twoSessions(system);
    const mine = await startHeld(one, 0);
    const theirs = await startHeld(two, 16);
    const { response } = await one.taskManagement(code, { lun: 0 });
    assertEquals(response, RESPONSE.COMPLETE);
    assertEquals((await theirs.result()).status, STATUS.TASK_ABORTED);
    assert(!mine.done);
    for (const session of [one, two]) {
      const { sense } = await session.command(0, testUnitReady());
      assertEquals(sense.slice(0, 4), "6/29");
      assertEquals((await session.command(0, testUnitReady())).status, 0);
    }
  });
}

systemTest("LOGICAL UNIT RESET leaves other units alone", async (system) => {
  await system.addLun();
  const session = await system.openReady();
  const held = session.start(1, write10(0, 1), HELD_WRITE);
  await held.nextR2t();
  await session.taskManagement(FUNCTION.LOGICAL_UNIT_RESET, { lun: 0 });
  held.release();
  assertEquals((await held.result()).status, STATUS.GOOD);
  assertEquals((await session.command(1, testUnitReady())).status, 0);
});

systemTest(
  "TARGET COLD RESET ends every session of the target",
  async (system) => {
    const other = "iqn.2026-01.test.dtl:other-target";
    system.addPort(other, "pg1");
    const [one, two] = await twoSessions(system);
    const bystander = await system
      .openReady({ targetName: other, ...OTHER });
    const { response } = await one
      .taskManagement(FUNCTION.TARGET_COLD_RESET);
    assertEquals(response, RESPONSE.COMPLETE);
    for (const session of [one, two]) {
      await session.expectAsync(ASYNC_EVENT.DROP_ALL_CONNECTIONS);
      await session.expectClose();
    }
    await hearAttentions(bystander, 0);
    assertEquals((await bystander.command(0, testUnitReady())).status, 0);
  },
);

systemTest(
  "I_T NEXUS RESET is answered, then the session ends",
  async (system) => {
    const [one, two] = await twoSessions(system);
    const mine = await startHeld(one, 0);
    const theirs = await startHeld(two, 16);
    const { response } = await one.taskManagement(FUNCTION.I_T_NEXUS_RESET);
    assertEquals(response, RESPONSE.COMPLETE);
    await one.expectClose();
    await assertRejects(() => mine.result());
    theirs.release();
    assertEquals((await theirs.result()).status, STATUS.GOOD);
    assertEquals((await two.command(0, testUnitReady())).status, 0);
  },
);
