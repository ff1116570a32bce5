/**
 * The buffer that batches are composed in.
 *
 * One is enough: nothing is composed while a write is pending, which still
 * reads from here. And one stays in the cache where two would not.
 *
 * @module
 */

/**
 * Bytes in one write at most, about; a larger batch costs more per byte
 * (its copies leave the caches).
 */
const BATCH_BYTES = 1 << 20;

/** Room for the headers of a full batch. */
const HEADROOM_BYTES = 1 << 16;

/** A batch in the making. */
export class SendBuffer {
  /** The buffer as big endian fields. */
  readonly view: DataView<ArrayBuffer>;
  /** The same as words, for the pattern. */
  readonly words: Int32Array<ArrayBuffer>;
  /** Bytes that are filled. */
  length = 0;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /**
   * Random bytes at first: what a write without a pattern sends.
   *
   * @param wantedBytes all that will ever be sent at once
   */
  constructor(wantedBytes: number) {
    const batchBytes = Math.min((wantedBytes + 3) & ~3, BATCH_BYTES);
    const buffer = new ArrayBuffer(batchBytes + HEADROOM_BYTES);
    this.view = new DataView(buffer);
    this.words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    for (let index = 0; index < this.words.length; index += 1) {
      this.words[index] = Math.random() * 2 ** 32;
    }
  }

  /** Tells whether so many further bytes fit now. */
  hasRoom(lengthBytes: number): boolean {
    return this.length + lengthBytes <= this.#bytes.length;
  }

  /** What is filled. */
  filled(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }
}
