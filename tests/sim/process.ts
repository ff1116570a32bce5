/**
 * A process on a simulated host: it can be stopped, go on, and be killed. What
 * comes in while it is stopped waits; what comes when it is dead is lost.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";
import type { Schedule } from "./schedule.ts";

/** One run of a process. */
export class SimProcess {
  readonly #schedule: Schedule;
  readonly #waiting: (() => void)[] = [];
  #alive = true;
  #stopped = false;
  /** Its clock; it runs a bit fast or slow. */
  readonly clock: Clock;

  /** @param rate milliseconds of its clock in a true one */
  constructor(schedule: Schedule, rate: number, offsetMs: number) {
    this.#schedule = schedule;
    this.clock = {
      nowMs: () => offsetMs + schedule.nowMs * rate,
      wallClockMs: () => schedule.nowMs,
      nextTurn: () =>
        new Promise((resolve) => schedule.after(0, this.entry(resolve))),
      after: (delayMs, callback) => {
        let open = true;
        const entry = this.entry(() => open && callback());
        const cancel = schedule.after(delayMs / rate, entry);
        return () => {
          open = false; // It may be due already, and wait for SIGCONT.
          cancel();
        };
      },
    };
  }

  /** It runs, or could go on. */
  get alive(): boolean {
    return this.#alive;
  }

  /** It stands still. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** A way into it, for a call without arguments. */
  entry(call: () => void): () => void {
    return () => {
      if (!this.#alive) return;
      if (this.#stopped) this.#waiting.push(call);
      else call();
    };
  }

  /** SIGSTOP. */
  stop(): void {
    this.#stopped = true;
  }

  /** SIGCONT: what waited comes in, in its order. */
  go(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    const calls = this.#waiting.splice(0);
    for (const call of calls) this.#schedule.after(0, this.entry(call));
  }

  /** SIGKILL, or a crash: whatever it still does reaches nobody. */
  kill(): void {
    this.#alive = false;
    this.#waiting.length = 0;
  }
}
