/**
 * NOP both ways, and what silence leads to (RFC 7143 11.18, 11.19).
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  connect,
  INITIATOR_NAME,
  LoginExchange,
  NO_TAG,
  nopOut,
  OPCODE,
  type Pdu,
  read10,
  type Session,
  STAGE,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { type SystemTarget, systemTest } from "../../support/system_target.ts";

function isPing(pdu: Pdu): boolean {
  return pdu.opcode === OPCODE.NOP_IN && pdu.initiatorTaskTag === NO_TAG;
}

/** Lets seconds pass, one by one, as they do. */
function pass({ host }: SystemTarget, seconds: number): void {
  for (let count = 0; count < seconds; count += 1) host.clock.advance(1000);
}

systemTest("a ping is echoed with its LUN, and no more", async (system) => {
  const session = await system.open();
  const lun = Uint8Array.of(0x40, 1, 2, 3, 4, 5, 6, 7);
  const data = patternBytes(1000);
  const numbers = session.numbers.take(true);
  const echo = await session.request(nopOut({ ...numbers, lun, data }));
  assertEquals(echo.opcode, OPCODE.NOP_IN);
  assertEquals(echo.initiatorTaskTag, numbers.initiatorTaskTag);
  assertEquals(echo.targetTransferTag, NO_TAG);
  assertBytes(echo.data, data);
  assertEquals(echo.header.slice(8, 16), lun);
});

systemTest("an echo is cut to what the initiator takes", async (system) => {
  const session = await system.open({
    keys: { MaxRecvDataSegmentLength: "512" },
  });
  const data = patternBytes(1000);
  assertBytes(await session.ping(data), data.subarray(0, 512));
});

systemTest("an echo is cut to what was declared later", async (system) => {
  const session = await system.open();
  const declared = await session.text({ MaxRecvDataSegmentLength: "512" });
  assertEquals(declared.pairs, []);
  const data = patternBytes(1000);
  assertBytes(await session.ping(data), data.subarray(0, 512));
});

systemTest("a ping without a tag has no answer", async (system) => {
  const session = await system.open();
  const numbers = session.numbers.take(true);
  await session.send(nopOut({ ...numbers, initiatorTaskTag: NO_TAG }));
  await session.ping();
  assertEquals(session.unsolicited, []);
});

systemTest(
  "a silent initiator is asked, and goes on when it answers",
  async (system) => {
    const session = await system.openReady();
    for (let round = 0; round < 5; round += 1) {
      pass(system, 2);
      const ping = await session.expect(isPing, "a ping of the target");
      assert(ping.targetTransferTag !== NO_TAG);
      assertBytes(ping.header.slice(8, 16), new Uint8Array(8));
      assertEquals(ping.statSN, session.expStatSN);
      // The initiator has answered; what it sends next comes behind that.
      await session.ping();
    }
    assertEquals((await session.command(0, testUnitReady())).status, 0);
  },
);

systemTest("an initiator that does not answer is dropped", async (system) => {
  const session = await system.open({ answerPings: false });
  pass(system, 4);
  await session.expect(isPing, "a ping of the target");
  assertEquals(system.iscsi.sessions().length, 1);
  pass(system, 1);
  await session.expectClose();
  const [warning] = system.host.log.lines
    .filter(({ text }) => text.startsWith("warn:"));
  assertEquals(warning?.fields["reason"], "no answer to pings for 5 s");
});

systemTest("any PDU counts as an answer", async (system) => {
  const session = await system.openReady({ answerPings: false });
  for (let round = 0; round < 6; round += 1) {
    pass(system, 4);
    await session.command(0, read10(0, 1), { read: 512 });
  }
});

systemTest(
  "a target that was stopped does not blame its initiators",
  async (system) => {
    const session = await system.openReady({ answerPings: false });
    // As when the process was halted: one tick, and much time has passed.
    system.host.clock.advance(60_000);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
  },
);

systemTest("a timeout of 0 asks nobody and drops nobody", async (system) => {
  system.iscsi.setSettings({ loginTimeoutSeconds: 0, pingTimeoutSeconds: 0 });
  const session = await system.open({ answerPings: false });
  pass(system, 100);
  await session.ping();
  assertEquals(session.unsolicited, []);
});

systemTest("tasks of a dropped initiator end", async (system) => {
  const store = await system.addControlled();
  const session = await system.openReady({ answerPings: false });
  store.holding = true;
  const read = session.start(1, read10(0, 1), { read: 512 });
  await session.ping();
  pass(system, 5);
  await session.expectClose();
  store.answerAll();
  await untilGone(system);
  await assertRejects(() => read.result());
  assertEquals(system.target.luns.get(1)?.taskSet.size, 0);
});

/** A session that has begun has to wait until the one before has ended. */
async function untilGone(system: SystemTarget): Promise<Session> {
  const isid = Uint8Array.of(0x80, 9, 9, 9, 9, 9);
  await system.open({ isid });
  return await system.open({ isid });
}

systemTest("who does not log in is dropped", async (system) => {
  using connection = await connect(system.portal);
  const exchange = new LoginExchange(connection);
  await exchange.exchange({
    csg: STAGE.SECURITY,
    pairs: { InitiatorName: INITIATOR_NAME, SessionType: "Discovery" },
  });
  pass(system, 59);
  assert(!connection.ended);
  pass(system, 1);
  assertEquals(await connection.expectClose(), []);
});

systemTest("who says nothing at all is dropped", async (system) => {
  using connection = await connect(system.portal);
  // Another login shows that the connection has been accepted.
  await system.open();
  pass(system, 60);
  assertEquals(await connection.expectClose(), []);
});
