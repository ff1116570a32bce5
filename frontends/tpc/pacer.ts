/**
 * Keeps copies out of the way of sessions: they work in short slices, and rest
 * longer than they have worked while initiators have commands of their own.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";

/** Milliseconds that copies work before sessions have their turn. */
export const COPY_SLICE_MS = 2;

/**
 * The same while initiators are quiet: a turn takes the runtime one to two
 * milliseconds, in which nothing is copied.
 */
export const QUIET_SLICE_MS = 12;

/** How long copies rest for each millisecond of work, when others are busy. */
export const REST_FACTOR = 3;

/** Milliseconds between two looks at what initiators do. */
export const LOOK_MS = 20;

/** Commands of initiators between two looks that make copies rest. */
export const BUSY_COMMANDS = 4;

/** Milliseconds after which nobody has copied for a while. */
const LOOKS_APART_MS = 5 * LOOK_MS;

/** Paces all copies of a target together. */
export class Pacer {
  readonly #clock: Clock;
  readonly #activity: () => number;
  #sliceBeganMs: number;
  /** The last look at the count; far apart, two looks tell nothing. */
  #lookedMs = -Infinity;
  #lastActivity = 0;
  #busy = false;
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
    if (workedMs < (this.#busy ? COPY_SLICE_MS : QUIET_SLICE_MS)) return;
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

  // A few commands now and then find their turn between two slices.
  #othersAreBusy(): boolean {
    const nowMs = this.#clock.nowMs();
    const sinceMs = nowMs - this.#lookedMs;
    if (sinceMs < LOOK_MS) return this.#busy;
    const activity = this.#activity();
    const commands = activity - this.#lastActivity;
    this.#busy = sinceMs < LOOKS_APART_MS && commands >= BUSY_COMMANDS;
    this.#lookedMs = nowMs;
    this.#lastActivity = activity;
    return this.#busy;
  }
}
