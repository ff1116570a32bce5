/**
 * Requests that came before their turn (RFC 7143 4.2.2.1).
 *
 * @module
 */

import type { ReceivedPdu } from "./framer.ts";
import { BHS_LENGTH } from "./wire/pdu.ts";

/** Bytes of requests that came too early and are kept until their turn. */
export const EARLY_BYTES_MAX: number = 2 ** 20;

/** Copies of early requests, by CmdSN. */
export class EarlyRequests {
  readonly #requests: Map<number, Uint8Array> = new Map();
  #lengthBytes = 0;

  /** How many wait. */
  get size(): number {
    return this.#requests.size;
  }

  /** Keeps a request. @returns false when there are too many bytes now */
  keep(cmdSn: number, pdu: ReceivedPdu): boolean {
    if (this.#requests.has(cmdSn)) return true;
    const { bytes, start, dataAt, dataLength } = pdu;
    const copy = new Uint8Array(BHS_LENGTH + dataLength);
    copy.set(bytes.subarray(start, start + BHS_LENGTH));
    copy.set(bytes.subarray(dataAt, dataAt + dataLength), BHS_LENGTH);
    this.#requests.set(cmdSn, copy);
    this.#lengthBytes += copy.length;
    return this.#lengthBytes <= EARLY_BYTES_MAX;
  }

  /** Takes a request out. @returns null when it has not come */
  take(cmdSn: number): ReceivedPdu | null {
    const bytes = this.#requests.get(cmdSn);
    if (bytes === undefined) return null;
    this.#requests.delete(cmdSn);
    this.#lengthBytes -= bytes.length;
    return {
      bytes,
      view: new DataView(bytes.buffer),
      start: 0,
      dataAt: BHS_LENGTH,
      dataLength: bytes.length - BHS_LENGTH,
      dataCorrupt: false,
    };
  }
}
