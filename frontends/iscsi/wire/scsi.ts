/**
 * PDUs that carry SCSI commands and their ends (RFC 7143 11.3, 11.4).
 *
 * @module
 */

import { At, BHS_LENGTH, FINAL, RESPONSE } from "./pdu.ts";

const CommandAt = { PRIORITY: 2, EXPECTED_LENGTH: 20, CDB: 32 } as const;
const READ = 0x40;
const WRITE = 0x20;
const ATTRIBUTE = 0x07;

/** A SCSI Command PDU. One value is filled again and again. */
export interface ScsiCommandPdu {
  /** F: no unsolicited Data-Out follows. */
  final: boolean;
  /** R: data are expected from the target. */
  read: boolean;
  /** W: data are expected by the target. */
  write: boolean;
  /** ATTR: a task attribute. */
  attribute: number;
  /** PRI: a command priority, with iSCSIProtocolLevel 2 (RFC 7144). */
  priority: number;
  /** Initiator Task Tag. */
  initiatorTaskTag: number;
  /** Expected Data Transfer Length in bytes. */
  expectedDataTransferLength: number;
  /** CmdSN. */
  cmdSn: number;
  /** Where the first 16 bytes of the CDB are. */
  cdbAt: number;
}

/** An empty SCSI Command to decode into. */
export function newScsiCommand(): ScsiCommandPdu {
  return {
    final: false,
    read: false,
    write: false,
    attribute: 0,
    priority: 0,
    initiatorTaskTag: 0,
    expectedDataTransferLength: 0,
    cmdSn: 0,
    cdbAt: 0,
  };
}

/** Reads a SCSI Command. */
export function decodeScsiCommand(
  view: DataView,
  start: number,
  into: ScsiCommandPdu,
): void {
  const flags = view.getUint8(start + At.FLAGS);
  into.final = (flags & FINAL) !== 0;
  into.read = (flags & READ) !== 0;
  into.write = (flags & WRITE) !== 0;
  into.attribute = flags & ATTRIBUTE;
  into.priority = view.getUint8(start + CommandAt.PRIORITY) >> 4;
  into.initiatorTaskTag = view.getUint32(start + At.INITIATOR_TASK_TAG);
  into.expectedDataTransferLength = view.getUint32(
    start + CommandAt.EXPECTED_LENGTH,
  );
  into.cmdSn = view.getUint32(start + At.CMD_SN);
  into.cdbAt = start + CommandAt.CDB;
}

/** Bytes of the CDB in the header; longer ones go on in an AHS. */
export const CDB_IN_HEADER_LENGTH = 16;

const ResponseAt = {
  RESPONSE: 2,
  STATUS: 3,
  SNACK_TAG: 20,
  EXP_DATA_SN: 36,
  BIDIRECTIONAL_RESIDUAL: 40,
  RESIDUAL: 44,
} as const;

/** Residual flags of SCSI Response and Data-In. */
export const RESIDUAL = { NONE: 0, UNDERFLOW: 0x02, OVERFLOW: 0x04 } as const;

/** A SCSI Response PDU. One value is filled again and again. */
export interface ScsiResponsePdu {
  /** One of {@linkcode RESIDUAL}. */
  residualFlag: number;
  /** Response: 0 command completed at target. */
  response: number;
  /** SCSI status. */
  status: number;
  /** Bytes of sense data, with their two length bytes. */
  dataSegmentLength: number;
  /** Initiator Task Tag. */
  initiatorTaskTag: number;
  /** StatSN. */
  statSn: number;
  /** ExpCmdSN. */
  expCmdSn: number;
  /** MaxCmdSN. */
  maxCmdSn: number;
  /** Data-In and R2T PDUs sent for the command. */
  expDataSn: number;
  /** Bytes not moved, or not movable. */
  residual: number;
}

/** An empty SCSI Response to encode from. */
export function newScsiResponse(): ScsiResponsePdu {
  return {
    residualFlag: 0,
    response: 0,
    status: 0,
    dataSegmentLength: 0,
    initiatorTaskTag: 0,
    statSn: 0,
    expCmdSn: 0,
    maxCmdSn: 0,
    expDataSn: 0,
    residual: 0,
  };
}

/** Writes a SCSI Response. @returns bytes written */
export function encodeScsiResponse(
  view: DataView,
  start: number,
  pdu: ScsiResponsePdu,
): number {
  view.setUint8(start, RESPONSE.SCSI_RESPONSE);
  view.setUint8(start + At.FLAGS, FINAL | pdu.residualFlag);
  view.setUint8(start + ResponseAt.RESPONSE, pdu.response);
  view.setUint8(start + ResponseAt.STATUS, pdu.status);
  view.setUint32(start + At.DATA_SEGMENT_LENGTH, pdu.dataSegmentLength);
  view.setUint32(start + At.LUN, 0);
  view.setUint32(start + At.LUN + 4, 0);
  view.setUint32(start + At.INITIATOR_TASK_TAG, pdu.initiatorTaskTag);
  view.setUint32(start + ResponseAt.SNACK_TAG, 0);
  view.setUint32(start + At.STAT_SN, pdu.statSn);
  view.setUint32(start + At.EXP_CMD_SN, pdu.expCmdSn);
  view.setUint32(start + At.MAX_CMD_SN, pdu.maxCmdSn);
  view.setUint32(start + ResponseAt.EXP_DATA_SN, pdu.expDataSn);
  view.setUint32(start + ResponseAt.BIDIRECTIONAL_RESIDUAL, 0);
  view.setUint32(start + ResponseAt.RESIDUAL, pdu.residual);
  return BHS_LENGTH;
}
