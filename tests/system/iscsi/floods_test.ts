/**
 * Initiators that want too much: connections, time, text. Every limit has a
 * name, and the others go on.
 */

import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "../../../frontends/iscsi/parameters.ts";
import {
  connect,
  encodePairs,
  encodePdu,
  FLAG,
  INITIATOR_NAME,
  LOGIN_STATUS,
  LoginExchange,
  loginRequest,
  NO_TAG,
  OPCODE,
  type Pdu,
  type Session,
  STAGE,
  testUnitReady,
  textRequest,
} from "../../support/initiator/mod.ts";
import { systemTest, TARGET_NAME } from "../../support/system_target.ts";

systemTest("a login that comes byte by byte has its time, too", async (
  system,
) => {
  const witness = await system.open();
  using connection = await connect(system.portal);
  const bytes = encodePdu(loginRequest({
    flags: 0x87,
    isid: Uint8Array.of(0x80, 0, 0, 0, 0, 1),
    initiatorTaskTag: 1,
    cmdSN: 1,
    expStatSN: 0,
    data: encodePairs({
      InitiatorName: INITIATOR_NAME,
      TargetName: TARGET_NAME,
    }),
  }));
  for (let second = 0; second < 60; second += 1) {
    await connection.sendBytes(bytes.subarray(second, second + 1));
    await witness.ping();
    system.host.clock.advance(1000);
  }
  assertEquals(await connection.expectClose(), []);
});

systemTest("a login that goes on and on has its time, too", async (system) => {
  using connection = await connect(system.portal);
  const exchange = new LoginExchange(connection);
  const identity = { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME };
  await exchange.exchange({ csg: STAGE.OPERATIONAL, pairs: identity });
  for (let second = 1; second < 60; second += 1) {
    system.host.clock.advance(1000);
    await exchange.exchange({ csg: STAGE.OPERATIONAL });
  }
  system.host.clock.advance(1000);
  assertEquals(await connection.expectClose(), []);
});

/** Sends texts of one negotiation until one is rejected; how many it took. */
async function textsUntilReject(
  session: Session,
  flags: number,
  data: Uint8Array,
): Promise<number> {
  let targetTransferTag = NO_TAG;
  for (let count = 1;; count += 1) {
    const numbers = session.numbers.take(true);
    const { initiatorTaskTag } = numbers;
    await session.send(textRequest({
      ...numbers,
      flags,
      immediate: true,
      targetTransferTag,
      data,
    }));
    const isAnswer = (pdu: Pdu) =>
      pdu.opcode === OPCODE.REJECT || pdu.initiatorTaskTag === initiatorTaskTag;
    const answer = await session.expect(isAnswer, "an answer");
    if (answer.opcode === OPCODE.REJECT) return count;
    assert(!answer.has(FLAG.FINAL));
    ({ targetTransferTag } = answer);
  }
}

const TEXTS: Readonly<Record<string, readonly [flags: number, text: string]>> =
  {
    "empty parts": [FLAG.CONTINUE, ""],
    "empty requests without F": [0, ""],
    "parts of one byte": [FLAG.CONTINUE, "A"],
  };

for (const [name, [flags, text]] of Object.entries(TEXTS)) {
  systemTest(`a text negotiation of ${name} has an end`, async (system) => {
    const session = await system.openReady();
    const data = new TextEncoder().encode(text);
    const count = await textsUntilReject(session, flags, data);
    assertEquals(count, LIMITS.textRequests + 1);
    assertEquals((await session.text({ A: "1" })).pairs, [
      ["A", "NotUnderstood"],
    ]);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
  });
}

/** Texts with too much of something. */
const TOO_MUCH: Readonly<Record<string, string>> = {
  "a key of 64 bytes": `${"K".repeat(64)}=1\0`,
  "a value of 256 bytes": `Key=${"v".repeat(256)}\0`,
  "1025 keys": Array.from({ length: LIMITS.keys + 1 }, (_, at) => `K${at}=\0`)
    .join(""),
};

for (const [name, text] of Object.entries(TOO_MUCH)) {
  systemTest(`a text with ${name} is rejected`, async (system) => {
    const session = await system.openReady();
    await session.send(textRequest({
      ...session.numbers.take(false),
      flags: FLAG.FINAL,
      data: new TextEncoder().encode(text),
    }));
    await session.expectReject();
    assertEquals((await session.text({})).pairs, []);
  });

  systemTest(`a login with ${name} is refused`, async (system) => {
    using connection = await connect(system.portal);
    const exchange = new LoginExchange(connection);
    const { status } = await exchange.exchange({
      csg: STAGE.OPERATIONAL,
      nsg: STAGE.FULL_FEATURE,
      data: new TextEncoder().encode(
        `InitiatorName=${INITIATOR_NAME}\0TargetName=${TARGET_NAME}\0${text}`,
      ),
    });
    assertEquals(status, LOGIN_STATUS.INITIATOR_ERROR);
    assertEquals(await connection.expectClose(), []);
  });
}
