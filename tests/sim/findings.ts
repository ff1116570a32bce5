/**
 * What a run has shown: its trace, if that is wanted, and what is wrong.
 *
 * @module
 */

import type { Schedule } from "./schedule.ts";
import type { Told } from "./told.ts";

/** What a run has shown so far. */
export class Findings {
  /** What is wrong; empty: nothing. */
  readonly violations: string[] = [];
  /** What has happened, if it is kept. */
  readonly trace: string[] = [];
  /** Takes a line of the trace. */
  readonly told: Told;
  readonly #schedule: Schedule;

  /** Nothing is wrong yet. */
  constructor(schedule: Schedule, traced: boolean) {
    this.#schedule = schedule;
    this.told = traced ? (line) => this.#note(line) : null;
  }

  /** Takes what somebody tells. */
  teller(who: string): Told {
    return this.told === null ? null : (line) => this.#note(`${who}: ${line}`);
  }

  /** Something is wrong. */
  complain(what: string): void {
    this.told?.(`VIOLATION ${what}`);
    this.violations.push(what);
  }

  /** Something was thrown that nobody expects. */
  broken(error: unknown): void {
    const text = error instanceof Error ? error.stack : String(error);
    this.complain(`an exception: ${text}`);
  }

  #note(line: string): void {
    const time = this.#schedule.nowMs.toFixed(1).padStart(8);
    this.trace.push(`${time} ${line}`);
  }
}
