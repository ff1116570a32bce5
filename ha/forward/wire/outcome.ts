/**
 * How a command ended: COMPLETE and FINISH; and NO_DATA_OUT, which may say
 * why. Sense data travel as values: the node that the initiator is connected
 * to puts them into the format that it has asked for.
 *
 * @module
 */

import type { Sense } from "../../../core/mod.ts";
import { getLong, putLong } from "./kinds.ts";

/** Where the fields stand. */
const At = {
  TASK: 0,
  STATUS: 4,
  FLAGS: 5,
  RESERVED: 6,
  TRANSFER: 8,
  MOVED: 16,
  SENSE: 24,
} as const;

/** Where the fields of sense data stand, from their beginning. */
const SenseAt = {
  KEY: 0,
  ASC: 1,
  ASCQ: 2,
  PRESENT: 3,
  INFORMATION: 4,
  FIELD_BYTE: 12,
  FIELD_BIT: 14,
  RESERVED: 15,
  RETRIES: 16,
  PROGRESS: 18,
  BYTES_LENGTH: 20,
  BYTES: 22,
} as const;

/** What of sense data is there, as bits of `PRESENT`. */
const HAS = {
  INFORMATION: 0x01,
  FIELD: 0x02,
  FIELD_IN_CDB: 0x04,
  FIELD_BIT: 0x08,
  RETRIES: 0x10,
  PROGRESS: 0x20,
  BYTES: 0x40,
} as const;

const SILENT = 0x01;
const HAS_SENSE = 0x02;
/** Bytes of sense data at the most (SPC-5 4.4.1). */
const SENSE_BYTES_MAX = 252;

/** Bytes of a body without sense data. */
export const OUTCOME_LENGTH: number = At.SENSE;
/** Bytes of the longest body. */
export const OUTCOME_LENGTH_MAX: number = At.SENSE + SenseAt.BYTES +
  SENSE_BYTES_MAX;

/** How a command ended. One value is filled again and again. */
export interface OutcomeFrame {
  /** Number of the task at the near node. */
  task: number;
  /** Status code (SAM-5 5.3.1). */
  status: number;
  /** It was aborted, and its initiator hears nothing of it. */
  silent: boolean;
  /** Bytes that it would have moved, had there been room. */
  transferLength: number;
  /** Bytes that it has moved. */
  movedLength: number;
  /** Its sense data; null: none. */
  sense: Sense | null;
}

/** An empty outcome. */
export function newOutcomeFrame(): OutcomeFrame {
  return {
    ...{ task: 0, status: 0, silent: false },
    ...{ transferLength: 0, movedLength: 0, sense: null },
  };
}

/** Writes an outcome. @returns bytes written */
export function encodeOutcome(view: DataView, frame: OutcomeFrame): number {
  const { sense } = frame;
  view.setUint32(At.TASK, frame.task);
  view.setUint8(At.STATUS, frame.status);
  view.setUint8(
    At.FLAGS,
    (frame.silent ? SILENT : 0) | (sense === null ? 0 : HAS_SENSE),
  );
  view.setUint16(At.RESERVED, 0);
  putLong(view, At.TRANSFER, frame.transferLength);
  putLong(view, At.MOVED, frame.movedLength);
  return sense === null ? At.SENSE : putSenseValue(view, At.SENSE, sense);
}

/** Reads an outcome. @returns false when it is none */
export function decodeOutcome(view: DataView, into: OutcomeFrame): boolean {
  if (view.byteLength < At.SENSE) return false;
  into.task = view.getUint32(At.TASK);
  into.status = view.getUint8(At.STATUS);
  const flags = view.getUint8(At.FLAGS);
  into.silent = (flags & SILENT) !== 0;
  into.transferLength = getLong(view, At.TRANSFER);
  into.movedLength = getLong(view, At.MOVED);
  into.sense = null;
  if (
    flags > (SILENT | HAS_SENSE) ||
    !Number.isSafeInteger(into.transferLength) ||
    !Number.isSafeInteger(into.movedLength)
  ) return false;
  if ((flags & HAS_SENSE) === 0) return view.byteLength === At.SENSE;
  into.sense = senseValueAt(view, At.SENSE);
  return into.sense !== null;
}

// Cold: a command that ends with sense data is the exception.
function putSenseValue(view: DataView, start: number, sense: Sense): number {
  const { field, information, retryCount, progress } = sense;
  const bytes = sense.bytes?.subarray(0, SENSE_BYTES_MAX);
  view.setUint8(start + SenseAt.KEY, sense.key);
  view.setUint8(start + SenseAt.ASC, sense.asc);
  view.setUint8(start + SenseAt.ASCQ, sense.ascq);
  view.setUint8(start + SenseAt.PRESENT, presentIn(sense));
  putLong(view, start + SenseAt.INFORMATION, information ?? 0);
  view.setUint16(start + SenseAt.FIELD_BYTE, field?.byte ?? 0);
  view.setUint8(start + SenseAt.FIELD_BIT, field?.bit ?? 0);
  view.setUint8(start + SenseAt.RESERVED, 0);
  view.setUint16(start + SenseAt.RETRIES, retryCount ?? 0);
  view.setUint16(start + SenseAt.PROGRESS, progress ?? 0);
  view.setUint16(start + SenseAt.BYTES_LENGTH, bytes?.length ?? 0);
  const at = start + SenseAt.BYTES;
  bytes?.forEach((byte, index) => view.setUint8(at + index, byte));
  return at + (bytes?.length ?? 0);
}

function presentIn(sense: Sense): number {
  const { field } = sense;
  return (sense.information === undefined ? 0 : HAS.INFORMATION) |
    (field === undefined ? 0 : HAS.FIELD) |
    (field?.inCdb === true ? HAS.FIELD_IN_CDB : 0) |
    (field?.bit === undefined ? 0 : HAS.FIELD_BIT) |
    (sense.retryCount === undefined ? 0 : HAS.RETRIES) |
    (sense.progress === undefined ? 0 : HAS.PROGRESS) |
    (sense.bytes === undefined ? 0 : HAS.BYTES);
}

function senseValueAt(view: DataView, start: number): Sense | null {
  const left = view.byteLength - start - SenseAt.BYTES;
  if (left < 0) return null;
  const length = view.getUint16(start + SenseAt.BYTES_LENGTH);
  const information = getLong(view, start + SenseAt.INFORMATION);
  const present = view.getUint8(start + SenseAt.PRESENT);
  if (length !== left || length > SENSE_BYTES_MAX || present > 0x7f) {
    return null;
  }
  if (!Number.isSafeInteger(information)) return null;
  const has = (bit: number) => (present & bit) !== 0;
  const bytesAt = view.byteOffset + start + SenseAt.BYTES;
  return {
    key: view.getUint8(start + SenseAt.KEY),
    asc: view.getUint8(start + SenseAt.ASC),
    ascq: view.getUint8(start + SenseAt.ASCQ),
    ...has(HAS.INFORMATION) ? { information } : {},
    ...has(HAS.FIELD) ? { field: fieldAt(view, start, present) } : {},
    ...has(HAS.RETRIES)
      ? { retryCount: view.getUint16(start + SenseAt.RETRIES) }
      : {},
    ...has(HAS.PROGRESS)
      ? { progress: view.getUint16(start + SenseAt.PROGRESS) }
      : {},
    ...has(HAS.BYTES)
      ? { bytes: new Uint8Array(view.buffer, bytesAt, length).slice() }
      : {},
  };
}

function fieldAt(
  view: DataView,
  start: number,
  present: number,
): NonNullable<Sense["field"]> {
  const bit = view.getUint8(start + SenseAt.FIELD_BIT);
  return {
    inCdb: (present & HAS.FIELD_IN_CDB) !== 0,
    byte: view.getUint16(start + SenseAt.FIELD_BYTE),
    ...(present & HAS.FIELD_BIT) === 0 ? {} : { bit },
  };
}
