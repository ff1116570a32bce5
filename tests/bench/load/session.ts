/**
 * A session that is ready for load, and its end: connect, log in,
 * TEST UNIT READY and READ CAPACITY(16); later log out.
 *
 * @module
 */

import { receive, send } from "./exchange.ts";
import { login } from "./login.ts";
import type { LunAddress } from "./options.ts";
import {
  At,
  type Digests,
  Flag,
  HEADER_BYTES,
  lunWord,
  type Negotiated,
  Opcode,
  type Sequence,
  SETUP_TAG,
  startHeader,
} from "./wire.ts";

const READY_TRIES = 5;
const SETUP_PDUS_MAX = 64;

const NO_DATA = new Uint8Array();

/** What the set-up commands go over. */
interface Wire {
  readonly conn: Deno.TcpConn;
  readonly sequence: Sequence;
  readonly digests: Digests;
}

/** A logged-in connection to a LUN that is ready. */
export interface ReadySession {
  /** The connection. */
  readonly conn: Deno.TcpConn;
  /** What was agreed on. */
  readonly negotiated: Negotiated;
  /** Where the sequence numbers stand. */
  readonly sequence: Sequence;
  /** Length of a block of the LUN in bytes. */
  readonly blockBytes: number;
  /** Size of the LUN in bytes. */
  readonly capacityBytes: number;
}

/**
 * Connects, logs in and asks the LUN for its size.
 *
 * @param id distinguishes the sessions of one client
 * @param luns LUNs from that of the address on that are waited for
 * @param digests what the target has to agree to
 * @throws when the target refuses, or says something unexpected
 */
export async function openSession(
  address: LunAddress,
  id: number,
  luns: number,
  digests: Digests,
): Promise<ReadySession> {
  const conn = await Deno.connect(address);
  conn.setNoDelay(true);
  const sequence = { cmdSn: 1, expStatSn: 0, maxCmdSn: 1 };
  const { targetName } = address;
  const negotiated = await login(conn, sequence, targetName, id, digests);
  const wire = { conn, sequence, digests };
  for (let lun = address.lun; lun < address.lun + luns; lun += 1) {
    await waitUntilReady(wire, lun);
  }
  const capacity = await readCapacity(wire, address.lun);
  return { conn, sequence, negotiated, ...capacity };
}

/**
 * Says goodbye and closes. A target that just closes has its way: the load
 * is over.
 */
export async function closeSession(
  { conn, sequence, negotiated }: ReadySession,
): Promise<void> {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  startHeader(header, 0, Opcode.LOGOUT, Flag.FINAL);
  header.setUint32(At.initiatorTaskTag, SETUP_TAG);
  header.setUint32(At.cmdSn, sequence.cmdSn);
  header.setUint32(At.expStatSn, sequence.expStatSn);
  try {
    await send(conn, header, NO_DATA, negotiated);
    await receive(conn, negotiated);
  } catch {
    return;
  } finally {
    conn.close();
  }
}

/** The first commands after a start may only report unit attentions. */
async function waitUntilReady(wire: Wire, lun: number): Promise<void> {
  const testUnitReady = new Uint8Array(16);
  for (let attempt = 0; attempt < READY_TRIES; attempt += 1) {
    const { status } = await command(wire, lun, testUnitReady, 0);
    if (status === 0) return;
  }
  throw new Error(`LUN ${lun} is not ready`);
}

async function readCapacity(
  wire: Wire,
  lun: number,
): Promise<{ blockBytes: number; capacityBytes: number }> {
  const cdb = new Uint8Array(16);
  cdb.set([0x9e, 0x10]);
  cdb[13] = 32;
  const { status, data } = await command(wire, lun, cdb, 32);
  if (status !== 0 || data.length < 12) {
    throw new Error(`READ CAPACITY(16) ended with status ${status}`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const blockBytes = view.getUint32(8);
  const blocks = Number(view.getBigUint64(0)) + 1;
  return { blockBytes, capacityBytes: blocks * blockBytes };
}

/** One command without data to the target, from begin to end. */
async function command(
  { conn, sequence, digests }: Wire,
  lun: number,
  cdb: Uint8Array,
  wantedBytes: number,
): Promise<{ status: number; data: Uint8Array }> {
  const request = commandRequest(sequence, lun, cdb, wantedBytes);
  await send(conn, request, NO_DATA, digests);
  let data = new Uint8Array();
  for (let count = 0; count < SETUP_PDUS_MAX; count += 1) {
    const pdu = await receive(conn, digests);
    const opcode = pdu.header.getUint8(At.opcode) & 0x3f;
    sequence.maxCmdSn = pdu.header.getUint32(At.maxCmdSn) | 0;
    if (opcode === Opcode.DATA_IN) data = pdu.data;
    if (!endsCommand(opcode, pdu.header.getUint8(At.flags))) continue;
    sequence.expStatSn = (pdu.header.getUint32(At.statSn) + 1) | 0;
    return { status: pdu.header.getUint8(At.status), data };
  }
  throw new Error("A set-up command got no status");
}

function commandRequest(
  sequence: Sequence,
  lun: number,
  cdb: Uint8Array,
  wantedBytes: number,
): DataView<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  const direction = wantedBytes > 0 ? Flag.READ : 0;
  const flags = Flag.FINAL | Flag.SIMPLE | direction;
  startHeader(header, 0, Opcode.SCSI_COMMAND, flags);
  header.setUint32(At.lun, lunWord(lun));
  header.setUint32(At.initiatorTaskTag, SETUP_TAG);
  header.setUint32(At.expectedDataTransferLength, wantedBytes);
  header.setUint32(At.cmdSn, sequence.cmdSn);
  header.setUint32(At.expStatSn, sequence.expStatSn);
  new Uint8Array(header.buffer).set(cdb, At.cdb);
  sequence.cmdSn = (sequence.cmdSn + 1) | 0;
  return header;
}

function endsCommand(opcode: number, flags: number): boolean {
  if (opcode === Opcode.SCSI_RESPONSE) return true;
  if (opcode === Opcode.DATA_IN) return (flags & Flag.STATUS) !== 0;
  if (opcode === Opcode.NOP_IN) return false;
  throw new Error(`Unexpected PDU 0x${opcode.toString(16)} during set-up`);
}
