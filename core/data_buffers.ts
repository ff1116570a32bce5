/**
 * The buffers that WRITE BUFFER fills and READ BUFFER returns (SPC-5 6.18,
 * 6.52): one for data, one that echoes.
 *
 * @module
 */

import type { Nexus } from "./nexus.ts";

/** Bytes of the data buffer. */
export const DATA_BUFFER_LENGTH: number = 256 * 1024;

/** Bytes of the echo buffer: the most that its descriptor allows. */
export const ECHO_BUFFER_LENGTH = 4096;

/** What a nexus finds in the echo buffer. */
export type Echo =
  | { readonly bytes: Uint8Array }
  /** It has written nothing, or another nexus has written since. */
  | { readonly bytes: null; readonly overwritten: boolean };

/** The buffers of one unit. */
export class DataBuffers {
  #data: Uint8Array | null = null;
  #echo: Uint8Array = new Uint8Array(0);
  #echoOwner: WeakRef<Nexus> | null = null;
  readonly #echoWriters: WeakSet<Nexus> = new WeakSet();

  /** The data buffer: zeroes, made when it is first asked for. */
  get data(): Uint8Array {
    this.#data ??= new Uint8Array(DATA_BUFFER_LENGTH);
    return this.#data;
  }

  /** What the nexus has written to the echo buffer. */
  echoOf(nexus: Nexus): Echo {
    if (this.#echoOwner?.deref() === nexus) return { bytes: this.#echo };
    return { bytes: null, overwritten: this.#echoWriters.has(nexus) };
  }

  /** A nexus writes the echo buffer. */
  writeEcho(nexus: Nexus, bytes: Uint8Array): void {
    this.#echo = bytes;
    this.#echoOwner = new WeakRef(nexus);
    this.#echoWriters.add(nexus);
  }
}
