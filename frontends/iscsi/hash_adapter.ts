/**
 * Hash functions of CHAP, by `node:crypto`.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { ChapAlgorithm, ChapHashes } from "./chap.ts";

const HASH_NAMES: Readonly<Record<ChapAlgorithm, string>> = {
  5: "md5",
  6: "sha1",
  7: "sha256",
  8: "sha3-256",
};

/** The hash functions of this machine. */
export const CHAP_HASHES: ChapHashes = Object.freeze({ digest, equal });

function digest(
  algorithm: ChapAlgorithm,
  parts: readonly Uint8Array[],
): Uint8Array {
  const hash = createHash(HASH_NAMES[algorithm]);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
