/**
 * Bytes that tests write and compare.
 *
 * @module
 */

import { fail } from "@std/assert";

/** Bytes that differ from block to block, the same in every run. */
export function patternBytes(lengthBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += 1) {
    bytes[at] = (at * 31 + (at >> 9) * 7 + seed) & 0xff;
  }
  return bytes;
}

/** Fails unless both are the same, and says where they first differ. */
export function assertBytes(
  actual: Uint8Array,
  expected: Uint8Array,
  message = "bytes",
): void {
  if (actual.length !== expected.length) {
    fail(`${message}: ${actual.length} came, ${expected.length} are right`);
  }
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  if (at < 0) return;
  const around = (bytes: Uint8Array) => bytes.subarray(at, at + 8).toHex();
  fail(
    `${message}: at ${at} of ${actual.length} are ${around(actual)}, ` +
      `right is ${around(expected)}`,
  );
}
