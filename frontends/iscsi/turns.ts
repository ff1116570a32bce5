/**
 * Keeps a connection that always has something to do from starving others.
 *
 * The runtime looks at its sockets and timers seldom while some task is ready
 * to run: one flooding session makes the others wait for hundreds of
 * milliseconds. Waiting for a timer lets all of them have their turn, and
 * costs the flood a part of its rate. So it is done by need: a canary timer
 * that is late shows that sockets are late, too, and only then, and only when
 * other connections are in use, a connection gives up its turn.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";

/** Milliseconds between two songs of the canary. */
const CANARY_MS = 3;
/** It is late when it has been silent for so long. */
const LATE_MS = 5;
/** Another connection counts as in use for so long after its last bytes. */
const IN_USE_MS = 1000;

/** The turns of all connections of a frontend. */
export class Turns {
  readonly #clock: Clock;
  #heardMs = 0;
  #singing = false;
  #last: object | null = null;
  #changedMs = -IN_USE_MS;
  #workedMs = 0;
  #turn: Promise<void> | null = null;

  /** Turns measured by a clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A connection has worked off a batch of bytes, which came at `nowMs`.
   *
   * @returns what it waits for before the next batch, or null
   */
  worked(connection: object, nowMs: number): Promise<void> | null {
    this.#workedMs = nowMs;
    if (connection !== this.#last) {
      this.#last = connection;
      this.#changedMs = nowMs;
    }
    if (nowMs - this.#changedMs >= IN_USE_MS) return null;
    if (!this.#singing) this.#sing(nowMs);
    if (nowMs - this.#heardMs < LATE_MS) return null;
    return this.#turn ??= this.#takeTurn();
  }

  async #takeTurn(): Promise<void> {
    await this.#clock.nextTurn();
    this.#turn = null;
    this.#heardMs = this.#clock.nowMs();
  }

  #sing(nowMs: number): void {
    this.#heardMs = nowMs;
    // Silent when nobody works: an idle target has no timers.
    this.#singing = nowMs - this.#workedMs < 10 * CANARY_MS;
    if (!this.#singing) return;
    this.#clock.after(CANARY_MS, () => this.#sing(this.#clock.nowMs()));
  }
}
