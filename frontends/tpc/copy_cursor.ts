/**
 * Walks two lists of block ranges side by side and cuts them into pieces.
 *
 * @module
 */

import type { BlockRange } from "../../core/mod.ts";

/** A list of ranges and the shape of what they lie in. */
export interface CursorSide {
  /** Ranges, in the order of the data. */
  readonly ranges: readonly BlockRange[];
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Blocks that pieces best end on a multiple of; 1: anywhere. */
  readonly physicalBlocks: number;
  /** First block of such a multiple. */
  readonly lowestAlignedLba: number;
}

/** A piece of a copy: what is in one range on either side. */
export interface Piece {
  /** Where it begins in the data, in bytes. */
  readonly at: number;
  /** Bytes. */
  readonly lengthBytes: number;
  /** Its blocks on the source. */
  readonly source: BlockRange;
  /** Its blocks on the destination. */
  readonly destination: BlockRange;
}

/** One place in two lists of ranges. */
export class CopyCursor {
  readonly #source: Place;
  readonly #destination: Place;
  #at = 0;

  /** At the beginning of both. */
  constructor(source: CursorSide, destination: CursorSide) {
    this.#source = new Place(source);
    this.#destination = new Place(destination);
  }

  /** Whether one of the lists has come to its end. */
  get ended(): boolean {
    return this.#source.leftBytes === 0 || this.#destination.leftBytes === 0;
  }

  /** The next block of the source, and those that follow it in its range. */
  get sourceRange(): BlockRange {
    return this.#source.rest;
  }

  /**
   * Takes the next piece.
   *
   * @param bytesMax bytes that it has at the most
   * @returns null when the rest of a range is no whole block of the other side
   */
  take(bytesMax: number): Piece | null {
    const piece = this.peek(bytesMax);
    if (piece !== null) this.advance(piece.lengthBytes);
    return piece;
  }

  /** The piece that `take` would take. */
  peek(bytesMax: number): Piece | null {
    const source = this.#source;
    const destination = this.#destination;
    const unit = Math.max(source.blockLength, destination.blockLength);
    const shared = Math.min(source.leftBytes, destination.leftBytes);
    if (shared < unit) return null;
    const wanted = Math.max(Math.min(shared, bytesMax), unit);
    const whole = wanted - wanted % unit;
    const aligned = wanted < shared ? destination.align(whole) : whole;
    const lengthBytes = aligned > 0 && aligned % unit === 0 ? aligned : whole;
    return {
      ...{ at: this.#at, lengthBytes },
      source: source.first(lengthBytes),
      destination: destination.first(lengthBytes),
    };
  }

  /** Goes on behind bytes of the piece that `peek` has told of. */
  advance(lengthBytes: number): void {
    this.#at += lengthBytes;
    this.#source.advance(lengthBytes);
    this.#destination.advance(lengthBytes);
  }
}

/** A place in one list of ranges. */
class Place {
  readonly #side: CursorSide;
  #index = 0;
  #done = 0;

  constructor(side: CursorSide) {
    this.#side = side;
    this.#skipEmpty();
  }

  get blockLength(): number {
    return this.#side.blockLength;
  }

  /** Bytes left in the range. */
  get leftBytes(): number {
    return this.rest.blockCount * this.blockLength;
  }

  /** What is left of the range. */
  get rest(): BlockRange {
    const range = this.#side.ranges[this.#index];
    if (range === undefined) return { lba: 0, blockCount: 0 };
    const { lba, blockCount } = range;
    return { lba: lba + this.#done, blockCount: blockCount - this.#done };
  }

  /** So many bytes that the end lies between two physical blocks. */
  align(lengthBytes: number): number {
    const { blockLength, physicalBlocks, lowestAlignedLba } = this.#side;
    const end = this.rest.lba + lengthBytes / blockLength - lowestAlignedLba;
    // Ends before the first of them count back from it.
    const over = (end % physicalBlocks + physicalBlocks) % physicalBlocks;
    return lengthBytes - over * blockLength;
  }

  /** The blocks of the first bytes of what is left. */
  first(lengthBytes: number): BlockRange {
    const { lba } = this.rest;
    return { lba, blockCount: lengthBytes / this.blockLength };
  }

  advance(lengthBytes: number): void {
    this.#done += lengthBytes / this.blockLength;
    this.#skipEmpty();
  }

  #skipEmpty(): void {
    const { ranges } = this.#side;
    while (
      this.#index < ranges.length &&
      this.#done >= (ranges[this.#index]?.blockCount ?? 0)
    ) {
      this.#index += 1;
      this.#done = 0;
    }
  }
}
