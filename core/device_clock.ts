/**
 * The device clock of a logical unit (SPC-5 5.3): the time that REPORT
 * TIMESTAMP tells.
 *
 * @module
 */

import type { Clock } from "./ports/host.ts";

/** TIMESTAMP ORIGIN: who initialized the clock (SPC-5 6.39). */
export const TIMESTAMP_ORIGIN = { SET_TIMESTAMP: 2, OTHER_METHOD: 3 } as const;

/** Milliseconds that the clock's 48 bits hold, and one. */
const TIMESTAMP_LIMIT = 2 ** 48;

/** Runs with the machine's clock until an initiator sets it. */
export class DeviceClock {
  readonly #clock: Clock;
  #setMs: number | null = null;
  #setAtMs = 0;

  /** Tells the time of the machine. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One of {@linkcode TIMESTAMP_ORIGIN}. */
  get origin(): number {
    return this.#setMs === null
      ? TIMESTAMP_ORIGIN.OTHER_METHOD
      : TIMESTAMP_ORIGIN.SET_TIMESTAMP;
  }

  /** Whole milliseconds since 1970, or since whatever was set. */
  get timestampMs(): number {
    const timeMs = this.#setMs === null
      ? this.#clock.wallClockMs()
      : this.#setMs + this.#clock.nowMs() - this.#setAtMs;
    return Math.floor(timeMs) % TIMESTAMP_LIMIT;
  }

  /** Sets it; from now on the machine's clock only drives it. */
  set(timestampMs: number): void {
    this.#setMs = timestampMs;
    this.#setAtMs = this.#clock.nowMs();
  }
}
