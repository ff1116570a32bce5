/**
 * The bytes of a TLS socket, as the link reads and writes them.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";
import type { PeerStream } from "./peer_transport.ts";

/** Received bytes that wait before the socket is told to stop. */
const WAITING_BYTES_MAX: number = 1024 * 1024;
/** Bytes that are encrypted and sent at once, and that wait behind them. */
const SENDING_BYTES_MAX: number = 512 * 1024;
/** Milliseconds that the last bytes may take. */
const LAST_BYTES_MS = 250;

/** A TLS socket that is read when bytes are wanted. */
export class TlsStream implements PeerStream {
  readonly #socket: TLSSocket;
  readonly #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #filling: Uint8Array = new Uint8Array(SENDING_BYTES_MAX);
  #spare: Uint8Array = new Uint8Array(SENDING_BYTES_MAX);
  #filledBytes = 0;
  #isSending = false;
  readonly #sent = () => this.#sendMore();
  #room: (() => void) | null = null;
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  /** A stream over a socket whose handshake is done. */
  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.#received(chunk));
    socket.on("error", (error: Error) => this.#end(error));
    socket.on("end", () => this.#end(null));
    socket.on("close", () => this.#end(null));
  }

  /** Reads some bytes; null at the end. */
  async read(into: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#error !== null) throw this.#error;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const count = this.#fill(into);
    const was = this.#waitingBytes;
    this.#waitingBytes -= count;
    if (was > WAITING_BYTES_MAX && this.#waitingBytes <= WAITING_BYTES_MAX) {
      this.#socket.resume();
    }
    return count;
  }

  /**
   * Takes as many bytes as there is room for. They are copied, so that the
   * next can come while these are on their way: into one of two buffers that
   * are used again and again. A fresh one for each write, or the socket's own
   * queue, which puts all that waits together in one, keeps the collector
   * busier than encryption does.
   */
  async write(bytes: Uint8Array): Promise<number> {
    while (this.#filledBytes === SENDING_BYTES_MAX) {
      await new Promise<void>((resolve) => this.#room = resolve);
    }
    if (this.#ended) throw this.#error ?? new Error("closed");
    const count = Math.min(bytes.length, SENDING_BYTES_MAX - this.#filledBytes);
    const taken = count === bytes.length ? bytes : bytes.subarray(0, count);
    this.#filling.set(taken, this.#filledBytes);
    this.#filledBytes += count;
    if (!this.#isSending) this.#send();
    return count;
  }

  /** Ends both directions; what was written goes out first, or soon not. */
  close(): void {
    const isSending = this.#isSending;
    const last = this.#filling.slice(0, this.#filledBytes);
    this.#end(null);
    const socket = this.#socket;
    if (!isSending || socket.destroyed) return void socket.destroy();
    const timer = setTimeout(() => socket.destroy(), LAST_BYTES_MS);
    socket.once("close", () => clearTimeout(timer));
    socket.resume();
    socket.end(last, () => socket.destroy());
  }

  #send(): void {
    const bytes = this.#filling.subarray(0, this.#filledBytes);
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filledBytes = 0;
    this.#isSending = true;
    this.#socket.write(bytes, this.#sent);
  }

  // What was given to the socket is gone: its buffer is free.
  #sendMore(): void {
    this.#isSending = false;
    if (this.#ended) return;
    if (this.#filledBytes > 0) this.#send();
    this.#wakeWriter();
  }

  #received(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.#socket.pause();
    this.#wakeUp();
  }

  #fill(into: Uint8Array): number {
    let at = 0;
    while (at < into.length) {
      const [chunk] = this.#chunks;
      if (chunk === undefined) break;
      const taken = Math.min(chunk.length, into.length - at);
      into.set(taken < chunk.length ? chunk.subarray(0, taken) : chunk, at);
      at += taken;
      if (taken < chunk.length) this.#chunks[0] = chunk.subarray(taken);
      else this.#chunks.shift();
    }
    return at;
  }

  #end(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#filledBytes = 0;
    this.#wakeUp();
    this.#wakeWriter();
  }

  #wakeWriter(): void {
    const room = this.#room;
    this.#room = null;
    room?.();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
