/**
 * A file in memory that records every call, and delays and fails on order.
 *
 * @module
 */

import { OK, type StoreFault, type StoreResult } from "../../../../core/mod.ts";
import type {
  BlockIo,
  BlockIoFacts,
  IoResult,
} from "../../../../backends/block/block_io.ts";

/** Facts of an ordinary file. */
export const FILE_FACTS: BlockIoFacts = {
  path: "/data/disk",
  isDevice: false,
  readOnly: false,
  sectorBytes: 1,
  physicalBytes: 4096,
  unmapBytes: 4096,
};

/** A promise that a test keeps when it wants to. */
export class Gate {
  readonly #opened: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Resolves when it is open. */
  get passed(): Promise<void> {
    return this.#opened.promise;
  }

  /** Lets all pass. */
  open(): void {
    this.#opened.resolve();
  }
}

/** A file in memory; a test changes its fields between calls. */
export class MemoryIo implements BlockIo {
  /** What is known of it. */
  readonly facts: BlockIoFacts;
  /** Every call: `write 0+512`, and `sync ended` when one has. */
  readonly calls: string[] = [];
  /** What is stored; grows. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Bytes that a call moves at the most. */
  lengthMax: number = Infinity;
  /** What the next calls answer, by the first word of the call. */
  readonly faults: Map<string, StoreFault> = new Map();
  /** Gates that syncs wait at, in order. */
  readonly syncGates: Gate[] = [];

  /** Makes an empty file. */
  constructor(facts: Partial<BlockIoFacts> = {}) {
    this.facts = { ...FILE_FACTS, ...facts };
  }

  /** Reads. */
  read(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult> {
    return Promise.resolve(this.readNow(position, into, at, length));
  }

  /** Reads at once; tests make it their `tryRead`. */
  readNow(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): IoResult {
    const fault = this.record("read", position, length);
    if (fault !== undefined) return fault;
    const end = position + Math.min(length, this.lengthMax);
    const found = this.bytes.subarray(position, end);
    into.set(found, at);
    return found.length;
  }

  /** Writes. */
  write(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult> {
    return Promise.resolve(this.store(position, from, at, length));
  }

  /** Writes at once; tests make it their `writeNow`. */
  store(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): IoResult {
    const fault = this.record("write", position, length);
    if (fault !== undefined) return fault;
    const written = Math.min(length, this.lengthMax);
    this.#grow(position + written);
    this.bytes.set(from.subarray(at, at + written), position);
    return written;
  }

  /** Ends when the next gate is open. */
  async datasync(): Promise<StoreResult> {
    this.calls.push("sync");
    await this.syncGates.shift()?.passed;
    this.calls.push("sync ended");
    return this.faults.get("sync") ?? OK;
  }

  /** Its size. */
  size(): IoResult {
    return this.faults.get("size") ?? this.bytes.length;
  }

  /** What it takes. */
  usage(): { used: number } {
    return { used: this.bytes.length };
  }

  /** Notes that it is closed. */
  close(): Promise<void> {
    this.calls.push("close");
    return Promise.resolve();
  }

  /** Notes a call, and finds the fault it ends with. */
  record(
    what: string,
    position: number,
    length: number,
  ): StoreFault | undefined {
    this.calls.push(`${what} ${position}+${length}`);
    return this.faults.get(what);
  }

  #grow(length: number): void {
    if (length <= this.bytes.length) return;
    const grown = new Uint8Array(length);
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

/** A file in memory with all that the C library adds. */
export class NativeMemoryIo extends MemoryIo {
  /** Reads at once. */
  tryRead(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): IoResult {
    return this.readNow(position, into, at, length);
  }

  /** Writes at once. */
  writeNow(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): IoResult {
    return this.store(position, from, at, length);
  }

  /** Zeroes a range. */
  punch(position: number, length: number): Promise<StoreResult> {
    const fault = this.record("punch", position, length);
    if (fault === undefined) this.bytes.fill(0, position, position + length);
    return Promise.resolve(fault ?? OK);
  }

  /** Zeroes a range; the file grows when it must. */
  zero(position: number, length: number): Promise<StoreResult> {
    const fault = this.record("zero", position, length);
    const zeroes = new Uint8Array(length);
    if (fault === undefined) this.store(position, zeroes, 0, length);
    return Promise.resolve(fault ?? OK);
  }

  /** The next byte that is not zero. */
  nextData(position: number): number | undefined {
    const found = this.bytes.subarray(position).findIndex((byte) => byte > 0);
    return found < 0 ? undefined : position + found;
  }

  /** The next byte that is zero. */
  nextHole(position: number): number {
    const found = this.bytes.subarray(position).indexOf(0);
    return found < 0 ? this.bytes.length : position + found;
  }
}
