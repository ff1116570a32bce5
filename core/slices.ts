/**
 * Long work in slices, so that other sessions have their turns.
 *
 * @module
 */

import type { Clock } from "./ports/host.ts";

/** Milliseconds that a command may work before others have their turn. */
export const SLICE_MS = 4;

/** Measures the slice that a command is in. */
export class Slices {
  readonly #clock: Clock;
  #startMs: number;

  /** The first slice begins now. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
  }

  /** Whether the slice is used up: then await `next`. */
  get used(): boolean {
    return this.#clock.nowMs() - this.#startMs >= SLICE_MS;
  }

  /** Resolves in a later turn; a new slice begins then. */
  async next(): Promise<void> {
    await this.#clock.nextTurn();
    this.#startMs = this.#clock.nowMs();
  }
}
