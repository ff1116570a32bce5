/**
 * Waits by kind, and who blocked whom: kept as long as a trace is.
 *
 * @module
 */

import { WAIT_NAMES, type WaitName } from "./trace_events.ts";

/** Pairs of blocker and waiter that are told apart. */
export const BLOCKINGS_MAX = 1024;

/** Waits that belong together. */
export interface WaitCounts {
  /** Waits that have begun. */
  readonly acquired: number;
  /** Waits that have ended. */
  readonly released: number;
  /** Milliseconds of those that have ended, together. */
  readonly totalMs: number;
  /** Milliseconds of the longest of them. */
  readonly maxMs: number;
}

/** Waits of one kind. */
export interface WaitRow extends WaitCounts {
  /** The kind. */
  readonly wait: WaitName;
}

/** Who blocked whom; texts as numbers of the trace's names. */
export interface Blocking {
  /** LUN number in the target. */
  readonly lun: number;
  /** Initiator port of the task that was in the way. */
  readonly blocker: number;
  /** Its command. */
  readonly blockerCommand: number;
  /** Initiator port of the task that waited. */
  readonly waiter: number;
  /** Its command. */
  readonly waiterCommand: number;
}

/** A blocking, and how often it came. */
export interface BlockingCounts extends Blocking {
  /** Its waits. */
  readonly counts: WaitCounter;
}

/** Counts waits. */
export class WaitCounter implements WaitCounts {
  acquired = 0;
  released = 0;
  totalMs = 0;
  maxMs = 0;

  /** A wait has ended. */
  release(waitedMs: number): void {
    this.released += 1;
    this.totalMs += waitedMs;
    if (waitedMs > this.maxMs) this.maxMs = waitedMs;
  }
}

/** The statistics of one trace. */
export class WaitStatistics {
  readonly #kinds: WaitCounter[] = WAIT_NAMES.map(() => new WaitCounter());
  readonly #blockings: Map<string, BlockingCounts> = new Map();
  /** Blockings of pairs that found no room. */
  readonly unlisted: WaitCounter = new WaitCounter();

  /** The counter of a kind of wait. */
  ofKind(kind: number): WaitCounter {
    const counter = this.#kinds[kind];
    if (counter === undefined) throw new RangeError(`No wait ${kind}`);
    return counter;
  }

  /** The counter of a pair of blocker and waiter. */
  ofBlocking(blocking: Blocking): WaitCounter {
    const { lun, blocker, blockerCommand, waiter, waiterCommand } = blocking;
    const key = [lun, blocker, blockerCommand, waiter, waiterCommand].join();
    const known = this.#blockings.get(key);
    if (known !== undefined) return known.counts;
    if (this.#blockings.size >= BLOCKINGS_MAX) return this.unlisted;
    const counts = new WaitCounter();
    this.#blockings.set(key, { ...blocking, counts });
    return counts;
  }

  /** All kinds in their order. */
  kinds(): WaitRow[] {
    return WAIT_NAMES.map((wait, kind) => ({
      wait,
      ...countsOf(this.ofKind(kind)),
    }));
  }

  /** All pairs; those that cost most time first. */
  blockings(): BlockingCounts[] {
    return [...this.#blockings.values()].sort((one, other) =>
      other.counts.totalMs - one.counts.totalMs ||
      other.counts.acquired - one.counts.acquired
    );
  }
}

/** The counts alone. */
export function countsOf(counter: WaitCounts): WaitCounts {
  const { acquired, released, totalMs, maxMs } = counter;
  return { acquired, released, totalMs, maxMs };
}
