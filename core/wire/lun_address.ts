/**
 * Logical unit numbers in their eight-byte form (SAM-5 4.7).
 *
 * @module
 */

/** Bytes of a LUN field. */
export const LUN_FIELD_LENGTH = 8;

/** What {@linkcode decodeLun} answers for an address we have no units at. */
export const LUN_UNSUPPORTED: number = -1;

/** The well-known logical unit REPORT LUNS (SPC-5 8.2), which has no number. */
export const LUN_REPORT_LUNS: number = -2;

const WELL_KNOWN_REPORT_LUNS = 0xc1010000;
const METHOD_PERIPHERAL = 0;
const METHOD_FLAT = 1;
const EXTENDED_FLAT_3 = 0xd2;
const EXTENDED_FLAT_5 = 0xe2;

/**
 * Reads a LUN: peripheral device addressing on bus 0, flat space, or extended
 * flat space of three or five bytes.
 *
 * @returns the number, `LUN_REPORT_LUNS`, or `LUN_UNSUPPORTED` for every other
 *          form
 */
export function decodeLun(view: DataView, start: number): number {
  const high = view.getUint32(start);
  const low = view.getUint32(start + 4);
  if (low === 0 && (high & 0xffff) === 0) {
    const first = high >>> 16;
    const method = first >>> 14;
    if (method === METHOD_PERIPHERAL) {
      return first <= 0xff ? first : LUN_UNSUPPORTED;
    }
    if (method === METHOD_FLAT) return first & 0x3fff;
  }
  return decodeExtendedFlat(high, low);
}

function decodeExtendedFlat(high: number, low: number): number {
  if (high === WELL_KNOWN_REPORT_LUNS && low === 0) return LUN_REPORT_LUNS;
  const first = high >>> 24;
  if (first === EXTENDED_FLAT_3 && low === 0) return high & 0xffffff;
  if (first === EXTENDED_FLAT_5 && (low & 0xffff) === 0) {
    return (high & 0xffffff) * 2 ** 16 + (low >>> 16);
  }
  return LUN_UNSUPPORTED;
}

/** Writes a LUN in the shortest form that holds it; eight bytes. */
export function encodeLun(view: DataView, start: number, lun: number): void {
  view.setUint32(start + 4, 0);
  if (lun === LUN_REPORT_LUNS) {
    view.setUint32(start, WELL_KNOWN_REPORT_LUNS);
  } else if (lun <= 0xff) {
    view.setUint32(start, lun << 16);
  } else if (lun <= 0x3fff) {
    view.setUint32(start, (0x4000 | lun) << 16);
  } else if (lun <= 0xffffff) {
    view.setUint32(start, (EXTENDED_FLAT_3 << 24 | lun) >>> 0);
  } else {
    const high = Math.floor(lun / 2 ** 16);
    view.setUint32(start, (EXTENDED_FLAT_5 << 24 | high) >>> 0);
    view.setUint32(start + 4, (lun & 0xffff) * 2 ** 16);
  }
}
