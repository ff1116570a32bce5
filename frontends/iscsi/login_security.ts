/**
 * The security stage: how the initiator proves who it is (RFC 7143 6.3.2, 12).
 *
 * @module
 */

import {
  ChapExchange,
  type ChapParts,
  type ChapProof,
  chooseAlgorithm,
} from "./chap.ts";
import {
  authenticationFailure,
  initiatorError,
  LoginRefusal,
  missingParameter,
} from "./login_refusal.ts";
import type { TextPair } from "./wire/text_keys.ts";
import { NONE, parseList } from "./wire/text_values.ts";

const CHAP = "CHAP";

/** What the initiator has to say next. */
type SecurityState = "method" | "algorithm" | "response" | "done";

/** Keys that may come in each state; others break the order. */
const EXPECTED: Readonly<Record<SecurityState, readonly string[]>> = {
  method: ["AuthMethod"],
  algorithm: ["CHAP_A"],
  response: ["CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C"],
  done: [],
};

const SECURITY_KEYS: readonly string[] = Object.values(EXPECTED).flat();

/** Keys of a request. */
export type Keys = ReadonlyMap<string, string>;

/** Pairs to send, or the end of the login. */
export type LoginAnswer = readonly TextPair[] | LoginRefusal;

/** The exchange of one login, until it is done. */
export class SecurityStage {
  readonly #parts: ChapParts;
  #state: SecurityState = "method";
  #exchange: ChapExchange | undefined;
  #proof: ChapProof | undefined;

  /** Begins with the choice of a method. */
  constructor(parts: ChapParts) {
    this.#parts = parts;
  }

  /** Whether the policy lets the initiator leave this stage. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Whether a login may go without this stage. */
  get isOptional(): boolean {
    return this.#parts.group.type === "none";
  }

  /** What the initiator has proved by CHAP. */
  get proof(): ChapProof | undefined {
    return this.#proof;
  }

  /** Answers the security keys of a request. */
  answer(keys: Keys): LoginAnswer {
    const expected = EXPECTED[this.#state];
    for (const key of SECURITY_KEYS) {
      if (keys.has(key) && !expected.includes(key)) {
        return initiatorError(`${key} is not expected now`);
      }
    }
    return this.#step(keys);
  }

  #step(keys: Keys): LoginAnswer {
    switch (this.#state) {
      case "method":
        return this.#chooseMethod(keys.get("AuthMethod"));
      case "algorithm":
        return this.#challenge(keys.get("CHAP_A"));
      case "response":
        return this.#verify(keys);
      case "done":
        return [];
    }
  }

  /** The policy leaves one method (RFC 7143 12); it has to be offered. */
  #chooseMethod(offer: string | undefined): LoginAnswer {
    if (offer === undefined && this.isOptional) {
      this.#state = "done";
      return [];
    }
    const method = this.isOptional ? NONE : CHAP;
    if (offer === undefined || !parseList(offer).includes(method)) {
      return authenticationFailure(`AuthMethod does not offer ${method}`);
    }
    this.#state = this.isOptional ? "done" : "algorithm";
    return [["AuthMethod", method]];
  }

  #challenge(offer: string | undefined): LoginAnswer {
    if (offer === undefined) return missingParameter("CHAP_A");
    const algorithm = chooseAlgorithm(offer);
    if (algorithm === undefined) {
      return authenticationFailure("CHAP_A offers no algorithm that we have");
    }
    this.#exchange = new ChapExchange(this.#parts, algorithm);
    this.#state = "response";
    return this.#exchange.challenge;
  }

  #verify(keys: Keys): LoginAnswer {
    const success = this.#exchange?.verify(keys);
    if (success === undefined) return missingParameter("CHAP_A");
    if (success instanceof LoginRefusal) return success;
    this.#proof = success.proof;
    this.#state = "done";
    return success.pairs;
  }
}
