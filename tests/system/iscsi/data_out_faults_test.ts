/**
 * Data-Out that breaks a rule: wrong numbers, offsets, amounts, tags
 * (RFC 7143 7.8, 7.13, 11.4.7.2, 11.7).
 */

import { assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  dataOut,
  FLAG,
  NO_TAG,
  OPCODE,
  parseSense,
  type Pdu,
  read10,
  REJECT,
  type RunningCommand,
  scsiCommand,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import {
  HELD_WRITE,
  startHeld,
  systemTest,
} from "../../support/system_target.ts";

const BLOCK = 512;

type Piece = Partial<Parameters<typeof dataOut>[0]>;

/** A Data-Out of four blocks; what is not given is as for unsolicited data. */
function dataOutOf(fields: Piece, session: Session): Pdu {
  return dataOut({
    lun: 0,
    initiatorTaskTag: 0,
    targetTransferTag: NO_TAG,
    expStatSN: session.expStatSN,
    dataSN: 0,
    bufferOffset: 0,
    final: true,
    data: patternBytes(4 * BLOCK),
    ...fields,
  });
}

/** A Data-Out of a command. */
function piece(command: RunningCommand, session: Session, more: Piece): Pdu {
  const { initiatorTaskTag } = command;
  return dataOutOf({ initiatorTaskTag, ...more }, session);
}

// Answers to an R2T for four blocks from offset 0 that break a rule.
const WRONG_ANSWERS: Readonly<Record<string, readonly Piece[]>> = {
  "the first DataSN is 1": [{ dataSN: 1 }],
  "a DataSN comes twice": [
    { final: false, data: patternBytes(BLOCK) },
    { final: false, data: patternBytes(BLOCK), bufferOffset: BLOCK },
  ],
  "a DataSN is left out": [
    { final: false, data: patternBytes(BLOCK) },
    { final: false, data: patternBytes(BLOCK), bufferOffset: 512, dataSN: 2 },
  ],
  "the offset is too large": [{ bufferOffset: 4 }],
  "the offset goes back": [
    { final: false, data: patternBytes(BLOCK) },
    { dataSN: 1, bufferOffset: 0 },
  ],
  "the offset leaves a gap": [
    { final: false, data: patternBytes(BLOCK) },
    { dataSN: 1, bufferOffset: 1024, data: patternBytes(2 * BLOCK) },
  ],
  "there is too much": [{ data: patternBytes(5 * BLOCK) }],
  "there is too little": [{ data: patternBytes(3 * BLOCK) }],
  "the last one has no F": [{ final: false }],
};

for (const [name, pieces] of Object.entries(WRONG_ANSWERS)) {
  systemTest(`solicited data: ${name}`, async (system) => {
    const session = await system.openReady({
      keys: { ImmediateData: "No", InitialR2T: "Yes" },
    });
    const write = patternBytes(4 * BLOCK);
    const command = session
      .start(0, write10(0, 4), { write, holdData: true });
    const { targetTransferTag } = await command.nextR2t();
    for (const each of pieces) {
      await session.send(
        piece(command, session, { targetTransferTag, ...each }),
      );
    }
    const { status, sense } = await command.result();
    assertEquals([status, sense], [STATUS.CHECK_CONDITION, "b/0c/0d"]);
    // What comes late for it harms nobody.
    await session.send(piece(command, session, { targetTransferTag }));
    assertEquals((await session.command(0, testUnitReady())).status, 0);
    assertEquals(session.unsolicited, []);
    const read = { read: BLOCK };
    const { data } = await session.command(0, read10(0, 1), read);
    assertBytes(data, new Uint8Array(BLOCK));
  });
}

systemTest(
  "Data-Out with a tag never given out is rejected",
  async (system) => {
    const session = await system.openReady({ keys: { InitialR2T: "Yes" } });
    const command = await startHeld(session);
    const r2t = await command.nextR2t();
    for (const wrong of [1, 0x7fffffff, 0x80000001, 0xdeadbeef]) {
      const targetTransferTag = (r2t.targetTransferTag + wrong) >>> 0;
      await session.send(piece(command, session, { targetTransferTag }));
      await session.expectReject(REJECT.INVALID_PDU_FIELD);
    }
    command.release();
    assertEquals((await command.result()).status, STATUS.GOOD);
  },
);

systemTest("Data-Out with another command's tag ends both", async (system) => {
  const session = await system.openReady({ keys: { InitialR2T: "Yes" } });
  const first = await startHeld(session);
  const second = await startHeld(session, 8);
  const { targetTransferTag } = await first.nextR2t();
  await second.nextR2t();
  await session.send(piece(second, session, {
    targetTransferTag,
    data: patternBytes(BLOCK),
  }));
  await session.expectReject(REJECT.INVALID_PDU_FIELD);
  const { sense } = await first.result();
  assertEquals(sense, "b/0c/0d");
  second.release();
  assertEquals((await second.result()).status, STATUS.GOOD);
});

systemTest(
  "unasked data under InitialR2T=Yes end the command",
  async (system) => {
    const session = await system.openReady({ keys: { InitialR2T: "Yes" } });
    const command = await startHeld(session);
    await command.nextR2t();
    await session.send(piece(command, session, { data: patternBytes(BLOCK) }));
    await session.expectReject(REJECT.PROTOCOL_ERROR);
    assertEquals((await command.result()).sense, "b/0c/0c");
  },
);

interface UnsolicitedStory {
  readonly pieces: readonly Piece[];
  readonly sense: string;
  /** Bytes that the command writes, when it is not more than a first burst. */
  readonly lengthBytes?: number;
}

// FirstBurstLength is 2048; the command writes twice as much.
const UNSOLICITED: Readonly<Record<string, UnsolicitedStory>> = {
  "right": { pieces: [{}], sense: "", lengthBytes: 2048 },
  "in two pieces": {
    pieces: [
      { final: false, data: patternBytes(100) },
      { dataSN: 1, bufferOffset: 100, data: patternBytes(1948) },
    ],
    sense: "",
    lengthBytes: 2048,
  },
  "F comes alone": {
    pieces: [
      { final: false },
      { dataSN: 1, bufferOffset: 2048, data: new Uint8Array(0) },
    ],
    sense: "",
    lengthBytes: 2048,
  },
  "too little": {
    pieces: [{ data: patternBytes(3 * BLOCK) }],
    sense: "b/0c/0d",
  },
  "less than is expected": {
    pieces: [{ data: patternBytes(BLOCK) }],
    sense: "b/0c/0d",
    lengthBytes: 2 * BLOCK,
  },
  "too much": {
    pieces: [{ data: patternBytes(5 * BLOCK) }],
    sense: "b/0c/0c",
  },
  "too much in pieces": {
    pieces: [{ final: false }, { dataSN: 1, bufferOffset: 2048 }],
    sense: "b/0c/0c",
  },
  "more behind F": {
    pieces: [{}, { dataSN: 1, bufferOffset: 2048 }],
    sense: "b/0c/0c",
  },
  "more than is expected": {
    pieces: [{ data: patternBytes(3 * BLOCK) }],
    sense: "b/0c/0c",
    lengthBytes: 2 * BLOCK,
  },
  "the first DataSN is 1": { pieces: [{ dataSN: 1 }], sense: "b/0c/0d" },
  "the offset is wrong": { pieces: [{ bufferOffset: 4 }], sense: "b/0c/0d" },
};

for (const [name, story] of Object.entries(UNSOLICITED)) {
  const keys = { ImmediateData: "No", FirstBurstLength: "2048" };

  systemTest(`unsolicited data: ${name}`, async (system) => {
    const session = await system.openReady({ keys });
    assertEquals(await writeUnsolicited(session, story), story.sense);
    await session.ping();
  });

  systemTest(`unsolicited data of a blocked write: ${name}`, async (system) => {
    const session = await system.openReady({ keys });
    const blocker = session.start(0, write10(100, 1), {
      ...HELD_WRITE,
      attribute: "ordered",
    });
    await blocker.nextR2t();
    const sense = writeUnsolicited(session, story);
    await session.ping();
    blocker.release();
    assertEquals((await blocker.result()).status, STATUS.GOOD);
    assertEquals(await sense, story.sense);
    await session.ping();
  });
}

/** Writes with F = 0 and then sends these pieces; returns the sense. */
async function writeUnsolicited(
  session: Session,
  { pieces, lengthBytes = 4096 }: UnsolicitedStory,
): Promise<string> {
  const numbers = session.numbers.take(false);
  const { initiatorTaskTag } = numbers;
  await session.send(scsiCommand({
    ...numbers,
    lun: 0,
    flags: FLAG.WRITE,
    cdb: write10(0, lengthBytes / BLOCK),
    expectedDataTransferLength: lengthBytes,
  }));
  for (const each of pieces) {
    await session.send(dataOutOf({ initiatorTaskTag, ...each }, session));
  }
  const response = await session.expect(
    (pdu) =>
      pdu.opcode === OPCODE.SCSI_RESPONSE &&
      pdu.initiatorTaskTag === initiatorTaskTag,
    "the end of the write",
  );
  return parseSense(response.data.subarray(2))?.text ?? "";
}

systemTest("a write of nothing may announce data", async (system) => {
  const session = await system.openReady();
  const sense = await writeUnsolicited(session, {
    pieces: [{ data: new Uint8Array(0) }],
    sense: "",
    lengthBytes: 0,
  });
  assertEquals(sense, "");
  const write = patternBytes(8 * BLOCK);
  const options = { write, immediateData: BLOCK, unsolicited: 7 * BLOCK };
  const { status } = await session.command(0, write10(0, 8), options);
  assertEquals(status, STATUS.GOOD);
  const read = { read: 8 * BLOCK };
  assertBytes((await session.command(0, read10(0, 8), read)).data, write);
});
