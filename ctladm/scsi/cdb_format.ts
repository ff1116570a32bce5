/**
 * CAM's little language for bytes of a CDB, as camcontrol(8) has it:
 * `{response code} 70 0 v:i1 v:b4 v:b4`. `ctladm inject -s` takes sense data
 * in it.
 *
 * A field is a hexadecimal value, or `v` for the next argument; behind a colon
 * stands its width: `i2` bytes, big-endian, or `b4` (or `4`) bits, the high
 * ones first. Without a width it is a byte. `i2` and `t4` alone are arguments
 * of that width. `s12` goes on at byte 12. Text in braces is for people.
 *
 * @module
 */

/** Why a text is no format. */
export class FormatProblem {
  /** Words for people. */
  readonly message: string;

  /** Says what is wrong. */
  constructor(message: string) {
    this.message = message;
  }
}

/** One field of a format. */
export interface FormatField {
  /** Bits; 0: it is a seek, and its value a number of bytes. */
  readonly widthBits: number;
  /** Its value; undefined: the next argument. */
  readonly value: number | undefined;
}

const SPACE = /\s+|\{[^}]*\}?|#[^\n]*|\*/y;
const SEEK = /s(?:(v)|([0-9]+))/yi;
const BARE = /(?:i([1-4])|t([1-9]))/yi;
const FIELD = /(?:(v)|((?:0x)?[0-9a-f]+))(?::(?:(i)([1-9])|b?([0-9]+)))?/yi;

/** Reads a format. */
export function parseFormat(text: string): FormatField[] | FormatProblem {
  const fields: FormatField[] = [];
  for (let at = 0; at < text.length;) {
    const space = matchAt(SPACE, text, at);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const seek = matchAt(SEEK, text, at);
    const bare = matchAt(BARE, text, at);
    const field = matchAt(FIELD, text, at);
    const found = seek ?? bare ?? field;
    if (found === null) {
      return new FormatProblem(`no field begins with "${text.slice(at)}"`);
    }
    at += found[0].length;
    fields.push(
      seek !== null
        ? { widthBits: 0, value: decimal(seek[2]) }
        : bare !== null
        ? { widthBits: widthOf(bare[1], bare[2]), value: undefined }
        : { widthBits: widthOf(found[4], found[5]), value: hex(found[2]) },
    );
  }
  return problemOf(fields) ?? fields;
}

/** How many arguments a format takes. */
export function argumentCount(fields: readonly FormatField[]): number {
  return fields.filter(({ value }) => value === undefined).length;
}

/**
 * Puts values where a format wants them.
 *
 * @param values one for each argument of the format
 * @param lengthBytes what lies behind it is dropped; what is not set is zero
 */
export function encodeFormat(
  fields: readonly FormatField[],
  values: readonly number[],
  lengthBytes: number,
): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  const left = [...values];
  let atBit = 0;
  for (const field of fields) {
    const value = field.value ?? left.shift() ?? 0;
    if (field.widthBits === 0) {
      atBit = 8 * value;
      continue;
    }
    // A field of whole bytes begins with a byte.
    if (field.widthBits >= 8) atBit = (atBit + 7) & ~7;
    for (let bit = field.widthBits - 1; bit >= 0; bit -= 1, atBit += 1) {
      const byte = atBit >> 3;
      if (byte >= lengthBytes) break;
      const set = (value >>> bit) & 1;
      bytes[byte] = (bytes[byte] ?? 0) | set << (7 - (atBit & 7));
    }
  }
  return bytes;
}

function matchAt(
  pattern: RegExp,
  text: string,
  at: number,
): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function widthOf(bytes: string | undefined, bits: string | undefined): number {
  return bytes === undefined ? Number(bits ?? 8) : 8 * Number(bytes);
}

function decimal(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function hex(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseInt(text, 16);
}

function problemOf(fields: readonly FormatField[]): FormatProblem | undefined {
  for (const { widthBits } of fields) {
    const fits = widthBits < 8 || [8, 16, 24, 32].includes(widthBits);
    if (!fits) return new FormatProblem(`illegal width of ${widthBits} bits`);
  }
  return undefined;
}
