/**
 * The target's end of a stream, as bad networks make it: bytes come in small
 * pieces, and leave only when the other side takes them.
 *
 * @module
 */

import type { ByteStream } from "../support/initiator/mod.ts";

/** The stream. */
export class LimitedStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #pieceBytesMax: number;
  #closed = false;
  #stopped: PromiseWithResolvers<void> | null = null;

  /** Reads at most so many bytes at once from another stream. */
  constructor(stream: ByteStream, pieceBytesMax: number) {
    this.#stream = stream;
    this.#pieceBytesMax = pieceBytesMax;
  }

  /** Nothing leaves from now on. */
  stop(): void {
    this.#stopped ??= Promise.withResolvers();
  }

  /** All leaves again, what waits first. */
  go(): void {
    this.#stopped?.resolve();
    this.#stopped = null;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const piece = into.subarray(0, this.#pieceBytesMax);
    const count = await this.#stream.read(piece);
    return this.#closed ? null : count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#stopped !== null) await this.#stopped.promise;
    return await this.#stream.write(bytes);
  }

  // What waits finds the stream closed, whatever was still on its way.
  close(): void {
    this.#closed = true;
    this.#stream.close();
    this.go();
  }
}
