/**
 * Frames that move data, and those that keep them bounded.
 *
 * @module
 */

import { getLong, putLong } from "./kinds.ts";

const DataInAt = { TASK: 0, FLAGS: 4, RESERVED: 5, TRANSFER: 8 } as const;
/** Bytes of DATA_IN. */
export const DATA_IN_LENGTH = 16;
const ENDED = 0x01;

/** DATA_IN: a piece of Data-In; pieces come in order. */
export interface DataInFrame {
  /** Number of the task at the near node. */
  task: number;
  /** They are the last, and the command has ended GOOD. */
  ended: boolean;
  /** Bytes that the command moves where there is room for them. */
  transferLength: number;
}

/** Writes a DATA_IN. */
export function encodeDataIn(view: DataView, frame: DataInFrame): void {
  view.setUint32(DataInAt.TASK, frame.task);
  view.setUint32(DataInAt.FLAGS, frame.ended ? ENDED << 24 : 0);
  putLong(view, DataInAt.TRANSFER, frame.transferLength);
}

/** Reads a DATA_IN. @returns false when it is none */
export function decodeDataIn(view: DataView, into: DataInFrame): boolean {
  if (view.byteLength !== DATA_IN_LENGTH) return false;
  into.task = view.getUint32(DataInAt.TASK);
  const flags = view.getUint8(DataInAt.FLAGS);
  into.ended = flags === ENDED;
  into.transferLength = getLong(view, DataInAt.TRANSFER);
  return flags <= ENDED && Number.isSafeInteger(into.transferLength);
}

const CreditAt = { NEXUS: 0, BYTES: 4 } as const;
/** Bytes of CREDIT. */
export const CREDIT_LENGTH = 8;

/** Writes a CREDIT: `bytes` of Data-In for a nexus have been passed on. */
export function encodeCredit(
  view: DataView,
  nexus: number,
  bytes: number,
): void {
  view.setUint32(CreditAt.NEXUS, nexus);
  view.setUint32(CreditAt.BYTES, bytes);
}

/** A CREDIT, or null when it is none. */
export function decodeCredit(
  view: DataView,
): { readonly nexus: number; readonly bytes: number } | null {
  if (view.byteLength !== CREDIT_LENGTH) return null;
  return {
    nexus: view.getUint32(CreditAt.NEXUS),
    bytes: view.getUint32(CreditAt.BYTES),
  };
}

const PieceAt = { TASK: 0, OFFSET: 4, LENGTH: 8 } as const;
/** Bytes of WANT. */
export const WANT_LENGTH = 12;
/** Bytes of DATA_OUT; how long the piece is, its data tell. */
export const DATA_OUT_LENGTH = 8;

/** A piece of the Data-Out of a task. */
export interface PieceFrame {
  /** Number of the task at the near node. */
  task: number;
  /** Where the piece begins in the initiator's buffer. */
  offset: number;
  /** Its bytes. */
  length: number;
}

/** Writes a WANT. */
export function encodeWant(view: DataView, frame: PieceFrame): void {
  encodeDataOut(view, frame);
  view.setUint32(PieceAt.LENGTH, frame.length);
}

/** Reads a WANT. @returns false when it is none */
export function decodeWant(view: DataView, into: PieceFrame): boolean {
  if (view.byteLength !== WANT_LENGTH) return false;
  readPiece(view, into);
  into.length = view.getUint32(PieceAt.LENGTH);
  return into.length > 0;
}

/** Writes a DATA_OUT. */
export function encodeDataOut(view: DataView, frame: PieceFrame): void {
  view.setUint32(PieceAt.TASK, frame.task);
  view.setUint32(PieceAt.OFFSET, frame.offset);
}

/** Reads a DATA_OUT. @returns false when it is none */
export function decodeDataOut(
  view: DataView,
  dataLength: number,
  into: PieceFrame,
): boolean {
  if (view.byteLength !== DATA_OUT_LENGTH) return false;
  readPiece(view, into);
  into.length = dataLength;
  return dataLength > 0;
}

function readPiece(view: DataView, into: PieceFrame): void {
  into.task = view.getUint32(PieceAt.TASK);
  into.offset = view.getUint32(PieceAt.OFFSET);
}
