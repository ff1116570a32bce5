/**
 * How long a disk did not serve.
 *
 * @module
 */

/** What was seen since a mark. */
export interface Service {
  /** Longest time in which no command ended well, in ms. */
  readonly gapMs: number;
  /** Longest time from the first try of a command to its good end, in ms. */
  readonly longestMs: number;
  /** Commands that ended well. */
  readonly commands: number;
}

/** Looks at the times at which commands end well. */
export class Stopwatch {
  #lastMs = 0;
  #gapMs = 0;
  #longestMs = 0;
  #commands = 0;

  /** Forgets what was, and counts from now on. */
  mark(): void {
    this.#lastMs = performance.now();
    this.#gapMs = 0;
    this.#longestMs = 0;
    this.#commands = 0;
  }

  /** A command has ended well. */
  ended(sinceMs: number): void {
    const nowMs = performance.now();
    this.#gapMs = Math.max(this.#gapMs, nowMs - this.#lastMs);
    this.#longestMs = Math.max(this.#longestMs, nowMs - sinceMs);
    this.#lastMs = nowMs;
    this.#commands += 1;
  }

  /** What was seen since the mark. */
  read(): Service {
    return {
      gapMs: Math.max(this.#gapMs, performance.now() - this.#lastMs),
      longestMs: this.#longestMs,
      commands: this.#commands,
    };
  }
}
