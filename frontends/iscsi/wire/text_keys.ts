/**
 * Text of Login and Text PDUs: `key=value` pairs, each ended by a zero byte
 * (RFC 7143 6.1).
 *
 * A text may be cut over several PDUs, even within a key; so it is collected
 * first and read when it is whole. Pairs keep their order and come as often as
 * they were sent.
 *
 * @module
 */

/** A key and its value. */
export type TextPair = readonly [key: string, value: string];

/** What of a text is wrong. */
export type TextField =
  | "text length"
  | "terminator"
  | "separator"
  | "key"
  | "key count"
  | "value length"
  | "encoding";

/** A text that breaks the rules. */
export interface TextFault {
  /** What is wrong. */
  readonly field: TextField;
  /** Byte of the text at which it shows. */
  readonly at: number;
}

/** How much text is taken. */
export interface TextLimits {
  /** Keys at the most. */
  readonly keys: number;
  /** Bytes of a simple value; a list has one between two commas. */
  readonly valueBytes: number;
  /** Keys whose values may be longer, because they are binary. */
  readonly binaryKeys: ReadonlySet<string>;
}

const ENCODER = new TextEncoder();
// Bytes that are no UTF-8 become this character, which no honest text has.
const REPLACEMENT = "\ufffd";
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const EQUALS = 0x3d;
const COMMA = 0x2c;

/**
 * A key-name, at most 63 bytes. A first letter that is no capital is let
 * through: the key is then simply unknown.
 */
const KEY_NAME = /^[A-Za-z0-9.\-+@_#]{1,63}$/;

/** Tells whether a reader found something wrong. */
export function isTextFault(
  result: readonly TextPair[] | TextFault | undefined,
): result is TextFault {
  return result !== undefined && "field" in result;
}

/** Puts a text together from the PDUs that carry its parts. */
export class TextCollector {
  readonly #limitBytes: number;
  #parts: Uint8Array[] = [];
  #lengthBytes = 0;

  /** Takes texts of at most `limitBytes`. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /**
   * Adds the data of a PDU; the bytes are copied.
   *
   * @returns a fault when the text is too long; the part is not kept then
   */
  add(data: Uint8Array): TextFault | undefined {
    if (this.#lengthBytes + data.length > this.#limitBytes) {
      return { field: "text length", at: this.#lengthBytes };
    }
    if (data.length > 0) this.#parts.push(data.slice());
    this.#lengthBytes += data.length;
    return undefined;
  }

  /** The whole text; the next part begins another one. */
  take(): Uint8Array {
    const text = new Uint8Array(this.#lengthBytes);
    let at = 0;
    for (const part of this.#parts) {
      text.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#lengthBytes = 0;
    return text;
  }
}

/** Reads a whole text. */
export function parseTextPairs(
  text: Uint8Array,
  limits: TextLimits,
): TextPair[] | TextFault {
  const pairs: TextPair[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf(0, at);
    if (end < 0) return { field: "terminator", at: text.length };
    if (pairs.length === limits.keys) return { field: "key count", at };
    const pair = parsePair(text.subarray(at, end), at, limits);
    if ("field" in pair) return pair;
    pairs.push(pair);
    at = end + 1;
  }
  return pairs;
}

function parsePair(
  bytes: Uint8Array,
  at: number,
  limits: TextLimits,
): TextPair | TextFault {
  const equals = bytes.indexOf(EQUALS);
  if (equals < 0) return { field: "separator", at };
  const key = DECODER.decode(bytes.subarray(0, equals));
  if (!KEY_NAME.test(key)) return { field: "key", at };
  const valueBytes = bytes.subarray(equals + 1);
  const valueAt = at + equals + 1;
  if (!limits.binaryKeys.has(key) && isTooLong(valueBytes, limits.valueBytes)) {
    return { field: "value length", at: valueAt };
  }
  const value = DECODER.decode(valueBytes);
  if (value.includes(REPLACEMENT)) return { field: "encoding", at: valueAt };
  return [key, value];
}

/** Whether an entry of a list, or a value that is none, is too long. */
function isTooLong(value: Uint8Array, limitBytes: number): boolean {
  for (let at = 0; value.length - at > limitBytes;) {
    const comma = value.indexOf(COMMA, at);
    if (comma < 0 || comma - at > limitBytes) return true;
    at = comma + 1;
  }
  return false;
}

/** Writes pairs, in their order. */
export function encodeTextPairs(pairs: readonly TextPair[]): Uint8Array {
  let text = "";
  for (const [key, value] of pairs) text += `${key}=${value}\0`;
  return ENCODER.encode(text);
}

/**
 * Cuts a text into data segments of at most `limitBytes`: all but the last
 * are sent with the C bit (RFC 7143 6.1).
 *
 * @returns the parts; an empty text has one, which is empty
 */
export function splitText(
  text: Uint8Array,
  limitBytes: number,
): readonly Uint8Array[] {
  const parts = [text.subarray(0, limitBytes)];
  for (let at = limitBytes; at < text.length; at += limitBytes) {
    parts.push(text.subarray(at, at + limitBytes));
  }
  return parts;
}
