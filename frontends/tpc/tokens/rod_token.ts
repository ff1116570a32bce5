/**
 * ROD tokens: 512 bytes that stand for the data of some blocks (SPC-4 5.17.6,
 * SBC-3 4.28).
 *
 * What initiators may guess or look up (type, number, sizes) stands in the
 * first bytes; the rest is random. A token is known by all of its bytes, so
 * that the random ones are the secret.
 *
 * @module
 */

import type { Designator } from "../../../core/mod.ts";

/** Bytes of a ROD token. */
export const ROD_TOKEN_LENGTH = 512;

/** First bytes of it, which are no secret (REPORT ALL ROD TOKENS). */
export const MANAGEMENT_TOKEN_LENGTH = 96;

/** ROD TYPE field. */
export const ROD_TYPE = {
  /** The data are those of the blocks when the token is used. */
  ACCESS_UPON_REFERENCE: 0x00010000,
  /** The data are those of the blocks when the token was made. */
  POINT_IN_TIME: 0x00800000,
  /** The same, until a block is changed: then the token is revoked. */
  POINT_IN_TIME_CHANGE_VULNERABLE: 0x00800001,
  /** In a request: whichever point in time copy can be had. */
  POINT_IN_TIME_ANY: 0x0080ffff,
  /** Zeroes, as many as are wanted (SBC-3 4.28). */
  BLOCK_ZERO: 0xffff0001,
} as const;

/** What a token tells about itself. */
export interface RodTokenFields {
  /** One of {@linkcode ROD_TYPE}. */
  readonly rodType: number;
  /** COPY MANAGER ROD TOKEN IDENTIFIER: a running number. */
  readonly number: number;
  /** Peripheral device type of the unit that it was made by. */
  readonly deviceType: number;
  /** A name of that unit; null: it has none that fits. */
  readonly creator: Designator | null;
  /** Bytes that it stands for. */
  readonly byteCount: number;
  /** Bytes of a block of the unit. */
  readonly blockLength: number;
  /** 2^n blocks make a physical block. */
  readonly physicalBlockExponent: number;
  /** Lowest LBA that begins a physical block. */
  readonly lowestAlignedLba: number;
  /** The unit is thinly provisioned; unmapped blocks read as zeroes. */
  readonly thin: boolean;
  /** Name of the target device; null: it has none. */
  readonly targetDevice: Designator | null;
}

const At = {
  ROD_TYPE: 0,
  LENGTH: 6,
  NUMBER: 8,
  CREATOR: 16,
  BYTES_REPRESENTED: 48,
  DEVICE_TYPE_SPECIFIC: 96,
  TARGET_DEVICE: 128,
} as const;

const SpecificAt = { BLOCK_LENGTH: 0, EXPONENT: 5, ALIGNMENT: 6 } as const;

const CscdAt = {
  TYPE: 0,
  PERIPHERAL: 1,
  DESIGNATOR: 4,
  BLOCK_LENGTH: 29,
} as const;

const CSCD_IDENTIFICATION = 0xe4;
const LENGTH_FIELD = 0x01f8;
const DESIGNATOR_HEADER = 4;
const CSCD_DESIGNATOR_MAX = 20;
const TARGET_DEVICE_LENGTH_MIN = 32;
const LBPME_LBPRZ = 0xc000;
const LOWEST_ALIGNED_MASK = 0x3fff;
const PIV = 0x80;

/** ROD TYPE of a token, whatever else stands in it. */
export function rodTypeOf(token: Uint8Array): number {
  return new DataView(token.buffer, token.byteOffset).getUint32(At.ROD_TYPE);
}

/** COPY MANAGER ROD TOKEN IDENTIFIER of a token. */
export function rodTokenNumberOf(token: Uint8Array): number {
  const view = new DataView(token.buffer, token.byteOffset);
  return Number(view.getBigUint64(At.NUMBER));
}

/** The blocks of the unit that a token was made by, as it tells them. */
export function blocksInToken(
  token: Uint8Array,
): Pick<
  RodTokenFields,
  "blockLength" | "physicalBlockExponent" | "lowestAlignedLba"
> {
  const view = new DataView(token.buffer, token.byteOffset);
  const at = At.DEVICE_TYPE_SPECIFIC;
  const alignment = view.getUint16(at + SpecificAt.ALIGNMENT);
  return {
    blockLength: view.getUint32(at + SpecificAt.BLOCK_LENGTH),
    physicalBlockExponent: view.getUint8(at + SpecificAt.EXPONENT) & 0x0f,
    lowestAlignedLba: alignment & LOWEST_ALIGNED_MASK,
  };
}

/**
 * What names a token among others, and is no secret: its number and the unit
 * that it was made by.
 */
export function nameOfToken(token: Uint8Array): string {
  return token.subarray(At.NUMBER, At.BYTES_REPRESENTED).toHex();
}

/**
 * Makes a token.
 *
 * @param random fills what nobody may guess
 */
export function encodeRodToken(
  fields: RodTokenFields,
  random: (into: Uint8Array) => void,
): Uint8Array {
  const token = new Uint8Array(ROD_TOKEN_LENGTH);
  const view = new DataView(token.buffer);
  view.setUint32(At.ROD_TYPE, fields.rodType);
  view.setUint16(At.LENGTH, LENGTH_FIELD);
  view.setBigUint64(At.NUMBER, BigInt(fields.number));
  putCreator(view, fields);
  view.setBigUint64(At.BYTES_REPRESENTED + 8, BigInt(fields.byteCount));
  putSpecific(view, fields);
  random(token.subarray(At.TARGET_DEVICE + putTargetDevice(view, fields)));
  return token;
}

// An identification descriptor CSCD descriptor (SPC-4 6.4.5).
function putCreator(view: DataView, fields: RodTokenFields): void {
  const { creator } = fields;
  if (creator === null || creator.bytes.length > CSCD_DESIGNATOR_MAX) return;
  const at = At.CREATOR;
  view.setUint8(at + CscdAt.TYPE, CSCD_IDENTIFICATION);
  view.setUint8(at + CscdAt.PERIPHERAL, fields.deviceType);
  putDesignator(view, at + CscdAt.DESIGNATOR, creator);
  view.setUint8(at + CscdAt.BLOCK_LENGTH, fields.blockLength >> 16);
  view.setUint16(at + CscdAt.BLOCK_LENGTH + 1, fields.blockLength & 0xffff);
}

function putSpecific(view: DataView, fields: RodTokenFields): void {
  const at = At.DEVICE_TYPE_SPECIFIC;
  const { physicalBlockExponent, lowestAlignedLba, thin } = fields;
  const lowest = lowestAlignedLba & LOWEST_ALIGNED_MASK;
  view.setUint32(at + SpecificAt.BLOCK_LENGTH, fields.blockLength);
  view.setUint8(at + SpecificAt.EXPONENT, physicalBlockExponent & 0x0f);
  view.setUint16(at + SpecificAt.ALIGNMENT, lowest | (thin ? LBPME_LBPRZ : 0));
}

// @returns bytes that it takes
function putTargetDevice(view: DataView, fields: RodTokenFields): number {
  const { targetDevice } = fields;
  if (targetDevice === null) return TARGET_DEVICE_LENGTH_MIN;
  const length = putDesignator(view, At.TARGET_DEVICE, targetDevice);
  return Math.max(length, TARGET_DEVICE_LENGTH_MIN);
}

function putDesignator(
  view: DataView,
  at: number,
  { protocol, codeSet, association, type, bytes }: Designator,
): number {
  view.setUint8(at, (protocol ?? 0) << 4 | codeSet);
  const piv = protocol === undefined ? 0 : PIV;
  view.setUint8(at + 1, piv | association << 4 | type);
  view.setUint8(at + 3, bytes.length);
  bytes.forEach((byte, index) =>
    view.setUint8(at + DESIGNATOR_HEADER + index, byte)
  );
  return DESIGNATOR_HEADER + bytes.length;
}
