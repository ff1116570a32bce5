/**
 * Memory for pages, in chunks. A page that is in use has a slot: its number.
 *
 * The memory is bounded by the pages that may be in use, since freed slots are
 * used again. A chunk without used slots goes back to the system.
 *
 * @module
 */

import { Defect } from "../../core/mod.ts";

/**
 * Bytes of a chunk. Large, because the engine counts a buffer as memory in use
 * although it is untouched, and collects garbage for each new one above 8 GB.
 * And more than 32 MiB, because the system's allocator hands such buffers
 * through: they cost nothing until they are touched, and are gone when freed.
 */
const CHUNK_BYTES = 2 ** 26;

/**
 * Where the first page begins in a chunk: on a cache line, but not on a page of
 * the operating system. Large buffers of the runtime begin 16 bytes into such
 * a page; if ours began at 0, a copy to a buffer's first byte would write just
 * behind where it reads next, modulo 4096. The processor takes that for a
 * dependency and halves the speed (tests/bench/ramdisk_bench.ts, "aligned").
 */
const SKEW_BYTES = 64;

/** Resident bytes freed between two turns of the event loop: some 2 ms. */
const TRIM_STEP_BYTES = 2 ** 25;

interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Slots that were used and are free again; the last one goes first. */
  readonly recycled: number[];
  /** Slots from here on are free. */
  freshFrom: number;
  /** Slots from here on were never used: their memory costs nothing. */
  touchedTo: number;
  usedSlots: number;
}

/** Lends slots of one page each. */
export class PageArena {
  readonly #pageBytes: number;
  readonly #pageShift: number;
  readonly #chunkSlots: number;
  readonly #chunkShift: number;
  readonly #chunks: (Chunk | undefined)[] = [];
  #freeSlots = 0;
  /** No chunk before this one has a free slot. */
  #openFrom = 0;

  /** Makes an empty arena; both are powers of two, or rounded up to one. */
  constructor(pageBytes: number, pageCountMax: number) {
    this.#pageBytes = pageBytes;
    this.#pageShift = Math.log2(pageBytes);
    const chunkBytes = Math.min(CHUNK_BYTES, pageCountMax * pageBytes);
    this.#chunkShift = Math.ceil(Math.log2(chunkBytes / pageBytes));
    this.#chunkSlots = 2 ** this.#chunkShift;
  }

  /**
   * Sees to it that `count` slots are free.
   *
   * @returns false when the machine has no memory for them
   */
  reserve(count: number): boolean {
    while (this.#freeSlots < count) {
      if (!this.#addChunk()) return false;
    }
    return true;
  }

  /** Takes a free slot, which holds anything; see {@linkcode reserve}. */
  take(): number {
    for (let index = this.#openFrom; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index];
      if (chunk === undefined || chunk.usedSlots === this.#chunkSlots) continue;
      chunk.usedSlots++;
      this.#freeSlots--;
      this.#openFrom = index;
      const slot = chunk.recycled.pop() ?? chunk.freshFrom++;
      chunk.touchedTo = Math.max(chunk.touchedTo, slot + 1);
      return index * this.#chunkSlots + slot;
    }
    throw new Defect("Cannot take a slot: none was reserved");
  }

  /** Gives a slot back. */
  give(slot: number): void {
    const index = slot >>> this.#chunkShift;
    const chunk = this.#chunkOf(slot);
    chunk.usedSlots--;
    this.#freeSlots++;
    this.#openFrom = Math.min(this.#openFrom, index);
    chunk.recycled.push(slot & (this.#chunkSlots - 1));
    if (chunk.usedSlots > 0) return;
    // In order again, so that pages written in order lie in one piece.
    chunk.recycled.length = 0;
    chunk.freshFrom = 0;
  }

  /** How many slots, from this one on, lie in one piece of memory. */
  slotsInPiece(slot: number): number {
    return this.#chunkSlots - (slot & (this.#chunkSlots - 1));
  }

  /** Copies bytes that begin `offset` into a slot, and may go on behind it. */
  copyOut(
    slot: number,
    offset: number,
    length: number,
    into: Uint8Array,
    at: number,
  ): void {
    const { bytes } = this.#chunkOf(slot);
    const begin = this.#beginOf(slot) + offset;
    into.set(bytes.subarray(begin, begin + length), at);
  }

  /** Copies bytes to `offset` of a slot, and on behind it. */
  copyIn(
    slot: number,
    offset: number,
    length: number,
    from: Uint8Array,
    at: number,
  ): void {
    const { bytes } = this.#chunkOf(slot);
    bytes.set(from.subarray(at, at + length), this.#beginOf(slot) + offset);
  }

  /** Writes zeroes into a slot. */
  zero(slot: number, offset: number, length: number): void {
    const begin = this.#beginOf(slot) + offset;
    this.#chunkOf(slot).bytes.fill(0, begin, begin + length);
  }

  /** Gives unused chunks back; yields when that took a while. */
  *trim(): Generator<void, void> {
    let freedBytes = 0;
    for (const [index, chunk] of this.#chunks.entries()) {
      if (chunk === undefined || chunk.usedSlots > 0) continue;
      this.#chunks[index] = undefined;
      this.#freeSlots -= this.#chunkSlots;
      // Frees at once; else the garbage collector would, some day.
      chunk.bytes.buffer.transfer(0);
      freedBytes += chunk.touchedTo * this.#pageBytes;
      if (freedBytes < TRIM_STEP_BYTES) continue;
      freedBytes = 0;
      yield;
    }
  }

  #chunkOf(slot: number): Chunk {
    const chunk = this.#chunks[slot >>> this.#chunkShift];
    if (chunk === undefined) throw new Defect(`Slot ${slot} is not taken`);
    return chunk;
  }

  #beginOf(slot: number): number {
    return (slot & (this.#chunkSlots - 1)) * this.#pageBytes;
  }

  #addChunk(): boolean {
    const bytes = freshBytes(this.#chunkSlots << this.#pageShift);
    if (bytes === undefined) return false;
    const hole = this.#chunks.indexOf(undefined);
    const index = hole < 0 ? this.#chunks.length : hole;
    this.#chunks[index] = {
      bytes,
      recycled: [],
      freshFrom: 0,
      touchedTo: 0,
      usedSlots: 0,
    };
    this.#freeSlots += this.#chunkSlots;
    this.#openFrom = Math.min(this.#openFrom, index);
    return true;
  }
}

/** Memory of a chunk; undefined when the machine has none. */
function freshBytes(length: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    const buffer = new ArrayBuffer(length + SKEW_BYTES);
    return new Uint8Array(buffer, SKEW_BYTES, length);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
