/**
 * Follows the bytes that a target receives as the target has to: where PDUs
 * begin, and how many bytes the last one still lacks.
 *
 * @module
 */

import {
  type Digests,
  HEADER_BYTES,
  NO_DIGESTS,
} from "../support/initiator/mod.ts";

/** The mirror. */
export class FrameMirror {
  /** Digests of the phase. */
  digests: Digests = NO_DIGESTS;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerLength = 0;
  #bodyLeft = 0;

  /** Bytes are sent. */
  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at);
      at += this.#headerLength < HEADER_BYTES
        ? this.#takeHeader(rest)
        : this.#takeBody(rest);
      const isWhole = this.#headerLength === HEADER_BYTES &&
        this.#bodyLeft === 0;
      if (isWhole) this.#headerLength = 0;
    }
  }

  /** Bytes that are missing, if all are zero, until the last PDU is whole. */
  missing(): number {
    if (this.#headerLength === 0) return 0;
    if (this.#headerLength === HEADER_BYTES) return this.#bodyLeft;
    this.#header.fill(0, this.#headerLength);
    return HEADER_BYTES - this.#headerLength + this.#bodyLength();
  }

  #takeHeader(bytes: Uint8Array): number {
    const used = Math.min(HEADER_BYTES - this.#headerLength, bytes.length);
    this.#header.set(bytes.subarray(0, used), this.#headerLength);
    this.#headerLength += used;
    if (this.#headerLength === HEADER_BYTES) {
      this.#bodyLeft = this.#bodyLength();
    }
    return used;
  }

  #takeBody(bytes: Uint8Array): number {
    const used = Math.min(this.#bodyLeft, bytes.length);
    this.#bodyLeft -= used;
    return used;
  }

  #bodyLength(): number {
    const lengths = new DataView(this.#header.buffer).getUint32(4);
    const data = ((lengths & 0xffffff) + 3) & ~3;
    const digests = (this.digests.header ? 4 : 0) +
      (this.digests.data && data > 0 ? 4 : 0);
    return (lengths >>> 24) * 4 + data + digests;
  }
}
