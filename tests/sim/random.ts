/**
 * Chance from a seed: the same numbers in every run.
 *
 * @module
 */

const GOLDEN = 0x9e37_79b9;

/** A stream of numbers. */
export class Random {
  #state: number;

  /** The stream of a seed. */
  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x5bd1_e995, GOLDEN) >>> 0;
    this.next();
    this.next();
  }

  /** From 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Whether something of this likelihood happens. */
  chance(likelihood: number): boolean {
    return this.next() < likelihood;
  }

  /** One of some. */
  pick<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[Math.floor(this.next() * values.length)] ?? values[0];
  }
}
