/**
 * CmdSN, its window, and StatSN (RFC 7143 4.2.2).
 */

import { assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  FLAG,
  nopOut,
  OPCODE,
  type Pdu,
  read10,
  scsiCommand,
  serialDifference,
  type Session,
  TASK_MANAGEMENT,
  TASK_MANAGEMENT_RESPONSE,
  testUnitReady,
  textRequest,
  write10,
} from "../../support/initiator/mod.ts";
import { systemTest } from "../../support/system_target.ts";

/** A write of one block with a CmdSN of the test's choice. */
function writePdu(session: Session, cmdSN: number, lba: number): Pdu {
  return scsiCommand({
    initiatorTaskTag: session.numbers.freshTag(),
    cmdSN: cmdSN >>> 0,
    expStatSN: session.expStatSN,
    lun: 0,
    flags: FLAG.FINAL | FLAG.WRITE,
    cdb: write10(lba, 1),
    expectedDataTransferLength: 512,
    data: patternBytes(512, lba),
  });
}

function isEnd(pdu: Pdu): boolean {
  return pdu.opcode === OPCODE.SCSI_RESPONSE;
}

async function blockAt(session: Session, lba: number): Promise<Uint8Array> {
  const { data } = await session.command(0, read10(lba, 1), { read: 512 });
  return data;
}

const WINDOW = 256;
const OUTSIDE: readonly (readonly [string, number])[] = [
  ["just before the window", -1],
  ["far before the window", -1000],
  ["just behind the window", WINDOW + 1],
  ["far behind the window", 100_000],
  ["half the circle away", 0x7fffffff],
];

for (const [name, distance] of OUTSIDE) {
  systemTest(`a command ${name} is ignored`, async (system) => {
    const session = await system.openReady();
    const { cmdSN } = session.numbers;
    await session.send(writePdu(session, cmdSN + distance, 7));
    await session.ping();
    assertEquals(session.unsolicited, []);
    assertBytes(await blockAt(session, 7), new Uint8Array(512));
  });
}

systemTest("a numbered ping outside the window is ignored", async (system) => {
  const session = await system.openReady();
  const { cmdSN } = session.numbers;
  for (const wrong of [cmdSN - 1, cmdSN + WINDOW + 1]) {
    await session.send(nopOut({
      initiatorTaskTag: session.numbers.freshTag(),
      cmdSN: wrong >>> 0,
      expStatSN: session.expStatSN,
      immediate: false,
    }));
  }
  await session.ping();
  assertEquals(session.unsolicited, []);
});

systemTest("a second command with a number is ignored", async (system) => {
  const session = await system.openReady();
  const { cmdSN } = session.numbers.take(false);
  await session.send(writePdu(session, cmdSN, 1));
  await session.expect(isEnd, "the response");
  await session.send(writePdu(session, cmdSN, 2));
  await session.ping();
  assertEquals(session.unsolicited, []);
  assertBytes(await blockAt(session, 2), new Uint8Array(512));
});

systemTest("commands behind a gap wait until it closes", async (system) => {
  const session = await system.openReady();
  const numbers = [1, 2, 3, 4].map(() => session.numbers.take(false).cmdSN);
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
  const late = writePdu(session, fourth, 4);
  const pdus = [writePdu(session, third, 3), late];
  for (const pdu of pdus) await session.send(pdu);
  // The same once more: it is there already.
  await session.send(writePdu(session, fourth, 5));
  await session.send(writePdu(session, second, 2));
  await session.ping();
  assertEquals(session.unsolicited, []);
  assertEquals(session.numbers.expCmdSN, first);
  await session.send(writePdu(session, first, 1));
  for (let count = 0; count < 4; count += 1) {
    await session.expect(isEnd, "a response");
  }
  assertEquals(session.numbers.expCmdSN, fourth + 1);
  for (const lba of [1, 2, 3, 4]) {
    assertBytes(await blockAt(session, lba), patternBytes(512, lba));
  }
  assertBytes(await blockAt(session, 5), new Uint8Array(512));
});

systemTest("a ping behind a gap is answered in its turn", async (system) => {
  const session = await system.openReady();
  const first = session.numbers.take(false).cmdSN;
  const second = session.numbers.take(false);
  const data = patternBytes(33);
  await session.send(nopOut({ ...second, immediate: false, data }));
  await session.ping();
  assertEquals(session.unsolicited, []);
  await session.send(writePdu(session, first, 1));
  await session.expect(isEnd, "the response");
  const echo = await session.expect(
    ({ initiatorTaskTag }) => initiatorTaskTag === second.initiatorTaskTag,
    "the echo",
  );
  assertBytes(echo.data, data);
});

systemTest(
  "an aborted gap lets the commands behind it go on",
  async (system) => {
    const session = await system.openReady();
    const lost = session.numbers.take(false);
    const next = session.numbers.take(false).cmdSN;
    await session.send(writePdu(session, next, 9));
    const { response } = await session.taskManagement(
      TASK_MANAGEMENT.ABORT_TASK,
      {
        referencedTaskTag: lost.initiatorTaskTag,
        refCmdSN: lost.cmdSN,
        lun: 0,
      },
    );
    assertEquals(response, TASK_MANAGEMENT_RESPONSE.COMPLETE);
    await session.expect(isEnd, "the response of the command behind the gap");
    assertBytes(await blockAt(session, 9), patternBytes(512, 9));
    // The lost command comes after all: it does not count any more.
    await session.send(writePdu(session, lost.cmdSN, 8));
    await session.ping();
    assertBytes(await blockAt(session, 8), new Uint8Array(512));
  },
);

systemTest("an aborted command behind a gap never runs", async (system) => {
  const session = await system.openReady();
  const first = session.numbers.take(false).cmdSN;
  const second = session.numbers.take(false).cmdSN;
  const victim = writePdu(session, second, 9);
  await session.send(victim);
  const { response } = await session.taskManagement(
    TASK_MANAGEMENT.ABORT_TASK,
    {
      referencedTaskTag: victim.initiatorTaskTag,
      refCmdSN: second,
      lun: 0,
    },
  );
  assertEquals(response, TASK_MANAGEMENT_RESPONSE.COMPLETE);
  await session.send(writePdu(session, first, 1));
  await session.expect(isEnd, "the response of the first");
  assertBytes(await blockAt(session, 9), new Uint8Array(512));
  assertEquals(session.unsolicited, []);
});

systemTest(
  "early commands beyond the limit end the session",
  async (system) => {
    const session = await system.openReady();
    session.numbers.take(false);
    const pdus = Array.from({ length: 5 }, () =>
      nopOut({
        ...session.numbers.take(false),
        immediate: false,
        data: patternBytes(250_000),
      }));
    await Promise.allSettled(pdus.map((pdu) => session.send(pdu)));
    await session.expectClose();
  },
);

systemTest("immediate commands carry a number and use none", async (system) => {
  const session = await system.openReady();
  const { cmdSN } = session.numbers;
  for (let count = 0; count < 3; count += 1) {
    const { status } = await session
      .command(0, testUnitReady(), { immediate: true });
    assertEquals(status, 0);
  }
  assertEquals(session.numbers.expCmdSN, cmdSN);
});

systemTest("CmdSN and ExpCmdSN wrap around", async (system) => {
  const session = await system.openReady({ cmdSN: 0xffffff00 });
  const data = patternBytes(512);
  const commands = Array.from(
    { length: 600 },
    () => session.command(0, write10(0, 1), { write: data }),
  );
  for (const command of commands) assertEquals((await command).status, 0);
  assertEquals(serialDifference(session.numbers.cmdSN, 0) > 0, true);
});

systemTest("a gap over the end of the numbers closes, too", async (system) => {
  const session = await system.open({ cmdSN: 0xffffffff });
  const first = session.numbers.take(false).cmdSN;
  const second = session.numbers.take(false).cmdSN;
  assertEquals([first, second], [0xffffffff, 0]);
  await session.send(writePdu(session, second, 2));
  await session.ping();
  assertEquals(session.unsolicited, []);
  await session.send(writePdu(session, first, 1));
  await session.expect(isEnd, "the first response");
  await session.expect(isEnd, "the second response");
  assertBytes(await blockAt(session, 2), patternBytes(512, 2));
});

systemTest("the window closes and opens with the commands", async (system) => {
  const store = await system.addControlled();
  const session = await system.openReady();
  store.holding = true;
  // The initiator checks each number; 400 do not fit into the window.
  const commands = Array.from(
    { length: 400 },
    (_, lba) => session.start(1, read10(lba, 1), { read: 512 }),
  );
  // The first echo lets one more command go out.
  await session.ping();
  await session.ping();
  const { expCmdSN, maxCmdSN } = session.numbers;
  assertEquals(serialDifference(maxCmdSN, expCmdSN), -1);
  // The next number, but beyond MaxCmdSN: it does not count.
  await session.send(writePdu(session, expCmdSN, 7));
  await session.ping();
  assertEquals(session.numbers.expCmdSN, expCmdSN);
  assertEquals(commands.filter(({ done }) => done).length, 0);
  store.answerAll();
  for (const command of commands) {
    assertEquals((await command.result()).status, 0);
  }
  assertBytes(await blockAt(session, 7), new Uint8Array(512));
});

systemTest("what has no status uses no StatSN", async (system) => {
  // Its Data-In, R2T and pings are watched by the initiator, PDU by PDU.
  const session = await system.openReady({
    keys: { MaxRecvDataSegmentLength: "512", InitialR2T: "Yes" },
  });
  const before = session.expStatSN;
  await session.command(0, write10(0, 8), {
    write: patternBytes(4096),
    immediateData: false,
  });
  await session.command(0, read10(0, 8), { read: 4096 });
  assertEquals(session.expStatSN, before + 2);
});

systemTest("StatSN grows with every answer that has one", async (system) => {
  const session = await system.openReady();
  const before = session.expStatSN;
  await session.ping();
  await session.request(textRequest({
    ...session.numbers.take(false),
    flags: FLAG.FINAL,
    data: new Uint8Array(0),
  }));
  await session.taskManagement(TASK_MANAGEMENT.ABORT_TASK_SET, { lun: 0 });
  await session.send(nopOut({ ...session.numbers.take(true) }).set8(0, 0x5c));
  await session.expectReject();
  assertEquals(session.expStatSN, before + 4);
});
