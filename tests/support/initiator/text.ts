/**
 * Text of login and text PDUs: `key=value` pairs, each ended by a zero byte
 * (RFC 7143 6.1).
 *
 * @module
 */

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Pairs to send: in order, so that a key may come twice. */
export type Pairs =
  | Readonly<Record<string, string | undefined>>
  | readonly (readonly [string, string])[];

/** The bytes of some pairs; pairs whose value is undefined are left out. */
export function encodePairs(pairs: Pairs): Uint8Array {
  let text = "";
  const entries = Array.isArray(pairs) ? pairs : Object.entries(pairs);
  for (const [key, value] of entries) {
    if (value !== undefined) text += `${key}=${value}\0`;
  }
  return ENCODER.encode(text);
}

/**
 * The pairs in some bytes, in order.
 *
 * @throws {Error} when a pair has no `=`, or the last one no zero byte
 */
export function decodePairs(bytes: Uint8Array): [string, string][] {
  if (bytes.length === 0) return [];
  const text = DECODER.decode(bytes);
  if (!text.endsWith("\0")) {
    throw new Error(`Cannot read pairs: no zero byte ends "${text}"`);
  }
  return text.slice(0, -1).split("\0").map(splitPair);
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at <= 0) throw new Error(`Cannot read the pair "${pair}": no key`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** The bytes of plain text, for what is no pair. */
export function encodeText(text: string): Uint8Array {
  return ENCODER.encode(text);
}
