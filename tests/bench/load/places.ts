/**
 * Where on the LUN the next command goes, and whether it reads.
 *
 * @module
 */

/** The part of the span that one connection uses, and how. */
export interface PlaceOptions {
  /** First byte of a sequential run. */
  readonly startBytes: number;
  /** End of a sequential run. */
  readonly endBytes: number;
  /** The whole span, for random places. */
  readonly spanBytes: number;
  /** Length of each command's data. */
  readonly blockBytes: number;
  /** Whether the places follow each other. */
  readonly sequential: boolean;
  /** Part of the commands that read, in percent. */
  readonly readPercent: number;
}

/** A source of places. */
export class Places {
  readonly #options: PlaceOptions;
  readonly #blockCount: number;
  #random = (Math.random() * 2 ** 31) | 1;
  #nextBytes: number;
  #rounds = 0;

  /** Starts at the first place. */
  constructor(options: PlaceOptions) {
    this.#options = options;
    this.#blockCount = Math.floor(options.spanBytes / options.blockBytes);
    this.#nextBytes = options.startBytes;
  }

  /** How often a sequential run came to its end. */
  rounds(): number {
    return this.#rounds;
  }

  /** The next place, in bytes from the start of the LUN. */
  nextOffset(): number {
    const { blockBytes, sequential } = this.#options;
    if (!sequential) return (this.#draw() % this.#blockCount) * blockBytes;
    const offset = this.#nextBytes;
    this.#nextBytes += blockBytes;
    if (this.#nextBytes + blockBytes > this.#options.endBytes) {
      this.#nextBytes = this.#options.startBytes;
      this.#rounds += 1;
    }
    return offset;
  }

  /** Whether any command writes. */
  writes(): boolean {
    return this.#options.readPercent < 100;
  }

  /** Whether the next command reads. */
  nextIsRead(): boolean {
    const { readPercent } = this.#options;
    if (readPercent === 100 || readPercent === 0) return readPercent === 100;
    return this.#draw() % 100 < readPercent;
  }

  /** Xorshift: three operations, while Math.random costs a call. */
  #draw(): number {
    let value = this.#random;
    value ^= value << 13;
    value ^= value >>> 17;
    value ^= value << 5;
    this.#random = value;
    return value >>> 0;
  }
}
