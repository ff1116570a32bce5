/**
 * What a connection is about to send.
 *
 * PDUs are built where they are sent from: all that is answered while one
 * batch of received bytes is worked off stands in one buffer and leaves in
 * one write (one write a reply costs four times as much as the replies). An
 * idle connection holds no buffer at all.
 *
 * @module
 */

import { Patience } from "./patience.ts";

/** A buffer of PDUs, with the one view through which they are written. */
export interface SendBuffer {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Its view. */
  readonly view: DataView;
  /** Bytes that are filled. */
  length: number;
}

/** For a ping: a thousand idle sessions get theirs at the same time. */
const TINY_BYTES = 1024;
/** For a few responses. */
const SMALL_BYTES = 16 * 1024;
/**
 * For 32 reads of 4 KiB, twice: each of a hundred busy sessions has one on its
 * way at the same time.
 */
const MEDIUM_BYTES = 288 * 1024;
/** For a batch of commands. */
const LARGE_BYTES = 1024 * 1024;
/**
 * For long reads, four of 1 MiB with all their headers: what a write costs both
 * ends beside its bytes is a third of what 256 KiB cost.
 */
const HUGE_BYTES = 4 * LARGE_BYTES + SMALL_BYTES;
/**
 * Huge buffers that are lent at a time; who comes later gets a large one. More
 * of them are in no cache: 256 KiB reads of 16 sessions cost half as much again.
 */
const HUGE_LENT_MAX = 2;
/** Data-In on its way beside which none is built: this, or less. */
export const PENDING_BYTES_MAX: number = HUGE_BYTES + LARGE_BYTES;
/** Idle buffers that are kept for the next batch, by their size. */
const IDLE_MAX: ReadonlyMap<number, number> = new Map([
  [TINY_BYTES, 256],
  [SMALL_BYTES, 64],
  [MEDIUM_BYTES, 128],
  [LARGE_BYTES, 16],
  [HUGE_BYTES, 2],
]);

/** Send buffers, shared by all connections of a frontend. */
export class SendBuffers {
  readonly #idle: Map<number, SendBuffer[]> = new Map(
    [...IDLE_MAX.keys()].map((bytes) => [bytes, []]),
  );
  #hugeLent = 0;

  /** An empty buffer for a batch; what does not fit goes into another one. */
  take(batchBytes: number): SendBuffer {
    const bytes = this.#sizeFor(batchBytes);
    if (bytes === HUGE_BYTES) this.#hugeLent += 1;
    const buffer = this.#idle.get(bytes)?.pop() ?? newBuffer(bytes);
    buffer.length = 0;
    return buffer;
  }

  /** Takes a buffer back. */
  give(buffer: SendBuffer): void {
    const { length } = buffer.bytes;
    if (length === HUGE_BYTES) this.#hugeLent -= 1;
    const idle = this.#idle.get(length);
    if (idle === undefined) return;
    if (idle.length < (IDLE_MAX.get(length) ?? 0)) idle.push(buffer);
  }

  #sizeFor(batchBytes: number): number {
    if (batchBytes <= TINY_BYTES) return TINY_BYTES;
    if (batchBytes <= SMALL_BYTES) return SMALL_BYTES;
    if (batchBytes <= MEDIUM_BYTES) return MEDIUM_BYTES;
    return batchBytes > LARGE_BYTES && this.#hugeLent < HUGE_LENT_MAX
      ? HUGE_BYTES
      : LARGE_BYTES;
  }
}

function newBuffer(lengthBytes: number): SendBuffer {
  const bytes = new Uint8Array(lengthBytes);
  return { bytes, view: new DataView(bytes.buffer), length: 0 };
}

const NOTHING: SendBuffer = {
  bytes: new Uint8Array(0),
  view: new DataView(new ArrayBuffer(0)),
  length: 0,
};

/** The PDUs of one connection in the order in which they leave. */
export class Output {
  /** Bytes of the buffer that is being filled. */
  bytes: Uint8Array = NOTHING.bytes;
  /** Its view. */
  view: DataView = NOTHING.view;
  /** Where the next PDU begins in it. */
  at = 0;
  /** With the initiator, whose nonsense has to be answered. */
  readonly patience: Patience = new Patience();
  readonly #buffers: SendBuffers;
  readonly #full: SendBuffer[] = [];
  #current: SendBuffer = NOTHING;
  #pendingBytes = 0;
  /** Twice what the last batch took: what the next one may take. */
  #batchBytes = 0;
  #sealed = false;

  /** An empty queue over shared buffers. */
  constructor(buffers: SendBuffers) {
    this.#buffers = buffers;
  }

  /** Bytes built and not yet sent. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether more Data-In may be built before some has been sent. */
  get hasRoom(): boolean {
    return this.#pendingBytes < Math.max(LARGE_BYTES, this.bytes.length);
  }

  /** Makes sure of contiguous room for a PDU, at most 1 MiB, at `at`. */
  reserve(lengthBytes: number): void {
    if (this.at + lengthBytes <= this.bytes.length) return;
    this.#batchBytes = Math.max(this.#batchBytes, 2 * this.at, lengthBytes);
    this.#close();
    this.#current = this.#buffers.take(this.#batchBytes);
    this.bytes = this.#current.bytes;
    this.view = this.#current.view;
    this.at = 0;
  }

  /** Takes no further PDUs: what is built from now on is dropped. */
  seal(): void {
    this.#sealed = true;
  }

  /** The PDU that was written at `at` is complete. */
  advance(lengthBytes: number): void {
    if (this.#sealed) return;
    this.at += lengthBytes;
    this.#pendingBytes += lengthBytes;
  }

  /** The next buffer to send, or null. It comes back by `sent`. */
  take(): SendBuffer | null {
    if (this.#full.length === 0 && this.at > 0) {
      this.#batchBytes = 2 * this.at;
      this.#close();
    }
    return this.#full.shift() ?? null;
  }

  /** A buffer has been sent, or never will be. */
  sent(buffer: SendBuffer): void {
    this.#pendingBytes -= buffer.length;
    this.#buffers.give(buffer);
  }

  /** Throws away what was not sent: the connection is gone. */
  discard(): void {
    for (let buffer = this.take(); buffer !== null; buffer = this.take()) {
      this.sent(buffer);
    }
  }

  #close(): void {
    const buffer = this.#current;
    if (buffer === NOTHING) return;
    buffer.length = this.at;
    if (buffer.length > 0) this.#full.push(buffer);
    else this.#buffers.give(buffer);
    this.#current = NOTHING;
    this.bytes = NOTHING.bytes;
    this.view = NOTHING.view;
    this.at = 0;
  }
}
