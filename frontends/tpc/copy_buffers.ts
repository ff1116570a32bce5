/**
 * Buffers of copies: so many in the whole target, and no more.
 *
 * @module
 */

/** Bytes of a buffer: the most that one command of a copy moves. */
export const PIECE_BYTES: number = 2 ** 20;

/**
 * Buffers that one copy has at a time. Stores that cannot answer at once take
 * as many again for a moment: 16 MiB in all.
 */
export const BUFFERS_PER_COPY = 8;

/** Buffers of all copies together. */
export const COPY_BUFFERS_MAX = 64;

/** Buffers that are kept while nobody copies. */
const SPARE_MAX = BUFFERS_PER_COPY;

/** Lends buffers, in the order in which they are asked for. */
export class CopyBuffers {
  readonly #spare: Uint8Array[] = [];
  readonly #waiting: ((buffer: Uint8Array) => void)[] = [];
  #lent = 0;

  /** Buffers that are lent now. */
  get lent(): number {
    return this.#lent;
  }

  /** A buffer, when there is one; it is stale. */
  take(): Promise<Uint8Array> {
    if (this.#lent === COPY_BUFFERS_MAX) {
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    this.#lent += 1;
    const buffer = this.#spare.pop() ?? new Uint8Array(PIECE_BYTES);
    return Promise.resolve(buffer);
  }

  /** Takes a buffer back. */
  release(buffer: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next !== undefined) return next(buffer);
    this.#lent -= 1;
    if (this.#spare.length < SPARE_MAX) this.#spare.push(buffer);
  }
}
