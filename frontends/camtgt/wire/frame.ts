/**
 * Frames of the camtgt wire, version 1: what an initiator and an emulated
 * target-mode HBA send each other over any ordered stream of bytes. All
 * numbers are big-endian. A frame is a header of 16 bytes and a payload:
 *
 * | byte | field |
 * |---|---|
 * | 0 | type, one of {@linkcode FRAME} |
 * | 1 | flags, by type |
 * | 2 | code, by type |
 * | 3 | zero |
 * | 4-7 | bytes of the payload |
 * | 8-11 | exchange that it belongs to, chosen by the initiator |
 * | 12-15 | parameter, by type |
 *
 * | frame | sent by | code, flags, parameter, payload |
 * |---|---|---|
 * | LOGIN | initiator | names and limits ({@linkcode LoginPayload}); first frame |
 * | LOGIN ACCEPT | target | the same of the target |
 * | LOGIN REJECT | target | code: {@linkcode LOGIN_REASON}; then it closes |
 * | LOGOUT, LOGOUT ACCEPT | both, target | the login ends |
 * | COMMAND | initiator | code: attribute; flags: READ, WRITE; parameter: priority; {@linkcode CommandPayload} |
 * | TRANSFER READY | target | parameter: offset of the data wanted; payload: their length |
 * | DATA | both | parameter: offset; flags: END with the last of a sequence |
 * | ACKNOWLEDGE | initiator | parameter: Data-In have come up to this offset, and a sequence ends there |
 * | RESPONSE | target | code: status; flags: OVERFLOW, UNDERFLOW; parameter: residual; payload: sense data |
 * | ABORTED | target | the exchange is over, there is no status; parameter: bytes that it would have moved |
 * | RETRANSMIT | initiator | code: {@linkcode RETRANSMISSION}; parameter: offset to begin at |
 * | RETRANSMIT REJECT | target | the same: it has nothing to send again |
 * | DATA LOST | initiator | Data-In were damaged for good |
 * | TASK MANAGEMENT | initiator | code: {@linkcode FUNCTION_CODE}; parameter: tag; payload: LUN |
 * | TASK MANAGEMENT RESPONSE | target | code: {@linkcode RESPONSE_CODE}; parameter: additional information |
 *
 * @module
 */

/** Types of frames. */
export const FRAME = {
  LOGIN: 0x01,
  LOGIN_ACCEPT: 0x02,
  LOGIN_REJECT: 0x03,
  LOGOUT: 0x04,
  LOGOUT_ACCEPT: 0x05,
  COMMAND: 0x10,
  TRANSFER_READY: 0x11,
  DATA: 0x12,
  RESPONSE: 0x13,
  ABORTED: 0x14,
  ACKNOWLEDGE: 0x15,
  RETRANSMIT: 0x16,
  RETRANSMIT_REJECT: 0x17,
  DATA_LOST: 0x18,
  TASK_MANAGEMENT: 0x20,
  TASK_MANAGEMENT_RESPONSE: 0x21,
} as const;

/** Flags of frames, by their types. */
export const FRAME_FLAG = {
  /** COMMAND: it reads. */
  READ: 0x01,
  /** COMMAND: it writes. */
  WRITE: 0x02,
  /** DATA: the last of its sequence. */
  END: 0x01,
  /** RESPONSE: there was more to move than the initiator allowed. */
  OVERFLOW: 0x01,
  /** RESPONSE: there was less. */
  UNDERFLOW: 0x02,
} as const;

/** What is to be sent again. */
export const RETRANSMISSION = { DATA_IN: 1, DATA_OUT: 2, STATUS: 3 } as const;

/** Why a login was refused. */
export const LOGIN_REASON = {
  /** It is no login of this version, or its names or limits are wrong. */
  PROTOCOL: 1,
  /** The port is off line. */
  OFFLINE: 2,
  /** The port has as many logins as it takes. */
  FULL: 3,
} as const;

/** Task attributes, by the codes of FCP-4 9.1.2. */
export const ATTRIBUTE_CODE = {
  SIMPLE: 0,
  HEAD_OF_QUEUE: 1,
  ORDERED: 2,
  ACA: 4,
  UNTAGGED: 5,
} as const;

/** Task management functions: codes of SPL-3 9.2.2.2, two of our own. */
export const FUNCTION_CODE = {
  ABORT_TASK: 0x01,
  ABORT_TASK_SET: 0x02,
  CLEAR_TASK_SET: 0x04,
  LOGICAL_UNIT_RESET: 0x08,
  I_T_NEXUS_RESET: 0x10,
  TARGET_RESET: 0x20,
  BUS_RESET: 0x21,
  CLEAR_ACA: 0x40,
  QUERY_TASK: 0x80,
  QUERY_TASK_SET: 0x81,
  QUERY_ASYNCHRONOUS_EVENT: 0x82,
} as const;

/** Answers of functions (FCP-4 9.5.10). */
export const RESPONSE_CODE = {
  COMPLETE: 0x00,
  REJECTED: 0x04,
  FAILED: 0x05,
  SUCCEEDED: 0x08,
  INCORRECT_LUN: 0x09,
} as const;

/** Bytes of a header. */
export const HEADER_LENGTH = 16;
/** Longest payload of DATA that either side may declare to take. */
export const DATA_LENGTH_MAX: number = 64 * 1024;
/** Shortest one that it has to take. */
export const DATA_LENGTH_MIN = 512;
/** Bytes of a LOGIN and of its ACCEPT. */
export const LOGIN_LENGTH = 32;
/** Bytes of a COMMAND in front of its CDB. */
export const COMMAND_LENGTH = 16;
const SENSE_LENGTH_MAX = 252;
const CDB_LENGTH_MAX = 32;
const LUN_LENGTH = 8;
const LENGTH_LENGTH = 4;

const At = {
  TYPE: 0,
  FLAGS: 1,
  CODE: 2,
  RESERVED: 3,
  PAYLOAD_LENGTH: 4,
  EXCHANGE: 8,
  PARAMETER: 12,
} as const;

/** A header. */
export interface FrameHeader {
  /** One of {@linkcode FRAME}. */
  readonly type: number;
  /** Flags, by type. */
  readonly flags?: number;
  /** Code, by type. */
  readonly code?: number;
  /** Exchange. */
  readonly exchange?: number;
  /** Parameter, by type. */
  readonly parameter?: number;
}

/** A frame that has come. */
export interface Frame extends Required<FrameHeader> {
  /** Its payload; valid only during the call that hands it over. */
  readonly payload: Uint8Array;
}

// For each type the shortest and the longest payload.
const PAYLOADS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [FRAME.LOGIN, [LOGIN_LENGTH, LOGIN_LENGTH]],
  [FRAME.LOGIN_ACCEPT, [LOGIN_LENGTH, LOGIN_LENGTH]],
  [FRAME.LOGIN_REJECT, [0, 0]],
  [FRAME.LOGOUT, [0, 0]],
  [FRAME.LOGOUT_ACCEPT, [0, 0]],
  [FRAME.COMMAND, [COMMAND_LENGTH + 1, COMMAND_LENGTH + CDB_LENGTH_MAX]],
  [FRAME.TRANSFER_READY, [LENGTH_LENGTH, LENGTH_LENGTH]],
  [FRAME.DATA, [0, DATA_LENGTH_MAX]],
  [FRAME.RESPONSE, [0, SENSE_LENGTH_MAX]],
  [FRAME.ABORTED, [0, 0]],
  [FRAME.ACKNOWLEDGE, [0, 0]],
  [FRAME.RETRANSMIT, [0, 0]],
  [FRAME.RETRANSMIT_REJECT, [0, 0]],
  [FRAME.DATA_LOST, [0, 0]],
  [FRAME.TASK_MANAGEMENT, [LUN_LENGTH, LUN_LENGTH]],
  [FRAME.TASK_MANAGEMENT_RESPONSE, [0, 0]],
]);

/** Bytes that are no frame, and where they are wrong. */
export interface FrameFault {
  /** What is wrong, in words. */
  readonly fault: string;
}

/**
 * Bytes of the frame that begins at `start`, by its header.
 *
 * @returns 0 when the header is not whole yet
 */
export function frameLength(
  view: DataView,
  start: number,
  end: number,
): number | FrameFault {
  if (end - start < HEADER_LENGTH) return 0;
  const type = view.getUint8(start + At.TYPE);
  const length = view.getUint32(start + At.PAYLOAD_LENGTH);
  const limits = PAYLOADS.get(type);
  if (limits === undefined) return { fault: `there is no frame type ${type}` };
  const [shortest, longest] = limits;
  return length >= shortest && length <= longest
    ? HEADER_LENGTH + length
    : { fault: `frame type ${type} with a payload of ${length} bytes` };
}

/** Reads a whole frame. */
export function decodeFrame(
  bytes: Uint8Array,
  view: DataView,
  start: number,
): Frame {
  const payloadAt = start + HEADER_LENGTH;
  const length = view.getUint32(start + At.PAYLOAD_LENGTH);
  return {
    type: view.getUint8(start + At.TYPE),
    flags: view.getUint8(start + At.FLAGS),
    code: view.getUint8(start + At.CODE),
    exchange: view.getUint32(start + At.EXCHANGE),
    parameter: view.getUint32(start + At.PARAMETER),
    payload: bytes.subarray(payloadAt, payloadAt + length),
  };
}

/** A whole frame. */
export function encodeFrame(
  header: FrameHeader,
  payload: Uint8Array = NO_BYTES,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(At.TYPE, header.type);
  view.setUint8(At.FLAGS, header.flags ?? 0);
  view.setUint8(At.CODE, header.code ?? 0);
  view.setUint8(At.RESERVED, 0);
  view.setUint32(At.PAYLOAD_LENGTH, payload.length);
  view.setUint32(At.EXCHANGE, header.exchange ?? 0);
  view.setUint32(At.PARAMETER, header.parameter ?? 0);
  bytes.set(payload, HEADER_LENGTH);
  return bytes;
}

const NO_BYTES = new Uint8Array(0);
