/**
 * Data-Out: immediate, unsolicited, and asked for by R2T (RFC 7143 11.3, 11.7,
 * 11.8, 13.10 to 13.14).
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  type CommandOptions,
  dataOut,
  FLAG,
  type Keys,
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
import { systemTest } from "../../support/system_target.ts";

const BLOCK = 512;

async function readBack(
  session: Session,
  lba: number,
  lengthBytes: number,
): Promise<Uint8Array> {
  const cdb = read10(lba, lengthBytes / BLOCK);
  const { data } = await session.command(0, cdb, { read: lengthBytes });
  return data;
}

function r2tsOf(responses: readonly Pdu[]): [number, number][] {
  return responses.filter(({ opcode }) => opcode === OPCODE.R2T)
    .map((pdu) => [pdu.u32(40), pdu.u32(44)]);
}

interface WriteStory {
  readonly keys: Keys;
  readonly lengthBytes: number;
  readonly options?: CommandOptions;
  /** Offset and length of each R2T. */
  readonly r2ts: readonly (readonly [number, number])[];
}

const STORIES: Readonly<Record<string, WriteStory>> = {
  "all data is immediate": {
    keys: {},
    lengthBytes: 8 * BLOCK,
    r2ts: [],
  },
  "FirstBurstLength ends immediate data": {
    keys: { FirstBurstLength: "1024", InitialR2T: "Yes" },
    lengthBytes: 8 * BLOCK,
    r2ts: [[1024, 3072]],
  },
  "an odd FirstBurstLength is the limit all the same": {
    keys: { FirstBurstLength: "1000", InitialR2T: "Yes" },
    lengthBytes: 8 * BLOCK,
    r2ts: [[1000, 3096]],
  },
  "unsolicited Data-Out follows immediate data": {
    keys: { FirstBurstLength: "65536" },
    lengthBytes: 100 * BLOCK,
    options: { immediateData: 512 },
    r2ts: [],
  },
  "unsolicited Data-Out without immediate data": {
    keys: { ImmediateData: "No", FirstBurstLength: "65536" },
    lengthBytes: 100 * BLOCK,
    r2ts: [],
  },
  "R2T asks for what is left of a first burst": {
    keys: { FirstBurstLength: "4096", ImmediateData: "No" },
    lengthBytes: 100 * BLOCK,
    r2ts: [[4096, 100 * BLOCK - 4096]],
  },
  "without unsolicited data R2T asks for all": {
    keys: { ImmediateData: "No", InitialR2T: "Yes" },
    lengthBytes: 100 * BLOCK,
    r2ts: [[0, 100 * BLOCK]],
  },
  "an initiator need not send what it may": {
    keys: {},
    lengthBytes: 16 * BLOCK,
    options: { immediateData: false, unsolicited: false },
    r2ts: [[0, 16 * BLOCK]],
  },
  "MaxBurstLength cuts R2T": {
    keys: { ImmediateData: "No", InitialR2T: "Yes", MaxBurstLength: "4096" },
    lengthBytes: 20 * BLOCK,
    r2ts: [[0, 4096], [4096, 4096], [8192, 2048]],
  },
  "an odd MaxBurstLength cuts R2T inside a block": {
    keys: { ImmediateData: "No", InitialR2T: "Yes", MaxBurstLength: "1000" },
    lengthBytes: 5 * BLOCK,
    r2ts: [[0, 1000], [1000, 1000], [2000, 560]],
  },
  "an odd first burst is followed by odd bursts": {
    keys: { FirstBurstLength: "777", MaxBurstLength: "1001" },
    lengthBytes: 6 * BLOCK,
    r2ts: [[777, 1001], [1778, 1001], [2779, 293]],
  },
  "data of more than one chunk": {
    keys: {},
    lengthBytes: 4 * 2 ** 20 - BLOCK,
    r2ts: [
      [262144, 2 ** 20 - 262144],
      [2 ** 20, 2 ** 20],
      [2 * 2 ** 20, 2 ** 20],
      [3 * 2 ** 20, 2 ** 20 - BLOCK],
    ],
  },
  "more is expected than the command writes": {
    keys: { ImmediateData: "No", InitialR2T: "Yes" },
    lengthBytes: 4 * BLOCK,
    options: { expectedLength: 6 * BLOCK },
    r2ts: [[0, 4 * BLOCK]],
  },
};

for (const [name, story] of Object.entries(STORIES)) {
  const { keys, lengthBytes, options, r2ts } = story;
  systemTest(`write: ${name}`, async (system) => {
    const session = await system.openReady({ keys });
    const write = patternBytes(lengthBytes);
    const cdb = write10(1, lengthBytes / BLOCK);
    const written = await session.command(0, cdb, { ...options, write });
    assertEquals(written.status, STATUS.GOOD, written.sense);
    assertEquals(r2tsOf(written.responses), r2ts);
    assertEquals(written.responses.at(-1)?.u32(36), r2ts.length);
    assertBytes(await readBack(session, 1, lengthBytes), write);
  });
}

systemTest(
  "32 writes whose data come by R2T are kept apart",
  async (system) => {
    const session = await system.openReady({
      keys: { ImmediateData: "No", InitialR2T: "Yes", MaxBurstLength: "2048" },
    });
    const commands = Array.from(
      { length: 32 },
      (_, index) =>
        session.command(0, write10(index * 16, 16), {
          write: patternBytes(16 * BLOCK, index),
        }),
    );
    for (const command of commands) {
      assertEquals((await command).status, STATUS.GOOD);
    }
    for (let index = 0; index < 32; index += 1) {
      const data = await readBack(session, index * 16, 16 * BLOCK);
      assertBytes(data, patternBytes(16 * BLOCK, index));
    }
  },
);

systemTest("R2T names LUN, tag and the next StatSN", async (system) => {
  const session = await system.openReady({ keys: { InitialR2T: "Yes" } });
  const first = session.start(0, write10(0, 1), held());
  const second = session.start(0, write10(8, 1), held());
  const [one, other] = [await first.nextR2t(), await second.nextR2t()];
  assert(one.targetTransferTag !== other.targetTransferTag);
  for (const r2t of [one, other]) {
    assertBytes(r2t.header.slice(8, 16), new Uint8Array(8));
    assertEquals(r2t.statSN, session.expStatSN);
    assertEquals(r2t.u32(36), 0);
  }
  first.release();
  second.release();
  assertEquals((await first.result()).status, STATUS.GOOD);
  assertEquals((await second.result()).status, STATUS.GOOD);
});

function held(): CommandOptions {
  return { write: patternBytes(BLOCK), immediateData: false, holdData: true };
}

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
    assertBytes(await readBack(session, 0, BLOCK), new Uint8Array(BLOCK));
  });
}

systemTest(
  "Data-Out with a tag never given out is rejected",
  async (system) => {
    const session = await system.openReady({ keys: { InitialR2T: "Yes" } });
    const command = session.start(0, write10(0, 1), held());
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
  const first = session.start(0, write10(0, 1), held());
  const second = session.start(0, write10(8, 1), held());
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
    const command = session.start(0, write10(0, 1), held());
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
      ...held(),
      attribute: "ordered",
      unsolicited: false,
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

interface Refusal {
  readonly keys: Keys;
  readonly options: CommandOptions;
}

const REFUSED: Readonly<Record<string, Refusal>> = {
  "immediate data under ImmediateData=No": {
    keys: { ImmediateData: "No" },
    options: { immediateData: BLOCK, unsolicited: false },
  },
  "more immediate data than FirstBurstLength": {
    keys: { FirstBurstLength: "1024" },
    options: { immediateData: 2048, unsolicited: false },
  },
  "more immediate data than is expected": {
    keys: {},
    options: { immediateData: 2048, expectedLength: 1024, unsolicited: false },
  },
  "F = 0 under InitialR2T=Yes": {
    keys: { InitialR2T: "Yes", ImmediateData: "No" },
    options: { unsolicited: BLOCK },
  },
};

for (const [name, { keys, options }] of Object.entries(REFUSED)) {
  systemTest(`a write is rejected: ${name}`, async (system) => {
    const session = await system.openReady({ keys });
    const write = patternBytes(4 * BLOCK);
    session.start(0, write10(0, 4), { ...options, write });
    await session.expectReject(REJECT.PROTOCOL_ERROR);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
    assertBytes(await readBack(session, 0, BLOCK), new Uint8Array(BLOCK));
  });
}

systemTest("a command without W carries no data", async (system) => {
  const session = await system.openReady();
  const command = session.start(0, testUnitReady(), { immediateData: 4 });
  await session.expectReject(REJECT.PROTOCOL_ERROR);
  await command.result().catch(() => {});
  assertEquals((await session.command(0, testUnitReady())).status, 0);
});

systemTest("a command that reads has F", async (system) => {
  const session = await system.openReady();
  await session.send(scsiCommand({
    ...session.numbers.take(false),
    lun: 0,
    flags: FLAG.READ,
    cdb: read10(0, 1),
    expectedDataTransferLength: BLOCK,
  }));
  await session.expectReject(REJECT.PROTOCOL_ERROR);
  assertEquals((await session.command(0, testUnitReady())).status, 0);
});

systemTest("data of an ended command are dropped", async (system) => {
  const session = await system.openReady({ keys: { ImmediateData: "No" } });
  // Out of range: it ends at once, its unsolicited data are on their way.
  const { sense } = await session.command(0, write10(0xffffff, 8), {
    write: patternBytes(8 * BLOCK),
  });
  assertEquals(sense, "5/21/00");
  assertEquals((await session.command(0, testUnitReady())).status, 0);
  assertEquals(session.unsolicited, []);
});
