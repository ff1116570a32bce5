/**
 * Data-In: how it is cut, and where its status is (RFC 7143 11.7). The
 * initiator itself checks DataSN, offsets, bursts, and ExpDataSN.
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  FLAG,
  inquiry,
  type Keys,
  NO_TAG,
  OPCODE,
  type Pdu,
  read10,
  read16,
  type Session,
  STATUS,
  write10,
} from "../../support/initiator/mod.ts";
import { systemTest } from "../../support/system_target.ts";

const BLOCK = 512;

async function fill(session: Session, lun: number, data: Uint8Array) {
  const cdb = write10(0, data.length / BLOCK);
  const { status } = await session.command(lun, cdb, { write: data });
  assertEquals(status, STATUS.GOOD);
}

function dataIn(responses: readonly Pdu[]): Pdu[] {
  return responses.filter(({ opcode }) => opcode === OPCODE.DATA_IN);
}

/** Bytes of each sequence: F ends one. */
function sequencesOf(responses: readonly Pdu[]): number[] {
  const sequences = [0];
  for (const pdu of dataIn(responses)) {
    const last = sequences.length - 1;
    sequences[last] = (sequences[last] ?? 0) + pdu.data.length;
    if (pdu.has(FLAG.FINAL)) sequences.push(0);
  }
  assertEquals(sequences.pop(), 0, "the last Data-In has no F");
  return sequences;
}

interface ReadStory {
  readonly keys: Keys;
  readonly lengthBytes: number;
  readonly sequences: readonly number[];
}

const STORIES: Readonly<Record<string, ReadStory>> = {
  "one PDU is enough": {
    keys: {},
    lengthBytes: 8 * BLOCK,
    sequences: [8 * BLOCK],
  },
  "segments of 512 bytes": {
    keys: { MaxRecvDataSegmentLength: "512" },
    lengthBytes: 20 * BLOCK,
    sequences: [20 * BLOCK],
  },
  "segments that hold no whole number of blocks": {
    keys: { MaxRecvDataSegmentLength: "1000" },
    lengthBytes: 20 * BLOCK,
    sequences: [20 * BLOCK],
  },
  "an odd segment length": {
    keys: { MaxRecvDataSegmentLength: "777" },
    lengthBytes: 20 * BLOCK,
    sequences: [20 * BLOCK],
  },
  "bursts of 4 KiB": {
    keys: { MaxBurstLength: "4096" },
    lengthBytes: 20 * BLOCK,
    sequences: [4096, 4096, 2048],
  },
  "bursts that hold no whole number of blocks": {
    keys: { MaxBurstLength: "1000" },
    lengthBytes: 5 * BLOCK,
    sequences: [1000, 1000, 560],
  },
  "odd bursts in odd segments": {
    keys: { MaxBurstLength: "1001", MaxRecvDataSegmentLength: "513" },
    lengthBytes: 5 * BLOCK,
    sequences: [1001, 1001, 558],
  },
  "a burst of exactly the length": {
    keys: { MaxBurstLength: "10240" },
    lengthBytes: 20 * BLOCK,
    sequences: [20 * BLOCK],
  },
  "a megabyte and more": {
    keys: {},
    lengthBytes: 3 * 2 ** 20 + BLOCK,
    sequences: [2 ** 20, 2 ** 20, 2 ** 20, BLOCK],
  },
  "segments and bursts beyond our own": {
    keys: {
      MaxRecvDataSegmentLength: "16777215",
      MaxBurstLength: "16777215",
    },
    lengthBytes: 3 * 2 ** 20,
    sequences: [2 ** 20, 2 ** 20, 2 ** 20],
  },
};

for (const [name, story] of Object.entries(STORIES)) {
  const { keys, lengthBytes, sequences } = story;

  systemTest(`read: ${name}`, async (system) => {
    const session = await system.openReady({ keys });
    const data = patternBytes(lengthBytes);
    await fill(session, 0, data);
    const cdb = read10(0, lengthBytes / BLOCK);
    const read = await session.command(0, cdb, { read: lengthBytes });
    assertBytes(read.data, data);
    assertEquals(sequencesOf(read.responses), sequences);
    checkStatus(read.responses);
  });

  systemTest(`read from a store that waits: ${name}`, async (system) => {
    const sizeBytes = 4 * 2 ** 20;
    await system.addLun({ backend: "controlled", sizeBytes });
    const session = await system.openReady({ keys });
    const data = patternBytes(lengthBytes);
    await fill(session, 1, data);
    const cdb = read10(0, lengthBytes / BLOCK);
    const read = await session.command(1, cdb, { read: lengthBytes });
    assertBytes(read.data, data);
    assertEquals(sequencesOf(read.responses), sequences);
    checkStatus(read.responses);
  });
}

// GOOD leaves with the last data; what precedes has no status.
function checkStatus(responses: readonly Pdu[]): void {
  const last = responses.at(-1);
  assert(last?.has(FLAG.FINAL | FLAG.STATUS));
  assertEquals(last?.u8(3), STATUS.GOOD);
  for (const pdu of responses) {
    assertEquals(pdu.targetTransferTag, NO_TAG);
    if (pdu === last) continue;
    assert(!pdu.has(FLAG.STATUS));
    assertEquals([pdu.u8(3), pdu.statSN, pdu.u32(44)], [0, 0, 0]);
  }
}

systemTest("reads in flight keep their data apart", async (system) => {
  const session = await system.openReady({
    keys: { MaxRecvDataSegmentLength: "1000" },
  });
  await fill(session, 0, patternBytes(2 ** 20));
  const reads = Array.from(
    { length: 64 },
    (_, index) =>
      session.command(0, read16(index * 32, 32), { read: 32 * BLOCK }),
  );
  const all = patternBytes(2 ** 20);
  for (const [index, read] of reads.entries()) {
    const start = index * 32 * BLOCK;
    const expected = all.subarray(start, start + 32 * BLOCK);
    assertBytes((await read).data, expected);
  }
});

systemTest("a read of more than all buffers waits for room", async (system) => {
  const session = await system.openReady();
  const data = patternBytes(4 * 2 ** 20);
  await fill(session, 0, data);
  const reads = [1, 2, 3, 4, 5, 6, 7, 8].map(() =>
    session.command(0, read10(0, data.length / BLOCK), { read: data.length })
  );
  for (const read of reads) assertBytes((await read).data, data);
});

systemTest(
  "an error in the middle of a read is told behind it",
  async (system) => {
    const store = await system.addControlled();
    const session = await system.openReady({
      keys: { MaxRecvDataSegmentLength: "4096" },
    });
    store.fail("read", "medium");
    const read = await session.command(1, read10(0, 16), { read: 16 * BLOCK });
    assertEquals(read.status, STATUS.CHECK_CONDITION);
    assertEquals(read.sense, "3/11/00");
    assertEquals([read.underflow, read.residual], [true, 16 * BLOCK]);
  },
);

systemTest(
  "an error behind the first chunk leaves no open burst",
  async (system) => {
    const sizeBytes = 4 * 2 ** 20;
    await system.addLun({ backend: "controlled", sizeBytes });
    const { store } = system.driver;
    const session = await system.openReady();
    const length = 2 * 2 ** 20;
    const read = session
      .start(1, read10(0, length / BLOCK), { read: length });
    await session.ping();
    store.fail("read", "medium");
    const { status, data } = await read.result();
    if (status === STATUS.CHECK_CONDITION) assert(data.length <= 2 ** 20);
  },
);

systemTest("a reply ends with its status in one PDU", async (system) => {
  const session = await system.openReady();
  const { responses } = await session.command(0, inquiry(96), { read: 96 });
  assertEquals(responses.length, 1);
  checkStatus(responses);
});

systemTest(
  "a reply in segments of 512 bytes ends as it should",
  async (system) => {
    const session = await system.openReady({
      keys: { MaxRecvDataSegmentLength: "512", MaxBurstLength: "700" },
    });
    // REPORT SUPPORTED OPERATION CODES tells a few kilobytes.
    const cdb = Uint8Array.of(0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 0x40, 0, 0, 0);
    const { data, responses } = await session.command(0, cdb, { read: 16384 });
    const view = new DataView(data.buffer, data.byteOffset);
    assertEquals(data.length, 4 + view.getUint32(0));
    assert(responses.length > 2);
    checkStatus(responses);
  },
);
