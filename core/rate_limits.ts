/**
 * Limits of a logical unit: operations and bytes a second (options
 * `iops_limit` and `bandwidth_limit`).
 *
 * Two token buckets, kept as the time at which each is free again: a command
 * may begin when both are, and then moves them on by what it costs. So one
 * that is larger than a bucket passes too, and is paid for afterwards. Those
 * that have to wait stand in a queue of their nexus; the next one is taken
 * from the nexus that has had the least (start-time fair queueing), so that
 * neither more nor larger commands get a larger share.
 *
 * @module
 */

import { PATTERN } from "./commands/command_row.ts";
import type { UnitGeometry } from "./logical_unit.ts";
import type { Nexus } from "./nexus.ts";
import type { Clock } from "./ports/host.ts";
import { Slices } from "./slices.ts";
import type { ScsiTask } from "./task.ts";

/** Milliseconds of its limit that a unit may use at once after a pause. */
export const BURST_MS = 50;

/** Milliseconds that are made up for when the release comes late. */
const LATE_MS_MAX = 1000;

/** What additions of times may be wrong by. */
const ROUNDING_MS = 1e-6;

/** The medium is read or written: such commands are limited. */
const USES_MEDIUM = PATTERN.READ | PATTERN.WRITE;

/** What a unit may do in a second. */
export interface RateLimitOptions {
  /** Commands that read or write the medium; 0: any number. */
  readonly iops_limit: number;
  /** Bytes that they move; 0: any number. */
  readonly bandwidth_limit: number;
}

/** A token bucket. */
class Bucket {
  /** 0: it limits nothing. */
  #perSecond = 0;
  #freeMs = -Infinity;

  /** Whether it limits anything. */
  get limits(): boolean {
    return this.#perSecond > 0;
  }

  /** When the next command may begin, by the clock. */
  get freeMs(): number {
    return this.#freeMs;
  }

  /** Changes the limit; what was used of the old one is owed to the new. */
  change(perSecond: number, nowMs: number): void {
    const old = this.#perSecond;
    if (perSecond === old) return;
    this.#perSecond = perSecond;
    this.#freeMs = perSecond === 0 || old === 0
      ? -Infinity
      : nowMs + (this.#freeMs - nowMs) * old / perSecond;
  }

  /** Milliseconds of the limit that some units are. */
  costMs(units: number): number {
    return this.limits ? units * 1000 / this.#perSecond : 0;
  }

  /** Takes units out. */
  take(units: number, nowMs: number): void {
    if (!this.limits) return;
    const sinceMs = Math.max(this.#freeMs, nowMs - BURST_MS);
    this.#freeMs = sinceMs + this.costMs(units);
  }
}

interface Waiting {
  readonly bytes: number;
  readonly goOn: () => void;
}

/** What waits of one nexus. */
interface Queue {
  readonly waiting: Waiting[];
  /** What the nexus has had, on a scale that all nexuses share. */
  startMs: number;
}

/** The limits of one unit, and the commands that wait for them. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #operations: Bucket = new Bucket();
  readonly #bytes: Bucket = new Bucket();
  readonly #queues: WeakMap<Nexus, Queue> = new WeakMap();
  readonly #waiting: Set<Queue> = new Set();
  /** Where on the scale the last command began. */
  #virtualMs = 0;
  #cancelTimer: (() => void) | null = null;

  /** No limits. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether anything is limited: only then commands have to ask. */
  get active(): boolean {
    return this.#operations.limits || this.#bytes.limits;
  }

  /** Changes the limits; commands that wait follow the new ones. */
  change({ iops_limit, bandwidth_limit }: RateLimitOptions): void {
    const nowMs = this.#clock.nowMs();
    this.#operations.change(iops_limit, nowMs);
    this.#bytes.change(bandwidth_limit, nowMs);
    this.end();
    this.#wait(nowMs);
  }

  /** Nothing is released by itself any more. */
  end(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /**
   * A command wants to begin.
   *
   * @param goOn called when it may, once
   * @returns null: it may begin now; else what takes it out of its queue
   */
  admit(
    task: ScsiTask,
    unit: UnitGeometry,
    goOn: () => void,
  ): (() => void) | null {
    const medium = ((task.row?.pattern ?? 0) & USES_MEDIUM) !== 0;
    if (!this.active || !medium) return null;
    const nowMs = this.#clock.nowMs();
    const queue = this.#queueOf(task.nexus);
    const bytes = bytesOf(task, unit);
    if (this.#waiting.size === 0 && this.#isFree(nowMs)) {
      queue.startMs = Math.max(queue.startMs, this.#virtualMs);
      this.#charge(queue, bytes, nowMs);
      return null;
    }
    const waiting = { bytes, goOn };
    this.#enqueue(queue, waiting);
    this.#wait(nowMs);
    return () => this.#withdraw(queue, waiting);
  }

  #queueOf(nexus: Nexus): Queue {
    const known = this.#queues.get(nexus);
    if (known !== undefined) return known;
    const queue = { waiting: [], startMs: this.#virtualMs };
    this.#queues.set(nexus, queue);
    return queue;
  }

  // Time in which a nexus wanted nothing gives it no claim.
  #enqueue(queue: Queue, waiting: Waiting): void {
    if (queue.waiting.length === 0) {
      queue.startMs = Math.max(queue.startMs, this.#virtualMs);
      this.#waiting.add(queue);
    }
    queue.waiting.push(waiting);
  }

  #withdraw(queue: Queue, waiting: Waiting): void {
    const at = queue.waiting.indexOf(waiting);
    if (at < 0) return;
    queue.waiting.splice(at, 1);
    if (queue.waiting.length === 0) this.#waiting.delete(queue);
  }

  #isFree(nowMs: number): boolean {
    return this.#dueMs() <= nowMs + ROUNDING_MS;
  }

  #dueMs(): number {
    return Math.max(this.#operations.freeMs, this.#bytes.freeMs);
  }

  #charge(queue: Queue, bytes: number, nowMs: number): void {
    this.#virtualMs = queue.startMs;
    queue.startMs += Math.max(
      this.#operations.costMs(1),
      this.#bytes.costMs(bytes),
    );
    this.#operations.take(1, nowMs);
    this.#bytes.take(bytes, nowMs);
  }

  #wait(nowMs: number): void {
    if (this.#waiting.size === 0 || this.#cancelTimer !== null) return;
    const delayMs = Math.max(0, this.#dueMs() - nowMs);
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancelTimer = null;
      this.#release();
    });
  }

  #release(): void {
    const slice = new Slices(this.#clock);
    const nowMs = this.#clock.nowMs();
    while (this.#isFree(nowMs) && !slice.used) {
      const queue = this.#next();
      const waiting = queue?.waiting.shift();
      if (queue === undefined || waiting === undefined) break;
      if (queue.waiting.length === 0) this.#waiting.delete(queue);
      // As if it had come in time.
      const dueMs = Math.max(this.#dueMs(), nowMs - LATE_MS_MAX);
      this.#charge(queue, waiting.bytes, dueMs);
      waiting.goOn();
    }
    this.#wait(nowMs);
  }

  // The nexus that has had the least.
  #next(): Queue | undefined {
    let least: Queue | undefined;
    for (const queue of this.#waiting) {
      if (least === undefined || queue.startMs < least.startMs) least = queue;
    }
    return least;
  }
}

// What it moves between initiator and unit; nothing, when it will be refused.
function bytesOf(task: ScsiTask, unit: UnitGeometry): number {
  const { lba, blockCount } = task;
  if (lba + blockCount > unit.blockCount) return 0;
  return Math.min(
    blockCount * unit.blockLength,
    task.expectedDataInLength + task.expectedDataOutLength,
  );
}
