/**
 * One log line each, but not a flood of them.
 *
 * @module
 */

import type { Clock, Log } from "../../core/mod.ts";

const LINES_MAX = 20;
const WINDOW_MS = 10_000;

/** Warns; of many warnings in a short time it counts the further ones. */
export class LogLimit {
  readonly #clock: Clock;
  readonly #log: Log;
  #windowMs = -WINDOW_MS;
  #lines = 0;

  /** A limit for one log. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Writes a line, unless there were too many. */
  warn(message: string): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#windowMs >= WINDOW_MS) this.#begin(nowMs);
    this.#lines += 1;
    if (this.#lines <= LINES_MAX) this.#log.warn(message);
  }

  #begin(nowMs: number): void {
    const dropped = this.#lines - LINES_MAX;
    if (dropped > 0) this.#log.warn(`HA link: ${dropped} lines left out`);
    this.#windowMs = nowMs;
    this.#lines = 0;
  }
}
