/**
 * A peer that takes its time costs bounded memory and holds up nobody.
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  connect,
  Connection,
  FLAG,
  login,
  OPCODE,
  type Pdu,
  read10,
  scsiCommand,
  STATUS,
  write10,
} from "../../support/initiator/mod.ts";
import {
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

const MEBIBYTE = 2 ** 20;
const READS = 64;

const ISID = Uint8Array.of(0x80, 5, 5, 5, 5, 5);

/** Logs in, asks for 64 MiB, and reads nothing of them. */
async function askAndSleep(system: SystemTarget): Promise<Connection> {
  const { connection, exchange } = await login({
    portal: system.portal,
    targetName: TARGET_NAME,
    isid: ISID,
  });
  for (let index = 0; index < READS; index += 1) {
    await connection.send(scsiCommand({
      initiatorTaskTag: index,
      cmdSN: exchange.cmdSN + index,
      expStatSN: exchange.expStatSN ?? 0,
      lun: 1,
      flags: FLAG.FINAL | FLAG.READ,
      cdb: read10(0, MEBIBYTE / 512),
      expectedDataTransferLength: MEBIBYTE,
    }));
  }
  return connection;
}

/** Receives until every command has ended. */
async function wakeUp(connection: Connection): Promise<number> {
  let bytes = 0;
  const isEnd = (pdu: Pdu) =>
    pdu.opcode === OPCODE.SCSI_RESPONSE || pdu.has(FLAG.STATUS);
  for (let ended = 0; ended < READS;) {
    const pdu = await connection.receive("data");
    if (pdu.opcode === OPCODE.DATA_IN) bytes += pdu.data.length;
    if (isEnd(pdu)) ended += 1;
  }
  return bytes;
}

for (const atonce of ["off", "on"]) {
  const name = `a peer that does not read is not read for, atonce ${atonce}`;
  systemTest(name, async (system) => {
    const store = await system.addControlled({ atonce });
    const witness = await system.openReady();
    using connection = await askAndSleep(system);
    let before = -1;
    // It stops when the buffers of the kernel and of the session are full.
    while (store.calls.length !== before) {
      before = store.calls.length;
      for (let turn = 0; turn < 50; turn += 1) await witness.ping();
    }
    const blocks = store.calls
      .map((call) => Number(call.split(" ")[2] ?? 0))
      .reduce((sum, count) => sum + count, 0);
    assert(blocks * 512 < 40 * MEBIBYTE, `${store.calls.length} calls`);
    const options = { read: 512 };
    const { status } = await witness.command(0, read10(0, 1), options);
    assertEquals(status, STATUS.GOOD);
    // The first command of the nexus meets its unit attention.
    assertEquals(await wakeUp(connection), (READS - 1) * MEBIBYTE);
  });
}

/** Lets a session that asks and sleeps come to the point where it is stuck. */
async function openStuck(system: SystemTarget): Promise<Connection> {
  await system.addControlled();
  const witness = await system.openReady();
  const connection = await askAndSleep(system);
  for (let turn = 0; turn < 200; turn += 1) await witness.ping();
  await witness.logout();
  return connection;
}

systemTest("a stuck session's place can be taken", async (system) => {
  using _stuck = await openStuck(system);
  await system.open({ isid: ISID });
  assertEquals(system.iscsi.sessions().map(({ id }) => id), [3]);
});

systemTest("a stuck session does not stop a removal", async (system) => {
  using _stuck = await openStuck(system);
  await system.iscsi.removePort(TARGET_NAME, "pg1");
  assertEquals(system.iscsi.sessions(), []);
});

const DROPS: Readonly<Record<string, (system: SystemTarget) => unknown>> = {
  "a port off line": ({ iscsi }) =>
    iscsi.port(TARGET_NAME, "pg1")?.setOnline(false),
  "a termination": ({ iscsi }) => iscsi.terminate(() => true),
};

for (const [name, drop] of Object.entries(DROPS)) {
  systemTest(`${name} gets rid of a stuck session`, async (system) => {
    using connection = await openStuck(system);
    drop(system);
    // It has a moment to take its last bytes.
    for (let tick = 0; tick < 3; tick += 1) system.host.clock.advance(1000);
    await connection.expectClose();
    assertEquals(system.iscsi.sessions(), []);
  });
}

systemTest("a stuck session that is silent is dropped", async (system) => {
  using connection = await openStuck(system);
  for (let tick = 0; tick < 5; tick += 1) system.host.clock.advance(1000);
  await connection.expectClose();
  assertEquals(system.iscsi.sessions(), []);
});

systemTest(
  "a peer that vanishes takes its waiting data along",
  async (system) => {
    await system.addControlled();
    const witness = await system.openReady();
    const connection = await askAndSleep(system);
    await witness.ping();
    connection.close();
    const unit = system.target.luns.get(1);
    for (let turn = 0; turn < 1000; turn += 1) {
      if (unit?.taskSet.size === 0) break;
      await witness.ping();
    }
    assertEquals(unit?.taskSet.size, 0);
  },
);

systemTest("a write that comes in drops is whole", async (system) => {
  const session = await system.openReady();
  const { hostname = "127.0.0.1", port } = system.portal;
  using stream = await Deno.connect({ hostname, port });
  const slow = new Connection({
    read: (into) => stream.read(into),
    write: (bytes) => stream.write(bytes.subarray(0, 1000)),
    close: () => {},
  });
  const other = await system.openReady({ connection: slow });
  const write = patternBytes(2 ** 18);
  const written = await other.command(0, write10(0, 512), { write });
  assertEquals(written.status, STATUS.GOOD);
  const { data } = await session
    .command(0, read10(0, 512), { read: write.length });
  assertBytes(data, write);
});

const GARBAGE: Readonly<Record<string, Uint8Array>> = {
  "zeroes": new Uint8Array(48),
  "ones": new Uint8Array(48).fill(0xff),
  "a web browser": new TextEncoder()
    .encode("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"),
};

for (const [name, bytes] of Object.entries(GARBAGE)) {
  systemTest(`who begins with ${name} is let go`, async (system) => {
    using connection = await connect(system.portal);
    await connection.sendBytes(bytes);
    assertEquals(await connection.expectClose(), []);
  });
}
