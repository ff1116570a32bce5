/**
 * CHAP as the target does it (RFC 7143 12.1.3, RFC 1994).
 *
 * @module
 */

import type { Entropy } from "../../core/mod.ts";
import type { AuthGroup, ChapIdentity } from "./access.ts";
import {
  authenticationFailure,
  LoginRefusal,
  missingParameter,
} from "./login_refusal.ts";
import { LIMITS } from "./parameters.ts";
import type { TextPair } from "./wire/text_keys.ts";
import {
  encodeBinary,
  isLabel,
  parseBinary,
  parseList,
  parseNumber,
} from "./wire/text_values.ts";

/** Hash functions by their number in `CHAP_A` (RFC 7143 12.1.3). */
export const CHAP_ALGORITHM = {
  MD5: 5,
  SHA1: 6,
  SHA256: 7,
  SHA3_256: 8,
} as const;

/** One of {@linkcode CHAP_ALGORITHM}. */
export type ChapAlgorithm = typeof CHAP_ALGORITHM[keyof typeof CHAP_ALGORITHM];

/** What CHAP needs of a library for cryptography. */
export interface ChapHashes {
  /** Hash of the parts, one after the other. */
  digest(algorithm: ChapAlgorithm, parts: readonly Uint8Array[]): Uint8Array;
  /** Compares in a time that tells nothing of where the two differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

/** What an initiator answered to our challenge: right for one secret only. */
export interface ChapProof {
  /** CHAP name of the initiator. */
  readonly user: string;
  /** Whether it knows this secret. */
  proves(secret: string): boolean;
}

/** A CHAP exchange that ended well. */
export interface ChapSuccess {
  /** What the initiator has proved. */
  readonly proof: ChapProof;
  /** Our own proof, if the initiator asked for one. */
  readonly pairs: readonly TextPair[];
}

/** What a CHAP exchange works with. */
export interface ChapParts {
  /** Who may log in. */
  readonly group: AuthGroup;
  /** Hash functions. */
  readonly hashes: ChapHashes;
  /** Source of identifier and challenge. */
  readonly entropy: Entropy;
}

const IDENTIFIER_MAX = 255;
const DIGEST_BYTES: Readonly<Record<ChapAlgorithm, number>> = {
  5: 16,
  6: 20,
  7: 32,
  8: 32,
};
const ENCODER = new TextEncoder();

/** A number and bytes to hash with a secret (RFC 1994 4.1). */
class Challenge {
  readonly identifier: number;
  readonly bytes: Uint8Array;

  constructor(identifier: number, bytes: Uint8Array) {
    this.identifier = identifier;
    this.bytes = bytes;
  }

  answer(
    hashes: ChapHashes,
    algorithm: ChapAlgorithm,
    secret: string,
  ): Uint8Array {
    const identifier = Uint8Array.of(this.identifier);
    const parts = [identifier, ENCODER.encode(secret), this.bytes];
    return hashes.digest(algorithm, parts);
  }

  pairs(): TextPair[] {
    return [
      ["CHAP_I", String(this.identifier)],
      ["CHAP_C", encodeBinary(this.bytes)],
    ];
  }
}

/** What stands in an initiator's CHAP_N, CHAP_R, CHAP_I and CHAP_C. */
interface Response {
  readonly user: string;
  readonly proof: Uint8Array;
  readonly challenge: Challenge | undefined;
}

/** One exchange, of one login; its challenge is used once (RFC 1994 2.3). */
export class ChapExchange {
  readonly #parts: ChapParts;
  readonly #algorithm: ChapAlgorithm;
  readonly #challenge: Challenge;

  /** Begins with a fresh challenge. */
  constructor(parts: ChapParts, algorithm: ChapAlgorithm) {
    this.#parts = parts;
    this.#algorithm = algorithm;
    const identifier = new Uint8Array(1);
    parts.entropy.fill(identifier);
    const bytes = new Uint8Array(LIMITS.chapChallengeBytes);
    parts.entropy.fill(bytes);
    this.#challenge = new Challenge(identifier[0] ?? 0, bytes);
  }

  /** What asks the initiator for its proof. */
  get challenge(): readonly TextPair[] {
    const algorithm: TextPair = ["CHAP_A", String(this.#algorithm)];
    return [algorithm, ...this.#challenge.pairs()];
  }

  /** Judges the initiator's answer, and answers its challenge. */
  verify(keys: ReadonlyMap<string, string>): ChapSuccess | LoginRefusal {
    const response = this.#read(keys);
    if (response instanceof LoginRefusal) return response;
    const { user } = response;
    const credentials = this.#parts.group.credentials.get(user);
    // An unknown user costs the same time as a wrong secret.
    const isRight = this.#proves(response.proof, credentials?.secret ?? "");
    if (credentials === undefined || !isRight) {
      return authenticationFailure(`wrong user or secret for user "${user}"`);
    }
    const pairs = this.#answer(response, credentials.mutual);
    if (pairs instanceof LoginRefusal) return pairs;
    const proves = (secret: string) => this.#proves(response.proof, secret);
    return { proof: { user, proves }, pairs };
  }

  #proves(proof: Uint8Array, secret: string): boolean {
    const { hashes } = this.#parts;
    const right = this.#challenge.answer(hashes, this.#algorithm, secret);
    return hashes.equal(proof, right);
  }

  #read(keys: ReadonlyMap<string, string>): Response | LoginRefusal {
    const user = keys.get("CHAP_N");
    if (!user || !isLabel(user, LIMITS.valueBytes)) {
      return missingParameter("CHAP_N");
    }
    const lengthBytes = DIGEST_BYTES[this.#algorithm];
    const proof = parseBinary(keys.get("CHAP_R") ?? "", lengthBytes);
    if (proof?.length !== lengthBytes) return missingParameter("CHAP_R");
    const challenge = parseChallenge(keys.get("CHAP_I"), keys.get("CHAP_C"));
    if (challenge instanceof LoginRefusal) return challenge;
    return { user, proof, challenge };
  }

  /** Proves who we are, if the initiator asks for it. */
  #answer(
    { proof, challenge }: Response,
    ours: ChapIdentity | undefined,
  ): readonly TextPair[] | LoginRefusal {
    // RFC 7143 9.2.1: a secret that works both ways is no secret.
    if (ours !== undefined && this.#proves(proof, ours.secret)) {
      return authenticationFailure("both directions have the same secret");
    }
    if (challenge === undefined) return [];
    if (ours === undefined) {
      return authenticationFailure("there is no secret to prove who we are");
    }
    if (this.#parts.hashes.equal(challenge.bytes, this.#challenge.bytes)) {
      return authenticationFailure("the initiator reflects our challenge");
    }
    const { hashes } = this.#parts;
    const answer = challenge.answer(hashes, this.#algorithm, ours.secret);
    return [["CHAP_N", ours.user], ["CHAP_R", encodeBinary(answer)]];
  }
}

/** The first algorithm of the initiator's list that we know. */
export function chooseAlgorithm(list: string): ChapAlgorithm | undefined {
  const known: readonly ChapAlgorithm[] = Object.values(CHAP_ALGORITHM);
  for (const entry of parseList(list)) {
    const number = parseNumber(entry);
    const match = known.find((algorithm) => algorithm === number);
    if (match !== undefined) return match;
  }
  return undefined;
}

/** Reads the initiator's challenge: both keys, or none. */
function parseChallenge(
  identifierText: string | undefined,
  challengeText: string | undefined,
): Challenge | undefined | LoginRefusal {
  if (identifierText === undefined && challengeText === undefined) {
    return undefined;
  }
  const identifier = parseNumber(identifierText ?? "");
  if (identifier === undefined || identifier > IDENTIFIER_MAX) {
    return missingParameter("CHAP_I");
  }
  const bytes = parseBinary(challengeText ?? "", LIMITS.chapChallengeBytes);
  if (bytes === undefined) return missingParameter("CHAP_C");
  return new Challenge(identifier, bytes);
}
