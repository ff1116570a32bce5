/**
 * Keeps copies out of the way of sessions: they work in short slices, and rest
 * longer than they have worked while initiators have commands of their own.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";

/** Milliseconds that copies work before sessions have their turn. */
export const COPY_SLICE_MS = 2;

/** How long copies rest for each millisecond of work, when others are busy. */
export const REST_FACTOR = 2;

/** Milliseconds for which a session counts as busy after a command. */
export const BUSY_MS = 100;

/** Paces all copies of a target together. */
export class Pacer {
  readonly #clock: Clock;
  readonly #activity: () => number;
  #sliceBeganMs: number;
  #lastActivity = 0;
  #busyUntilMs = -Infinity;
  #rest: Promise<void> | null = null;

  /**
   * The first slice begins now.
   *
   * @param activity a count that moves when sessions have commands done
   */
  constructor(clock: Clock, activity: () => number) {
    this.#clock = clock;
    this.#activity = activity;
    this.#sliceBeganMs = clock.nowMs();
  }

  /** Resolves when a copy may go on. */
  async turn(): Promise<void> {
    while (this.#rest !== null) await this.#rest;
    const workedMs = this.#clock.nowMs() - this.#sliceBeganMs;
    if (workedMs < COPY_SLICE_MS) return;
    this.#rest = this.#takeRest(Math.min(workedMs, 2 * COPY_SLICE_MS));
    await this.#rest;
  }

  async #takeRest(workedMs: number): Promise<void> {
    if (this.#othersAreBusy()) {
      const restMs = REST_FACTOR * workedMs;
      await new Promise<void>((go) => this.#clock.after(restMs, go));
    } else await this.#clock.nextTurn();
    this.#rest = null;
    this.#sliceBeganMs = this.#clock.nowMs();
  }

  #othersAreBusy(): boolean {
    const nowMs = this.#clock.nowMs();
    const activity = this.#activity();
    if (activity !== this.#lastActivity) this.#busyUntilMs = nowMs + BUSY_MS;
    this.#lastActivity = activity;
    return nowMs < this.#busyUntilMs;
  }
}
