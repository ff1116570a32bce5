/**
 * Header and data digests (RFC 7143 7.8, 11.2.3, 13.1).
 */

import { assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import { GAP_SECONDS_MAX } from "../../../frontends/iscsi/early_requests.ts";
import {
  dataOut,
  FLAG,
  makePdu,
  NO_TAG,
  nopOut,
  OPCODE,
  parseSense,
  type Pdu,
  read10,
  REJECT,
  type RequestNumbers,
  scsiCommand,
  type Session,
  STATUS,
  TASK_MANAGEMENT,
  TASK_MANAGEMENT_RESPONSE,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { systemTest } from "../../support/system_target.ts";

const COMBINATIONS = [
  ["None", "None"],
  ["CRC32C", "None"],
  ["None", "CRC32C"],
  ["CRC32C", "CRC32C"],
] as const;
const LENGTH = 300 * 512;

for (const [HeaderDigest, DataDigest] of COMBINATIONS) {
  const keys = { HeaderDigest, DataDigest, MaxRecvDataSegmentLength: "4096" };
  const name = `header digest ${HeaderDigest}, data digest ${DataDigest}`;

  systemTest(`${name}: every kind of PDU passes`, async (system) => {
    const session = await system.open({ keys });
    // A CHECK CONDITION carries its sense data in the data segment.
    const first = await session.command(0, read10(0, 1), { read: 512 });
    assertEquals(first.sense.slice(0, 4), "6/29");
    const data = patternBytes(LENGTH);
    const cdb = write10(5, LENGTH / 512);
    const written = await session.command(0, cdb, { write: data });
    assertEquals(written.status, 0);
    const read = read10(5, LENGTH / 512);
    const got = await session.command(0, read, { read: LENGTH });
    assertBytes(got.data, data);
    const text = await session.text({ SendTargets: "" });
    assertEquals(text.pairs[0]?.[0], "TargetName");
    assertBytes(await session.ping(patternBytes(7)), patternBytes(7));
    assertBytes(await session.ping(), new Uint8Array(0));
  });

  systemTest(`${name}: write data comes by R2T`, async (system) => {
    const session = await system.openReady({
      keys: { ...keys, InitialR2T: "Yes", ImmediateData: "No" },
    });
    const data = patternBytes(LENGTH);
    const cdb = write10(5, LENGTH / 512);
    const written = await session.command(0, cdb, { write: data });
    assertEquals(written.status, 0);
    const read = read10(5, LENGTH / 512);
    const got = await session.command(0, read, { read: LENGTH });
    assertBytes(got.data, data);
  });
}

const BOTH = { HeaderDigest: "CRC32C", DataDigest: "CRC32C" };

/** Reads block 0 by a session of its own. */
async function blockOf(session: Session): Promise<Uint8Array> {
  const options = { read: 512 };
  return (await session.command(0, read10(0, 1), options)).data;
}

systemTest("a wrong header digest ends the connection", async (system) => {
  const session = await system.open({ keys: BOTH });
  const ping = nopOut({ ...session.numbers.take(true), data: patternBytes(9) });
  await session.send(ping, { corrupt: "header" });
  await session.expectClose();
  assertEquals(session.unsolicited, []);
});

/** A ping with additional headers that nobody needs. */
function pingWithAhs(session: Session): Pdu {
  const { initiatorTaskTag, cmdSN, expStatSN } = session.numbers.take(true);
  return makePdu({
    opcode: OPCODE.NOP_OUT,
    immediate: true,
    flags: FLAG.FINAL,
    initiatorTaskTag,
    words: { 20: NO_TAG, 24: cmdSN, 28: expStatSN },
    ahs: patternBytes(40),
    data: patternBytes(9),
  });
}

systemTest("a header digest covers additional headers", async (system) => {
  const session = await system.open({ keys: BOTH });
  const echo = await session.request(pingWithAhs(session));
  assertBytes(echo.data, patternBytes(9));
  await session.send(pingWithAhs(session), { corrupt: "header" });
  await session.expectClose();
});

systemTest("a length behind a wrong digest is not believed", async (system) => {
  const session = await system.open({ keys: BOTH });
  const ping = nopOut(session.numbers.take(true));
  // It would announce 16 MB that never come.
  ping.set32(4, 0x00ffffff);
  await session.send(ping, { corrupt: "header" });
  await session.expectClose();
});

/** A write of block 0 with its data. */
function writePdu(
  session: Session,
  numbers: RequestNumbers = session.numbers.take(false),
): Pdu {
  return scsiCommand({
    ...numbers,
    lun: 0,
    flags: FLAG.FINAL | FLAG.WRITE,
    cdb: write10(0, 1),
    expectedDataTransferLength: 512,
    data: patternBytes(512),
  });
}

systemTest(
  "a command with a wrong data digest writes nothing",
  async (system) => {
    const session = await system.openReady({ keys: BOTH });
    const { expCmdSN } = session.numbers;
    const pdu = writePdu(session);
    await session.send(pdu, { corrupt: "data" });
    const reject = await session.expectReject(REJECT.DATA_DIGEST_ERROR);
    assertBytes(reject.data, pdu.header);
    assertEquals(session.numbers.expCmdSN, expCmdSN);
    const witness = await system.openReady();
    assertBytes(await blockOf(witness), new Uint8Array(512));
  },
);

systemTest(
  "a command with a wrong data digest may come once more",
  async (system) => {
    const session = await system.openReady({ keys: BOTH });
    const pdu = writePdu(session);
    await session.send(pdu, { corrupt: "data" });
    await session.expectReject(REJECT.DATA_DIGEST_ERROR);
    const behind = session.command(0, testUnitReady());
    await session.ping();
    assertEquals((await session.request(pdu)).u8(3), STATUS.GOOD);
    assertEquals((await behind).status, STATUS.GOOD);
    assertBytes(await blockOf(session), patternBytes(512));
    for (let tick = 0; tick < 10; tick += 1) {
      system.host.clock.advance(1000);
      await session.ping();
    }
  },
);

systemTest(
  "a command with a wrong data digest may be aborted",
  async (system) => {
    const session = await system.openReady({ keys: BOTH });
    const lost = session.numbers.take(false);
    const pdu = writePdu(session, lost);
    await session.send(pdu, { corrupt: "data" });
    await session.expectReject(REJECT.DATA_DIGEST_ERROR);
    const { response } = await session.taskManagement(
      TASK_MANAGEMENT.ABORT_TASK,
      {
        referencedTaskTag: lost.initiatorTaskTag,
        refCmdSN: lost.cmdSN,
        lun: 0,
      },
    );
    assertEquals(response, TASK_MANAGEMENT_RESPONSE.COMPLETE);
    assertBytes(await blockOf(session), new Uint8Array(512));
  },
);

systemTest(
  "a number that was lost to a wrong data digest ends the session",
  async (system) => {
    const session = await system.openReady({ keys: BOTH });
    await session.send(writePdu(session), { corrupt: "data" });
    await session.expectReject(REJECT.DATA_DIGEST_ERROR);
    for (let tick = 1; tick < GAP_SECONDS_MAX; tick += 1) {
      system.host.clock.advance(1000);
      await session.ping();
    }
    system.host.clock.advance(1000);
    await session.expectClose();
  },
);

systemTest("an immediate ping with a wrong data digest", async (system) => {
  const session = await system.openReady({ keys: BOTH });
  const ping = nopOut({ ...session.numbers.take(true), data: patternBytes(9) });
  await session.send(ping, { corrupt: "data" });
  await session.expectReject(REJECT.DATA_DIGEST_ERROR);
  for (let tick = 0; tick < 10; tick += 1) {
    system.host.clock.advance(1000);
    await session.ping();
  }
});

interface Spoilt {
  readonly initiatorTaskTag: number;
  readonly targetTransferTag: number;
  /** Which of four Data-Out has a wrong digest. */
  readonly index: number;
  /** The command has ended. */
  readonly ended: () => boolean;
}

/** Sends Data-Out of four blocks, one block each, one of them spoilt. */
async function sendSpoilt(session: Session, wish: Spoilt): Promise<void> {
  for (const dataSN of [0, 1, 2, 3]) {
    const pdu = dataOut({
      ...wish,
      lun: 0,
      expStatSN: session.expStatSN,
      dataSN,
      bufferOffset: 512 * dataSN,
      final: dataSN === 3,
      data: patternBytes(512, dataSN),
    });
    // The status waits for the whole sequence (RFC 7143 7.8).
    await session.ping();
    assertEquals(wish.ended(), false);
    if (dataSN === wish.index) {
      await session.send(pdu, { corrupt: "data" });
      const reject = await session.expectReject(REJECT.DATA_DIGEST_ERROR);
      assertBytes(reject.data, pdu.header);
    } else await session.send(pdu);
  }
}

const SPOILT = [["first", 0], ["second", 1], ["last", 3]] as const;

for (const [which, index] of SPOILT) {
  const name = `data, the ${which} with a wrong digest`;

  systemTest(`solicited ${name}`, async (system) => {
    const session = await system.openReady({
      keys: { ...BOTH, ImmediateData: "No", InitialR2T: "Yes" },
    });
    const options = { write: patternBytes(2048), holdData: true };
    const command = session.start(0, write10(0, 4), options);
    const { targetTransferTag } = await command.nextR2t();
    const { initiatorTaskTag } = command;
    const ended = () => command.done;
    const wish = { initiatorTaskTag, targetTransferTag, index, ended };
    await sendSpoilt(session, wish);
    const { status, sense } = await command.result();
    assertEquals([status, sense], [STATUS.CHECK_CONDITION, "b/47/05"]);
    assertBytes(await blockOf(session), new Uint8Array(512));
    assertEquals(session.unsolicited, []);
  });

  systemTest(`unsolicited ${name}`, async (system) => {
    const session = await system.openReady({
      keys: { ...BOTH, InitialR2T: "No" },
    });
    const numbers = session.numbers.take(false);
    await session.send(scsiCommand({
      ...numbers,
      lun: 0,
      flags: FLAG.WRITE,
      cdb: write10(0, 4),
      expectedDataTransferLength: 2048,
    }));
    const { initiatorTaskTag } = numbers;
    const ended = () => session.unsolicited.length > 0;
    const wish = { initiatorTaskTag, targetTransferTag: NO_TAG, index, ended };
    await sendSpoilt(session, wish);
    const response = await session.expect(
      ({ opcode }) => opcode === OPCODE.SCSI_RESPONSE,
      "the response",
    );
    assertEquals(response.u8(3), STATUS.CHECK_CONDITION);
    assertEquals(parseSense(response.data.subarray(2))?.text, "b/47/05");
    assertBytes(await blockOf(session), new Uint8Array(512));
    assertEquals(session.unsolicited, []);
  });
}

systemTest(
  "without data there is no data digest to be wrong",
  async (system) => {
    const session = await system.open({ keys: BOTH });
    const ping = nopOut({
      ...session.numbers.take(true),
      initiatorTaskTag: NO_TAG,
    });
    await session.send(ping, { corrupt: "data" });
    assertBytes(await session.ping(), new Uint8Array(0));
  },
);
