/**
 * What VPD page 8Fh tells of ROD tokens (SPC-4 7.8.17): third-party copy
 * descriptors, each with its header of four bytes.
 *
 * @module
 */

import { ROD_TYPE } from "./rod_token.ts";
import { TOKEN_RANGES_MAX, TOKEN_TIMEOUT_S } from "./token_parameters.ts";

/** Bytes that WRITE USING TOKEN moves between two looks at the clock. */
export const ROUND_BYTES_MAX: number = 32 * 2 ** 20;

/**
 * Bytes that one WRITE USING TOKEN is best asked for: they are soon written by
 * whatever store. Windows asks for no more, takes GOOD for all of them, and
 * learns of less by sense data only.
 */
export const SHORT_BYTES_MAX: number = 4 * 2 ** 20;

const DESCRIPTOR = {
  BLOCK_DEVICE_ROD_LIMITS: 0x0000,
  ROD_TOKEN_FEATURES: 0x0106,
  SUPPORTED_ROD_TYPES: 0x0108,
} as const;

const HEADER_LENGTH = 4;
const NO_LIMIT = 0xffffffff;

/**
 * Block Device ROD Token Limits (SBC-3 6.5.5).
 *
 * @param blockLength bytes of a block of the unit; 0: it has none
 */
export function blockDeviceRodLimits(blockLength: number): Uint8Array {
  const view = descriptor(DESCRIPTOR.BLOCK_DEVICE_ROD_LIMITS, 32);
  view.setUint16(10, TOKEN_RANGES_MAX);
  view.setUint32(12, TOKEN_TIMEOUT_S.MAX);
  view.setUint32(16, TOKEN_TIMEOUT_S.DEFAULT);
  const optimal = blockLength === 0 ? 0 : SHORT_BYTES_MAX / blockLength;
  view.setBigUint64(28, BigInt(optimal));
  return bytesOf(view);
}

/** ROD Token Features (SPC-4 7.8.17.8), with those of block devices. */
export function rodTokenFeatures(): Uint8Array {
  const view = descriptor(DESCRIPTOR.ROD_TOKEN_FEATURES, 92);
  view.setUint32(16, 1);
  view.setUint32(20, NO_LIMIT);
  view.setUint32(24, TOKEN_TIMEOUT_S.MAX);
  view.setUint16(46, 48);
  const blockDevice = 48;
  view.setUint16(blockDevice + 2, 44);
  // Making a token costs the same, however much it stands for.
  view.setBigUint64(blockDevice + 24, 0xffffffffffffffffn);
  view.setBigUint64(blockDevice + 32, BigInt(ROUND_BYTES_MAX));
  return bytesOf(view);
}

const ROD_TYPE_LENGTH = 64;
const TOKEN_IN = 0x02;
const TOKEN_IN_AND_OUT = 0x03;

/**
 * Supported ROD Types (SPC-4 7.8.17.9).
 *
 * @param hasSnapshots tokens of the unit can keep what was
 */
export function supportedRodTypes(hasSnapshots: boolean): Uint8Array {
  const entries: readonly (readonly [type: number, flags: number])[] = [
    [ROD_TYPE.ACCESS_UPON_REFERENCE, TOKEN_IN_AND_OUT],
    ...hasSnapshots
      ? [[ROD_TYPE.POINT_IN_TIME, TOKEN_IN_AND_OUT] as const]
      : [],
    [ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE, TOKEN_IN_AND_OUT],
    [ROD_TYPE.BLOCK_ZERO, TOKEN_IN],
  ];
  const listLength = entries.length * ROD_TYPE_LENGTH;
  const view = descriptor(DESCRIPTOR.SUPPORTED_ROD_TYPES, 4 + listLength);
  view.setUint16(6, listLength);
  for (const [index, [type, flags]] of entries.entries()) {
    view.setUint32(8 + index * ROD_TYPE_LENGTH, type);
    view.setUint8(12 + index * ROD_TYPE_LENGTH, flags);
  }
  return bytesOf(view);
}

function descriptor(type: number, length: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(HEADER_LENGTH + length));
  view.setUint16(0, type);
  view.setUint16(2, length);
  return view;
}

function bytesOf(view: DataView<ArrayBuffer>): Uint8Array {
  return new Uint8Array(view.buffer);
}
