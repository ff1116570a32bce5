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

/** For a few responses. */
const SMALL_BYTES = 16 * 1024;
/** For a batch: writes of 512 KiB to 1 MiB cost least a byte. */
const LARGE_BYTES = 1024 * 1024;
/** Idle buffers that are kept for the next batch. */
const IDLE_LARGE_MAX = 16;
const IDLE_SMALL_MAX = 64;

/** Bytes on their way after which no further Data-In is built. */
export const PENDING_BYTES_MAX: number = LARGE_BYTES;

/** Send buffers, shared by all connections of a frontend. */
export class SendBuffers {
  readonly #small: SendBuffer[] = [];
  readonly #large: SendBuffer[] = [];

  /** An empty buffer. */
  take(large: boolean): SendBuffer {
    const buffer = (large ? this.#large : this.#small).pop();
    if (buffer !== undefined) {
      buffer.length = 0;
      return buffer;
    }
    const bytes = new Uint8Array(large ? LARGE_BYTES : SMALL_BYTES);
    return { bytes, view: new DataView(bytes.buffer), length: 0 };
  }

  /** Takes a buffer back. */
  give(buffer: SendBuffer): void {
    const large = buffer.bytes.length === LARGE_BYTES;
    const idle = large ? this.#large : this.#small;
    if (idle.length < (large ? IDLE_LARGE_MAX : IDLE_SMALL_MAX)) {
      idle.push(buffer);
    }
  }
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
  #largeNext = false;
  #sealed = false;

  /** An empty queue over shared buffers. */
  constructor(buffers: SendBuffers) {
    this.#buffers = buffers;
  }

  /** Bytes built and not yet sent. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Makes sure of contiguous room for a PDU, at most 1 MiB, at `at`. */
  reserve(lengthBytes: number): void {
    if (this.at + lengthBytes <= this.bytes.length) return;
    const overflow = this.#current !== NOTHING;
    this.#close();
    const large = overflow || this.#largeNext || lengthBytes > SMALL_BYTES;
    this.#current = this.#buffers.take(large);
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
    if (this.#full.length === 0) {
      // A batch that would not have fitted a small buffer wants a large one.
      this.#largeNext = this.at > SMALL_BYTES / 2;
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
