/**
 * How much of a copy may be under way while somebody waits for its answer:
 * little at first, and as much again as has been done. So what has begun when
 * the time is up takes about as long as the copy has taken until then, however
 * slow the units are.
 *
 * @module
 */

import { PIECE_BYTES } from "./copy_buffers.ts";

/** Bytes that may be under way before anything is done. */
export const START_BYTES: number = 2 ** 19;

/** Bytes that may be under way, and those that are. */
export class SlowStart {
  readonly #isWaitedFor: boolean;
  #allowedBytes = START_BYTES;
  #underWayBytes = 0;

  /** Without bounds where nobody waits. */
  constructor(isWaitedFor: boolean) {
    this.#isWaitedFor = isWaitedFor;
  }

  /** Bytes that may be begun now; 0: none before something has ended. */
  get leftBytes(): number {
    if (!this.#isWaitedFor || this.#underWayBytes === 0) return this.#mostBytes;
    const left = this.#mostBytes - this.#underWayBytes;
    return left < START_BYTES ? 0 : left;
  }

  /** Bytes are begun. */
  begin(lengthBytes: number): void {
    this.#underWayBytes += lengthBytes;
  }

  /** They have ended. One that moves no data tells little of those that do. */
  end(lengthBytes: number): void {
    this.#underWayBytes -= lengthBytes;
    this.#allowedBytes += Math.min(lengthBytes, PIECE_BYTES);
  }

  get #mostBytes(): number {
    return this.#isWaitedFor ? this.#allowedBytes : Infinity;
  }
}
