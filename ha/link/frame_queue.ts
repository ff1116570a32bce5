/**
 * Frames on their way out: what is small is put together into one write,
 * what is large goes as it is.
 *
 * @module
 */

import { assert } from "../../core/mod.ts";
import { encodeFrameHeader, FRAME_HEADER_LENGTH } from "../wire/frame.ts";

/** Bytes of a buffer in which small frames are put together. */
const CHUNK_BYTES: number = 1024 * 1024;
/**
 * Data up to this length are copied in any case: that costs less than a write
 * of their own, which costs both nodes a call of the system.
 */
const COPIED_BYTES_MAX: number = 32 * 1024;
/** Buffers that are kept for the next frames. */
const SPARE_CHUNKS_MAX = 4;

/** A buffer in which frames are put together. */
class Chunk {
  readonly bytes: Uint8Array = new Uint8Array(CHUNK_BYTES);
  readonly view: DataView = new DataView(this.bytes.buffer);
  /** What follows is not in a piece yet. */
  from = 0;
  /** What follows is free. */
  to = 0;
  /** Pieces of it that wait. */
  pieces = 0;
}

/** One piece of the queue. */
interface Piece {
  readonly bytes: Uint8Array;
  /** The buffer that it is a part of, if it is ours. */
  readonly chunk: Chunk | null;
  readonly sent: (() => void) | null;
}

/** Frames that wait to be written, in order. */
export class FrameQueue {
  #pieces: Piece[] = [];
  readonly #spare: Chunk[] = [];
  #chunk: Chunk = new Chunk();
  #queuedBytes = 0;
  #first: Piece | null = null;

  /** Bytes that wait, those of the piece that is being written among them. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Queues a frame. Copied data, and all without `sent`, are done with. */
  add(
    kind: number,
    body: Uint8Array,
    data: Uint8Array,
    sent: (() => void) | null,
  ): void {
    this.#queuedBytes += FRAME_HEADER_LENGTH + body.length + data.length;
    const at = this.#room(FRAME_HEADER_LENGTH);
    const { view } = this.#chunk;
    encodeFrameHeader(view, at, kind, body.length, data.length);
    // A body belongs to the caller, who may change it at once.
    this.#keep(body);
    if (sent === null) return this.#keep(data);
    if (data.length > COPIED_BYTES_MAX) return this.#push(data, sent);
    this.#copy(data);
    sent();
  }

  /** Takes the next piece to be written, or null; `done` ends it. */
  take(): Uint8Array | null {
    assert(this.#first === null, "one piece is written at a time");
    if (this.#pieces.length === 0) this.#seal();
    this.#first = this.#pieces.shift() ?? null;
    return this.#first?.bytes ?? null;
  }

  /** The piece that was taken is written. */
  done(): void {
    const piece = this.#first;
    if (piece === null) return;
    this.#first = null;
    this.#queuedBytes -= piece.bytes.length;
    if (piece.chunk !== null) this.#written(piece.chunk);
    piece.sent?.();
  }

  /** Nothing of it will be written any more. */
  discard(): void {
    const dropped = this.#pieces;
    this.#pieces = [];
    this.done();
    for (const piece of dropped) piece.sent?.();
    this.#chunk = new Chunk();
    this.#queuedBytes = 0;
  }

  #written(chunk: Chunk): void {
    chunk.pieces -= 1;
    if (chunk.pieces > 0) return;
    if (chunk !== this.#chunk) this.#spareChunk(chunk);
    // Written to the end: it begins anew.
    else if (chunk.from === chunk.to) chunk.from = chunk.to = 0;
  }

  #spareChunk(chunk: Chunk): void {
    if (this.#spare.length === SPARE_CHUNKS_MAX) return;
    chunk.from = chunk.to = 0;
    this.#spare.push(chunk);
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length <= CHUNK_BYTES) this.#copy(bytes);
    else this.#push(bytes.slice(), null);
  }

  #copy(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const at = this.#room(bytes.length);
    this.#chunk.bytes.set(bytes, at);
  }

  // Room in the buffer that is being filled, for the next bytes of the stream.
  #room(length: number): number {
    if (this.#chunk.to + length > CHUNK_BYTES) {
      this.#seal();
      if (this.#chunk.pieces === 0) this.#spareChunk(this.#chunk);
      this.#chunk = this.#spare.pop() ?? new Chunk();
    }
    const at = this.#chunk.to;
    this.#chunk.to += length;
    return at;
  }

  #push(bytes: Uint8Array, sent: (() => void) | null): void {
    this.#seal();
    this.#pieces.push({ bytes, chunk: null, sent });
  }

  // What was put together so far becomes a piece.
  #seal(): void {
    const chunk = this.#chunk;
    if (chunk.from === chunk.to) return;
    const bytes = chunk.bytes.subarray(chunk.from, chunk.to);
    chunk.from = chunk.to;
    chunk.pieces += 1;
    this.#pieces.push({ bytes, chunk, sent: null });
  }
}
