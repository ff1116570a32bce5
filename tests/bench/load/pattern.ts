/**
 * The pattern that fills a LUN: every eight bytes hold a value that follows
 * from where they lie, so that a block in the wrong place shows.
 *
 * The value at byte `n` is `(n / 8 + 1) * 0x9E3779B97F4A7C15` modulo 2^64,
 * little endian. Neighbours differ by that constant, which is why one BigInt
 * multiplication a range is enough.
 *
 * @module
 */

const STEP = 0x9e3779b97f4a7c15n;
const STEP_LOW = 0x7f4a7c15;
const STEP_HIGH = 0x9e3779b9 | 0;
const MASK_LOW = 0xffffffffn;

function firstValue(offsetBytes: number): bigint {
  return BigInt.asUintN(64, (BigInt(offsetBytes) / 8n + 1n) * STEP);
}

/**
 * Writes the pattern of a range of the LUN.
 *
 * @param words where to, as 32-bit words of a little endian machine
 * @param index first word to write
 * @param offsetBytes the range's place on the LUN, a multiple of 8
 * @param lengthBytes its length, a multiple of 8
 */
export function writePattern(
  words: Int32Array,
  index: number,
  offsetBytes: number,
  lengthBytes: number,
): void {
  const value = firstValue(offsetBytes);
  let low = Number(value & MASK_LOW) | 0;
  let high = Number(value >> 32n) | 0;
  const end = index + lengthBytes / 4;
  for (let at = index; at < end; at += 2) {
    words[at] = low;
    words[at + 1] = high;
    low = (low + STEP_LOW) | 0;
    high = (high + STEP_HIGH + carryOf(low)) | 0;
  }
}

/** Tells whether the words hold the pattern of that range of the LUN. */
export function matchesPattern(
  words: Int32Array,
  offsetBytes: number,
  lengthBytes: number,
): boolean {
  const value = firstValue(offsetBytes);
  let low = Number(value & MASK_LOW) | 0;
  let high = Number(value >> 32n) | 0;
  for (let at = 0; at < lengthBytes / 4; at += 2) {
    if (words[at] !== low || words[at + 1] !== high) return false;
    low = (low + STEP_LOW) | 0;
    high = (high + STEP_HIGH + carryOf(low)) | 0;
  }
  return true;
}

/** One when the sum that gave this low word went over 2^32. */
function carryOf(low: number): number {
  return (low >>> 0) < STEP_LOW ? 1 : 0;
}
