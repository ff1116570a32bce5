/**
 * Login Request and Login Response (RFC 7143 11.12, 11.13).
 *
 * @module
 */

import {
  ahsLengthOf,
  At,
  BHS_LENGTH,
  CONTINUE,
  dataSegmentLengthOf,
  isImmediate,
  RESPONSE,
} from "./pdu.ts";

const RequestAt = {
  VERSION_MAX: 2,
  VERSION_MIN: 3,
  ISID: 8,
  TSIH: 14,
  CONNECTION_ID: 20,
} as const;

const ResponseAt = {
  VERSION_MAX: 2,
  VERSION_ACTIVE: 3,
  ISID: 8,
  TSIH: 14,
  RESERVED_20: 20,
  STATUS: 36,
  RESERVED_38: 38,
  RESERVED_40: 40,
  RESERVED_44: 44,
} as const;

const TRANSIT = 0x80;
const CURRENT_STAGE_SHIFT = 2;
const STAGE_MASK = 0x03;

/** The only version of the protocol there is (RFC 7143 11.12.4). */
export const PROTOCOL_VERSION = 0;

/** Stages of the login (RFC 7143 11.12.3). */
export const LOGIN_STAGE = {
  SECURITY: 0,
  OPERATIONAL: 1,
  FULL_FEATURE: 3,
} as const;

/** Status class and detail of a response, as one number (RFC 7143 11.13.5). */
export const LOGIN_STATUS = {
  SUCCESS: 0x0000,
  MOVED_TEMPORARILY: 0x0101,
  MOVED_PERMANENTLY: 0x0102,
  INITIATOR_ERROR: 0x0200,
  AUTHENTICATION_FAILURE: 0x0201,
  AUTHORIZATION_FAILURE: 0x0202,
  NOT_FOUND: 0x0203,
  TARGET_REMOVED: 0x0204,
  UNSUPPORTED_VERSION: 0x0205,
  TOO_MANY_CONNECTIONS: 0x0206,
  MISSING_PARAMETER: 0x0207,
  CANNOT_INCLUDE_IN_SESSION: 0x0208,
  SESSION_TYPE_NOT_SUPPORTED: 0x0209,
  SESSION_DOES_NOT_EXIST: 0x020a,
  INVALID_DURING_LOGIN: 0x020b,
  TARGET_ERROR: 0x0300,
  SERVICE_UNAVAILABLE: 0x0301,
  OUT_OF_RESOURCES: 0x0302,
} as const;

/** One of {@linkcode LOGIN_STATUS}. */
export type LoginStatus = typeof LOGIN_STATUS[keyof typeof LOGIN_STATUS];

/** A Login Request; its text is not part of it (RFC 7143 11.12). */
export interface LoginRequest {
  /** I: always set in a right request. */
  readonly immediate: boolean;
  /** T: the initiator is ready for `nextStage` (RFC 7143 11.12.1). */
  readonly transit: boolean;
  /** C: the text goes on in the next request (RFC 7143 11.12.2). */
  readonly continued: boolean;
  /** CSG: stage that the request belongs to (RFC 7143 11.12.3). */
  readonly currentStage: number;
  /** NSG: stage to go to; valid with T (RFC 7143 11.12.3). */
  readonly nextStage: number;
  /** Highest version the initiator supports (RFC 7143 11.12.4.1). */
  readonly versionMax: number;
  /** Lowest version the initiator supports (RFC 7143 11.12.4.2). */
  readonly versionMin: number;
  /** Bytes of additional header segments; a login has none. */
  readonly ahsLength: number;
  /** Bytes of text, without padding. */
  readonly dataSegmentLength: number;
  /** ISID: the initiator's part of the session, 48 bits (RFC 7143 11.12.5). */
  readonly isid: number;
  /** TSIH: session to join; 0 asks for a new one (RFC 7143 11.12.6). */
  readonly tsih: number;
  /** Initiator Task Tag. */
  readonly initiatorTaskTag: number;
  /** CID: connection within the session (RFC 7143 11.12.7). */
  readonly connectionId: number;
  /** CmdSN; the login does not use it up (RFC 7143 11.12.8). */
  readonly cmdSn: number;
  /** ExpStatSN (RFC 7143 11.12.9). */
  readonly expStatSn: number;
}

/** Reads the Login Request whose header begins at `start`. */
export function decodeLoginRequest(
  view: DataView,
  start: number,
): LoginRequest {
  const flags = view.getUint8(start + At.FLAGS);
  return {
    immediate: isImmediate(view, start),
    transit: (flags & TRANSIT) !== 0,
    continued: (flags & CONTINUE) !== 0,
    currentStage: flags >>> CURRENT_STAGE_SHIFT & STAGE_MASK,
    nextStage: flags & STAGE_MASK,
    versionMax: view.getUint8(start + RequestAt.VERSION_MAX),
    versionMin: view.getUint8(start + RequestAt.VERSION_MIN),
    ahsLength: ahsLengthOf(view, start),
    dataSegmentLength: dataSegmentLengthOf(view, start),
    isid: decodeIsid(view, start + RequestAt.ISID),
    tsih: view.getUint16(start + RequestAt.TSIH),
    initiatorTaskTag: view.getUint32(start + At.INITIATOR_TASK_TAG),
    connectionId: view.getUint16(start + RequestAt.CONNECTION_ID),
    cmdSn: view.getUint32(start + At.CMD_SN),
    expStatSn: view.getUint32(start + At.EXP_STAT_SN),
  };
}

/** A Login Response; its text is not part of it (RFC 7143 11.13). */
export interface LoginResponse {
  /** T: the target goes to `nextStage` as well (RFC 7143 11.13.6). */
  readonly transit: boolean;
  /** C: the text goes on in the next response (RFC 7143 11.13.7). */
  readonly continued: boolean;
  /** CSG: stage of the request. */
  readonly currentStage: number;
  /** NSG: stage to go to; 0 without T. */
  readonly nextStage: number;
  /** Bytes of text, without padding. */
  readonly dataSegmentLength: number;
  /** ISID of the request. */
  readonly isid: number;
  /** TSIH: the new session in the last response (RFC 7143 11.13.3). */
  readonly tsih: number;
  /** Initiator Task Tag of the request. */
  readonly initiatorTaskTag: number;
  /** StatSN (RFC 7143 11.13.4). */
  readonly statSn: number;
  /** ExpCmdSN. */
  readonly expCmdSn: number;
  /** MaxCmdSN. */
  readonly maxCmdSn: number;
  /** Status class and detail (RFC 7143 11.13.5). */
  readonly status: LoginStatus;
}

/** Writes a Login Response. @returns bytes written */
export function encodeLoginResponse(
  view: DataView,
  start: number,
  pdu: LoginResponse,
): number {
  view.setUint8(start + At.OPCODE, RESPONSE.LOGIN);
  view.setUint8(start + At.FLAGS, flagsOf(pdu));
  view.setUint8(start + ResponseAt.VERSION_MAX, PROTOCOL_VERSION);
  view.setUint8(start + ResponseAt.VERSION_ACTIVE, PROTOCOL_VERSION);
  view.setUint32(start + At.DATA_SEGMENT_LENGTH, pdu.dataSegmentLength);
  encodeIsid(view, start + ResponseAt.ISID, pdu.isid);
  view.setUint16(start + ResponseAt.TSIH, pdu.tsih);
  view.setUint32(start + At.INITIATOR_TASK_TAG, pdu.initiatorTaskTag);
  view.setUint32(start + ResponseAt.RESERVED_20, 0);
  view.setUint32(start + At.STAT_SN, pdu.statSn);
  view.setUint32(start + At.EXP_CMD_SN, pdu.expCmdSn);
  view.setUint32(start + At.MAX_CMD_SN, pdu.maxCmdSn);
  view.setUint16(start + ResponseAt.STATUS, pdu.status);
  view.setUint16(start + ResponseAt.RESERVED_38, 0);
  view.setUint32(start + ResponseAt.RESERVED_40, 0);
  view.setUint32(start + ResponseAt.RESERVED_44, 0);
  return BHS_LENGTH;
}

function flagsOf(pdu: LoginResponse): number {
  return (pdu.transit ? TRANSIT : 0) | (pdu.continued ? CONTINUE : 0) |
    pdu.currentStage << CURRENT_STAGE_SHIFT | pdu.nextStage;
}

/** Bytes of an ISID (RFC 7143 11.12.5). */
const ISID_LENGTH = 6;

function decodeIsid(view: DataView, at: number): number {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
}

function encodeIsid(view: DataView, at: number, isid: number): void {
  view.setUint16(at, Math.floor(isid / 2 ** 32));
  view.setUint32(at + 2, isid % 2 ** 32);
}

/** The six bytes of an ISID. */
export function isidBytes(isid: number): Uint8Array {
  const bytes = new Uint8Array(ISID_LENGTH);
  encodeIsid(new DataView(bytes.buffer), 0, isid);
  return bytes;
}

/** An ISID as it stands in names: twelve lower-case digits (RFC 7143 4.4.2). */
export function isidHex(isid: number): string {
  return isid.toString(16).padStart(2 * ISID_LENGTH, "0");
}
