import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  moveTask,
  NEXUS_BUFFER_BYTES,
  STATUS,
  TASK_STATE,
  UNIT_ATTENTION,
} from "../../../core/mod.ts";
import {
  isSettled,
  settle,
  settled,
  targetTest,
} from "../../support/core_target.ts";
import { SILENT } from "../../support/local_initiator.ts";

const READ_200 = [0x28, 0, 0, 0, 0, 0, 0, 0, 200, 0];
const READ_LENGTH = 200 * 512;

targetTest("Nexus.takeTask() reuses ended tasks, clean", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  const { nexus } = a;
  await a.command(0, [0x28, 0, 0xff, 0, 0, 0, 0, 0, 1, 0], { read: 512 });
  const task = nexus.takeTask();
  assertEquals(task.state, TASK_STATE.FREE);
  assertEquals([task.row, task.itl, task.sense], [null, null, null]);
  assertEquals([task.lba, task.blockCount, task.movedLength], [0, 0, 0]);
  assertEquals([task.status, task.abort, task.transferLength], [0, 0, 0]);
  const other = nexus.takeTask();
  assert(other !== task);
  nexus.returnTask(other);
  nexus.returnTask(task);
  assert(nexus.takeTask() === task);
  assertEquals(nexus.taskCount, 0);
});

targetTest("Nexus counts the tasks that are with the core", async (test) => {
  await test.addLun();
  const a = await test.connectReady("a");
  a.hold();
  const all = [1, 2].map(() => a.command(0, READ_200, { read: READ_LENGTH }));
  assertEquals(a.nexus.taskCount, 2);
  a.resume();
  await Promise.all(all);
  assertEquals(a.nexus.taskCount, 0);
});

targetTest("Nexus.itl() meets a unit once", async (test) => {
  const unit = await test.addLun();
  const a = test.connect("a");
  const itl = a.nexus.itl(0);
  assertEquals(itl?.pending, UNIT_ATTENTION.POWER_ON);
  assert(a.nexus.itl(0) === itl && itl?.unit === unit);
  assertEquals(a.nexus.itl(1), null);
  assertEquals([...unit.itls], [itl]);
  a.nexus.forget(0);
  a.nexus.forget(5);
  assertEquals(unit.itls.size, 0);
  assert(a.nexus.itl(0) !== itl);
});

targetTest(
  "Nexus.nexusLost() resolves when its tasks have ended",
  async (test) => {
    await test.addLun({ backend: "controlled" });
    const a = await test.connectReady("a");
    const { store } = test.driver;
    store.holding = true;
    const held = a.command(0, READ_200, { read: READ_LENGTH });
    await settle();
    const lost = a.disconnect();
    assert(!await isSettled(lost));
    store.answerAll();
    assert(await isSettled(lost));
    assertEquals((await settled(held))?.status, SILENT);
    assertEquals([...test.port.nexuses].length, 0);
    assertEquals([...a.nexus.itls].length, 0);
  },
);

targetTest(
  "Nexus.handOver() ends its tasks and keeps what it holds",
  async (test) => {
    const unit = await test.addLun({ backend: "controlled" });
    const a = await test.connectReady("a");
    const b = await test.connectReady("b");
    const next = test.connect("next");
    await a.command(0, [0x16, 0, 0, 0, 0, 0]);
    const { store } = test.driver;
    store.holding = true;
    const held = a.command(0, READ_200, { read: READ_LENGTH });
    await settle();
    const { nexus } = a;
    const handedOver = nexus.handOver(next);
    assert(!await isSettled(handedOver));
    assert(nexus.transport === a);
    store.answerAll();
    assert(await isSettled(handedOver));
    assertEquals((await settled(held))?.status, SILENT);
    assert(nexus.transport === next);
    assertEquals(nexus.itl(0)?.pending, 0);
    assertEquals(unit.taskSet.size, 0);
    const { status } = await b.command(0, [0, 0, 0, 0, 0, 0]);
    assertEquals(status, STATUS.RESERVATION_CONFLICT);
    // Nothing is left to wait for.
    assert(await isSettled(nexus.handOver(a)));
    assertEquals((await a.command(0, [0, 0, 0, 0, 0, 0])).status, STATUS.GOOD);
  },
);

targetTest("Nexus.handOver() and nexusLost() wait together", async (test) => {
  await test.addLun({ backend: "controlled" });
  const a = await test.connectReady("a");
  const { store } = test.driver;
  store.holding = true;
  a.command(0, READ_200, { read: READ_LENGTH });
  await settle();
  const handedOver = a.nexus.handOver(a);
  const lost = a.nexus.nexusLost();
  // It comes too late to be ended by either.
  a.hold();
  a.command(0, [0x12, 0, 0, 0, 36, 0], { read: 36 });
  store.answerAll();
  assert(!await isSettled(handedOver) && !await isSettled(lost));
  a.resume();
  assert(await isSettled(handedOver) && await isSettled(lost));
});

targetTest(
  "Nexus.nexusLost() waits for tasks that removal aborts",
  async (test) => {
    await test.addLun({ backend: "controlled" });
    const a = await test.connectReady("a");
    const { store } = test.driver;
    store.holding = true;
    const held = a.command(0, READ_200, { read: READ_LENGTH });
    await settle();
    const removed = test.target.luns.remove(0);
    const lost = a.disconnect();
    assert(!await isSettled(lost));
    assertEquals(store.closed, false);
    store.answerAll();
    assert(await isSettled(lost) && await isSettled(removed));
    assertEquals((await settled(held))?.status, STATUS.TASK_ABORTED);
  },
);

targetTest("Nexus bounds the memory of its transfers", async (test) => {
  await test.addLun({ backend: "controlled", sizeBytes: 2 ** 23 });
  const a = await test.connectReady("a");
  const { store } = test.driver;
  store.holding = true;
  const read = [0x28, 0, 0, 0, 0, 0, 0, 8, 0, 0];
  const all = Array.from(
    { length: 20 },
    () => a.command(0, read, { read: 2 ** 20 }),
  );
  await settle();
  assertEquals(a.nexus.buffers.usedBytes, NEXUS_BUFFER_BYTES);
  assertEquals(store.calls.length, 8);
  store.answerAll();
  const results = await Promise.all(all);
  assert(results.every(({ data }) => data.length === 2 ** 20));
  assertEquals(a.nexus.buffers.usedBytes, 0);
});

targetTest("Nexus lets aborted tasks go that wait for memory", async (test) => {
  await test.addLun({ backend: "controlled", sizeBytes: 2 ** 23 });
  const a = await test.connectReady("a");
  const { store } = test.driver;
  store.holding = true;
  const read = [0x28, 0, 0, 0, 0, 0, 0, 8, 0, 0];
  const all = Array.from(
    { length: 20 },
    () => a.command(0, read, { read: 2 ** 20 }),
  );
  await settle();
  const answer = a.manage("ABORT TASK SET");
  store.answerAll();
  assertEquals((await answer).tasksFound, 20);
  const results = await Promise.all(all);
  assert(results.every(({ status }) => status === SILENT));
  assertEquals(store.calls.length, 8);
  assertEquals(a.nexus.buffers.usedBytes, 0);
});

targetTest("moveTask() refuses any move that is none", async (test) => {
  await test.addLun();
  const task = test.connect("a").nexus.takeTask();
  const { FREE, ARRIVED, BLOCKED, EXECUTING, ENDED } = TASK_STATE;
  const allowed: Readonly<Record<number, readonly number[]>> = {
    [FREE]: [ARRIVED],
    [ARRIVED]: [BLOCKED, EXECUTING, ENDED],
    [BLOCKED]: [EXECUTING, ENDED],
    [EXECUTING]: [ENDED],
    [ENDED]: [FREE],
  };
  for (const from of Object.values(TASK_STATE)) {
    for (const to of Object.values(TASK_STATE)) {
      task.state = from;
      if (allowed[from]?.includes(to)) moveTask(task, to);
      else assertThrows(() => moveTask(task, to), `${from} to ${to}`);
    }
  }
  task.state = 99;
  assertThrows(() => moveTask(task, FREE));
});

targetTest(
  "Nexus.overloadStatus() is TASK SET FULL with tasks",
  async (test) => {
    const unit = await test.addLun({ backend: "controlled" });
    const [a, b] = [await test.connectReady("a"), await test.connectReady("b")];
    assertEquals(a.nexus.overloadStatus(0), STATUS.BUSY);
    assertEquals(a.nexus.overloadStatus(7), STATUS.BUSY);
    a.hold();
    const task = a.command(0, READ_200, { read: READ_LENGTH });
    assertEquals(a.nexus.overloadStatus(0), STATUS.TASK_SET_FULL);
    assertEquals(b.nexus.overloadStatus(0), STATUS.BUSY);
    assertEquals([...unit.itls].map(({ pending }) => pending), [0, 0]);
    const page = unit.modePages.find(0x0a, 0);
    assert(page !== undefined);
    const interlocked = page.current.slice();
    interlocked[4] = 0x30;
    unit.modePages.change(page, interlocked);
    a.nexus.overloadStatus(0);
    b.nexus.overloadStatus(0);
    assertEquals([...unit.itls].map(({ pending }) => pending), [
      UNIT_ATTENTION.PREVIOUS_TASK_SET_FULL,
      UNIT_ATTENTION.PREVIOUS_BUSY,
    ]);
    a.resume();
    await task;
  },
);
