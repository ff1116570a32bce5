/**
 * What all iSCSI PDUs have in common (RFC 7143 11.2).
 *
 * The contract of every codec in this folder: a decoder may read any byte of
 * the 48-byte header that begins at `start`, and no other; an encoder writes
 * all 48, reserved ones too. Whoever calls has seen to it that they exist.
 *
 * @module
 */

/** Bytes of a basic header segment. */
export const BHS_LENGTH = 48;

/** Bytes of a header or data digest. */
export const DIGEST_LENGTH = 4;

/** The tag that names nothing: no task, no transfer. */
export const RESERVED_TAG = 0xffffffff;

/** Offsets that all headers share. */
export const At = {
  OPCODE: 0,
  FLAGS: 1,
  TOTAL_AHS_LENGTH: 4,
  DATA_SEGMENT_LENGTH: 4,
  LUN: 8,
  INITIATOR_TASK_TAG: 16,
  TARGET_TRANSFER_TAG: 20,
  CMD_SN: 24,
  STAT_SN: 24,
  EXP_STAT_SN: 28,
  EXP_CMD_SN: 28,
  MAX_CMD_SN: 32,
} as const;

/** Opcodes of initiators. */
export const REQUEST = {
  NOP_OUT: 0x00,
  SCSI_COMMAND: 0x01,
  TASK_MANAGEMENT: 0x02,
  LOGIN: 0x03,
  TEXT: 0x04,
  DATA_OUT: 0x05,
  LOGOUT: 0x06,
  SNACK: 0x10,
} as const;

/** Opcodes of targets. */
export const RESPONSE = {
  NOP_IN: 0x20,
  SCSI_RESPONSE: 0x21,
  TASK_MANAGEMENT: 0x22,
  LOGIN: 0x23,
  TEXT: 0x24,
  DATA_IN: 0x25,
  LOGOUT: 0x26,
  R2T: 0x31,
  ASYNC_MESSAGE: 0x32,
  REJECT: 0x3f,
} as const;

/** Bits of byte 0: the immediate bit, and where the opcode is. */
export const IMMEDIATE = 0x40;
/** Mask of the opcode in byte 0. */
export const OPCODE_MASK = 0x3f;
/** The final bit of byte 1. */
export const FINAL = 0x80;
/** The continue bit of byte 1 in text-carrying PDUs. */
export const CONTINUE = 0x40;

/** Opcode of the header at `start`. */
export function opcodeOf(view: DataView, start: number): number {
  return view.getUint8(start) & OPCODE_MASK;
}

/** Whether the header at `start` has the immediate bit. */
export function isImmediate(view: DataView, start: number): boolean {
  return (view.getUint8(start) & IMMEDIATE) !== 0;
}

/** DataSegmentLength, without padding. */
export function dataSegmentLengthOf(view: DataView, start: number): number {
  return view.getUint32(start + At.DATA_SEGMENT_LENGTH) & 0xffffff;
}

/** Bytes of all additional header segments. */
export function ahsLengthOf(view: DataView, start: number): number {
  return view.getUint8(start + At.TOTAL_AHS_LENGTH) * 4;
}

/** A length with its padding to four bytes. */
export function padded(lengthBytes: number): number {
  return (lengthBytes + 3) & ~3;
}

/** Whether serial number `a` comes before `b` (RFC 1982). */
export function serialBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** Adds to a serial number. */
export function serialAdd(a: number, count: number): number {
  return (a + count) >>> 0;
}
