/**
 * The time of two nodes in memory: it passes when a test says so.
 *
 * @module
 */

import { settle } from "../core_target.ts";
import { ManualClock } from "../memory_host.ts";

/** A clock that lets happen what its time brings. */
export class PairClock extends ManualClock {
  /** Moves it in steps, with everything that happens at each. */
  async pass(ms: number, stepMs = 20): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await settle(300);
      this.advance(Math.min(left, stepMs));
    }
    await settle(300);
  }

  /** Lets a promise come, with the time that it needs. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    let ended = false;
    const noted = promise.finally(() => ended = true);
    noted.catch(() => {});
    for (let times = 0; times < 1000 && !ended; times += 1) {
      await this.pass(5, 5);
    }
    if (!ended) throw new Error("It does not come");
    return await noted;
  }
}
