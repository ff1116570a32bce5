/**
 * PDUs that move data: Data-In, Data-Out, R2T (RFC 7143 11.7, 11.8).
 *
 * @module
 */

import { At, BHS_LENGTH, FINAL, RESERVED_TAG, RESPONSE } from "./pdu.ts";

const DataAt = { STATUS: 3, DATA_SN: 36, OFFSET: 40, RESIDUAL: 44 } as const;
const STATUS_PRESENT = 0x01;

/** A Data-In PDU. One value is filled again and again. */
export interface DataInPdu {
  /** F: the last of its sequence. */
  final: boolean;
  /** S: the command has ended, and this is its status. */
  statusPresent: boolean;
  /** Residual flag; valid with a status. */
  residualFlag: number;
  /** SCSI status; valid with `statusPresent`. */
  status: number;
  /** Bytes of data. */
  dataSegmentLength: number;
  /** Initiator Task Tag. */
  initiatorTaskTag: number;
  /** StatSN; valid with a status. */
  statSn: number;
  /** ExpCmdSN. */
  expCmdSn: number;
  /** MaxCmdSN. */
  maxCmdSn: number;
  /** DataSN. */
  dataSn: number;
  /** Where the data stand in the command's data. */
  bufferOffset: number;
  /** Residual count; valid with a residual flag. */
  residual: number;
}

/** An empty Data-In to encode from. */
export function newDataIn(): DataInPdu {
  return {
    final: false,
    statusPresent: false,
    residualFlag: 0,
    status: 0,
    dataSegmentLength: 0,
    initiatorTaskTag: 0,
    statSn: 0,
    expCmdSn: 0,
    maxCmdSn: 0,
    dataSn: 0,
    bufferOffset: 0,
    residual: 0,
  };
}

/** Writes a Data-In. @returns bytes written */
export function encodeDataIn(
  view: DataView,
  start: number,
  pdu: DataInPdu,
): number {
  const flags = (pdu.final ? FINAL : 0) |
    (pdu.statusPresent ? STATUS_PRESENT : 0) | pdu.residualFlag;
  // Byte 0 to 3: opcode, flags, reserved, status.
  view.setUint32(start, RESPONSE.DATA_IN << 24 | flags << 16 | pdu.status);
  view.setUint32(start + At.DATA_SEGMENT_LENGTH, pdu.dataSegmentLength);
  view.setUint32(start + At.LUN, 0);
  view.setUint32(start + At.LUN + 4, 0);
  view.setUint32(start + At.INITIATOR_TASK_TAG, pdu.initiatorTaskTag);
  view.setUint32(start + At.TARGET_TRANSFER_TAG, RESERVED_TAG);
  view.setUint32(start + At.STAT_SN, pdu.statSn);
  view.setUint32(start + At.EXP_CMD_SN, pdu.expCmdSn);
  view.setUint32(start + At.MAX_CMD_SN, pdu.maxCmdSn);
  view.setUint32(start + DataAt.DATA_SN, pdu.dataSn);
  view.setUint32(start + DataAt.OFFSET, pdu.bufferOffset);
  view.setUint32(start + DataAt.RESIDUAL, pdu.residual);
  return BHS_LENGTH;
}

/** A Data-Out PDU. One value is filled again and again. */
export interface DataOutPdu {
  /** F: the last of its sequence. */
  final: boolean;
  /** Initiator Task Tag. */
  initiatorTaskTag: number;
  /** Target Transfer Tag; reserved: unsolicited. */
  targetTransferTag: number;
  /** DataSN. */
  dataSn: number;
  /** Where the data stand in the command's data. */
  bufferOffset: number;
}

/** An empty Data-Out to decode into. */
export function newDataOut(): DataOutPdu {
  return {
    final: false,
    initiatorTaskTag: 0,
    targetTransferTag: 0,
    dataSn: 0,
    bufferOffset: 0,
  };
}

/** Reads a Data-Out. */
export function decodeDataOut(
  view: DataView,
  start: number,
  into: DataOutPdu,
): void {
  into.final = (view.getUint8(start + At.FLAGS) & FINAL) !== 0;
  into.initiatorTaskTag = view.getUint32(start + At.INITIATOR_TASK_TAG);
  into.targetTransferTag = view.getUint32(start + At.TARGET_TRANSFER_TAG);
  into.dataSn = view.getUint32(start + DataAt.DATA_SN);
  into.bufferOffset = view.getUint32(start + DataAt.OFFSET);
}

const R2tAt = { R2T_SN: 36, OFFSET: 40, DESIRED_LENGTH: 44 } as const;

/** A Ready To Transfer PDU. */
export interface R2tPdu {
  /** First four bytes of the LUN. */
  readonly lunHigh: number;
  /** Last four bytes of the LUN. */
  readonly lunLow: number;
  /** Initiator Task Tag. */
  readonly initiatorTaskTag: number;
  /** Target Transfer Tag. */
  readonly targetTransferTag: number;
  /** The next StatSN. */
  readonly statSn: number;
  /** ExpCmdSN. */
  readonly expCmdSn: number;
  /** MaxCmdSN. */
  readonly maxCmdSn: number;
  /** R2TSN. */
  readonly r2tSn: number;
  /** Where the wanted data stand in the command's data. */
  readonly bufferOffset: number;
  /** Bytes wanted. */
  readonly desiredLength: number;
}

/** Writes an R2T. @returns bytes written */
export function encodeR2t(view: DataView, start: number, pdu: R2tPdu): number {
  view.setUint32(start, RESPONSE.R2T << 24 | FINAL << 16);
  view.setUint32(start + At.DATA_SEGMENT_LENGTH, 0);
  view.setUint32(start + At.LUN, pdu.lunHigh);
  view.setUint32(start + At.LUN + 4, pdu.lunLow);
  view.setUint32(start + At.INITIATOR_TASK_TAG, pdu.initiatorTaskTag);
  view.setUint32(start + At.TARGET_TRANSFER_TAG, pdu.targetTransferTag);
  view.setUint32(start + At.STAT_SN, pdu.statSn);
  view.setUint32(start + At.EXP_CMD_SN, pdu.expCmdSn);
  view.setUint32(start + At.MAX_CMD_SN, pdu.maxCmdSn);
  view.setUint32(start + R2tAt.R2T_SN, pdu.r2tSn);
  view.setUint32(start + R2tAt.OFFSET, pdu.bufferOffset);
  view.setUint32(start + R2tAt.DESIRED_LENGTH, pdu.desiredLength);
  return BHS_LENGTH;
}
