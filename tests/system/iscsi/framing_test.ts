/**
 * PDUs on the wire: cut anywhere, padded, unknown, malformed (RFC 7143 11.2).
 */

import { assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  connect,
  Connection,
  encodePdu,
  FLAG,
  INITIATOR_NAME,
  LOGIN_STATUS,
  LoginExchange,
  makePdu,
  NO_TAG,
  nopOut,
  OPCODE,
  parseSense,
  type Pdu,
  read10,
  REJECT,
  scsiCommand,
  type Session,
  STAGE,
  STATUS,
  TASK_MANAGEMENT,
  taskManagement,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import {
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

const SEGMENT_BYTES_MAX = 262144;

function encoded(...pdus: readonly Pdu[]): Uint8Array {
  return new Uint8Array(pdus.flatMap((pdu) => [...encodePdu(pdu)]));
}

function writePdu(session: Session, lba: number, data: Uint8Array): Pdu {
  return scsiCommand({
    ...session.numbers.take(false),
    lun: 0,
    flags: FLAG.FINAL | FLAG.WRITE,
    cdb: write10(lba, data.length / 512),
    expectedDataTransferLength: data.length,
    data,
  });
}

systemTest("PDUs arrive whole though each byte comes alone", async (system) => {
  const session = await system.openReady();
  const data = patternBytes(512);
  const pdu = writePdu(session, 3, data);
  const answer = session.expect(
    ({ opcode }) => opcode === OPCODE.SCSI_RESPONSE,
    "the response",
  );
  for (const byte of encoded(pdu)) {
    await session.connection.sendBytes(Uint8Array.of(byte));
  }
  assertEquals((await answer).u8(3), 0);
  const { data: read } = await session.command(0, read10(3, 1), { read: 512 });
  assertBytes(read, data);
});

systemTest("many PDUs in one segment are all answered", async (system) => {
  const session = await system.openReady();
  const pdus = Array.from(
    { length: 100 },
    (_, lba) => writePdu(session, lba, patternBytes(512, lba)),
  );
  await session.connection.sendBytes(encoded(...pdus));
  const tags = new Set(pdus.map((pdu) => pdu.initiatorTaskTag));
  while (tags.size > 0) {
    const response = await session
      .expect((pdu) => tags.has(pdu.initiatorTaskTag), "a response");
    assertEquals(response.u8(3), 0);
    tags.delete(response.initiatorTaskTag);
  }
  const { data } = await session.command(0, read10(99, 1), { read: 512 });
  assertBytes(data, patternBytes(512, 99));
});

systemTest("a ping that follows the login at once is heard", async (system) => {
  using connection = await connect(system.portal);
  const exchange = new LoginExchange(connection);
  const step = { csg: STAGE.OPERATIONAL, nsg: STAGE.FULL_FEATURE };
  await exchange.send({
    ...step,
    pairs: { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME },
  });
  const data = patternBytes(100);
  const numbers = { initiatorTaskTag: 77, cmdSN: 1, expStatSN: 0 };
  await connection.send(nopOut({ ...numbers, data }));
  assertEquals((await exchange.receive(step)).status, LOGIN_STATUS.SUCCESS);
  const echo = await connection.receive("the echo");
  assertEquals(echo.initiatorTaskTag, 77);
  assertBytes(echo.data, data);
});

for (const length of [0, 1, 2, 3, 4, 5, 511, 8191]) {
  systemTest(`data of ${length} bytes is padded both ways`, async (system) => {
    const session = await system.open();
    const data = patternBytes(length);
    assertBytes(await session.ping(data), data);
    assertBytes(await session.ping(data), data);
  });
}

/** A stream that remembers what was received. */
async function tapped(
  { portal }: SystemTarget,
): Promise<{ connection: Connection; received: number[] }> {
  const { hostname = "127.0.0.1", port } = portal;
  const stream = await Deno.connect({ hostname, port });
  const received: number[] = [];
  const connection = new Connection({
    read: async (into) => {
      const count = await stream.read(into);
      received.push(...into.subarray(0, count ?? 0));
      return count;
    },
    write: (bytes) => stream.write(bytes),
    close: () => stream.close(),
  });
  return { connection, received };
}

systemTest("pads are zero", async (system) => {
  const { connection, received } = await tapped(system);
  const session = await system.open({ connection });
  await session.ping(patternBytes(64).fill(0xff));
  await session.ping(new Uint8Array(61).fill(0xff));
  assertEquals(received.slice(-4), [0xff, 0, 0, 0]);
});

systemTest("the longest data segment is taken", async (system) => {
  const session = await system.open();
  const data = patternBytes(SEGMENT_BYTES_MAX);
  assertBytes(await session.ping(data), data);
});

systemTest("a longer data segment ends the connection", async (system) => {
  const session = await system.open();
  const data = patternBytes(SEGMENT_BYTES_MAX + 1);
  const sent = session.send(nopOut({ ...session.numbers.take(true), data }));
  // The target may close before it has read all of it.
  await Promise.allSettled([sent]);
  await session.expectClose();
});

systemTest("reserved bits and fields do not count", async (system) => {
  const session = await system.openReady();
  const pdu = scsiCommand({
    ...session.numbers.take(false),
    lun: 0,
    flags: FLAG.FINAL | 0x18,
    cdb: testUnitReady(),
    expectedDataTransferLength: 0,
  });
  pdu.set8(0, pdu.u8(0) | 0x80).set8(3, 0xff);
  assertEquals((await session.request(pdu)).u8(3), 0);
});

systemTest("an additional header of a ping is skipped", async (system) => {
  const session = await system.open();
  const ping = nopOut({
    ...session.numbers.take(true),
    data: patternBytes(10),
  });
  const { initiatorTaskTag } = ping;
  const withAhs = makePdu({
    opcode: OPCODE.NOP_OUT,
    immediate: true,
    flags: FLAG.FINAL,
    initiatorTaskTag,
    words: { 20: NO_TAG, 24: ping.u32(24), 28: ping.u32(28) },
    ahs: new Uint8Array(1020),
    data: ping.data,
  });
  assertBytes((await session.request(withAhs)).data, ping.data);
});

const AHS: readonly (readonly [string, readonly number[]])[] = [
  ["an extended CDB", [0, 17, 1, 0, ...Array(16).fill(0)]],
  ["a bidirectional read length", [0, 5, 2, 0, 0, 0, 2, 0]],
  ["an unknown kind", [0, 1, 0x3e, 0]],
];

for (const [name, bytes] of AHS) {
  systemTest(`a command with ${name} is not executed`, async (system) => {
    const session = await system.openReady();
    const data = patternBytes(512);
    const command = writePdu(session, 0, data);
    const ahs = Uint8Array.from(bytes);
    const pdu = makePdu({
      opcode: OPCODE.SCSI_COMMAND,
      flags: FLAG.FINAL | FLAG.WRITE,
      initiatorTaskTag: command.initiatorTaskTag,
      words: { 20: 512, 24: command.u32(24), 28: command.u32(28) },
      cdb: write10(0, 1),
      ahs,
      data,
    });
    const response = await session.request(pdu);
    assertEquals(response.u8(3), STATUS.CHECK_CONDITION);
    assertEquals(parseSense(response.data.subarray(2))?.text, "5/0e/03");
    const { data: read } = await session
      .command(0, read10(0, 1), { read: 512 });
    assertBytes(read, new Uint8Array(512));
  });
}

const TWO_WAYS: Readonly<Record<string, Uint8Array>> = {
  "a read": read10(0, 1),
  "a write": write10(0, 1),
  "a command without data": testUnitReady(),
};

for (const [name, cdb] of Object.entries(TWO_WAYS)) {
  systemTest(`${name} with R and W is not executed`, async (system) => {
    const session = await system.openReady();
    const data = patternBytes(512);
    const pdu = scsiCommand({
      ...session.numbers.take(false),
      lun: 0,
      flags: FLAG.FINAL | FLAG.READ | FLAG.WRITE,
      cdb,
      expectedDataTransferLength: 512,
      data,
    });
    const response = await session.request(pdu);
    assertEquals(response.opcode, OPCODE.SCSI_RESPONSE);
    assertEquals(response.u8(3), STATUS.CHECK_CONDITION);
    assertEquals(parseSense(response.data.subarray(2))?.text, "5/0e/03");
    const { data: read } = await session
      .command(0, read10(0, 1), { read: 512 });
    assertBytes(read, new Uint8Array(512));
  });
}

systemTest("a task management request with data is rejected", async (
  system,
) => {
  const session = await system.openReady();
  const plain = taskManagement({
    ...session.numbers.take(true),
    function: TASK_MANAGEMENT.LOGICAL_UNIT_RESET,
    lun: 0,
  });
  const fields = {
    opcode: OPCODE.TASK_MANAGEMENT,
    immediate: true,
    flags: plain.flags,
    initiatorTaskTag: plain.initiatorTaskTag,
    words: { 20: NO_TAG, 24: plain.u32(24), 28: plain.u32(28) },
  };
  await session.send(makePdu({ ...fields, data: patternBytes(4) }));
  await session.expectReject(REJECT.INVALID_PDU_FIELD);
  await session.send(makePdu({ ...fields, ahs: new Uint8Array(8) }));
  await session.expectReject(REJECT.INVALID_PDU_FIELD);
  // It was not carried out: no reset is told.
  assertEquals((await session.command(0, testUnitReady())).status, 0);
});
