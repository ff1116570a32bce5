/**
 * Two ends of a stream in memory: lets the initiator speak to an engine that
 * has no socket, and tests it without any permission.
 *
 * @module
 */

import type { ByteStream } from "./connection.ts";

/** Two streams; what is written to one is read from the other. */
export function memoryStreamPair(): [ByteStream, ByteStream] {
  const there = new Pipe();
  const back = new Pipe();
  return [end(there, back), end(back, there)];
}

function end(out: Pipe, into: Pipe): ByteStream {
  return {
    read: (bytes) => into.read(bytes),
    write: (bytes) => out.write(bytes),
    close: () => {
      out.end();
      into.end();
    },
  };
}

/** One direction: chunks that wait for a reader, or a reader for chunks. */
class Pipe {
  #chunks: Uint8Array[] = [];
  #ended = false;
  #wake: () => void = () => {};

  write(bytes: Uint8Array): Promise<number> {
    if (this.#ended) return Promise.reject(new Deno.errors.BrokenPipe());
    this.#chunks.push(bytes.slice());
    this.#wake();
    return Promise.resolve(bytes.length);
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const chunk = this.#chunks.shift() ?? new Uint8Array(0);
    const part = chunk.subarray(0, into.length);
    if (part.length < chunk.length) {
      this.#chunks.unshift(chunk.subarray(part.length));
    }
    into.set(part);
    return part.length;
  }
}
