/**
 * Cuts received bytes into frames, in place.
 *
 * @module
 */

import {
  FRAME_HEADER_LENGTH,
  frameBodyLength,
  frameDataLength,
  frameKind,
} from "../wire/frame.ts";
import { BODY_BYTES_MAX, DATA_BYTES_MAX } from "./peer_link.ts";

/** Bytes of the buffer of a connection that has not logged in. */
const SMALL_BYTES = 16 * 1024;
/** Bytes of the buffer afterwards: the longest frame and much of the next. */
const LARGE_BYTES: number = 1024 * 1024;
/** Less room than this is not worth a read. */
const ROOM_BYTES_MIN = 64 * 1024;

const NOTHING = new Uint8Array(0);

/** Takes a frame; false: no more frames are wanted. */
export type TakeFrame = (
  kind: number,
  body: DataView,
  data: Uint8Array,
) => boolean;

/** What the next frames may be. */
export interface FrameLimits {
  /** Bytes of a body. */
  readonly bodyMax: number;
  /** Bytes of data. */
  readonly dataMax: number;
  /** The highest kind. */
  readonly kindMax: number;
}

/** Limits once both sides have logged in. */
export const OPEN_LIMITS: FrameLimits = Object.freeze({
  bodyMax: BODY_BYTES_MAX,
  dataMax: DATA_BYTES_MAX,
  kindMax: 159,
});

/**
 * The receive buffer of one connection. Bodies and data are lent out of it,
 * without a copy; only the beginning of a frame that has not come whole is
 * moved, when the room behind it runs out.
 */
export class FrameReader {
  #limits: FrameLimits;
  #bytes: Uint8Array;
  #view: DataView;
  #start = 0;
  #end = 0;
  /** There was more to read than there was room. */
  #isFilled = false;

  /** A reader for a fresh connection. */
  constructor(limits: FrameLimits) {
    this.#limits = limits;
    this.#bytes = new Uint8Array(SMALL_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** From the next frame on there are other limits. */
  set limits(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Where the next bytes go. */
  room(): Uint8Array {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    const wanted = this.#isFilled ? this.#fullSize : this.#wanted();
    if (wanted > this.#bytes.length) this.#move(this.#sizeFor(wanted));
    else if (this.#mustMakeRoom(wanted)) this.#move(this.#bytes.length);
    return this.#bytes.subarray(this.#end);
  }

  /**
   * So many bytes have come into the room: hands over the frames that are
   * whole.
   *
   * @returns what is wrong with a frame; null: nothing
   */
  received(count: number, take: TakeFrame): string | null {
    this.#end += count;
    this.#isFilled = this.#end === this.#bytes.length;
    while (this.#end - this.#start >= FRAME_HEADER_LENGTH) {
      const problem = this.#problem();
      if (problem !== null) return problem;
      const length = this.#frameLength();
      if (this.#end - this.#start < length) return null;
      const at = this.#start;
      this.#start += length;
      if (!this.#take(at, take)) return null;
    }
    return null;
  }

  #take(at: number, take: TakeFrame): boolean {
    const bodyLength = frameBodyLength(this.#view, at);
    const dataLength = frameDataLength(this.#view, at);
    const bodyAt = at + FRAME_HEADER_LENGTH;
    const dataAt = bodyAt + bodyLength;
    const body = new DataView(this.#bytes.buffer, bodyAt, bodyLength);
    const data = dataLength === 0
      ? NOTHING
      : this.#bytes.subarray(dataAt, dataAt + dataLength);
    return take(frameKind(this.#view, at), body, data);
  }

  #problem(): string | null {
    const at = this.#start;
    const { kindMax, bodyMax, dataMax } = this.#limits;
    const kind = frameKind(this.#view, at);
    if (kind === 0 || kind > kindMax) return `frame of unknown kind ${kind}`;
    const bodyLength = frameBodyLength(this.#view, at);
    if (bodyLength > bodyMax) {
      return `frame ${kind}: body of ${bodyLength} bytes, not ${bodyMax}`;
    }
    const dataLength = frameDataLength(this.#view, at);
    return dataLength > dataMax
      ? `frame ${kind}: data of ${dataLength} bytes, not ${dataMax}`
      : null;
  }

  #frameLength(): number {
    return FRAME_HEADER_LENGTH + frameBodyLength(this.#view, this.#start) +
      frameDataLength(this.#view, this.#start);
  }

  // Bytes that the next frame takes, as far as it is known.
  #wanted(): number {
    return this.#end - this.#start < FRAME_HEADER_LENGTH
      ? FRAME_HEADER_LENGTH
      : this.#frameLength();
  }

  #mustMakeRoom(wanted: number): boolean {
    if (this.#start === 0) return false;
    const room = this.#bytes.length - this.#end;
    return this.#start + wanted > this.#bytes.length ||
      room < Math.min(ROOM_BYTES_MIN, this.#bytes.length / 4);
  }

  // Before the login a long LOGIN gets what it needs; afterwards all is large.
  #sizeFor(wanted: number): number {
    return Math.max(wanted, this.#fullSize);
  }

  get #fullSize(): number {
    return this.#limits.dataMax > 0 ? LARGE_BYTES : SMALL_BYTES;
  }

  #move(size: number): void {
    const kept = this.#bytes.subarray(this.#start, this.#end);
    if (size > this.#bytes.length) {
      this.#bytes = new Uint8Array(size);
      this.#view = new DataView(this.#bytes.buffer);
    }
    this.#bytes.set(kept, 0);
    this.#start = 0;
    this.#end = kept.length;
  }
}
