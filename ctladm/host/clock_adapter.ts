/**
 * The clock and the random bytes of the machine.
 *
 * @module
 */

import type { Clock, Entropy } from "../../core/mod.ts";

/** Time of the runtime. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallClockMs: () => Date.now(),
  nextTurn: () => new Promise((resolve) => setTimeout(resolve, 0)),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Random bytes of the runtime. */
export const systemEntropy: Entropy = {
  fill: (into) => {
    // The runtime wants a view of memory that is not shared; ours never is.
    crypto.getRandomValues(into as Uint8Array<ArrayBuffer>);
  },
};
