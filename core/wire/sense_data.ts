/**
 * Sense data on the wire: fixed and descriptor format (SPC-5 4.4.2, 4.4.3).
 *
 * @module
 */

import type { FieldPointer, Sense } from "../sense.ts";
import { SENSE_KEY } from "./sense_key.ts";

/** Bytes of fixed format sense data as we build them. */
export const FIXED_SENSE_LENGTH = 18;

/** Bytes that either format takes at the most. */
export const SENSE_LENGTH_MAX = 32;

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
  return descriptorFormat
    ? encodeDescriptorSense(view, start, value)
    : encodeFixedSense(view, start, value);
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
  view.setUint32(start + FixedAt.COMMAND_SPECIFIC, 0);
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
  if (hasKeySpecific(value)) {
    view.setUint32(at, 0x02060000);
    encodeKeySpecific(view, at + 4, value);
    view.setUint8(at + 7, 0);
    at += 8;
  }
  view.setUint8(start + 7, at - start - 8);
  return at - start;
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
    value.progress !== undefined;
}

function encodeKeySpecific(view: DataView, at: number, value: Sense): void {
  if (value.field !== undefined && value.key === SENSE_KEY.ILLEGAL_REQUEST) {
    encodeFieldPointer(view, at, value.field);
  } else if (value.retryCount !== undefined) {
    view.setUint8(at, SKSV);
    view.setUint16(at + 1, value.retryCount);
  } else if (value.progress !== undefined) {
    view.setUint8(at, SKSV);
    view.setUint16(at + 1, value.progress);
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
