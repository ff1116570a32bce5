/**
 * Sense data on the wire: fixed and descriptor format (SPC-5 4.4.2, 4.4.3).
 *
 * @module
 */

import type { FieldPointer, ForwardedSense, Sense } from "../sense.ts";
import { SENSE_KEY } from "./sense_key.ts";

/** Bytes of fixed format sense data as we build them. */
export const FIXED_SENSE_LENGTH = 18;

/** Bytes of sense data at the most (SPC-5 4.4.1). */
export const SENSE_LENGTH_MAX = 252;

const FixedAt = {
  RESPONSE_CODE: 0,
  KEY: 2,
  INFORMATION: 3,
  ADDITIONAL_LENGTH: 7,
  COMMAND_SPECIFIC: 8,
  ASC: 12,
  ASCQ: 13,
  FRU: 14,
  SENSE_KEY_SPECIFIC: 15,
} as const;

const RESPONSE_CODE_FIXED = 0x70;
const RESPONSE_CODE_DESCRIPTOR = 0x72;
const VALID = 0x80;
const SKSV = 0x80;
const COMMAND_DATA = 0x40;
const BIT_POINTER_VALID = 0x08;
const SDAT_OVFL_FIXED = 0x10;
const SDAT_OVFL_DESCRIPTOR = 0x80;
const DESCRIPTOR_FLAGS_AT = 4;
const SEGMENT_DESCRIPTOR = 0x20;
const FORWARDED_TYPE = 0x0c;
const FORWARDED_SENSE_MAX = 64;
const FSDT = 0x80;

/**
 * Writes sense data in the format that the control mode page asks for.
 *
 * @returns bytes written, at most {@linkcode SENSE_LENGTH_MAX}
 */
export function encodeSense(
  view: DataView,
  start: number,
  value: Sense,
  descriptorFormat: boolean,
): number {
  if (value.bytes !== undefined) return putBytes(view, start, value.bytes);
  return descriptorFormat
    ? encodeDescriptorSense(view, start, value)
    : encodeFixedSense(view, start, value);
}

/**
 * Cuts sense data at the MAXIMUM SENSE DATA LENGTH of the control extension
 * page and marks them as cut (SPC-5 7.5.9).
 *
 * @param lengthBytes bytes that were encoded at `start`
 * @param limitBytes bytes that may be sent; 0: all
 * @returns bytes to send
 */
export function limitSense(
  view: DataView,
  start: number,
  lengthBytes: number,
  limitBytes: number,
): number {
  if (limitBytes === 0 || lengthBytes <= limitBytes) return lengthBytes;
  const fixed = (view.getUint8(start) & 0x7f) < RESPONSE_CODE_DESCRIPTOR;
  const at = start + (fixed ? FixedAt.KEY : DESCRIPTOR_FLAGS_AT);
  const overflow = fixed ? SDAT_OVFL_FIXED : SDAT_OVFL_DESCRIPTOR;
  if (at < start + limitBytes) view.setUint8(at, view.getUint8(at) | overflow);
  return limitBytes;
}

function putBytes(view: DataView, start: number, bytes: Uint8Array): number {
  const length = Math.min(bytes.length, SENSE_LENGTH_MAX);
  new Uint8Array(view.buffer, view.byteOffset + start, length)
    .set(bytes.subarray(0, length));
  return length;
}

function encodeFixedSense(view: DataView, start: number, value: Sense): number {
  const information = value.information;
  // Fixed format has four bytes for it; a larger one is not valid there.
  const fits = information !== undefined && information <= 0xffffffff;
  view.setUint8(
    start + FixedAt.RESPONSE_CODE,
    RESPONSE_CODE_FIXED | (fits ? VALID : 0),
  );
  view.setUint8(start + 1, 0);
  view.setUint8(start + FixedAt.KEY, value.key);
  view.setUint32(start + FixedAt.INFORMATION, fits ? information : 0);
  view.setUint8(start + FixedAt.ADDITIONAL_LENGTH, FIXED_SENSE_LENGTH - 8);
  view.setUint32(
    start + FixedAt.COMMAND_SPECIFIC,
    value.commandInformation ?? 0,
  );
  view.setUint8(start + FixedAt.ASC, value.asc);
  view.setUint8(start + FixedAt.ASCQ, value.ascq);
  view.setUint8(start + FixedAt.FRU, 0);
  encodeKeySpecific(view, start + FixedAt.SENSE_KEY_SPECIFIC, value);
  return FIXED_SENSE_LENGTH;
}

function encodeDescriptorSense(
  view: DataView,
  start: number,
  value: Sense,
): number {
  view.setUint8(start, RESPONSE_CODE_DESCRIPTOR);
  view.setUint8(start + 1, value.key);
  view.setUint8(start + 2, value.asc);
  view.setUint8(start + 3, value.ascq);
  view.setUint32(start + 4, 0);
  let at = start + 8;
  if (value.information !== undefined) {
    at += encodeInformation(view, at, value.information);
  }
  if (value.commandInformation !== undefined) {
    view.setUint32(at, 0x010a0000);
    view.setUint32(at + 4, 0);
    view.setUint32(at + 8, value.commandInformation);
    at += 12;
  }
  if (hasKeySpecific(value)) {
    view.setUint32(at, 0x02060000);
    encodeKeySpecific(view, at + 4, value);
    view.setUint8(at + 7, 0);
    at += 8;
  }
  if (value.forwarded !== undefined) {
    at += encodeForwarded(view, at, value.forwarded);
  }
  view.setUint8(start + 7, at - start - 8);
  return at - start;
}

function encodeForwarded(
  view: DataView,
  at: number,
  { source, status, senseData }: ForwardedSense,
): number {
  const kept = senseData.subarray(0, FORWARDED_SENSE_MAX);
  const cut = kept.length < senseData.length;
  view.setUint8(at, FORWARDED_TYPE);
  view.setUint8(at + 1, 2 + kept.length);
  view.setUint8(at + 2, (cut ? FSDT : 0) | source);
  view.setUint8(at + 3, status);
  return 4 + putBytes(view, at + 4, kept);
}

function encodeInformation(
  view: DataView,
  at: number,
  information: number,
): number {
  view.setUint32(at, 0x000a8000);
  view.setUint32(at + 4, Math.floor(information / 2 ** 32));
  view.setUint32(at + 8, information % 2 ** 32);
  return 12;
}

function hasKeySpecific(value: Sense): boolean {
  return value.field !== undefined || value.retryCount !== undefined ||
    value.progress !== undefined || value.segment !== undefined;
}

function encodeKeySpecific(view: DataView, at: number, value: Sense): void {
  // A retry count and a progress indication look the same.
  const count = value.progress ?? value.retryCount;
  if (value.field !== undefined && value.key === SENSE_KEY.ILLEGAL_REQUEST) {
    encodeFieldPointer(view, at, value.field);
  } else if (value.segment !== undefined) {
    const { sd, byte } = value.segment;
    view.setUint8(at, SKSV | (sd ? SEGMENT_DESCRIPTOR : 0));
    view.setUint16(at + 1, byte);
  } else if (count !== undefined) {
    view.setUint8(at, SKSV);
    view.setUint16(at + 1, count);
  } else {
    view.setUint8(at, 0);
    view.setUint16(at + 1, 0);
  }
}

function encodeFieldPointer(
  view: DataView,
  at: number,
  field: FieldPointer,
): void {
  const bit = field.bit === undefined ? 0 : BIT_POINTER_VALID | field.bit;
  view.setUint8(at, SKSV | (field.inCdb ? COMMAND_DATA : 0) | bit);
  view.setUint16(at + 1, field.byte);
}

/** What happened, in three codes. */
export interface SenseCodes {
  /** SENSE KEY. */
  readonly key: number;
  /** ADDITIONAL SENSE CODE. */
  readonly asc: number;
  /** ADDITIONAL SENSE CODE QUALIFIER. */
  readonly ascq: number;
}

/** The codes of sense data in either format; null: the bytes are none. */
export function senseCodesOf(bytes: Uint8Array): SenseCodes | null {
  const format = (bytes[0] ?? 0) & 0x7e;
  const at = (place: number) => bytes[place] ?? 0;
  if (format === RESPONSE_CODE_FIXED) {
    const { KEY, ASC, ASCQ } = FixedAt;
    return { key: at(KEY) & 0x0f, asc: at(ASC), ascq: at(ASCQ) };
  }
  if (format !== RESPONSE_CODE_DESCRIPTOR) return null;
  return { key: at(1) & 0x0f, asc: at(2), ascq: at(3) };
}
