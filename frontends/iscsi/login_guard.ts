/**
 * Slows down who guesses secrets: after some wrong proofs of CHAP an address
 * has to wait, longer each time. A right proof changes nothing, so that a
 * guesser with an account of its own gains nothing by it; only time does.
 *
 * Who waits is not looked at: its attempts neither succeed nor count.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";

/** Wrong proofs of an address before it has to wait. */
export const FREE_FAILURES = 10;
/** Seconds of the first wait; each further failure doubles it. */
export const LOCK_SECONDS_MIN = 1;
/** Longest wait, in seconds. */
export const LOCK_SECONDS_MAX = 30;
/** Seconds without a failure after which an address is forgotten. */
export const FORGET_SECONDS = 600;
/** Addresses that are remembered; the one that failed longest ago goes. */
export const GUARDED_ADDRESSES_MAX = 4096;

interface Failures {
  failures: number;
  failedMs: number;
}

/** Remembers who failed. */
export class LoginGuard {
  readonly #clock: Clock;
  /** The one that failed longest ago comes first. */
  readonly #records: Map<string, Failures> = new Map();

  /** Nobody has failed yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An initiator at this address gave a wrong proof. */
  failed(address: string): void {
    const failures = (this.#find(address)?.failures ?? 0) + 1;
    this.#records.delete(address);
    this.#records.set(address, { failures, failedMs: this.#clock.nowMs() });
    if (this.#records.size <= GUARDED_ADDRESSES_MAX) return;
    for (const oldest of this.#records.keys()) {
      this.#records.delete(oldest);
      return;
    }
  }

  /** Whether an address has to wait. */
  isLocked(address: string): boolean {
    const record = this.#find(address);
    if (record === undefined || record.failures < FREE_FAILURES) return false;
    const doublings = record.failures - FREE_FAILURES;
    const seconds = Math.min(
      LOCK_SECONDS_MIN * 2 ** doublings,
      LOCK_SECONDS_MAX,
    );
    return this.#clock.nowMs() - record.failedMs < seconds * 1000;
  }

  #find(address: string): Failures | undefined {
    const record = this.#records.get(address);
    if (record === undefined) return undefined;
    const silentMs = this.#clock.nowMs() - record.failedMs;
    if (silentMs < FORGET_SECONDS * 1000) return record;
    this.#records.delete(address);
    return undefined;
  }
}
