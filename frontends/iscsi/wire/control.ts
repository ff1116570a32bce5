/**
 * PDUs that steer a session: NOP, Text, Task Management, Logout, Async
 * Message, Reject (RFC 7143 11.5, 11.6, 11.9 to 11.11, 11.14 to 11.19).
 *
 * All responses of this file share one layout but for a few fields, so one
 * encoder writes them: what a PDU does not have stays zero.
 *
 * @module
 */

import { At, BHS_LENGTH, CONTINUE, FINAL, isImmediate } from "./pdu.ts";

/** Fields of any request of this file. */
export interface ControlRequest {
  /** I: delivered ahead of its turn. */
  readonly immediate: boolean;
  /** F. */
  readonly final: boolean;
  /** C: the text goes on in the next PDU. */
  readonly continued: boolean;
  /** Byte 1 without its first bit: function or reason code. */
  readonly code: number;
  /** First four bytes of the LUN. */
  readonly lunHigh: number;
  /** Last four bytes of the LUN. */
  readonly lunLow: number;
  /** Initiator Task Tag. */
  readonly initiatorTaskTag: number;
  /** Target Transfer Tag, or Referenced Task Tag. */
  readonly tag: number;
  /** CID, where the PDU has one. */
  readonly connectionId: number;
  /** CmdSN. */
  readonly cmdSn: number;
  /** RefCmdSN, where the PDU has one. */
  readonly refCmdSn: number;
}

/** Reads a request of this file. */
export function decodeControl(view: DataView, start: number): ControlRequest {
  const flags = view.getUint8(start + At.FLAGS);
  return {
    immediate: isImmediate(view, start),
    final: (flags & FINAL) !== 0,
    continued: (flags & CONTINUE) !== 0,
    code: flags & ~FINAL,
    lunHigh: view.getUint32(start + At.LUN),
    lunLow: view.getUint32(start + At.LUN + 4),
    initiatorTaskTag: view.getUint32(start + At.INITIATOR_TASK_TAG),
    tag: view.getUint32(start + At.TARGET_TRANSFER_TAG),
    connectionId: view.getUint16(start + At.TARGET_TRANSFER_TAG),
    cmdSn: view.getUint32(start + At.CMD_SN),
    refCmdSn: view.getUint32(start + 32),
  };
}

/** Fields of any response of this file; absent ones are zero. */
export interface ControlResponse {
  /** Opcode. */
  readonly opcode: number;
  /** Byte 1; default: F alone. */
  readonly flags?: number;
  /** Byte 2: response or reason code. */
  readonly code?: number;
  /** Bytes of data. */
  readonly dataSegmentLength?: number;
  /** First four bytes of the LUN, or of what stands in its place. */
  readonly lunHigh?: number;
  /** Last four bytes of the LUN. */
  readonly lunLow?: number;
  /** Initiator Task Tag. */
  readonly initiatorTaskTag: number;
  /** Target Transfer Tag. */
  readonly targetTransferTag?: number;
  /** StatSN. */
  readonly statSn: number;
  /** ExpCmdSN. */
  readonly expCmdSn: number;
  /** MaxCmdSN. */
  readonly maxCmdSn: number;
  /** Bytes 36 to 39. */
  readonly word36?: number;
  /** Bytes 40 to 43. */
  readonly word40?: number;
}

/** Writes a response of this file. @returns bytes written */
export function encodeControl(
  view: DataView,
  start: number,
  pdu: ControlResponse,
): number {
  view.setUint8(start, pdu.opcode);
  view.setUint8(start + At.FLAGS, pdu.flags ?? FINAL);
  view.setUint8(start + 2, pdu.code ?? 0);
  view.setUint8(start + 3, 0);
  view.setUint32(start + At.DATA_SEGMENT_LENGTH, pdu.dataSegmentLength ?? 0);
  view.setUint32(start + At.LUN, pdu.lunHigh ?? 0);
  view.setUint32(start + At.LUN + 4, pdu.lunLow ?? 0);
  view.setUint32(start + At.INITIATOR_TASK_TAG, pdu.initiatorTaskTag);
  view.setUint32(start + At.TARGET_TRANSFER_TAG, pdu.targetTransferTag ?? 0);
  view.setUint32(start + At.STAT_SN, pdu.statSn);
  view.setUint32(start + At.EXP_CMD_SN, pdu.expCmdSn);
  view.setUint32(start + At.MAX_CMD_SN, pdu.maxCmdSn);
  view.setUint32(start + 36, pdu.word36 ?? 0);
  view.setUint32(start + 40, pdu.word40 ?? 0);
  view.setUint32(start + 44, 0);
  return BHS_LENGTH;
}

/** Task management functions (RFC 7143 11.5.1, RFC 7144). */
export const FUNCTION = {
  ABORT_TASK: 1,
  ABORT_TASK_SET: 2,
  CLEAR_ACA: 3,
  CLEAR_TASK_SET: 4,
  LOGICAL_UNIT_RESET: 5,
  TARGET_WARM_RESET: 6,
  TARGET_COLD_RESET: 7,
  TASK_REASSIGN: 8,
  QUERY_TASK: 9,
  QUERY_TASK_SET: 10,
  I_T_NEXUS_RESET: 11,
  QUERY_ASYNC_EVENT: 12,
} as const;

/** Answers to them (RFC 7143 11.6.1). */
export const FUNCTION_RESPONSE = {
  COMPLETE: 0,
  TASK_DOES_NOT_EXIST: 1,
  LUN_DOES_NOT_EXIST: 2,
  NOT_SUPPORTED: 5,
  SUCCEEDED: 7,
  REJECTED: 255,
} as const;

/** Logout reasons (RFC 7143 11.14.1). */
export const LOGOUT_REASON = {
  CLOSE_SESSION: 0,
  CLOSE_CONNECTION: 1,
  REMOVE_FOR_RECOVERY: 2,
} as const;

/** Logout responses (RFC 7143 11.15.1). */
export const LOGOUT_RESPONSE = {
  CLOSED: 0,
  CID_NOT_FOUND: 1,
  RECOVERY_NOT_SUPPORTED: 2,
} as const;

/** Reasons to reject a PDU (RFC 7143 11.17.1). */
export const REJECT_REASON = {
  DATA_DIGEST_ERROR: 0x02,
  SNACK_REJECT: 0x03,
  PROTOCOL_ERROR: 0x04,
  COMMAND_NOT_SUPPORTED: 0x05,
  TOO_MANY_IMMEDIATE_COMMANDS: 0x06,
  TASK_IN_PROGRESS: 0x07,
  INVALID_PDU_FIELD: 0x09,
} as const;

/** Asynchronous events (RFC 7143 11.9.1). */
export const ASYNC_EVENT = {
  LOGOUT_REQUEST: 1,
  CONNECTION_DROP: 2,
  SESSION_DROP: 3,
} as const;
