/**
 * The `simulated` wire: two ends in one process, frames and all, without a
 * socket and without a permission.
 *
 * @module
 */

import type { WireStream } from "./frame_link.ts";

const HELD_BYTES_MAX: number = 2 ** 20;

/**
 * Two streams, each the other's end.
 *
 * @param heldBytesMax bytes that an end takes before its peer has to wait
 */
export function simulatedWire(
  heldBytesMax: number = HELD_BYTES_MAX,
): readonly [WireStream, WireStream] {
  const [one, other] = [new Pipe(heldBytesMax), new Pipe(heldBytesMax)];
  return [new WireEnd(one, other), new WireEnd(other, one)];
}

class WireEnd implements WireStream {
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;

  constructor(incoming: Pipe, outgoing: Pipe) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#incoming.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#outgoing.write(bytes);
  }

  close(): void {
    this.#incoming.close();
    this.#outgoing.close();
  }
}

/** Bytes on their way in one direction. */
class Pipe {
  readonly #pieces: Uint8Array[] = [];
  readonly #heldBytesMax: number;
  #heldBytes = 0;
  #closed = false;
  #wakeReader: (() => void) | null = null;
  #wakeWriter: (() => void) | null = null;

  constructor(heldBytesMax: number) {
    this.#heldBytesMax = heldBytesMax;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#pieces.length === 0) {
      if (this.#closed) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    let at = 0;
    while (at < into.length) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      const taken = piece.subarray(0, into.length - at);
      into.set(taken, at);
      at += taken.length;
      if (taken.length < piece.length) {
        this.#pieces.unshift(piece.subarray(taken.length));
      }
    }
    this.#heldBytes -= at;
    this.#wakeWriter?.();
    return at;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#heldBytes >= this.#heldBytesMax && !this.#closed) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.#closed) throw new TypeError("The wire was cut");
    const piece = bytes.slice();
    this.#pieces.push(piece);
    this.#heldBytes += piece.length;
    this.#wakeReader?.();
    return piece.length;
  }

  close(): void {
    this.#closed = true;
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}
