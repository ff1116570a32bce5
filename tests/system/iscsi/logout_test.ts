/**
 * How sessions end (RFC 7143 11.9, 11.14, 11.15).
 */

import { assertEquals, assertRejects } from "@std/assert";
import { patternBytes } from "../../support/bytes.ts";
import {
  ASYNC_EVENT,
  LOGOUT,
  logoutRequest,
  NO_TAG,
  read10,
  type Session,
  TASK_MANAGEMENT,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import {
  HELD_WRITE,
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

interface Row {
  readonly reason: number;
  readonly connectionId: number;
  readonly response: number;
  readonly closes: boolean;
}

// The connection of every session has CID 3.
const ROWS: Readonly<Record<string, Row>> = {
  "close the session": {
    reason: LOGOUT.CLOSE_SESSION,
    connectionId: 3,
    response: 0,
    closes: true,
  },
  "close the session, any CID": {
    reason: LOGOUT.CLOSE_SESSION,
    connectionId: 9,
    response: 0,
    closes: true,
  },
  "close the connection": {
    reason: LOGOUT.CLOSE_CONNECTION,
    connectionId: 3,
    response: 0,
    closes: true,
  },
  "close a connection that is not there": {
    reason: LOGOUT.CLOSE_CONNECTION,
    connectionId: 4,
    response: 1,
    closes: false,
  },
  "remove for recovery": {
    reason: LOGOUT.REMOVE_FOR_RECOVERY,
    connectionId: 3,
    response: 2,
    closes: false,
  },
  "remove what is not there": {
    reason: LOGOUT.REMOVE_FOR_RECOVERY,
    connectionId: 4,
    response: 1,
    closes: false,
  },
};

for (const [name, row] of Object.entries(ROWS)) {
  const { reason, connectionId, response, closes } = row;
  for (const immediate of [true, false]) {
    const how = immediate ? "immediate" : "numbered";
    systemTest(`${how} logout: ${name}`, async (system) => {
      const session = await system.openReady({ connectionId: 3 });
      const answer = await session.request(logoutRequest({
        ...session.numbers.take(immediate),
        immediate,
        reason,
        connectionId,
      }));
      assertEquals(answer.u8(2), response);
      assertEquals(answer.u32(40), 0, "Time2Wait and Time2Retain");
      if (closes) return await session.expectClose();
      assertEquals((await session.command(0, testUnitReady())).status, 0);
    });
  }
}

systemTest("a reason that does not exist is rejected", async (system) => {
  const session = await system.openReady();
  await session.send(logoutRequest({
    ...session.numbers.take(true),
    reason: 3,
  }));
  await session.expectReject(0x09);
  assertEquals((await session.command(0, testUnitReady())).status, 0);
});

systemTest("nothing follows a Logout Response", async (system) => {
  const store = await system.addControlled();
  const session = await system.openReady();
  store.holding = true;
  session.start(1, read10(0, 1), { read: 512 });
  session.start(1, write10(0, 1), { write: patternBytes(512) });
  session.start(0, write10(0, 1), HELD_WRITE);
  const reset = session.taskManagement(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, {
    lun: 1,
  });
  const request = logoutRequest({ ...session.numbers.take(true), reason: 0 });
  const answered = session.request(request);
  // In the same turn in which the answer is built, everything else ends.
  store.answerAll();
  await answered;
  await session.expectClose();
  await assertRejects(() => reset);
  assertEquals(session.unsolicited, []);
});

systemTest("tasks of a session end with it", async (system) => {
  const store = await system.addControlled();
  const witness = await system.openReady();
  const isid = Uint8Array.of(0x80, 1, 2, 3, 4, 5);
  const session = await system.openReady({ isid });
  store.holding = true;
  session.start(1, write10(0, 1), { write: patternBytes(512) });
  session.start(0, write10(0, 1), HELD_WRITE);
  await session.ping();
  await session.logout();
  await session.expectClose();
  store.answerAll();
  // The same initiator port gets in when its tasks are gone.
  await system.open({ isid });
  assertEquals(system.target.luns.get(0)?.taskSet.size, 0);
  assertEquals(system.target.luns.get(1)?.taskSet.size, 0);
  assertEquals((await witness.command(0, testUnitReady())).status, 0);
});

systemTest("a session that closes without a word is gone", async (system) => {
  const isid = Uint8Array.of(0x80, 1, 2, 3, 4, 5);
  const session = await system.openReady({ isid });
  session.start(0, write10(0, 1), HELD_WRITE);
  await session.ping();
  await session.abort();
  const next = await system.open({ isid });
  assertEquals(system.iscsi.sessions().length, 1);
  assertEquals(system.target.luns.get(0)?.taskSet.size, 0);
  const { sense } = await next.command(0, testUnitReady());
  assertEquals(sense.slice(0, 4), "6/29");
});

systemTest("a request to log out names its time", async (system) => {
  const session = await system.openReady();
  assertEquals(system.iscsi.requestLogout(() => true), 1);
  const event = await session.expectAsync(ASYNC_EVENT.LOGOUT_REQUEST);
  assertEquals(event.initiatorTaskTag, NO_TAG);
  assertEquals([event.u16(38), event.u16(40), event.u16(42)], [0, 0, 10]);
  assertEquals((await session.command(0, testUnitReady())).status, 0);
  assertEquals(await session.logout(), 0);
});

systemTest("a terminated session is told so and closed", async (system) => {
  const session = await system.openReady();
  const other = await system.openReady();
  const [first] = system.iscsi.sessions();
  assertEquals(system.iscsi.terminate(({ id }) => id === first?.id), 1);
  const event = await session.expectAsync(ASYNC_EVENT.DROP_ALL_CONNECTIONS);
  assertEquals(event.initiatorTaskTag, NO_TAG);
  await session.expectClose();
  assertEquals((await other.command(0, testUnitReady())).status, 0);
});

systemTest(
  "a port off line ends its sessions and takes none",
  async (system) => {
    const session = await system.openReady();
    const port = system.iscsi.port(TARGET_NAME, "pg1");
    port?.setOnline(false);
    await session.expectAsync(ASYNC_EVENT.DROP_ALL_CONNECTIONS);
    await session.expectClose();
    await assertRefused(system, 0x0301);
    port?.setOnline(true);
    const again = await system.openReady();
    assertEquals((await again.command(0, testUnitReady())).status, 0);
  },
);

async function assertRefused(
  system: SystemTarget,
  status: number,
): Promise<void> {
  const refused = await system.open()
    .then((session: Session) => session.login.status, (error) => error.status);
  assertEquals(refused, status);
}

systemTest("a removed target ends its sessions", async (system) => {
  const session = await system.openReady();
  await system.iscsi.removePort(TARGET_NAME, "pg1");
  await session.expectClose();
  await assertRefused(system, 0x0203);
});

systemTest("the end of the target ends every session", async (system) => {
  const session = await system.openReady();
  const held = session.start(0, write10(0, 1), HELD_WRITE);
  await held.nextR2t();
  await system.iscsi[Symbol.asyncDispose]();
  await session.expectClose();
  await assertRejects(() => held.result());
});

systemTest("a Logout Response names no time to wait", async (system) => {
  const session = await system.open({ connectionId: 3 });
  for (const { reason, connectionId } of Object.values(ROWS).reverse()) {
    const pdu = await session.request(logoutRequest({
      ...session.numbers.take(true),
      reason,
      connectionId,
    }));
    assertEquals([pdu.u16(40), pdu.u16(42)], [0, 0]);
    if (pdu.u8(2) === 0) return await session.expectClose();
  }
});
