/**
 * Keeps the link from starving everybody else: the runtime looks at its other
 * sockets and timers seldom while one always has something to do. A canary
 * timer that is late shows it; then the link waits for a turn.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";

/** Milliseconds between two songs of the canary. */
const CANARY_MS = 3;
/** It is late when it has been silent for so long. */
const LATE_MS = 6;

/** The turns of one connection. */
export class Turns {
  readonly #clock: Clock;
  #heardMs = 0;
  #workedMs = 0;
  #cancel: (() => void) | null = null;

  /** Turns measured by a clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A batch was worked off, which came at `nowMs`; what to wait for before the
   * next, or null.
   */
  worked(nowMs: number): Promise<void> | null {
    this.#workedMs = nowMs;
    if (this.#cancel === null) this.#sing(nowMs);
    return nowMs - this.#heardMs < LATE_MS ? null : this.#takeTurn();
  }

  /** No timer is left behind. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  async #takeTurn(): Promise<void> {
    await this.#clock.nextTurn();
    this.#heardMs = this.#clock.nowMs();
  }

  #sing(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#cancel = null;
    // Silent when nothing comes: an idle link has no such timer.
    if (nowMs - this.#workedMs >= 10 * CANARY_MS) return;
    this.#cancel = this.#clock.after(
      CANARY_MS,
      () => this.#sing(this.#clock.nowMs()),
    );
  }
}
