/**
 * Values that mode pages must not have, although their bits may change.
 *
 * @module
 */

/** A field of a page with a value that is not allowed. */
export interface WrongField {
  /** Byte of the page, header included. */
  readonly byte: number;
  /** Its highest bit. */
  readonly bit: number;
}

/** Bits of a page that hold one field, and its values. */
interface Field {
  readonly code: number;
  readonly subcode: number;
  readonly byte: number;
  readonly mask: number;
  readonly allows: (value: number) => boolean;
}

/** Largest sense data that we send (SPC-5 4.4.1). */
const SENSE_LENGTH_MAX = 252;

const FIELDS: readonly Field[] = [
  // QERR 10b and UA_INTLCK_CTRL 01b are reserved.
  field("0a.00", 3, 0x06, (value) => value !== 2),
  field("0a.00", 4, 0x30, (value) => value !== 1),
  // MAXIMUM SENSE DATA LENGTH.
  field("0a.01", 6, 0xff, (value) => value <= SENSE_LENGTH_MAX),
  // TEST with DEXCPT: a test that nobody may hear of (SPC-5 7.5.11).
  field("1c.00", 2, 0x0c, (value) => value !== 3),
  // MRIE: 1h is obsolete, 7h and up are reserved or a vendor's.
  field("1c.00", 3, 0x0f, (value) => value !== 1 && value <= 6),
];

function field(
  page: string,
  byte: number,
  mask: number,
  allows: Field["allows"],
): Field {
  const [code = 0, subcode = 0] = Uint8Array.fromHex(page.replace(".", ""));
  return { code, subcode, byte, mask, allows };
}

/**
 * Looks for a value that a page must not have.
 *
 * @param values the whole page as a MODE SELECT wants it
 */
export function wrongValue(
  code: number,
  subcode: number,
  values: Uint8Array,
): WrongField | null {
  for (const each of FIELDS) {
    if (each.code !== code || each.subcode !== subcode) continue;
    const shift = 31 - Math.clz32(each.mask & -each.mask);
    const value = ((values[each.byte] ?? 0) & each.mask) >> shift;
    if (each.allows(value)) continue;
    return { byte: each.byte, bit: 31 - Math.clz32(each.mask) };
  }
  return null;
}
