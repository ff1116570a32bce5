/**
 * That a pair serves again: once all is well, a write of each initiator has to
 * be answered within a bounded time, whatever has happened before. GOOD is an
 * answer, and so is the conflict with a reservation.
 *
 * @module
 */

import type { Findings } from "./findings.ts";
import type { InitiatorHost } from "./initiator_host.ts";
import type { Schedule } from "./schedule.ts";

/** What is watched, and by what. */
export interface ServiceParts {
  /** Time. */
  readonly schedule: Schedule;
  /** Takes what is wrong. */
  readonly findings: Findings;
  /** How all is, in words. */
  readonly describe: () => string;
}

/** Milliseconds after which a pair has to serve when all is well again. */
export const SERVICE_MS = 8000;

/** The writes that are waited for. */
export class Service {
  readonly #parts: ServiceParts;
  #waiting = 0;
  #longestMs = 0;

  /** Nothing is waited for yet. */
  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Each of them was answered. */
  get isThere(): boolean {
    return this.#waiting === 0;
  }

  /** Milliseconds that the last of them took. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** All is well: each host writes. */
  expect(hosts: readonly InitiatorHost[]): void {
    hosts.forEach((host, lba) => this.#expectOne(host, lba));
  }

  #expectOne(host: InitiatorHost, lba: number): void {
    const { schedule, findings, describe } = this.#parts;
    const fromMs = schedule.nowMs;
    this.#waiting += 1;
    const late = schedule.after(SERVICE_MS, () => {
      const seconds = SERVICE_MS / 1000;
      findings.complain(`not served within ${seconds} s: ${describe()}`);
    });
    host.write(lba, 1).then(() => {
      late();
      this.#waiting -= 1;
      this.#longestMs = Math.max(this.#longestMs, schedule.nowMs - fromMs);
    }, (error) => findings.broken(error));
  }
}
