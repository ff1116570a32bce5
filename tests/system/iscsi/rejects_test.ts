/**
 * Requests that are answered by a Reject, after which the session goes on
 * (RFC 7143 11.2.1.8, 11.17).
 */

import { assertEquals } from "@std/assert";
import { assertBytes } from "../../support/bytes.ts";
import {
  FLAG,
  LOGOUT,
  logoutRequest,
  makePdu,
  NO_TAG,
  nopOut,
  OPCODE,
  type Pdu,
  REJECT,
  scsiCommand,
  type Session,
  snackRequest,
  taskManagement,
  testUnitReady,
  textRequest,
} from "../../support/initiator/mod.ts";
import { systemTest } from "../../support/system_target.ts";

const UNKNOWN = [0x07, 0x0f, 0x11, 0x1c, 0x1f, 0x20, 0x25, 0x3f];

for (const opcode of UNKNOWN) {
  const name = `opcode 0x${opcode.toString(16)} is rejected as unknown`;
  systemTest(name, async (system) => {
    const session = await system.openReady();
    const numbers = session.numbers.take(true);
    const pdu = makePdu({
      opcode,
      immediate: true,
      flags: FLAG.FINAL,
      initiatorTaskTag: numbers.initiatorTaskTag,
      words: { 24: numbers.cmdSN, 28: numbers.expStatSN },
    });
    await session.send(pdu);
    const reject = await session.expectReject(REJECT.COMMAND_NOT_SUPPORTED);
    assertBytes(reject.data, pdu.header);
    assertEquals(reject.initiatorTaskTag, NO_TAG);
    const { status } = await session.command(0, testUnitReady());
    assertEquals(status, 0);
  });
}

type Build = (session: Session) => Pdu;

// The tag that names nothing is no tag for a request that is answered.
const WITHOUT_TAG: Readonly<Record<string, Build>> = {
  "SCSI Command": (session) =>
    scsiCommand({
      ...session.numbers.take(false),
      initiatorTaskTag: NO_TAG,
      lun: 0,
      flags: FLAG.FINAL,
      cdb: testUnitReady(),
      expectedDataTransferLength: 0,
    }),
  "Task Management": (session) =>
    taskManagement({
      ...session.numbers.take(true),
      initiatorTaskTag: NO_TAG,
      function: 2,
    }),
  "Text Request": (session) =>
    textRequest({
      ...session.numbers.take(false),
      initiatorTaskTag: NO_TAG,
      flags: FLAG.FINAL,
      data: new Uint8Array(0),
    }),
  "Logout Request": (session) =>
    logoutRequest({
      ...session.numbers.take(true),
      initiatorTaskTag: NO_TAG,
      reason: LOGOUT.CLOSE_SESSION,
    }),
  "numbered NOP-Out": (session) =>
    nopOut({
      ...session.numbers.take(false),
      initiatorTaskTag: NO_TAG,
      immediate: false,
    }),
};

for (const [name, build] of Object.entries(WITHOUT_TAG)) {
  systemTest(`a ${name} without a tag is rejected`, async (system) => {
    const session = await system.openReady();
    await session.send(build(session));
    await session.expectReject(REJECT.INVALID_PDU_FIELD);
    const { status } = await session.command(0, testUnitReady());
    assertEquals(status, 0);
  });
}

systemTest("SNACK is rejected, whatever it asks for", async (system) => {
  const session = await system.openReady();
  for (const type of [0, 1, 2, 3]) {
    await session.send(snackRequest({
      type,
      initiatorTaskTag: session.numbers.freshTag(),
      expStatSN: session.expStatSN,
    }));
    await session.expectReject(REJECT.SNACK_REJECT);
  }
  assertEquals((await session.command(0, testUnitReady())).status, 0);
});

systemTest("a Login Request in a session is rejected", async (system) => {
  const session = await system.openReady();
  await session.send(makePdu({
    opcode: OPCODE.LOGIN,
    immediate: true,
    flags: FLAG.TRANSIT | 0x07,
    initiatorTaskTag: session.numbers.freshTag(),
  }));
  await session.expectReject(REJECT.PROTOCOL_ERROR);
  assertEquals((await session.command(0, testUnitReady())).status, 0);
});

for (const attribute of [5, 6, 7]) {
  systemTest(`task attribute ${attribute} is rejected`, async (system) => {
    const session = await system.openReady();
    await session.send(scsiCommand({
      ...session.numbers.take(false),
      lun: 0,
      flags: FLAG.FINAL | attribute,
      cdb: testUnitReady(),
      expectedDataTransferLength: 0,
    }));
    await session.expectReject(REJECT.INVALID_PDU_FIELD);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
  });
}
