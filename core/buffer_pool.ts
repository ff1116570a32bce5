/**
 * Buffers for data that cannot move at once, bounded per nexus.
 *
 * A nexus may hold `limitBytes` of buffers; a task that wants more waits until
 * another of its nexus gives some back. So the memory of all transfers is at
 * most nexuses × limit, whatever initiators do. A task holds one buffer at a
 * time and gives it back without needing another: nothing can deadlock.
 *
 * @module
 */

import { assert } from "./assert.ts";
import type { MaybePromise } from "./ports/block_store.ts";

const SMALLEST_SHIFT = 12;
const LARGEST_SHIFT = 22;

/** Largest buffer: 4 MiB. */
export const BUFFER_LENGTH_MAX: number = 1 << LARGEST_SHIFT;

/** Bytes of idle buffers that are kept for the next user. */
const IDLE_BYTES_MAX = 16 * 2 ** 20;

/** Buffers in sizes of powers of two, shared by all nexuses of a target. */
export class BufferPool {
  readonly #idle: Uint8Array[][] = Array.from(
    { length: LARGEST_SHIFT + 1 },
    () => [],
  );
  #idleBytes = 0;

  /** Bytes kept for the next user. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A buffer of at least `lengthBytes`; its content is stale. */
  take(lengthBytes: number): Uint8Array {
    const shift = shiftFor(lengthBytes);
    const buffer = this.#idle[shift]?.pop();
    if (buffer === undefined) return new Uint8Array(1 << shift);
    this.#idleBytes -= buffer.length;
    return buffer;
  }

  /** Takes a buffer back. */
  give(buffer: Uint8Array): void {
    if (this.#idleBytes + buffer.length > IDLE_BYTES_MAX) return;
    this.#idle[shiftFor(buffer.length)]?.push(buffer);
    this.#idleBytes += buffer.length;
  }
}

/** Somebody who waits for a buffer. */
interface Waiter {
  readonly lengthBytes: number;
  readonly owner: object | undefined;
  readonly resolve: (buffer: Uint8Array | null) => void;
}

/** What one nexus may hold of a pool. */
export class BufferBudget {
  readonly #pool: BufferPool;
  readonly #limitBytes: number;
  #waiting: Waiter[] = [];
  #usedBytes = 0;

  /** A budget of `limitBytes`, at least one largest buffer. */
  constructor(pool: BufferPool, limitBytes: number) {
    assert(limitBytes >= BUFFER_LENGTH_MAX, "a budget holds one buffer");
    this.#pool = pool;
    this.#limitBytes = limitBytes;
  }

  /** Bytes held now. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** A buffer of at least `lengthBytes`, maybe later. */
  acquire(lengthBytes: number): MaybePromise<Uint8Array>;

  /**
   * A buffer of at least `lengthBytes`, maybe later.
   *
   * @returns null when `giveUp` was called for the owner before
   */
  acquire(lengthBytes: number, owner: object): MaybePromise<Uint8Array | null>;

  acquire(
    lengthBytes: number,
    owner?: object,
  ): MaybePromise<Uint8Array | null> {
    assert(lengthBytes <= BUFFER_LENGTH_MAX, "a buffer is at most 4 MiB");
    const buffer = this.#waiting.length === 0 ? this.try(lengthBytes) : null;
    return buffer ?? new Promise((resolve) => {
      this.#waiting.push({ lengthBytes, owner, resolve });
    });
  }

  /** Ends the wait of an owner; those behind it may go on. */
  giveUp(owner: object): void {
    const gone = this.#waiting.filter((waiter) => waiter.owner === owner);
    if (gone.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => waiter.owner !== owner);
    for (const waiter of gone) waiter.resolve(null);
    this.#serve();
  }

  /** A buffer, or null when the budget is spent. */
  try(lengthBytes: number): Uint8Array | null {
    const bytes = 1 << shiftFor(lengthBytes);
    if (this.#usedBytes + bytes > this.#limitBytes) return null;
    this.#usedBytes += bytes;
    return this.#pool.take(lengthBytes);
  }

  /** Gives a buffer back; those who wait longest go on. */
  release(buffer: Uint8Array): void {
    this.#usedBytes -= buffer.length;
    assert(this.#usedBytes >= 0, "a buffer was released twice");
    this.#pool.give(buffer);
    this.#serve();
  }

  #serve(): void {
    let first = this.#waiting[0];
    while (first !== undefined) {
      const next = this.try(first.lengthBytes);
      if (next === null) return;
      this.#waiting.shift();
      first.resolve(next);
      first = this.#waiting[0];
    }
  }
}

function shiftFor(lengthBytes: number): number {
  if (lengthBytes <= 1 << SMALLEST_SHIFT) return SMALLEST_SHIFT;
  return 32 - Math.clz32(lengthBytes - 1);
}
