/**
 * Initiators that mean harm, on real sockets: each has a limit, and a decent
 * session beside them goes on.
 */

import { assert, assertEquals } from "@std/assert";
import { PDU_SECONDS_MAX } from "../../../frontends/iscsi/watchdog.ts";
import { LOGINS_MAX } from "../../../frontends/iscsi/admission.ts";
import { NEW_CONNECTIONS_MAX } from "../../../frontends/iscsi/arrivals.ts";
import { WASTED_PDUS_MAX } from "../../../frontends/iscsi/patience.ts";
import { patternBytes } from "../../support/bytes.ts";
import {
  concat,
  connect,
  Connection,
  encodePdu,
  FLAG,
  login,
  type LoginOutcome,
  loginStatus,
  makePdu,
  memoryStreamPair,
  nopOut,
  OPCODE,
  read10,
  scsiCommand,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { TASK_MANAGEMENT } from "../../support/initiator/codes.ts";
import {
  hearAttentions,
  type SystemTarget,
  systemTest,
  TARGET_NAME,
} from "../../support/system_target.ts";

const BLOCK = 512;
const ISID = Uint8Array.of(0x80, 6, 6, 6, 6, 6);

function intrude(system: SystemTarget): Promise<LoginOutcome> {
  return login({ portal: system.portal, targetName: TARGET_NAME, isid: ISID });
}

/** Writes and reads back. */
async function checkDecent(session: Session, lba: number): Promise<void> {
  const write = patternBytes(BLOCK, lba);
  const written = await session.command(0, write10(lba, 1), { write });
  assertEquals(written.status, STATUS.GOOD, written.sense);
  const { data } = await session.command(0, read10(lba, 1), { read: BLOCK });
  assertEquals(data.toHex(), write.toHex());
}

systemTest("a login that comes byte by byte has its time", async (system) => {
  const witness = await system.openReady();
  using slow = await connect(system.portal);
  const request = new Uint8Array(48 + 64);
  request.set([0x43, 0x87, 0, 0, 0, 0, 0, 64]);
  for (let second = 0; second < 59; second += 1) {
    await slow.sendBytes(request.subarray(second, second + 1));
    if (second % 10 === 0) await checkDecent(witness, second);
    system.host.clock.advance(1000);
    await witness.ping();
  }
  system.host.clock.advance(1000);
  assertEquals(await slow.expectClose(), []);
  await checkDecent(witness, 0);
});

systemTest("a PDU that does not end has its time", async (system) => {
  const witness = await system.openReady();
  const { connection } = await intrude(system);
  using _open = connection;
  const start = new Uint8Array(48);
  start.set([OPCODE.NOP_OUT, 0x80, 0, 0, 0, 0, 0x20, 0]);
  await connection.sendBytes(start);
  for (let second = 0; second <= PDU_SECONDS_MAX; second += 1) {
    await connection.sendBytes(Uint8Array.of(second)).catch(() => {});
    await witness.ping();
    await witness.ping();
    system.host.clock.advance(1000);
  }
  await connection.expectClose();
  assertEquals(system.iscsi.sessions().map(({ id }) => id), [1]);
});

systemTest("the oldest of too many logins makes room", async (system) => {
  system.iscsi.setSettings({ loginTimeoutSeconds: 0, pingTimeoutSeconds: 0 });
  const streams = Array.from({ length: LOGINS_MAX + 1 }, () => {
    const [there, here] = memoryStreamPair();
    system.iscsi.accept("pg1", {
      stream: there,
      localAddress: "192.0.2.1",
      localPort: 3260,
      peerAddress: "192.0.2.7",
    });
    return new Connection(here);
  });
  const [oldest, second] = streams;
  assertEquals(await oldest?.expectClose(), []);
  assertEquals(second?.ended, false);
  for (
    let made = 0;
    made <= LOGINS_MAX;
    made += NEW_CONNECTIONS_MAX
  ) {
    system.host.clock.advance(1000);
  }
  const decent = await system.openReady();
  await checkDecent(decent, 1);
  for (const stream of streams) stream.close();
});

systemTest("logins that fail leave nothing behind", async (system) => {
  const witness = await system.openReady();
  const statuses: number[] = [];
  const logins = Array.from({ length: NEW_CONNECTIONS_MAX + 50 }, async () => {
    const { portal } = system;
    statuses.push(await loginStatus({ portal, targetName: "iqn.no:body" }));
  });
  // One of this second was the witness's own.
  while (statuses.length < NEW_CONNECTIONS_MAX - 1) await witness.ping();
  for (let lba = 0; lba < 20; lba += 1) await checkDecent(witness, lba);
  assertEquals(statuses.length, NEW_CONNECTIONS_MAX - 1);
  system.host.clock.advance(1000);
  await Promise.all(logins);
  assertEquals([...new Set(statuses)], [0x0203]);
  await checkDecent(witness, 2);
  assertEquals(system.iscsi.sessions().length, 1);
});

const FLOOD_PDUS = 4 * WASTED_PDUS_MAX;

function beyondWindow({ exchange }: LoginOutcome): Uint8Array {
  return concat(
    Array.from({ length: FLOOD_PDUS }, (_, index) =>
      encodePdu(scsiCommand({
        initiatorTaskTag: index,
        cmdSN: exchange.cmdSN + 10_000 + index,
        expStatSN: exchange.expStatSN ?? 0,
        lun: 0,
        flags: FLAG.FINAL,
        cdb: testUnitReady(),
        expectedDataTransferLength: 0,
      }))),
  );
}

systemTest("a flood beyond the window has to wait", async (system) => {
  const witness = await system.openReady();
  const outcome = await intrude(system);
  const { connection, exchange } = outcome;
  using _open = connection;
  await connection.sendBytes(beyondWindow(outcome));
  await connection.send(nopOut({
    initiatorTaskTag: 7,
    cmdSN: exchange.cmdSN,
    expStatSN: exchange.expStatSN ?? 0,
    immediate: true,
  }));
  let answered = 0;
  const answer = connection.receive("the answer to a ping");
  answer.then(() => answered += 1, () => {});
  for (let second = 0; second < FLOOD_PDUS / WASTED_PDUS_MAX; second += 1) {
    assertEquals(answered, 0, `second ${second}`);
    await checkDecent(witness, second);
    await witness.ping();
    system.host.clock.advance(1000);
  }
  assertEquals((await answer).opcode, OPCODE.NOP_IN);
});

systemTest("a flood that has to wait can be ended", async (system) => {
  const outcome = await intrude(system);
  using connection = outcome.connection;
  await connection.sendBytes(beyondWindow(outcome));
  const witness = await system.openReady();
  await checkDecent(witness, 1);
  const [, intruder] = [...system.iscsi.sessions()].reverse();
  assertEquals(system.iscsi.terminate(({ id }) => id === intruder?.id), 1);
  await connection.expectClose();
});

systemTest(
  "R2Ts without an answer hold up only what they may",
  async (system) => {
    await system.addLun();
    const witness = await system.openReady();
    const { connection, exchange } = await intrude(system);
    using _open = connection;
    for (let tag = 0; tag < 200; tag += 1) {
      await connection.send(scsiCommand({
        initiatorTaskTag: tag,
        cmdSN: exchange.cmdSN + tag,
        expStatSN: exchange.expStatSN ?? 0,
        lun: 1,
        flags: FLAG.FINAL | FLAG.WRITE,
        cdb: write10(0, 2048),
        expectedDataTransferLength: 2 ** 20,
      }));
    }
    await checkDecent(witness, 3);
    // A reset by another one gets rid of all of them.
    await witness.taskManagement(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, {
      lun: 1,
    });
    await hearAttentions(witness, 1);
    const { status } = await witness.command(1, write10(0, 1), {
      write: patternBytes(BLOCK),
    });
    assertEquals(status, STATUS.GOOD);
  },
);

systemTest("a storm of resets ends in answers", async (system) => {
  await system.addLun();
  const witness = await system.openReady();
  const storm = await system.openReady({ isid: ISID });
  const resets = Array.from({ length: 50 }, async () => {
    for (let round = 0; round < 10; round += 1) {
      await storm.taskManagement(TASK_MANAGEMENT.LOGICAL_UNIT_RESET, {
        lun: 1,
      });
    }
  });
  for (let lba = 0; lba < 50; lba += 1) await checkDecent(witness, lba);
  // Some a second are taken, the others wait.
  let stormy = true;
  const over = Promise.all(resets).then(() => stormy = false);
  while (stormy) {
    system.host.clock.advance(1000);
    await witness.ping();
  }
  await over;
  await hearAttentions(witness, 1);
  await checkDecent(witness, 4);
});

systemTest("connections that vanish leave nothing behind", async (system) => {
  await system.addLun();
  const witness = await system.openReady();
  for (let round = 0; round < 60; round += 1) {
    const { connection, exchange } = await intrude(system);
    await connection.send(scsiCommand({
      initiatorTaskTag: 1,
      cmdSN: exchange.cmdSN,
      expStatSN: exchange.expStatSN ?? 0,
      lun: 1,
      flags: FLAG.FINAL | FLAG.READ,
      cdb: read10(0, 2048),
      expectedDataTransferLength: 2 ** 20,
    }));
    connection.close();
  }
  await checkDecent(witness, 5);
  // The last of them takes the place of all before it.
  using connection = (await intrude(system)).connection;
  connection.close();
  await witness.ping();
  assert(system.iscsi.sessions().length <= 2);
  assert(system.target.luns.all().every(({ taskSet }) => taskSet.size <= 1));
});

systemTest("PDUs that are too long end their connections", async (system) => {
  const witness = await system.openReady();
  const lengths = [0x00ffffff, 0xffffffff, 0xff040001];
  for (const length of lengths) {
    const { connection } = await intrude(system);
    using _open = connection;
    const pdu = encodePdu(makePdu({
      opcode: OPCODE.SCSI_COMMAND,
      initiatorTaskTag: 1,
    }));
    new DataView(pdu.buffer, pdu.byteOffset).setUint32(4, length);
    await connection.sendBytes(pdu);
    await connection.expectClose();
    await checkDecent(witness, 6);
  }
});
