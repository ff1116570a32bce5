/**
 * An end of a camtgt wire on which frames can be held back, lost or changed.
 *
 * @module
 */

import type { WireStream } from "../../frontends/camtgt/frame_link.ts";
import {
  decodeFrame,
  FRAME,
  type Frame,
  frameLength,
} from "../../frontends/camtgt/wire/frame.ts";

/** Chooses frames. */
export type ChooseFrame = (frame: Frame) => boolean;

/** A frame on its way. */
export interface Passing {
  /** What it says. */
  readonly frame: Frame;
  /** Its bytes. */
  readonly bytes: Uint8Array;
}

/** The stream of an end, with a filter in front. */
export class FrameFilter implements WireStream {
  /** Incoming frames that are lost. */
  loseIncoming: ChooseFrame = () => false;
  /** Outgoing frames that are lost. */
  loseOutgoing: ChooseFrame = () => false;
  /** All frames that have come in, lost ones too. */
  readonly incoming: Frame[] = [];
  readonly #stream: WireStream;
  readonly #in: FrameCutter = new FrameCutter();
  readonly #out: FrameCutter = new FrameCutter();
  readonly #ready: Uint8Array[] = [];
  #held: Passing[] = [];
  #holds: ChooseFrame | null = null;
  #ended = false;
  #wake: (() => void) | null = null;

  /** Filters a stream. */
  constructor(stream: WireStream) {
    this.#stream = stream;
    void this.#readAll();
  }

  /** Keeps such frames, and what follows them in their exchanges. */
  holdBack(which: ChooseFrame): void {
    this.#holds = which;
  }

  /** Passes on what was kept, and keeps nothing more. */
  letGo(): void {
    this.#holds = null;
    for (const { bytes } of this.#held.splice(0)) this.#ready.push(bytes);
    this.#wake?.();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#ready.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const first = this.#ready.shift() ?? new Uint8Array(0);
    const taken = first.subarray(0, into.length);
    into.set(taken);
    if (taken.length < first.length) {
      this.#ready.unshift(first.subarray(taken.length));
    }
    return taken.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    for (const { frame, bytes: whole } of this.#out.cut(bytes)) {
      if (this.loseOutgoing(frame)) continue;
      for (let at = 0; at < whole.length;) {
        at += await this.#stream.write(whole.subarray(at));
      }
    }
    return bytes.length;
  }

  close(): void {
    this.#ended = true;
    this.#stream.close();
    this.#wake?.();
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(128 * 1024);
    while (true) {
      const count = await this.#stream.read(buffer).catch(() => null);
      if (count === null) break;
      for (const each of this.#in.cut(buffer.subarray(0, count))) {
        this.#pass(each);
      }
      this.#wake?.();
    }
    this.#ended = true;
    this.#wake?.();
  }

  #pass(each: Passing): void {
    const { frame, bytes } = each;
    const { type } = frame;
    this.incoming.push(frame);
    if (this.loseIncoming(frame)) return;
    // An end that is not GOOD needs nothing of what came before it.
    const isFailure = type === FRAME.ABORTED ||
      (type === FRAME.RESPONSE && frame.code !== 0);
    if (isFailure) {
      this.#held = this.#held
        .filter((other) => other.frame.exchange !== frame.exchange);
    }
    const behind = this.#held
      .some((other) => other.frame.exchange === frame.exchange);
    if (behind || this.#holds?.(frame)) this.#held.push(each);
    else this.#ready.push(bytes);
  }
}

/** Cuts a stream of bytes into frames, which it copies. */
export class FrameCutter {
  #rest: Uint8Array = new Uint8Array(0);

  /** The frames that are whole by these bytes. */
  *cut(more: Uint8Array): Iterable<Passing> {
    const all = new Uint8Array(this.#rest.length + more.length);
    all.set(this.#rest);
    all.set(more, this.#rest.length);
    const view = new DataView(all.buffer);
    let start = 0;
    while (true) {
      const length = frameLength(view, start, all.length);
      if (typeof length !== "number") throw new TypeError(length.fault);
      if (length === 0 || start + length > all.length) break;
      const bytes = all.slice(start, start + length);
      const frame = decodeFrame(bytes, new DataView(bytes.buffer), 0);
      yield { frame, bytes };
      start += length;
    }
    this.#rest = all.slice(start);
  }
}
