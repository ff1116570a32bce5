/**
 * Several sessions: who takes the place of whom, and who lives beside whom
 * (RFC 7143 4.4.3, 6.3.5).
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { REINSTATEMENT_WAIT_MS } from "../../../frontends/iscsi/service.ts";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  connect,
  FLAG,
  INITIATOR_NAME,
  LOGIN_STATUS,
  LoginExchange,
  loginStatus,
  read10,
  reserve6,
  type Session,
  STAGE,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import type { ControlledStore } from "../../support/core_store.ts";
import {
  EVERYBODY,
  HELD_WRITE,
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

const ISID = Uint8Array.of(0x80, 0, 0, 1, 2, 3);
systemTest(
  "the same initiator port takes its session's place",
  async (system) => {
    const old = await system.openReady({ isid: ISID });
    const held = old.start(0, write10(0, 1), HELD_WRITE);
    await held.nextR2t();
    const fresh = await system.open({ isid: ISID });
    await old.expectClose();
    await assertRejects(() => held.result());
    assertEquals(system.iscsi.sessions().map(({ id }) => id), [2]);
    assert(old.login.tsih !== fresh.login.tsih);
    const { sense } = await fresh.command(0, testUnitReady());
    assertEquals(sense.slice(0, 4), "6/29");
  },
);

/** A session with a write that its store still works on. */
async function openWriting(
  system: SystemTarget,
): Promise<{ session: Session; store: ControlledStore }> {
  const store = await system.addControlled();
  const session = await system.openReady({ isid: ISID });
  store.holding = true;
  session.start(1, write10(0, 1), { write: patternBytes(512) });
  await session.ping();
  return { session, store };
}

/** Logs in; says how many tasks of the unit were left then. */
async function tasksLeftAtLogin(system: SystemTarget): Promise<unknown> {
  await system.open({ isid: ISID });
  return system.target.luns.get(1)?.taskSet.size;
}

/** Gives a login, which takes a few turns, more than it needs. */
async function passTurns(witness: Session): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await witness.ping();
}

systemTest("it takes it when the old tasks have ended", async (system) => {
  const witness = await system.open();
  const { session, store } = await openWriting(system);
  const tasksLeft = tasksLeftAtLogin(system);
  await session.expectClose();
  await passTurns(witness);
  store.answerAll();
  assertEquals(await tasksLeft, 0);
});

systemTest("it waits for tasks of a lost connection, too", async (system) => {
  const witness = await system.open();
  const { session, store } = await openWriting(system);
  await session.abort();
  await passTurns(witness);
  const tasksLeft = tasksLeftAtLogin(system);
  await passTurns(witness);
  store.answerAll();
  assertEquals(await tasksLeft, 0);
});

systemTest("a store that hangs lets it be refused in time", async (system) => {
  const witness = await system.open();
  const { session, store } = await openWriting(system);
  const refused = loginStatus({
    portal: system.portal,
    targetName: TARGET_NAME,
    isid: ISID,
  });
  await session.expectClose();
  await passTurns(witness);
  system.host.clock.advance(REINSTATEMENT_WAIT_MS);
  assertEquals(await refused, LOGIN_STATUS.SERVICE_UNAVAILABLE);
  // The old task could still write: nobody has taken its place.
  assertEquals(system.target.luns.get(1)?.taskSet.size, 1);
  store.answerAll();
  assertEquals(await tasksLeftAtLogin(system), 0);
});

systemTest("of many logins of one port one lasts", async (system) => {
  const logins = Array.from({ length: 8 }, () => system.open({ isid: ISID }));
  // Some lose their connection in the middle of the login.
  await Promise.allSettled(logins);
  const last = await system.open({ isid: ISID });
  assertEquals(system.iscsi.sessions().length, 1);
  assertBytes(await last.ping(patternBytes(9)), patternBytes(9));
});

const BESIDE = {
  "another ISID": { isid: Uint8Array.of(0x80, 0, 0, 9, 9, 9) },
  "another name": { initiatorName: "iqn.2026-01.test.dtl:other" },
} as const;

for (const [name, options] of Object.entries(BESIDE)) {
  systemTest(`${name} is a session beside`, async (system) => {
    const one = await system.openReady({ isid: ISID });
    const two = await system.openReady({ isid: ISID, ...options });
    assertEquals(system.iscsi.sessions().length, 2);
    assert(one.login.tsih !== two.login.tsih);
    await one.command(0, write10(0, 1), { write: patternBytes(512) });
    const { data } = await two.command(0, read10(0, 1), { read: 512 });
    assertEquals(data, patternBytes(512));
    assertEquals(await one.logout(), 0);
    assertEquals((await two.command(0, testUnitReady())).status, 0);
  });
}

systemTest("another portal group is another target port", async (system) => {
  const { portal } = system.listen("pg2", 2);
  system.addPort(TARGET_NAME, "pg2", 2);
  const one = await system.openReady({ isid: ISID });
  const two = await system.openReady({ isid: ISID, portal });
  assertEquals(two.login.keys.get("TargetPortalGroupTag"), "2");
  const sessions = system.iscsi.sessions();
  assertEquals(sessions.map((each) => each.portalGroupTag), [1, 2]);
  assertEquals((await one.command(0, testUnitReady())).status, 0);
  assertEquals((await two.command(0, testUnitReady())).status, 0);
});

systemTest("a second connection of a session is refused", async (system) => {
  const session = await system.open({ isid: ISID });
  const { tsih } = session.login;
  const more = { isid: ISID, connectionId: 1, targetName: TARGET_NAME };
  const status = await loginStatus({
    ...more,
    portal: system.portal,
    tsih,
  });
  assert(
    status === LOGIN_STATUS.TOO_MANY_CONNECTIONS ||
      status === LOGIN_STATUS.CANNOT_INCLUDE_IN_SESSION,
  );
  const unknown = await loginStatus({
    ...more,
    portal: system.portal,
    tsih: tsih === 77 ? 78 : 77,
  });
  assertEquals(unknown, LOGIN_STATUS.SESSION_DOES_NOT_EXIST);
  await session.ping();
});

systemTest("handles are not zero and not shared", async (system) => {
  const sessions = await Promise.all(
    Array.from({ length: 20 }, () => system.open()),
  );
  const handles = new Set(sessions.map(({ login }) => login.tsih));
  assertEquals(handles.size, 20);
  assert(!handles.has(0));
});

systemTest("ports go by their own numbers for ever", async (system) => {
  const first = system.addPort("iqn.2026-01.test.dtl:a", "pg1");
  system.addPort("iqn.2026-01.test.dtl:b", "pg1");
  await system.iscsi.removePort("iqn.2026-01.test.dtl:a", "pg1");
  const third = system.addPort("iqn.2026-01.test.dtl:c", "pg1");
  const numbers = system.target.ports.all()
    .map(({ description }) => description.virtualPort);
  assertEquals(new Set(numbers).size, numbers.length);
  assert(third.description.virtualPort > first.description.virtualPort);
});

systemTest("a defect costs one connection, and is told", async (system) => {
  const witness = await system.openReady();
  system.iscsi.setPortAccess(TARGET_NAME, "pg1", {
    authGroup: {
      ...EVERYBODY,
      admitsAddress: () => {
        throw new TypeError("The test planted this");
      },
    },
    portalGroups: ["pg1"],
  });
  await assertRejects(() => system.open());
  assertEquals((await witness.command(0, testUnitReady())).status, 0);
  const errors = system.host.log.lines
    .filter(({ text }) => text.startsWith("error:"));
  assertEquals(errors.map(({ text }) => text), [
    "error: A connection met a defect",
  ]);
  assertMatch(String(errors[0]?.fields["error"]), /planted this\n +at /);
  // It was meant to happen: the look at the end of the test need not see it.
  system.host.log.lines.length = 0;
});

/** Takes the place of a session's connection. */
async function takeConnection(
  system: SystemTarget,
  old: Session,
  keys: Readonly<Record<string, string | undefined>> = {},
): Promise<Session> {
  const { tsih } = old.login;
  const { cmdSN } = old.numbers;
  return await system.open({ isid: ISID, tsih, connectionId: 5, cmdSN, keys });
}

systemTest("another connection takes a connection's place", async (system) => {
  const old = await system.openReady({ isid: ISID, connectionId: 5 });
  const other = await system.openReady();
  assertEquals((await old.command(0, reserve6())).status, STATUS.GOOD);
  const held = old.start(0, write10(0, 1), HELD_WRITE);
  await held.nextR2t();
  const [before] = system.iscsi.sessions();
  const fresh = await takeConnection(system, old);
  await old.expectClose();
  await assertRejects(() => held.result());
  assertEquals(fresh.login.tsih, old.login.tsih);
  const [after] = system.iscsi.sessions();
  assertEquals(after?.id, before?.id);
  assertEquals(system.iscsi.sessions().length, 2);
  // The nexus was not lost: no unit attention, and what it holds is kept.
  assertEquals((await fresh.command(0, testUnitReady())).status, STATUS.GOOD);
  const { status } = await other.command(0, testUnitReady());
  assertEquals(status, STATUS.RESERVATION_CONFLICT);
  const { data } = await fresh.command(0, read10(0, 1), { read: 512 });
  assertBytes(data, new Uint8Array(512));
  // And so on, as often as one likes.
  const third = await takeConnection(system, fresh);
  await fresh.expectClose();
  assertEquals((await third.command(0, testUnitReady())).status, STATUS.GOOD);
  assertEquals(await third.logout(), 0);
  await third.expectClose();
});

systemTest("values of the session outlast its connection", async (system) => {
  const keys = { MaxBurstLength: "4096", FirstBurstLength: "4096" };
  const old = await system.openReady({ isid: ISID, connectionId: 5, keys });
  const fresh = await takeConnection(system, old, {
    MaxBurstLength: undefined,
    FirstBurstLength: undefined,
  });
  const { responses } = await fresh
    .command(0, read10(0, 24), { read: 12288 });
  assertEquals(responses.map((pdu) => pdu.data.length), [4096, 4096, 4096]);
  assert(responses.every((pdu) => pdu.has(FLAG.FINAL)));
});

systemTest("a connection's place is taken when its tasks have ended", async (
  system,
) => {
  const store = await system.addControlled();
  const witness = await system.open();
  const session = await system.openReady({ isid: ISID, connectionId: 5 });
  store.holding = true;
  session.start(1, write10(0, 1), { write: patternBytes(512) });
  await session.ping();
  const taking = takeConnection(system, session);
  await session.expectClose();
  await passTurns(witness);
  const unit = system.target.luns.get(1);
  assertEquals(unit?.taskSet.size, 1);
  store.answerAll();
  const fresh = await taking;
  assertEquals(unit?.taskSet.size, 0);
  assertEquals((await fresh.command(1, testUnitReady())).status, STATUS.GOOD);
});

systemTest("who takes a connection's place may vanish", async (system) => {
  const store = await system.addControlled();
  const session = await system.openReady({ isid: ISID, connectionId: 5 });
  store.holding = true;
  session.start(1, write10(0, 1), { write: patternBytes(512) });
  await session.ping();
  const { tsih } = session.login;
  const connection = await connect(system.portal);
  const exchange = new LoginExchange(connection, {
    isid: ISID,
    tsih,
    connectionId: 5,
  });
  await exchange.send({
    csg: STAGE.OPERATIONAL,
    nsg: STAGE.FULL_FEATURE,
    pairs: { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME },
  });
  await session.expectClose();
  connection.close();
  store.answerAll();
  // Whoever logs in anew waits until all of it has ended.
  const last = await system.open({ isid: ISID });
  assertEquals(system.iscsi.sessions().length, 1);
  assert(last.login.tsih !== tsih);
  const { sense } = await last.command(1, testUnitReady());
  assertEquals(sense.slice(0, 4), "6/29");
});

systemTest("a target that is removed during a login is told so", async (
  system,
) => {
  using connection = await connect(system.portal);
  const exchange = new LoginExchange(connection);
  await exchange.exchange({
    csg: STAGE.OPERATIONAL,
    pairs: { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME },
  });
  await system.iscsi.removePort(TARGET_NAME, "pg1");
  const { status } = await exchange.exchange({
    csg: STAGE.OPERATIONAL,
    nsg: STAGE.FULL_FEATURE,
  });
  assertEquals(status, LOGIN_STATUS.TARGET_REMOVED);
  assertEquals(await connection.expectClose(), []);
});
