/**
 * Data-Out: immediate, unsolicited, and asked for by R2T (RFC 7143 11.3, 11.7,
 * 11.8, 13.10 to 13.14).
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  type CommandOptions,
  FLAG,
  type Keys,
  OPCODE,
  type Pdu,
  read10,
  REJECT,
  scsiCommand,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { startHeld, systemTest } from "../../support/system_target.ts";

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
  const first = await startHeld(session);
  const second = await startHeld(session, 8);
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
