/**
 * When writes are made in the event loop's own time, and when they are left
 * to other threads.
 *
 * The page cache takes a write in microseconds, until it is full of dirty
 * pages or must first read a page: then the caller waits for the disk, and
 * with it the event loop. One slow write is enough to learn that, unless the
 * processor was merely given to somebody else meanwhile: where the system
 * tells, the next slow write is looked at more closely.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";

/** A write into the page cache that took longer has met the disk. */
export const SLOW_WRITE_MS = 5;
/** How long writes are then left to other threads. */
export const PATIENCE_MS = 1000;
/** How long after a slow write others are looked at closely. */
const SUSPICION_MS = 2 * PATIENCE_MS;

/** Knows how the last writes went. */
export class WritePatience {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #waits: (() => number) | undefined;
  #beganMs = 0;
  /** Waits of this thread before the write; -1: they were not asked for. */
  #waitsBefore = -1;
  #patientUntilMs = 0;
  #suspiciousUntilMs = 0;

  /** @param waits how often this thread has waited so far, if that is known */
  constructor(clock: Pick<Clock, "nowMs">, waits: (() => number) | undefined) {
    this.#clock = clock;
    this.#waits = waits;
  }

  /** A write begins, unless it is to be left to others. @returns whether */
  begins(): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#patientUntilMs) return false;
    this.#beganMs = nowMs;
    // Asking costs as much as a tenth of a write.
    const suspicious = nowMs < this.#suspiciousUntilMs;
    this.#waitsBefore = suspicious ? this.#waits?.() ?? -1 : -1;
    return true;
  }

  /** Whether the write has taken too long already. */
  isSlow(): boolean {
    return this.#clock.nowMs() - this.#beganMs > SLOW_WRITE_MS;
  }

  /** The write has ended. */
  ended(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#beganMs <= SLOW_WRITE_MS) return;
    this.#suspiciousUntilMs = nowMs + SUSPICION_MS;
    if (this.#hasWaited()) this.#patientUntilMs = nowMs + PATIENCE_MS;
  }

  #hasWaited(): boolean {
    if (this.#waits === undefined) return true;
    return this.#waitsBefore >= 0 && this.#waits() > this.#waitsBefore;
  }
}
