/**
 * Memory for the pages of all stores of a target that have pages of one size,
 * in chunks. A page that is in use has a slot: its number.
 *
 * A slot has one user, or several that share it; then none of them may write
 * into it. The last one gives it back. A chunk belongs to the arena that takes
 * new slots of it ({@linkcode PageArena}); once the arena has been abandoned,
 * to the next one that needs slots.
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

/** A slot, and what a leaf notes of it, are numbers of 32 bits with a sign. */
const SLOT_BITS = 31;

/** Hears of the slots of its chunks. */
export interface ChunkOwner {
  /** A slot of a chunk is free again. */
  slotFreed(chunk: Chunk): void;
  /** A chunk without used slots is gone. */
  chunkGone(chunk: Chunk): void;
}

/** A piece of memory for many pages. */
export interface Chunk {
  /** The memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its number, from which its slots are counted. */
  readonly index: number;
  /** Pages that it has room for. */
  readonly slotCount: number;
  /** Slots that were used and are free again; the last one goes first. */
  readonly recycled: number[];
  /** Who takes new slots of it; undefined: nobody now. */
  owner: ChunkOwner | undefined;
  /** Where the owner has it. */
  place: number;
  /** Slots from here on are free. */
  freshFrom: number;
  /** Slots from here on were never used: their memory costs nothing. */
  touchedTo: number;
  /** Slots in use. */
  usedSlots: number;
  /** Users of each slot besides the first; undefined: nothing is shared. */
  others: Uint32Array | undefined;
}

/** All chunks of pages of one size. */
export class PageMemory {
  /** Bytes of a page: a power of two. */
  readonly pageBytes: number;
  /** Slot numbers of a chunk; a small chunk does not use all of its own. */
  readonly chunkSlots: number;
  /** How far a slot is shifted to get the number of its chunk. */
  readonly chunkShift: number;
  /** Chunks by number. */
  readonly chunks: (Chunk | undefined)[] = [];
  readonly #chunkCountMax: number;
  /** Chunks that may have become empty. */
  readonly #emptied: Chunk[] = [];
  /** Chunks that have no owner. */
  readonly #orphans = new Set<Chunk>();

  /** Memory of which nothing is taken yet. */
  constructor(pageBytes: number) {
    this.pageBytes = pageBytes;
    this.chunkSlots = CHUNK_BYTES / pageBytes;
    this.chunkShift = Math.log2(this.chunkSlots);
    // The last one is left out: its highest slots could not be noted.
    this.#chunkCountMax = 2 ** (SLOT_BITS - this.chunkShift) - 1;
  }

  /** Pages in use, each counted once however many share it. */
  get usedSlots(): number {
    return this.chunks.reduce((sum, each) => sum + (each?.usedSlots ?? 0), 0);
  }

  /**
   * A chunk for an owner: one that nobody owns, or a new one.
   *
   * @returns undefined when the machine has no memory for it
   */
  chunkFor(owner: ChunkOwner, slotCount: number): Chunk | undefined {
    for (const orphan of this.#orphans) {
      if (orphan.usedSlots === orphan.slotCount) continue;
      this.#orphans.delete(orphan);
      orphan.owner = owner;
      return orphan;
    }
    return this.#addChunk(owner, Math.min(slotCount, this.chunkSlots));
  }

  /** Leaves a chunk without owner; what is used of it stays. */
  abandon(chunk: Chunk): void {
    chunk.owner = undefined;
    this.#orphans.add(chunk);
  }

  /** The chunk that a slot in use lies in. */
  chunkOf(slot: number): Chunk {
    const chunk = this.chunks[slot >>> this.chunkShift];
    if (chunk === undefined) throw new Defect(`Slot ${slot} is not taken`);
    return chunk;
  }

  /** Whether a slot has more than one user. */
  isShared(slot: number): boolean {
    const { others } = this.chunkOf(slot);
    return others !== undefined && others[slot & (this.chunkSlots - 1)] !== 0;
  }

  /** One more user of a slot. */
  share(slot: number): void {
    const chunk = this.chunkOf(slot);
    chunk.others ??= new Uint32Array(chunk.slotCount);
    const at = slot & (this.chunkSlots - 1);
    chunk.others[at] = (chunk.others[at] ?? 0) + 1;
  }

  /** One user less; the last one gives it back. */
  give(slot: number): void {
    const chunk = this.chunkOf(slot);
    const at = slot & (this.chunkSlots - 1);
    const others = chunk.others?.[at] ?? 0;
    if (others > 0 && chunk.others !== undefined) {
      chunk.others[at] = others - 1;
      return;
    }
    chunk.usedSlots--;
    chunk.recycled.push(at);
    chunk.owner?.slotFreed(chunk);
    if (chunk.usedSlots > 0) return;
    // In order again, so that pages written in order lie in one piece.
    chunk.recycled.length = 0;
    chunk.freshFrom = 0;
    this.#emptied.push(chunk);
  }

  /** Whether there may be unused chunks to be given back. */
  get hasUnused(): boolean {
    return this.#emptied.length > 0;
  }

  /** Gives unused chunks back; yields when that took a while. */
  *trim(): Generator<void, void> {
    let freedBytes = 0;
    for (;;) {
      const chunk = this.#emptied.pop();
      if (chunk === undefined) return;
      if (chunk.usedSlots > 0 || this.chunks[chunk.index] !== chunk) continue;
      this.chunks[chunk.index] = undefined;
      this.#orphans.delete(chunk);
      chunk.owner?.chunkGone(chunk);
      // Frees at once; else the garbage collector would, some day.
      chunk.bytes.buffer.transfer(0);
      freedBytes += chunk.touchedTo * this.pageBytes;
      if (freedBytes < TRIM_STEP_BYTES) continue;
      freedBytes = 0;
      yield;
    }
  }

  #addChunk(owner: ChunkOwner, slotCount: number): Chunk | undefined {
    const hole = this.chunks.indexOf(undefined);
    const index = hole < 0 ? this.chunks.length : hole;
    if (index >= this.#chunkCountMax) return undefined;
    const bytes = freshBytes(slotCount * this.pageBytes);
    if (bytes === undefined) return undefined;
    const chunk: Chunk = {
      ...{ bytes, index, slotCount, owner },
      ...{ recycled: [], others: undefined },
      ...{ place: 0, freshFrom: 0, touchedTo: 0, usedSlots: 0 },
    };
    this.chunks[index] = chunk;
    // It is empty until somebody takes a slot of it.
    this.#emptied.push(chunk);
    return chunk;
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
