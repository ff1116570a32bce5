/**
 * CHAP as an initiator does it (RFC 7143 12.1.3, RFC 1994).
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";

/** Hash of each CHAP algorithm by its number in `CHAP_A`. */
export const CHAP_ALGORITHM = {
  MD5: 5,
  SHA1: 6,
  SHA256: 7,
  SHA3_256: 8,
} as const;

const HASH_NAMES: Readonly<Record<number, string>> = {
  5: "md5",
  6: "sha1",
  7: "sha256",
  8: "sha3-256",
};

/**
 * The answer to a challenge: hash of identifier, secret and challenge.
 *
 * @throws {RangeError} when the algorithm has no number here
 */
export function chapResponse(
  algorithm: number,
  identifier: number,
  secret: string | Uint8Array,
  challenge: Uint8Array,
): Uint8Array {
  const name = HASH_NAMES[algorithm];
  if (name === undefined) {
    throw new RangeError(`Cannot hash for CHAP: no algorithm ${algorithm}`);
  }
  const hash = createHash(name);
  hash.update(Uint8Array.of(identifier)).update(secret).update(challenge);
  return new Uint8Array(hash.digest());
}

/** Secrets of a login. */
export interface ChapCredentials {
  /** Name that the target knows (`CHAP_N`). */
  readonly user: string;
  /** Secret that proves it. */
  readonly secret: string;
  /** Algorithms to offer, the best first; MD5 alone when not given. */
  readonly algorithms?: readonly number[];
  /** What the target shall prove; without it only we do. */
  readonly mutual?: {
    /** Secret of the target. */
    readonly secret: string;
    /** Name that the target shall give; any when not given. */
    readonly user?: string;
    /** Our challenge; random when not given. */
    readonly challenge?: Uint8Array;
  };
}

/** Our answer to the target's challenge. */
export interface ChapAnswer {
  /** Pairs to send. */
  readonly pairs: Readonly<Record<string, string>>;
  /** Algorithm that the target chose. */
  readonly algorithm: number;
  /** Identifier of our own challenge. */
  readonly identifier: number;
  /** Our own challenge; empty when the target need not prove itself. */
  readonly challenge: Uint8Array;
}

/**
 * Answers a challenge, and challenges the target when that is wanted.
 *
 * @param keys the target's `CHAP_A`, `CHAP_I` and `CHAP_C`
 */
export function answerChallenge(
  chap: ChapCredentials,
  keys: ReadonlyMap<string, string>,
): ChapAnswer {
  const algorithm = Number(keys.get("CHAP_A"));
  const challenge = decodeBinary(keys.get("CHAP_C") ?? "");
  const theirs = Number(keys.get("CHAP_I"));
  const proof = chapResponse(algorithm, theirs, chap.secret, challenge);
  const pairs = { CHAP_N: chap.user, CHAP_R: encodeHexBinary(proof) };
  const none = new Uint8Array(0);
  if (chap.mutual === undefined) {
    return { pairs, algorithm, identifier: 0, challenge: none };
  }
  const identifier = chapChallenge(1)[0] ?? 0;
  const ours = chap.mutual.challenge ?? chapChallenge();
  const CHAP_C = encodeHexBinary(ours);
  return {
    pairs: { ...pairs, CHAP_I: String(identifier), CHAP_C },
    algorithm,
    identifier,
    challenge: ours,
  };
}

/** Whether the target's `CHAP_N` and `CHAP_R` prove that it has its secret. */
export function verifyTarget(
  chap: ChapCredentials,
  answer: ChapAnswer,
  keys: ReadonlyMap<string, string>,
): boolean {
  const { mutual } = chap;
  const proof = keys.get("CHAP_R");
  if (mutual === undefined || proof === undefined) return false;
  const { algorithm, identifier, challenge } = answer;
  const right = chapResponse(algorithm, identifier, mutual.secret, challenge);
  const name = keys.get("CHAP_N");
  return decodeBinary(proof).toHex() === right.toHex() &&
    (mutual.user === undefined || mutual.user === name);
}

/** Random bytes of a challenge of our own. */
export function chapChallenge(lengthBytes = 16): Uint8Array {
  return new Uint8Array(randomBytes(lengthBytes));
}

/** Writes bytes as `0x` and hex digits. */
export function encodeHexBinary(bytes: Uint8Array): string {
  return `0x${bytes.toHex()}`;
}

/** Writes bytes as `0b` and base64. */
export function encodeBase64Binary(bytes: Uint8Array): string {
  return `0b${bytes.toBase64()}`;
}

/**
 * Reads a binary value, `0x…` or `0b…` (RFC 7143 6.1).
 *
 * @throws {Error} when it is neither
 */
export function decodeBinary(text: string): Uint8Array {
  const prefix = text.slice(0, 2).toLowerCase();
  if (prefix === "0x") return decodeHex(text.slice(2));
  if (prefix === "0b") return Uint8Array.fromBase64(text.slice(2));
  throw new Error(`Cannot read the binary value "${text}"`);
}

// An odd number of digits is allowed: the first zero was left out.
function decodeHex(digits: string): Uint8Array {
  return Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}
