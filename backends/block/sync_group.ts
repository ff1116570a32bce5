/**
 * Flushes that come while one is running share the next one.
 *
 * @module
 */

import type { StoreResult } from "../../core/mod.ts";

/** Runs one sync at a time, and no more of them than needed. */
export class SyncGroup {
  readonly #sync: () => Promise<StoreResult>;
  #running: Promise<StoreResult> | undefined;
  #next: Promise<StoreResult> | undefined;

  /** Groups calls of `sync`, which answers by a value and never throws. */
  constructor(sync: () => Promise<StoreResult>) {
    this.#sync = sync;
  }

  /**
   * The outcome of a sync that begins after this call, so that it covers all
   * writes which were answered before.
   */
  flush(): Promise<StoreResult> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin();
    this.#next = this.#running.then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<StoreResult> {
    this.#next = undefined;
    const sync = this.#sync().then((result) => {
      this.#running = undefined;
      return result;
    });
    this.#running = sync;
    return sync;
  }
}
