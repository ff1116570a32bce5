/**
 * Digests of the load client.
 *
 * CRC32C is the target's own: it is held to the standard's examples by a
 * test, and a slow one here would be all that a load with digests measures.
 *
 * @module
 */

import {
  crc32c,
  digestMatches,
  putDigest,
} from "../../../frontends/iscsi/wire/crc32c.ts";
import { DIGEST_BYTES } from "./wire.ts";

export { putDigest };

/**
 * Makes sure that the digest behind some bytes is theirs.
 *
 * @param start where the bytes begin
 * @param at where the digest stands
 * @throws when it is another's
 */
export function requireDigest(view: DataView, start: number, at: number): void {
  if (digestMatches(view, start, at)) return;
  throw new Error(`Wrong digest of ${at - start} bytes`);
}

/** Bytes that take a digest: none do without. */
export function digestBytes(wanted: boolean, lengthBytes: number): number {
  return wanted && lengthBytes > 0 ? DIGEST_BYTES : 0;
}

/**
 * Data that are always the same, with their digests: an initiator's processor
 * has an instruction for CRC32C, ours would be busy with little else.
 */
export class DigestedData {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #digests = new Map<number, number>();

  /** Random bytes, for data segments of up to that length. */
  constructor(lengthBytesMax: number) {
    const words = new Uint32Array(lengthBytesMax / 4);
    for (let index = 0; index < words.length; index += 1) {
      words[index] = Math.random() * 2 ** 32;
    }
    this.#bytes = new Uint8Array(words.buffer);
  }

  /** Puts a data segment and its digest into a buffer. */
  put(view: DataView<ArrayBuffer>, at: number, lengthBytes: number): void {
    const data = this.#bytes.subarray(0, lengthBytes);
    new Uint8Array(view.buffer).set(data, at);
    view.setUint32(at + lengthBytes, this.#digestOf(lengthBytes), true);
  }

  #digestOf(lengthBytes: number): number {
    const known = this.#digests.get(lengthBytes);
    if (known !== undefined) return known;
    const view = new DataView(this.#bytes.buffer);
    const digest = crc32c(view, 0, lengthBytes);
    this.#digests.set(lengthBytes, digest);
    return digest;
  }
}
