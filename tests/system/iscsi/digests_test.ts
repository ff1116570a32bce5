/**
 * Header and data digests (RFC 7143 7.8, 11.2.3, 13.1).
 */

import { assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  dataOut,
  FLAG,
  NO_TAG,
  nopOut,
  read10,
  REJECT,
  scsiCommand,
  type Session,
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

systemTest("a length behind a wrong digest is not believed", async (system) => {
  const session = await system.open({ keys: BOTH });
  const ping = nopOut(session.numbers.take(true));
  // It would announce 16 MB that never come.
  ping.set32(4, 0x00ffffff);
  await session.send(ping, { corrupt: "header" });
  await session.expectClose();
});

systemTest(
  "a command with a wrong data digest writes nothing",
  async (system) => {
    const witness = await system.openReady();
    const session = await system.openReady({ keys: BOTH });
    const pdu = scsiCommand({
      ...session.numbers.take(false),
      lun: 0,
      flags: FLAG.FINAL | FLAG.WRITE,
      cdb: write10(0, 1),
      expectedDataTransferLength: 512,
      data: patternBytes(512),
    });
    await session.send(pdu, { corrupt: "data" });
    const reject = await session.expectReject(REJECT.DATA_DIGEST_ERROR);
    assertBytes(reject.data, pdu.header);
    await session.expectClose();
    assertBytes(await blockOf(witness), new Uint8Array(512));
  },
);

systemTest(
  "Data-Out with a wrong data digest writes nothing",
  async (system) => {
    const witness = await system.openReady();
    const session = await system.openReady({
      keys: { ...BOTH, ImmediateData: "No", InitialR2T: "Yes" },
    });
    const options = { write: patternBytes(512), holdData: true };
    const command = session.start(0, write10(0, 1), options);
    const r2t = await command.nextR2t();
    const pdu = dataOut({
      lun: 0,
      initiatorTaskTag: command.initiatorTaskTag,
      targetTransferTag: r2t.targetTransferTag,
      expStatSN: session.expStatSN,
      dataSN: 0,
      bufferOffset: 0,
      final: true,
      data: patternBytes(512),
    });
    await session.send(pdu, { corrupt: "data" });
    const reject = await session.expectReject(REJECT.DATA_DIGEST_ERROR);
    assertBytes(reject.data, pdu.header);
    await session.expectClose();
    assertBytes(await blockOf(witness), new Uint8Array(512));
  },
);

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
