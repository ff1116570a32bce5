/**
 * Values of text keys: numbers, booleans, lists and binary items
 * (RFC 7143 6.1). What is no such value reads as undefined.
 *
 * @module
 */

/** Words that end a negotiation and are no values (RFC 7143 6.2). */
export const ANSWER = {
  REJECT: "Reject",
  IRRELEVANT: "Irrelevant",
  NOT_UNDERSTOOD: "NotUnderstood",
} as const;

/** The entry of a list that stands for a missing function. */
export const NONE = "None";

/** Values of boolean keys. */
export const YES = "Yes";
/** Values of boolean keys. */
export const NO = "No";

// Thirteen hex digits and fifteen decimal ones stay below 2^53.
const DECIMAL = /^(?:0|[1-9][0-9]{0,14})$/;
const HEX_NUMBER = /^0[xX][0-9a-fA-F]{1,13}$/;
const PREFIX_LENGTH = 2;
const HEX = /^0[xX]([0-9a-fA-F]+)$/;
// Whole groups of four digits, and one that may lack its padding.
const BASE64 =
  /^0b((?:[a-z\d+/]{4})*(?:[a-z\d+/]{2}(?:==)?|[a-z\d+/]{3}=?)?)$/i;

const CONTROL = /\p{Cc}/u;
const ENCODER = new TextEncoder();

/** Whether a text is short, and fit to be shown to people. */
export function isLabel(text: string, limitBytes: number): boolean {
  return ENCODER.encode(text).length <= limitBytes && !CONTROL.test(text);
}

/** Reads a number, decimal or `0x` hex. */
export function parseNumber(text: string): number | undefined {
  return DECIMAL.test(text) || HEX_NUMBER.test(text) ? Number(text) : undefined;
}

/** Reads `Yes` or `No`. */
export function parseBoolean(text: string): boolean | undefined {
  if (text === YES) return true;
  return text === NO ? false : undefined;
}

/** Writes `Yes` or `No`. */
export function encodeBoolean(value: boolean): string {
  return value ? YES : NO;
}

/** Entries of a list, the most wanted first. */
export function parseList(text: string): readonly string[] {
  return text.split(",");
}

/**
 * Reads bytes, `0x` hex or `0b` base64; not empty. An odd number of hex digits
 * lacks its first zero.
 *
 * @param limitBytes longest that is taken
 */
export function parseBinary(
  text: string,
  limitBytes: number,
): Uint8Array | undefined {
  // Hex, the longer form, has two digits a byte.
  if (text.length > PREFIX_LENGTH + 2 * limitBytes) return undefined;
  const bytes = parseHex(text) ?? parseBase64(text);
  if (bytes === undefined || bytes.length === 0) return undefined;
  return bytes.length <= limitBytes ? bytes : undefined;
}

function parseHex(text: string): Uint8Array | undefined {
  const digits = HEX.exec(text)?.[1];
  if (digits === undefined) return undefined;
  return Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

function parseBase64(text: string): Uint8Array | undefined {
  const digits = BASE64.exec(text)?.[1];
  return digits === undefined ? undefined : Uint8Array.fromBase64(digits);
}

/** Writes bytes as `0x` hex. */
export function encodeBinary(bytes: Uint8Array): string {
  return `0x${bytes.toHex()}`;
}
