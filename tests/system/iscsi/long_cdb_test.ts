/**
 * CDBs that go on in an additional header segment (RFC 7143 11.2.2.3).
 */

import { assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  FLAG,
  OPCODE,
  parseSense,
  type Pdu,
  read10,
  read32,
  scsiCommand,
  type Session,
  STATUS,
  write32,
} from "../../support/initiator/mod.ts";
import { systemTest } from "../../support/system_target.ts";

const BLOCKS = 40;
const LENGTH = BLOCKS * 512;

for (
  const keys of [
    {},
    { HeaderDigest: "CRC32C", DataDigest: "CRC32C" },
    { InitialR2T: "Yes", ImmediateData: "No" },
  ]
) {
  const name = JSON.stringify(keys);

  systemTest(`READ(32) and WRITE(32) with ${name}`, async (system) => {
    const session = await system.openReady({ keys });
    const data = patternBytes(LENGTH);
    const written = await session
      .command(0, write32(7, BLOCKS), { write: data });
    assertEquals(written.status, STATUS.GOOD);
    const long = await session
      .command(0, read32(7, BLOCKS), { read: LENGTH });
    assertBytes(long.data, data);
    const short = await session
      .command(0, read10(7, BLOCKS), { read: LENGTH });
    assertBytes(short.data, data);
  });
}

/** A write of one block with a CDB and a CmdSN of the test's choice. */
function writePdu(session: Session, cmdSN: number, cdb: Uint8Array): Pdu {
  return scsiCommand({
    initiatorTaskTag: session.numbers.freshTag(),
    cmdSN,
    expStatSN: session.expStatSN,
    lun: 0,
    flags: FLAG.FINAL | FLAG.WRITE,
    cdb,
    expectedDataTransferLength: 512,
    data: patternBytes(512),
  });
}

function isEnd(pdu: Pdu): boolean {
  return pdu.opcode === OPCODE.SCSI_RESPONSE;
}

systemTest("a long CDB keeps its end while it is early", async (system) => {
  const session = await system.openReady();
  const first = session.numbers.take(false).cmdSN;
  const second = session.numbers.take(false).cmdSN;
  await session.send(writePdu(session, second, write32(9, 1)));
  await session.send(writePdu(session, first, write32(8, 1)));
  for (let end = 0; end < 2; end += 1) {
    const response = await session.expect(isEnd, "a response");
    assertEquals(response.u8(3), STATUS.GOOD);
  }
  const { data } = await session.command(0, read10(8, 2), { read: 1024 });
  assertBytes(data.subarray(0, 512), patternBytes(512));
  assertBytes(data.subarray(512), patternBytes(512));
});

function resized(cdb: Uint8Array, lengthBytes: number): Uint8Array {
  const other = new Uint8Array(lengthBytes);
  other.set(cdb.subarray(0, lengthBytes));
  other[7] = lengthBytes - 8;
  return other;
}

const REFUSED: readonly (readonly [string, Uint8Array, string])[] = [
  ["33 bytes", resized(write32(0, 1), 33), "5/24/00"],
  ["260 bytes", resized(write32(0, 1), 260), "5/24/00"],
  ["24 bytes", resized(write32(0, 1), 24), "5/24/00"],
  ["16 bytes", write32(0, 1).subarray(0, 16), "5/24/00"],
  ["an unknown service action", write32(0, 1).with(9, 0x55), "5/24/00"],
  ["another operation code", write32(0, 1).with(0, 0x2a), "5/0e/03"],
  ["the one of extended CDBs", write32(0, 1).with(0, 0x7e), "5/20/00"],
];

for (const [name, cdb, sense] of REFUSED) {
  systemTest(`a long CDB with ${name} is refused`, async (system) => {
    const session = await system.openReady();
    const { cmdSN } = session.numbers.take(false);
    const response = await session.request(writePdu(session, cmdSN, cdb));
    assertEquals(response.u8(3), STATUS.CHECK_CONDITION);
    assertEquals(parseSense(response.data.subarray(2))?.text, sense);
    const { data } = await session.command(0, read10(0, 1), { read: 512 });
    assertBytes(data, new Uint8Array(512));
  });
}

systemTest("a long CDB beside a second length is refused", async (system) => {
  const session = await system.openReady();
  const response = await session.request(scsiCommand({
    ...session.numbers.take(false),
    lun: 0,
    flags: FLAG.FINAL | FLAG.WRITE | FLAG.READ,
    cdb: write32(0, 1),
    expectedDataTransferLength: 512,
    bidirectionalReadLength: 512,
    data: patternBytes(512),
  }));
  assertEquals(response.u8(3), STATUS.CHECK_CONDITION);
  assertEquals(parseSense(response.data.subarray(2))?.text, "5/0e/03");
});
