/**
 * An exclusive lock on the stores: whoever is primary holds it, so that the
 * end of the peer's process, or of its host where the file system tells, lets
 * go of it. For modes in which one node alone opens the store.
 *
 * @module
 */

import type { FenceOutcome, Fencer, FenceRequest } from "./fencer.ts";

/** A lock that is held. */
export interface StoreLock {
  /** Lets go of it. */
  release(): void;
}

/** Takes a lock; null: somebody else has it. Throws what the system says. */
export type StoreLocker = (path: string) => StoreLock | null;

/** Holds a lock on each store of the groups that this node is primary for. */
export class LockFencer implements Fencer {
  readonly name = "lock";
  readonly #lock: StoreLocker;
  readonly #held: Map<number, Map<string, StoreLock>> = new Map();

  /** Takes locks by this function. */
  constructor(lock: StoreLocker) {
    this.#lock = lock;
  }

  fence(request: FenceRequest): Promise<FenceOutcome> {
    return Promise.resolve(this.#fence(request));
  }

  release(group: number): Promise<void> {
    for (const lock of this.#held.get(group)?.values() ?? []) lock.release();
    this.#held.delete(group);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    for (const group of [...this.#held.keys()]) await this.release(group);
  }

  // A lock that was taken stays, so that every try comes nearer.
  #fence({ group, stores, purpose }: FenceRequest): FenceOutcome {
    if (purpose === "peer-lost") return { ok: true };
    const held = this.#held.get(group) ?? new Map<string, StoreLock>();
    this.#held.set(group, held);
    for (const path of stores) {
      if (held.has(path)) continue;
      const reason = this.#take(path, held);
      if (reason !== null) return { ok: false, reason };
    }
    return { ok: true };
  }

  #take(path: string, held: Map<string, StoreLock>): string | null {
    try {
      const lock = this.#lock(path);
      if (lock === null) return `${path} is locked by another process`;
      held.set(path, lock);
      return null;
    } catch (error) {
      return `${path} cannot be locked: ${error}`;
    }
  }
}
