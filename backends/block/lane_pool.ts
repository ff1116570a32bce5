/**
 * Lanes: open handles of one file, each of which serves a request at a time.
 *
 * The runtime lets the requests on one handle wait for each other, a read for
 * a slow sync; so a file has several, opened when the load asks for them. And
 * the runtime has 32 threads for everything that waits: a file whose disk hangs
 * must not get all of them, so their number is bounded.
 *
 * @module
 */

/** Lends out lanes; who finds none waits in line. */
export class LanePool<Lane> {
  readonly #open: () => Lane | undefined;
  readonly #free: Lane[] = [];
  readonly #waiting: ((lane: Lane) => void)[] = [];
  readonly #laneCountMax: number;
  #laneCount = 1;
  #onIdle: (() => void) | undefined;

  /**
   * Makes a pool.
   *
   * @param first a lane that is open already
   * @param open opens one more; undefined when that is impossible now
   * @param laneCountMax lanes at the most
   */
  constructor(
    first: Lane,
    open: () => Lane | undefined,
    laneCountMax: number,
  ) {
    this.#free.push(first);
    this.#open = open;
    this.#laneCountMax = laneCountMax;
  }

  /** Does `work` with a lane that nobody else has. */
  async use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = this.#free.pop() ?? this.#openAnother() ?? await this.#wait();
    try {
      return await work(lane);
    } finally {
      this.#giveBack(lane);
    }
  }

  /** Waits for the last work, and hands out the lanes to be closed. */
  async drain(): Promise<readonly Lane[]> {
    if (this.#free.length < this.#laneCount) {
      await new Promise<void>((resolve) => this.#onIdle = resolve);
    }
    return this.#free.splice(0);
  }

  #openAnother(): Lane | undefined {
    if (this.#laneCount >= this.#laneCountMax) return undefined;
    const lane = this.#open();
    if (lane !== undefined) this.#laneCount++;
    return lane;
  }

  #wait(): Promise<Lane> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveBack(lane: Lane): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next(lane);
      return;
    }
    this.#free.push(lane);
    if (this.#free.length === this.#laneCount) this.#onIdle?.();
  }
}
