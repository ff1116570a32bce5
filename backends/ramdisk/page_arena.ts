/**
 * The pages of one store in the memory that all stores share.
 *
 * What the store takes is bounded by the pages that may be in use, since freed
 * slots are used again. A chunk without used slots goes back to the system.
 *
 * @module
 */

import { Defect } from "../../core/mod.ts";
import { type Chunk, type ChunkOwner, PageMemory } from "./page_memory.ts";

/** Lends slots of one page each. */
export class PageArena implements ChunkOwner {
  readonly #memory: PageMemory;
  /** All chunks there are, also those of other arenas. */
  readonly #chunks: readonly (Chunk | undefined)[];
  readonly #pageBytes: number;
  readonly #chunkMask: number;
  readonly #chunkShift: number;
  /** Slots of a chunk that is made for this arena. */
  readonly #ownChunkSlots: number;
  /** Chunks that slots are taken of. */
  readonly #own: (Chunk | undefined)[] = [];
  #freeSlots = 0;
  /** No own chunk before this one has a free slot. */
  #openFrom = 0;

  /** Makes an empty arena; both are powers of two, or rounded up to one. */
  constructor(
    pageBytes: number,
    pageCountMax: number,
    memory: PageMemory = new PageMemory(pageBytes),
  ) {
    this.#memory = memory;
    this.#chunks = memory.chunks;
    this.#pageBytes = pageBytes;
    this.#chunkShift = memory.chunkShift;
    this.#chunkMask = memory.chunkSlots - 1;
    const wanted = 2 ** Math.ceil(Math.log2(pageCountMax));
    this.#ownChunkSlots = Math.min(memory.chunkSlots, wanted);
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
    for (let place = this.#openFrom; place < this.#own.length; place++) {
      const chunk = this.#own[place];
      if (chunk === undefined || chunk.usedSlots === chunk.slotCount) continue;
      chunk.usedSlots++;
      this.#freeSlots--;
      this.#openFrom = place;
      const slot = chunk.recycled.pop() ?? chunk.freshFrom++;
      chunk.touchedTo = Math.max(chunk.touchedTo, slot + 1);
      return chunk.index * (this.#chunkMask + 1) + slot;
    }
    throw new Defect("Cannot take a slot: none was reserved");
  }

  /** Gives a slot back, unless others use it still. */
  give(slot: number): void {
    this.#memory.give(slot);
  }

  /** A slot of a chunk of this arena is free again. */
  slotFreed(chunk: Chunk): void {
    this.#freeSlots++;
    this.#openFrom = Math.min(this.#openFrom, chunk.place);
  }

  /** A chunk of this arena, without used slots, is gone. */
  chunkGone(chunk: Chunk): void {
    this.#own[chunk.place] = undefined;
    this.#freeSlots -= chunk.slotCount;
  }

  /** Ends the arena: what others still use of its chunks is theirs. */
  abandon(): void {
    for (const chunk of this.#own.splice(0)) {
      if (chunk !== undefined) this.#memory.abandon(chunk);
    }
    this.#freeSlots = 0;
    this.#openFrom = 0;
  }

  /** How many slots, from this one on, lie in one piece of memory. */
  slotsInPiece(slot: number): number {
    return this.#chunkMask + 1 - (slot & this.#chunkMask);
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

  /** Copies bytes of any slot of the memory into one of this arena. */
  copyFrom(
    from: number,
    fromOffset: number,
    slot: number,
    offset: number,
    length: number,
  ): void {
    const { bytes } = this.#chunkOf(from);
    this.copyIn(slot, offset, length, bytes, this.#beginOf(from) + fromOffset);
  }

  /** Writes zeroes into a slot. */
  zero(slot: number, offset: number, length: number): void {
    const begin = this.#beginOf(slot) + offset;
    this.#chunkOf(slot).bytes.fill(0, begin, begin + length);
  }

  /** Gives unused chunks back; yields when that took a while. */
  trim(): Generator<void, void> {
    return this.#memory.trim();
  }

  #chunkOf(slot: number): Chunk {
    const chunk = this.#chunks[slot >>> this.#chunkShift];
    if (chunk === undefined) throw new Defect(`Slot ${slot} is not taken`);
    return chunk;
  }

  #beginOf(slot: number): number {
    return (slot & this.#chunkMask) * this.#pageBytes;
  }

  #addChunk(): boolean {
    const chunk = this.#memory.chunkFor(this, this.#ownChunkSlots);
    if (chunk === undefined) return false;
    const hole = this.#own.indexOf(undefined);
    chunk.place = hole < 0 ? this.#own.length : hole;
    this.#own[chunk.place] = chunk;
    this.#freeSlots += chunk.slotCount - chunk.usedSlots;
    this.#openFrom = Math.min(this.#openFrom, chunk.place);
    return true;
  }
}
