/**
 * Every request PDU of an initiator, field by field (RFC 7143 11). A field that
 * is not given has the value that a plain initiator would send.
 *
 * @module
 */

import { FLAG, NO_TAG, OPCODE } from "./codes.ts";
import { makePdu, type Pdu } from "./pdu.ts";

/** What most requests carry. */
export interface RequestNumbers {
  /** Tag of the request. */
  readonly initiatorTaskTag: number;
  /** Number of the command in its session. */
  readonly cmdSN: number;
  /** Next StatSN that we expect. */
  readonly expStatSN: number;
}

/** Fields of a Login Request. */
export interface LoginRequest extends RequestNumbers {
  /** Byte 1: T, C, CSG and NSG. */
  readonly flags: number;
  /** Lowest and highest protocol version that we offer. */
  readonly versionMin?: number;
  /** Highest protocol version that we offer. */
  readonly versionMax?: number;
  /** Six bytes. */
  readonly isid: Uint8Array;
  /** 0 asks for a new session. */
  readonly tsih?: number;
  /** Number of the connection in its session. */
  readonly connectionId?: number;
  /** Key and value pairs, or a part of them. */
  readonly data: Uint8Array;
}

/** Builds a Login Request (RFC 7143 11.12). */
export function loginRequest(request: LoginRequest): Pdu {
  const pdu = makePdu({
    opcode: OPCODE.LOGIN,
    immediate: true,
    flags: request.flags,
    initiatorTaskTag: request.initiatorTaskTag,
    bytes: { 2: request.versionMax ?? 0, 3: request.versionMin ?? 0 },
    halves: { 14: request.tsih ?? 0, 20: request.connectionId ?? 0 },
    words: { 24: request.cmdSN, 28: request.expStatSN },
    data: request.data,
  });
  pdu.header.set(request.isid.subarray(0, 6), 8);
  return pdu;
}

/** Fields of a SCSI Command. */
export interface ScsiCommandRequest extends RequestNumbers {
  /** Logical unit, as a number or as 8 bytes. */
  readonly lun: number | Uint8Array;
  /** Byte 1: F, R, W and the attribute. */
  readonly flags: number;
  /** The command block; bytes from 16 on go into an additional header. */
  readonly cdb: Uint8Array;
  /** Bytes that the command is expected to move. */
  readonly expectedDataTransferLength: number;
  /** Bytes to read of a command that moves data both ways. */
  readonly bidirectionalReadLength?: number;
  /** Immediate delivery. */
  readonly immediate?: boolean;
  /** RFC 7144 command priority. */
  readonly priority?: number;
  /** Data that goes along. */
  readonly data?: Uint8Array;
}

/** Builds a SCSI Command (RFC 7143 11.3). */
export function scsiCommand(request: ScsiCommandRequest): Pdu {
  return makePdu({
    opcode: OPCODE.SCSI_COMMAND,
    immediate: request.immediate ?? false,
    flags: request.flags,
    lun: request.lun,
    initiatorTaskTag: request.initiatorTaskTag,
    bytes: { 2: (request.priority ?? 0) << 4 },
    words: {
      20: request.expectedDataTransferLength,
      24: request.cmdSN,
      28: request.expStatSN,
    },
    cdb: request.cdb,
    ahs: commandAhs(request),
    data: request.data ?? new Uint8Array(0),
  });
}

function commandAhs(request: ScsiCommandRequest): Uint8Array {
  const extra = request.cdb.subarray(16);
  const readLength = request.bidirectionalReadLength;
  const cdbBytes = extra.length === 0 ? 0 : align4(4 + extra.length);
  const ahs = new Uint8Array(cdbBytes + (readLength === undefined ? 0 : 8));
  const view = new DataView(ahs.buffer);
  if (cdbBytes > 0) {
    view.setUint16(0, extra.length + 1);
    view.setUint8(2, 1);
    ahs.set(extra, 4);
  }
  if (readLength !== undefined) {
    view.setUint16(cdbBytes, 5);
    view.setUint8(cdbBytes + 2, 2);
    view.setUint32(cdbBytes + 4, readLength);
  }
  return ahs;
}

function align4(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** Fields of a Data-Out. */
export interface DataOutRequest {
  /** Logical unit, the same as the command's. */
  readonly lun: number | Uint8Array;
  /** Tag of the command. */
  readonly initiatorTaskTag: number;
  /** Tag of the R2T, or {@linkcode NO_TAG} for unsolicited data. */
  readonly targetTransferTag: number;
  /** Next StatSN that we expect. */
  readonly expStatSN: number;
  /** Number in its sequence, from 0. */
  readonly dataSN: number;
  /** Where the data belongs in the command's data. */
  readonly bufferOffset: number;
  /** Last of its sequence. */
  readonly final: boolean;
  /** The data. */
  readonly data: Uint8Array;
}

/** Builds a Data-Out (RFC 7143 11.7). */
export function dataOut(request: DataOutRequest): Pdu {
  return makePdu({
    opcode: OPCODE.DATA_OUT,
    flags: request.final ? FLAG.FINAL : 0,
    lun: request.lun,
    initiatorTaskTag: request.initiatorTaskTag,
    words: {
      20: request.targetTransferTag,
      28: request.expStatSN,
      36: request.dataSN,
      40: request.bufferOffset,
    },
    data: request.data,
  });
}

/** Fields of a Task Management Function Request. */
export interface TaskManagementRequest extends RequestNumbers {
  /** Function code. */
  readonly function: number;
  /** Logical unit. */
  readonly lun?: number | Uint8Array;
  /** Tag of the task that the function names. */
  readonly referencedTaskTag?: number;
  /** CmdSN of that task. */
  readonly refCmdSN?: number;
  /** Immediate delivery; the usual case. */
  readonly immediate?: boolean;
}

/** Builds a Task Management Function Request (RFC 7143 11.5). */
export function taskManagement(request: TaskManagementRequest): Pdu {
  return makePdu({
    opcode: OPCODE.TASK_MANAGEMENT,
    immediate: request.immediate ?? true,
    flags: FLAG.FINAL | request.function,
    lun: request.lun ?? 0,
    initiatorTaskTag: request.initiatorTaskTag,
    words: {
      20: request.referencedTaskTag ?? NO_TAG,
      24: request.cmdSN,
      28: request.expStatSN,
      32: request.refCmdSN ?? 0,
    },
  });
}

/** Fields of a NOP-Out. */
export interface NopOutRequest extends RequestNumbers {
  /** Logical unit of the ping that is answered. */
  readonly lun?: number | Uint8Array;
  /** Tag of the ping that is answered. */
  readonly targetTransferTag?: number;
  /** Immediate delivery; the usual case. */
  readonly immediate?: boolean;
  /** Data that should come back. */
  readonly data?: Uint8Array;
}

/** Builds a NOP-Out (RFC 7143 11.18). */
export function nopOut(request: NopOutRequest): Pdu {
  return makePdu({
    opcode: OPCODE.NOP_OUT,
    immediate: request.immediate ?? true,
    flags: FLAG.FINAL,
    lun: request.lun ?? 0,
    initiatorTaskTag: request.initiatorTaskTag,
    words: {
      20: request.targetTransferTag ?? NO_TAG,
      24: request.cmdSN,
      28: request.expStatSN,
    },
    data: request.data ?? new Uint8Array(0),
  });
}

/** Fields of a Text Request. */
export interface TextRequest extends RequestNumbers {
  /** Byte 1: F and C. */
  readonly flags: number;
  /** Logical unit that the last response named. */
  readonly lun?: number | Uint8Array;
  /** Tag of the exchange that goes on; none opens one. */
  readonly targetTransferTag?: number;
  /** Immediate delivery. */
  readonly immediate?: boolean;
  /** Key and value pairs, or a part of them. */
  readonly data: Uint8Array;
}

/** Builds a Text Request (RFC 7143 11.10). */
export function textRequest(request: TextRequest): Pdu {
  return makePdu({
    opcode: OPCODE.TEXT,
    immediate: request.immediate ?? false,
    flags: request.flags,
    lun: request.lun ?? 0,
    initiatorTaskTag: request.initiatorTaskTag,
    words: {
      20: request.targetTransferTag ?? NO_TAG,
      24: request.cmdSN,
      28: request.expStatSN,
    },
    data: request.data,
  });
}

/** Fields of a Logout Request. */
export interface LogoutRequest extends RequestNumbers {
  /** Why: 0 close session, 1 close connection, 2 recovery. */
  readonly reason: number;
  /** Connection that the reason speaks of. */
  readonly connectionId?: number;
  /** Immediate delivery; the usual case. */
  readonly immediate?: boolean;
}

/** Builds a Logout Request (RFC 7143 11.14). */
export function logoutRequest(request: LogoutRequest): Pdu {
  return makePdu({
    opcode: OPCODE.LOGOUT,
    immediate: request.immediate ?? true,
    flags: FLAG.FINAL | request.reason,
    initiatorTaskTag: request.initiatorTaskTag,
    halves: { 20: request.connectionId ?? 0 },
    words: { 24: request.cmdSN, 28: request.expStatSN },
  });
}

/** Builds a SNACK Request (RFC 7143 11.16), to see it refused. */
export function snackRequest(request: {
  readonly type: number;
  readonly lun?: number | Uint8Array;
  readonly initiatorTaskTag: number;
  readonly targetTransferTag?: number;
  readonly expStatSN: number;
  readonly begRun?: number;
  readonly runLength?: number;
}): Pdu {
  return makePdu({
    opcode: OPCODE.SNACK,
    flags: FLAG.FINAL | request.type,
    lun: request.lun ?? 0,
    initiatorTaskTag: request.initiatorTaskTag,
    words: {
      20: request.targetTransferTag ?? NO_TAG,
      28: request.expStatSN,
      40: request.begRun ?? 0,
      44: request.runLength ?? 0,
    },
  });
}
