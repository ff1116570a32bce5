/**
 * Login in two stages, without authentication (RFC 7143 6.3).
 *
 * @module
 */

import { receive, send } from "./exchange.ts";
import {
  At,
  type Digests,
  HEADER_BYTES,
  type Negotiated,
  NO_DIGESTS,
  Opcode,
  type Sequence,
  startHeader,
} from "./wire.ts";

/** What this client offers; the lower of both offers holds. */
const OFFERED = {
  dataSegmentBytesMax: 262_144,
  firstBurstBytesMax: 262_144,
  burstBytesMax: 1_048_576,
} as const;

/** Values that hold while a key is not negotiated (RFC 7143 13). */
const RFC_DATA_SEGMENT_BYTES = 8192;
const RFC_FIRST_BURST_BYTES = 65_536;
const RFC_BURST_BYTES = 262_144;

const LOGIN_ROUNDS_MAX = 12;

/** Login stages (RFC 7143 11.12.3). */
const SECURITY = 0;
const OPERATIONAL = 1;
const FULL_FEATURE = 3;

/**
 * Logs a session in, and sets its sequence numbers.
 *
 * @param id distinguishes the sessions of one client
 * @param digests what the target has to agree to
 * @returns what was agreed on
 * @throws when the target refuses, or says something unexpected
 */
export async function login(
  conn: Deno.TcpConn,
  sequence: Sequence,
  targetName: string,
  id: number,
  digests: Digests,
): Promise<Negotiated> {
  const keys = new Map<string, string>();
  let stage = SECURITY;
  let offer = securityKeys(targetName, id);
  let tsih = 0;
  for (let round = 0; round < LOGIN_ROUNDS_MAX; round += 1) {
    const request = loginRequest(stage, sequence, id, tsih, offer.length);
    await send(conn, request, offer, NO_DIGESTS);
    const { header, data } = await receive(conn, NO_DIGESTS);
    requireLoginSuccess(header);
    tsih = header.getUint16(At.tsih);
    sequence.expStatSn = (header.getUint32(At.statSn) + 1) | 0;
    sequence.maxCmdSn = header.getUint32(At.maxCmdSn) | 0;
    addKeys(keys, data);
    const flags = header.getUint8(At.flags);
    offer = new Uint8Array();
    if ((flags & 0x80) === 0) continue;
    if ((flags & 3) === FULL_FEATURE) return negotiatedFrom(keys, digests);
    if (stage === SECURITY) offer = operationalKeys(digests);
    stage = OPERATIONAL;
  }
  throw new Error(`Login did not end within ${LOGIN_ROUNDS_MAX} rounds`);
}

function loginRequest(
  stage: number,
  sequence: Sequence,
  id: number,
  tsih: number,
  lengthBytes: number,
): DataView<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  const next = stage === SECURITY ? OPERATIONAL : FULL_FEATURE;
  startHeader(header, 0, Opcode.LOGIN, 0x80 | (stage << 2) | next);
  header.setUint32(At.dataSegmentLength, lengthBytes);
  header.setUint32(At.isid, 0x80770000 | (Deno.pid & 0xffff));
  header.setUint16(At.isid + 4, id);
  header.setUint16(At.tsih, tsih);
  header.setUint32(At.cmdSn, sequence.cmdSn);
  header.setUint32(At.expStatSn, sequence.expStatSn);
  return header;
}

function requireLoginSuccess(header: DataView): void {
  const opcode = header.getUint8(At.opcode) & 0x3f;
  if (opcode !== Opcode.LOGIN_RESPONSE) {
    throw new Error(`Unexpected PDU 0x${opcode.toString(16)} during login`);
  }
  const status = header.getUint16(At.loginStatus);
  if (status !== 0) {
    throw new Error(`Login refused: status 0x${status.toString(16)}`);
  }
}

function securityKeys(
  targetName: string,
  id: number,
): Uint8Array<ArrayBuffer> {
  return encodeKeys([
    `InitiatorName=iqn.2026-01.bench:load-${Deno.pid}-${id}`,
    "SessionType=Normal",
    `TargetName=${targetName}`,
    "AuthMethod=None",
  ]);
}

function operationalKeys(
  { headerDigest, dataDigest }: Digests,
): Uint8Array<ArrayBuffer> {
  return encodeKeys([
    `HeaderDigest=${digestName(headerDigest)}`,
    `DataDigest=${digestName(dataDigest)}`,
    "InitialR2T=No",
    "ImmediateData=Yes",
    `MaxRecvDataSegmentLength=${OFFERED.dataSegmentBytesMax}`,
    `FirstBurstLength=${OFFERED.firstBurstBytesMax}`,
    `MaxBurstLength=${OFFERED.burstBytesMax}`,
    "MaxOutstandingR2T=1",
    "MaxConnections=1",
    "DataPDUInOrder=Yes",
    "DataSequenceInOrder=Yes",
    "DefaultTime2Wait=0",
    "DefaultTime2Retain=0",
    "ErrorRecoveryLevel=0",
  ]);
}

function digestName(wanted: boolean): string {
  return wanted ? "CRC32C" : "None";
}

function encodeKeys(pairs: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(pairs.join("\0") + "\0");
}

function addKeys(keys: Map<string, string>, data: Uint8Array): void {
  for (const pair of new TextDecoder().decode(data).split("\0")) {
    const equals = pair.indexOf("=");
    if (equals > 0) keys.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
}

function negotiatedFrom(
  keys: ReadonlyMap<string, string>,
  digests: Digests,
): Negotiated {
  requireDigest(keys, "HeaderDigest", digests.headerDigest);
  requireDigest(keys, "DataDigest", digests.dataDigest);
  const bytes = (name: string, fallback: number, offered: number): number =>
    Math.min(Number(keys.get(name) ?? fallback), offered);
  return {
    headerDigest: digests.headerDigest,
    dataDigest: digests.dataDigest,
    dataSegmentBytesMax: bytes(
      "MaxRecvDataSegmentLength",
      RFC_DATA_SEGMENT_BYTES,
      OFFERED.dataSegmentBytesMax,
    ),
    firstBurstBytesMax: bytes(
      "FirstBurstLength",
      RFC_FIRST_BURST_BYTES,
      OFFERED.firstBurstBytesMax,
    ),
    burstBytesMax: bytes(
      "MaxBurstLength",
      RFC_BURST_BYTES,
      OFFERED.burstBytesMax,
    ),
    immediateData: keys.get("ImmediateData") !== "No",
    initialR2T: keys.get("InitialR2T") !== "No",
  };
}

/** A load with other digests than those asked for would be another load. */
function requireDigest(
  keys: ReadonlyMap<string, string>,
  name: string,
  wanted: boolean,
): void {
  const answer = keys.get(name) ?? "None";
  if (answer === digestName(wanted)) return;
  throw new Error(`The target answers ${name}=${answer}`);
}
