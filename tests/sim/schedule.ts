/**
 * Virtual time: what is planned happens in the order of its time, and all that
 * follows from it by promises happens before the next.
 *
 * @module
 */

import process from "node:process";

interface Planned {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | null;
}

/** A heap of what is planned. */
export class Schedule {
  readonly #heap: Planned[] = [];
  #nowMs = 0;
  #order = 0;
  #steps = 0;

  /** Milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Things that have happened. */
  get steps(): number {
    return this.#steps;
  }

  /** Plans something; the result takes it back. */
  after(delayMs: number, run: () => void): () => void {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const planned: Planned = { atMs, order: this.#order++, run };
    this.#push(planned);
    return () => void (planned.run = null);
  }

  /** Runs until a time, or until `isDone`. */
  async run(untilMs: number, isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      if (next.run === null) continue;
      this.#nowMs = next.atMs;
      this.#steps += 1;
      next.run();
      await turn();
    }
    if (!isDone()) this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.push(planned) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(planned, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const [one, other] = [heap[child], heap[child + 1]];
      if (one === undefined) break;
      const isOther = other !== undefined && isBefore(other, one);
      const least = isOther ? other : one;
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = isOther ? child + 1 : child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Planned, other: Planned): boolean {
  return one.atMs < other.atMs ||
    one.atMs === other.atMs && one.order < other.order;
}

/**
 * All promises that can be are kept when this one is: ticks come when no
 * promise is left, and cost less than turns of the event loop.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
