/**
 * What a hostile initiator does to a target, a kind each: it goes on until it
 * is told to stop, and begins anew when it is thrown out.
 *
 * @module
 */

import { TASK_MANAGEMENT } from "../../support/initiator/codes.ts";
import {
  concat,
  connect,
  type Connection,
  encodePdu,
  FLAG,
  login,
  type LoginOutcome,
  makePdu,
  OPCODE,
  type Portal,
  read10,
  scsiCommand,
  taskManagement,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";

/** Who is attacked, and until when. */
export interface Victim {
  /** Where it listens. */
  readonly portal: Portal;
  /** Its target. */
  readonly targetName: string;
  /** LUN that commands are for: not the one whose speed is measured. */
  readonly lun: number;
  /** Tells the attacks to stop. */
  readonly signal: AbortSignal;
  /** A number that no other attacker has. */
  readonly id: number;
}

/** One round of an attack: ends when the target closes, or by itself. */
export type Attack = (victim: Victim) => Promise<void>;

/** Between the bytes of those who are slow. */
const SLOW_MS = 100;
/** Data segment length of a PDU that nobody would take. */
const HUGE_BYTES = 0xffffff;
const MEBIBYTE = 2 ** 20;
const BLOCK = 512;

/** The attacks by name. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  "nothing is sent": silence,
  "a login byte by byte": slowLogin,
  "a command byte by byte": slowCommand,
  "logins that fail": badLogin,
  "PDUs and AHS too long": oversized,
  "commands beyond the window": beyondWindow,
  "resets without end": resets,
  "R2Ts without an answer": unansweredR2ts,
  "reads that nobody takes": neverReads,
  "connections that are reset": vanish,
};

/** Opens a session, as one initiator port for each attacker. */
async function open(victim: Victim): Promise<LoginOutcome> {
  const { portal, targetName, id } = victim;
  return await login({
    portal,
    targetName,
    isid: Uint8Array.of(0x80, 0, 0, 0, id >> 8, id & 0xff),
  });
}

async function silence({ portal, signal }: Victim): Promise<void> {
  using connection = await connect(portal);
  await closed(connection, signal);
}

async function slowLogin({ portal, signal }: Victim): Promise<void> {
  using connection = await connect(portal);
  const bytes = new Uint8Array(48 + 8192);
  bytes.set([0x43, 0x87, 0, 0, 0, 0, 0x20, 0]);
  await trickle(connection, bytes, signal);
}

async function slowCommand(victim: Victim): Promise<void> {
  const { connection } = await open(victim);
  using _open = connection;
  const bytes = new Uint8Array(48 + 8192);
  bytes.set([OPCODE.NOP_OUT, 0x80, 0, 0, 0, 0, 0x20, 0]);
  await trickle(connection, bytes, victim.signal);
}

async function trickle(
  connection: Connection,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  for (const [at] of bytes.entries()) {
    if (signal.aborted || connection.ended) return;
    await connection.sendBytes(bytes.subarray(at, at + 1));
    await pause(SLOW_MS);
  }
}

async function badLogin({ portal }: Victim): Promise<void> {
  const { connection } = await login({ portal, targetName: "iqn.no:body" });
  connection.close();
}

async function oversized(victim: Victim): Promise<void> {
  const { connection } = await open(victim);
  using _open = connection;
  const pdu = makePdu({ opcode: OPCODE.SCSI_COMMAND, initiatorTaskTag: 1 });
  const bytes = encodePdu(pdu);
  const lengths = new DataView(bytes.buffer, bytes.byteOffset);
  lengths.setUint32(4, ((0xff << 24) | HUGE_BYTES) >>> 0);
  await connection.sendBytes(bytes);
  await closed(connection, victim.signal);
}

const FLOOD_PDUS = 1000;

async function beyondWindow(victim: Victim): Promise<void> {
  const { connection, exchange } = await open(victim);
  using _open = connection;
  const batch = concat(
    Array.from({ length: FLOOD_PDUS }, (_, index) =>
      encodePdu(scsiCommand({
        initiatorTaskTag: index,
        cmdSN: exchange.cmdSN + 100_000 + index,
        expStatSN: exchange.expStatSN ?? 0,
        lun: victim.lun,
        flags: FLAG.FINAL,
        cdb: testUnitReady(),
        expectedDataTransferLength: 0,
      }))),
  );
  takeAll(connection);
  while (!victim.signal.aborted && !connection.ended) {
    await connection.sendBytes(batch);
  }
}

async function resets(victim: Victim): Promise<void> {
  const { connection, exchange } = await open(victim);
  using _open = connection;
  for (let tag = 0; !victim.signal.aborted && !connection.ended; tag += 1) {
    await connection.send(taskManagement({
      function: TASK_MANAGEMENT.LOGICAL_UNIT_RESET,
      initiatorTaskTag: tag,
      cmdSN: exchange.cmdSN,
      expStatSN: exchange.expStatSN ?? 0,
      lun: victim.lun,
      immediate: true,
    }));
    await connection.receive("the answer to a reset");
  }
}

const WAITING = 128;

async function unansweredR2ts(victim: Victim): Promise<void> {
  const session = await open(victim);
  using connection = session.connection;
  await sendWaiting(victim, session, FLAG.WRITE, write10);
  await closed(connection, victim.signal);
}

async function neverReads(victim: Victim): Promise<void> {
  const session = await open(victim);
  using _open = session.connection;
  await sendWaiting(victim, session, FLAG.READ, read10);
  // The target ends it by itself when it hears nothing; we never look.
  for (let tick = 0; tick < 80 && !victim.signal.aborted; tick += 1) {
    await pause(SLOW_MS);
  }
}

/** Sends commands of 1 MiB that will wait for us. */
async function sendWaiting(
  { lun }: Victim,
  { connection, exchange }: LoginOutcome,
  direction: number,
  cdb: typeof read10,
): Promise<void> {
  for (let tag = 0; tag < WAITING; tag += 1) {
    await connection.send(scsiCommand({
      initiatorTaskTag: tag,
      cmdSN: exchange.cmdSN + tag,
      expStatSN: exchange.expStatSN ?? 0,
      lun,
      flags: FLAG.FINAL | direction,
      cdb: cdb(0, MEBIBYTE / BLOCK),
      expectedDataTransferLength: MEBIBYTE,
    }));
  }
}

async function vanish(victim: Victim): Promise<void> {
  const { connection, exchange } = await open(victim);
  await connection.send(scsiCommand({
    initiatorTaskTag: 1,
    cmdSN: exchange.cmdSN,
    expStatSN: exchange.expStatSN ?? 0,
    lun: victim.lun,
    flags: FLAG.FINAL | FLAG.READ,
    cdb: read10(0, MEBIBYTE / BLOCK),
    expectedDataTransferLength: MEBIBYTE,
  }));
  // Bytes that nobody has read make a reset of it.
  connection.close();
}

/** Waits until the target closes, or the attack is over. */
async function closed(
  connection: Connection,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await Promise.race([takeAll(connection), promise]);
}

async function takeAll(connection: Connection): Promise<void> {
  while (await connection.next().catch(() => undefined) !== undefined);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
