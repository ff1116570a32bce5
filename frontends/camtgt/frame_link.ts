/**
 * One end of a wire: cuts received bytes into frames, and sends frames. Both
 * ends use it; it knows nothing of what frames mean.
 *
 * Memory is bounded: a receive buffer of one frame, and output that stops the
 * reading when it grows, so that a peer that does not read is not read either.
 * That is for targets, which cannot know what they will be asked for. Were
 * initiators to do the same, both could wait for each other; what they send
 * is bounded by the commands that they have sent.
 *
 * @module
 */

import type { Clock, MaybePromise } from "../../core/mod.ts";
import {
  DATA_LENGTH_MAX,
  decodeFrame,
  encodeFrame,
  type Frame,
  type FrameHeader,
  frameLength,
  HEADER_LENGTH,
} from "./wire/frame.ts";

/** A stream of bytes in both directions; `Deno.Conn` is one. */
export interface WireStream {
  /** Reads some bytes; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some bytes; fewer than given when the peer is slow. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends both directions; reads and writes that wait end, too. */
  close(): void;
}

/** Who uses a link. */
export interface LinkUser {
  /** A frame has come; nothing is read until a promise resolves. */
  frame(frame: Frame): MaybePromise<void>;
  /** The link is gone; called once. */
  closed(reason: string): void;
  /** Output after which nothing is read before the peer has taken it. */
  readonly outputBytesMax: number;
}

const IDLE_BYTES = 4096;
const BUSY_BYTES = HEADER_LENGTH + DATA_LENGTH_MAX;
/** Output that leaves in one write. */
const BATCH_BYTES = 256 * 1024;
/** Milliseconds that a frame may take to come, or output to be taken. */
export const FRAME_MS_MAX = 30_000;
/** Milliseconds for what is to leave before the end. */
const FINISH_MS_MAX = 1000;

/** One end of a wire. */
export class FrameLink {
  readonly #stream: WireStream;
  readonly #clock: Clock;
  readonly #user: LinkUser;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(IDLE_BYTES);
  #start = 0;
  #end = 0;
  #lastCount = 0;
  #output: Uint8Array[] = [];
  #outputBytes = 0;
  #writing: Promise<void> | null = null;
  #reason: string | null = null;
  #closing = false;
  #cancelPatience: (() => void) | null = null;

  /** A link over a stream; `run` begins it. */
  constructor(stream: WireStream, clock: Clock, user: LinkUser) {
    this.#stream = stream;
    this.#clock = clock;
    this.#user = user;
  }

  /** Whether it is gone, or is going. */
  get closed(): boolean {
    return this.#closing || this.#reason !== null;
  }

  /** Bytes that were sent and not taken yet. */
  get outputBytes(): number {
    return this.#outputBytes;
  }

  /** Receives until the link is gone. */
  async run(): Promise<void> {
    let reason = "closed by the peer";
    try {
      while (this.#reason === null && await this.#receive());
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    this.#drop(reason);
    this.#user.closed(this.#reason ?? reason);
  }

  /** Sends a frame behind those that were sent before. */
  send(header: FrameHeader, payload?: Uint8Array): void {
    if (this.closed) return;
    const bytes = encodeFrame(header, payload);
    this.#output.push(bytes);
    this.#outputBytes += bytes.length;
    this.#flush();
  }

  /** Ends it, at once; what was not sent is lost. */
  close(reason: string): void {
    this.#drop(reason);
  }

  /** Ends it when all that was sent before has left. */
  async finish(reason: string): Promise<void> {
    if (this.closed) return;
    this.#closing = true;
    const cancel = this.#clock.after(FINISH_MS_MAX, () => this.#drop(reason));
    await this.#drained();
    cancel();
    this.#drop(reason);
  }

  async #receive(): Promise<boolean> {
    const count = await this.#stream.read(this.#bytes.subarray(this.#end));
    if (count === null) return false;
    this.#end += count;
    this.#lastCount = count;
    await this.#handAll();
    return true;
  }

  async #handAll(): Promise<void> {
    const view = new DataView(this.#bytes.buffer);
    while (!this.closed) {
      const length = frameLength(view, this.#start, this.#end);
      if (typeof length !== "number") throw new RangeError(length.fault);
      if (length === 0 || this.#start + length > this.#end) {
        return this.#makeRoom(length);
      }
      const frame = decodeFrame(this.#bytes, view, this.#start);
      this.#start += length;
      this.#watch(false);
      const pending = this.#user.frame(frame);
      if (pending instanceof Promise) await pending;
      // A frame of some bytes can ask for megabytes.
      if (this.#outputBytes > this.#user.outputBytesMax) await this.#drained();
    }
  }

  // The rest of a frame needs room; whoever sends none needs little.
  #makeRoom(wanted: number): void {
    const held = this.#bytes.subarray(this.#start, this.#end);
    const busy = wanted > IDLE_BYTES || this.#lastCount >= IDLE_BYTES;
    const size = busy ? BUSY_BYTES : IDLE_BYTES;
    const keep = held.length > 0 &&
      this.#bytes.length > Math.max(wanted, held.length);
    const next = keep || this.#bytes.length === size
      ? this.#bytes
      : new Uint8Array(size);
    if (next === this.#bytes) next.copyWithin(0, this.#start, this.#end);
    else next.set(held);
    this.#bytes = next;
    this.#start = 0;
    this.#end = held.length;
    this.#watch(held.length > 0);
  }

  // A frame that has begun has to end.
  #watch(isPartial: boolean): void {
    if (!isPartial) {
      this.#cancelPatience?.();
      this.#cancelPatience = null;
    } else {
      this.#cancelPatience ??= this.#clock
        .after(FRAME_MS_MAX, () => this.#drop("a frame did not end"));
    }
  }

  #flush(): void {
    if (this.#writing !== null) return;
    this.#writing = this.#writeAll();
    this.#writing.catch((error) => this.#drop(String(error)));
  }

  async #writeAll(): Promise<void> {
    // All that comes up in this turn leaves together.
    await Promise.resolve();
    try {
      while (this.#output.length > 0 && this.#reason === null) {
        const batch = this.#takeBatch();
        for (let at = 0; at < batch.length;) {
          at += await this.#write(batch.subarray(at));
        }
        this.#outputBytes -= batch.length;
      }
    } finally {
      this.#writing = null;
    }
  }

  async #write(bytes: Uint8Array): Promise<number> {
    const cancel = this.#clock
      .after(FRAME_MS_MAX, () => this.#drop("the peer takes nothing"));
    try {
      return await this.#stream.write(bytes);
    } finally {
      cancel();
    }
  }

  #takeBatch(): Uint8Array {
    const [first] = this.#output;
    let bytes = 0;
    let count = 0;
    for (const frame of this.#output) {
      if (count > 0 && bytes + frame.length > BATCH_BYTES) break;
      bytes += frame.length;
      count += 1;
    }
    const frames = this.#output.splice(0, count);
    if (count === 1 && first !== undefined) return first;
    const batch = new Uint8Array(bytes);
    let at = 0;
    for (const frame of frames) {
      batch.set(frame, at);
      at += frame.length;
    }
    return batch;
  }

  async #drained(): Promise<void> {
    while (this.#writing !== null && this.#reason === null) {
      await this.#writing.catch(() => {});
    }
  }

  #drop(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#watch(false);
    this.#output = [];
    this.#stream.close();
  }
}
