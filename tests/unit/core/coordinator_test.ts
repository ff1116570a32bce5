import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  ACCESS,
  COORDINATION,
  SHARED,
  STANDALONE,
  STATUS,
  TASK_MANAGEMENT,
} from "../../../core/mod.ts";
import { TestCoordinator } from "../../support/core_coordinator.ts";
import {
  isSettled,
  settle,
  settled,
  targetTest,
  type TestTarget,
} from "../../support/core_target.ts";
import type { LocalInitiator } from "../../support/local_initiator.ts";

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const READ_ONE = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const INQUIRY = [0x12, 0, 0, 0, 96, 0];
const REQUEST_SENSE = [0x03, 0, 0, 0, 252, 0];
const REPORT_GROUPS = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
const DEVICE_IDENTIFICATION = [0x12, 1, 0x83, 1, 0, 0];
const RESERVE = [0x16, 0, 0, 0, 0, 0];
const MODE_SENSE = [0x1a, 8, 0x0a, 0, 255, 0];
const REGISTER = [0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0];

/** MODE SELECT of the control page, D_SENSE set. */
const MODE_SELECT = [0x15, 0x10, 0, 0, 16, 0];
const CONTROL_PAGE = Uint8Array.fromHex(
  "00000000" + "0a0a0400" + "0".repeat(16),
);

function register(key: number): Uint8Array {
  return new Uint8Array(24).fill(key, 15, 16);
}

async function hear(initiator: LocalInitiator): Promise<void> {
  await initiator.command(0, REQUEST_SENSE, { read: 252 });
}

/** A LUN in an access state, and an initiator that knows it. */
async function scene(test: TestTarget, access: number) {
  const unit = await test.addLun();
  const other = new TestCoordinator(test, access);
  const initiator = test.connect("a");
  await hear(initiator);
  return { unit, other, initiator };
}

for (
  const [access, sense, name] of [
    [ACCESS.STANDBY, "2/04/0b", "standby"],
    [ACCESS.UNAVAILABLE, "2/04/0c", "unavailable"],
    [ACCESS.TRANSITIONING, "2/04/0a", "transitioning"],
  ] as const
) {
  targetTest(`a unit that is ${name} says so`, async (test) => {
    const { initiator } = await scene(test, access);
    for (const cdb of [TEST_UNIT_READY, READ_ONE]) {
      const result = await initiator.command(0, cdb, { read: 512 });
      assertEquals(result.sense, sense);
    }
    const sensed = await initiator.command(0, MODE_SENSE, { read: 255 });
    const refused = access === ACCESS.STANDBY ? "" : sense;
    assertEquals(sensed.sense, refused, "MODE SENSE");
  });
}

targetTest("a unit attention goes before the access state", async (test) => {
  await test.addLun();
  new TestCoordinator(test, ACCESS.STANDBY);
  const first = await test.connect("a").command(0, TEST_UNIT_READY);
  assertEquals(first.sense, "6/29/00");
});

targetTest(
  "what is not served here is left to the coordinator",
  async (test) => {
    const { other, initiator } = await scene(test, ACCESS.NONOPTIMIZED);
    const names: string[] = [];
    other.answer = (task) => {
      names.push(task.row?.name ?? "");
      return STATUS.RESERVATION_CONFLICT;
    };
    const { status } = await initiator.command(0, READ_ONE, { read: 512 });
    assertEquals(status, STATUS.RESERVATION_CONFLICT);
    assertEquals(names, ["READ(10)"]);
  },
);

targetTest(
  "tasks that are served elsewhere are ordered there",
  async (test) => {
    const { other, initiator } = await scene(test, ACCESS.NONOPTIMIZED);
    const gate = Promise.withResolvers<number>();
    let begun = 0;
    other.answer = () => (begun += 1, gate.promise);
    const formats = [0, 1].map(() =>
      initiator.command(0, [0x04, 0, 0, 0, 0, 0])
    );
    await settle();
    assertEquals(begun, 2);
    gate.resolve(STATUS.GOOD);
    await Promise.all(formats);
  },
);

targetTest("a blocked task meets the new access state", async (test) => {
  const unit = await test.addLun({ backend: "controlled" });
  new TestCoordinator(test);
  const initiator = await test.connectReady("a");
  const [store] = test.driver.stores;
  assert(store !== undefined);
  store.holding = true;
  const read = initiator.command(0, READ_ONE, { read: 512 });
  const write = initiator.command(0, [0x2a, ...READ_ONE.slice(1)], {
    write: new Uint8Array(512),
  });
  await settle();
  unit.setAccess(ACCESS.TRANSITIONING);
  store.answerHeld();
  assertEquals((await read).status, STATUS.GOOD);
  assertEquals((await write).sense, "2/04/0a");
});

targetTest("a hidden unit is not connected", async (test) => {
  const { other, initiator } = await scene(test, ACCESS.UNAVAILABLE);
  other.hidden = true;
  other.answer = (task) => {
    assert(task.row !== null && task.itl !== null);
    return task.row.execute(task, task.itl.unit);
  };
  const inquiry = await initiator.command(0, INQUIRY, { read: 96 });
  assertEquals(inquiry.data[0], 0x20);
  const sense = await initiator.command(0, REQUEST_SENSE, { read: 252 });
  assertEquals([...sense.data.subarray(2, 3)], [5]);
  assertEquals([...sense.data.subarray(12, 14)], [0x25, 0]);
});

targetTest("target port groups are the coordinator's", async (test) => {
  const { initiator } = await scene(test, ACCESS.OPTIMIZED);
  const { data } = await initiator
    .command(0, REPORT_GROUPS, { read: 256 });
  assertEquals(
    data.toHex(),
    "00000014" + "008f0002" + "00020001" + "0000" + "0003" +
      "028f0003" + "00020000",
  );
  const page = await initiator
    .command(0, DEVICE_IDENTIFICATION, { read: 256 });
  assert(page.data.toHex().includes("51950004" + "00000003"));
});

targetTest("a change is told before its command ends", async (test) => {
  const { other, initiator } = await scene(test, ACCESS.OPTIMIZED);
  other.prompt = false;
  const reserved = initiator.command(0, RESERVE);
  const sensed = initiator.command(0, TEST_UNIT_READY);
  assertEquals(await isSettled(reserved), false);
  assertEquals(await isSettled(sensed), false, "what saw it waits, too");
  other.settle();
  assertEquals((await reserved).status, STATUS.GOOD);
  assertEquals((await sensed).status, STATUS.GOOD);
  assertEquals(other.changes, [SHARED.RESERVE]);
});

targetTest("a change that could not be told is not confirmed", async (test) => {
  const { other, initiator } = await scene(test, ACCESS.OPTIMIZED);
  other.prompt = false;
  other.refusal = STATUS.BUSY;
  const reserved = initiator.command(0, RESERVE);
  await settle();
  other.settle();
  assertEquals((await reserved).status, STATUS.BUSY);
});

targetTest(
  "a task that waits for the other node can be aborted",
  async (test) => {
    const { other, initiator } = await scene(test, ACCESS.OPTIMIZED);
    other.prompt = false;
    const tag = initiator.nextTag;
    const reserved = initiator.command(0, RESERVE);
    await settle();
    await initiator.manage(TASK_MANAGEMENT.ABORT_TASK, 0, tag);
    assert(await isSettled(reserved));
    other.settle();
  },
);

targetTest("what the other node has to know is told by name", async (test) => {
  const { other, initiator } = await scene(test, ACCESS.OPTIMIZED);
  const second = test.connect("b");
  await hear(second);
  await initiator.command(0, MODE_SELECT, { write: CONTROL_PAGE });
  await hear(second);
  await initiator.command(0, REGISTER, { write: register(1) });
  await second.command(0, REGISTER, { write: register(2) });
  await initiator.command(0, [0x5f, 3, ...REGISTER.slice(2)], {
    write: new Uint8Array(24).fill(1, 7, 8),
  });
  const { PERSISTENT, MODE_PAGES } = SHARED;
  assertEquals(
    other.changes,
    [MODE_PAGES, PERSISTENT, PERSISTENT, PERSISTENT],
  );
  const { nexusId: first } = initiator.nexus.initiator;
  const { nexusId } = second.nexus.initiator;
  assertEquals(other.attentions, [`40 not ${first}`, `100 ${nexusId}`]);
});

targetTest("a function waits for the other node's part of it", async (test) => {
  const { other, initiator } = await scene(test, ACCESS.NONOPTIMIZED);
  const gate = Promise.withResolvers<void>();
  other.elsewhere = gate.promise;
  const reset = initiator.manage(TASK_MANAGEMENT.LOGICAL_UNIT_RESET);
  assertEquals(await isSettled(reset), false);
  gate.resolve();
  assertEquals((await reset).response, "FUNCTION COMPLETE");
  const { sense } = await initiator.command(0, TEST_UNIT_READY);
  assertEquals(sense, "", "that node owes the unit attention");
});

targetTest("a store is closed when its tasks have ended", async (test) => {
  const { luns } = test.target;
  const unit = await test.addLun({ backend: "controlled" });
  new TestCoordinator(test);
  const initiator = await test.connectReady("a");
  const [store] = test.driver.stores;
  assert(store !== undefined);
  store.holding = true;
  const read = initiator.command(0, READ_ONE, { read: 512 });
  await settle();
  unit.setAccess(ACCESS.TRANSITIONING);
  const closing = luns.closeStore(unit, 1000);
  await settle();
  store.answerHeld();
  assertEquals((await read).status, STATUS.GOOD);
  test.host.clock.advance(100);
  assertEquals(await settled(closing.then(() => "closed")), "closed");
  assertEquals(unit.store, null);
  await luns.openStore(unit);
  assert(unit.store !== null);
  unit.setAccess(ACCESS.OPTIMIZED);
  const again = await initiator.command(0, READ_ONE, { read: 512 });
  assertEquals(again.status, STATUS.GOOD);
});

targetTest(
  "a task that does not end in time is to be retried",
  async (test) => {
    const unit = await test.addLun({ backend: "controlled" });
    new TestCoordinator(test);
    const initiator = await test.connectReady("a");
    initiator.hold();
    const write = initiator.command(0, [0x2a, ...READ_ONE.slice(1)], {
      write: new Uint8Array(512),
      immediate: 0,
    });
    await settle();
    unit.setAccess(ACCESS.TRANSITIONING);
    const closing = test.target.luns.closeStore(unit, 10);
    for (let times = 0; times < 20; times += 1) {
      test.host.clock.advance(1);
      await settle(20);
    }
    assertEquals((await write).status, STATUS.BUSY);
    assert(await isSettled(closing));
  },
);

targetTest("a LUN of another node has no store of its own", async (test) => {
  const other = new TestCoordinator(test, ACCESS.STANDBY);
  other.opens = false;
  const unit = await test.addLun({ backend: "controlled" });
  assertEquals(unit.store, null);
  assertEquals(test.driver.stores.length, 0);
  await test.target.luns.modify(unit.number, { options: unit.rawOptions });
  assertEquals(test.driver.stores.length, 0, "modify opens none either");
});

targetTest("ports are numbered by the range of their node", (test) => {
  const { ports } = test.target;
  const refused = assertThrows(() =>
    ports.setNumbers({ first: 512, count: 512 })
  );
  assertMatch(String(refused), /port 3 exists/);
  ports.setNumbers({ first: 0, count: 512 });
  const remote = test.addPort({ number: 515, remote: true, frontend: "ha" });
  assertEquals(remote.number, 515);
  assertEquals(ports.numbers, { first: 0, count: 512 });
  return Promise.resolve();
});

targetTest(
  "an initiator of the other node hears of nothing here",
  async (test) => {
    await test.addLun();
    const port = test.addPort({ number: 515, remote: true, frontend: "ha" });
    const initiator = test.connect("a", port);
    const { status } = await initiator.command(0, TEST_UNIT_READY);
    assertEquals(status, STATUS.GOOD, "not even of the power on");
  },
);

targetTest("Coordination takes one coordinator at a time", (test) => {
  const coordination = test.target.plugins.service(COORDINATION);
  assert(coordination !== undefined);
  const first = coordination.install({ ...STANDALONE });
  assertThrows(() => coordination.install({ ...STANDALONE }));
  first[Symbol.dispose]();
  coordination.install({ ...STANDALONE })[Symbol.dispose]();
  return Promise.resolve();
});
