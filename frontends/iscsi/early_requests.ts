/**
 * Requests that came before their turn (RFC 7143 4.2.2.1).
 *
 * @module
 */

import type { ReceivedPdu } from "./framer.ts";
import { ahsLengthOf, BHS_LENGTH } from "./wire/pdu.ts";

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
    const headerLength = BHS_LENGTH + ahsLengthOf(pdu.view, start);
    const copy = new Uint8Array(headerLength + dataLength);
    copy.set(bytes.subarray(start, start + headerLength));
    copy.set(bytes.subarray(dataAt, dataAt + dataLength), headerLength);
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
    const view = new DataView(bytes.buffer);
    const dataAt = BHS_LENGTH + ahsLengthOf(view, 0);
    return {
      bytes,
      view,
      start: 0,
      dataAt,
      dataLength: bytes.length - dataAt,
      dataCorrupt: false,
    };
  }
}
