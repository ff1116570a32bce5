/**
 * Room for Data-In that leave without another copy: stores read into it, the
 * link sends from it.
 *
 * Pieces are cut off a slab one behind the other; a slab is used again when
 * all of its pieces have been sent. How much is under way, the windows of the
 * initiators limit.
 *
 * @module
 */

import { assert } from "../../core/mod.ts";
import { IDLE_SLABS_MAX, PIECE_BYTES, PIECE_BYTES_MIN } from "./limits.ts";

/** One slab. */
class Slab {
  readonly bytes: Uint8Array = new Uint8Array(PIECE_BYTES);
  /** Pieces that are being sent, and one while it is the current slab. */
  users = 1;
  /** Made once: it is called for every piece. */
  readonly release: () => void;

  constructor(idle: (slab: Slab) => void) {
    this.release = () => {
      this.users -= 1;
      assert(this.users >= 0, "a piece of a slab was released twice");
      if (this.users === 0) idle(this);
    };
  }
}

/** Lends pieces of slabs. */
export class Slabs {
  readonly #idle: Slab[] = [];
  #current: Slab | null = null;
  #at = 0;
  #inUse = 0;

  /** Slabs that are not idle. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Bytes of the slab of the piece lent last. */
  get bytes(): Uint8Array {
    assert(this.#current !== null, "no piece was lent");
    return this.#current.bytes;
  }

  /** Where that piece begins. */
  get at(): number {
    return this.#at;
  }

  /** Lends a piece of at most so many bytes. @returns its bytes */
  lend(lengthBytes: number): number {
    const least = Math.min(lengthBytes, PIECE_BYTES_MIN);
    if (this.#current === null || PIECE_BYTES - this.#at < least) this.#next();
    return Math.min(lengthBytes, PIECE_BYTES - this.#at);
  }

  /**
   * The first bytes of the piece lent last are filled and will be sent.
   *
   * @returns to be called when they have been sent
   */
  take(lengthBytes: number): () => void {
    const slab = this.#current;
    assert(slab !== null, "no piece was lent");
    slab.users += 1;
    this.#at += lengthBytes + 7 & ~7;
    return slab.release;
  }

  #next(): void {
    const old = this.#current;
    this.#current = this.#idle.pop() ?? new Slab((slab) => this.#rest(slab));
    this.#current.users = 1;
    this.#at = 0;
    this.#inUse += 1;
    old?.release();
  }

  #rest(slab: Slab): void {
    this.#inUse -= 1;
    if (this.#idle.length < IDLE_SLABS_MAX) this.#idle.push(slab);
  }
}
