/**
 * Requests that came before their turn, and the gap in CmdSN before them
 * (RFC 7143 4.2.2.1).
 *
 * @module
 */

import type { ReceivedPdu } from "./framer.ts";
import { ahsLengthOf, BHS_LENGTH, serialBefore } from "./wire/pdu.ts";

/** Bytes of requests that came too early and are kept until their turn. */
export const EARLY_BYTES_MAX: number = 2 ** 20;

/**
 * Seconds after which a session ends whose next CmdSN does not come: level 0
 * mends nothing but the whole session (RFC 7143 7.1.5).
 */
export const GAP_SECONDS_MAX = 3;

/** Copies of early requests, by CmdSN. */
export class EarlyRequests {
  readonly #requests: Map<number, Uint8Array> = new Map();
  #lengthBytes = 0;
  #missing: number | null = null;
  #gapSeconds = 0;

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

  /** A request has come that had to be thrown away. */
  miss(cmdSn: number): void {
    this.#missing = cmdSn;
  }

  /**
   * A second has gone by.
   *
   * @param expCmdSn the request that is to come next
   * @returns whether it has been waited for long enough
   */
  secondPassed(expCmdSn: number): boolean {
    const missing = this.#missing;
    if (missing !== null && serialBefore(missing, expCmdSn)) {
      this.#missing = null;
    }
    const isGap = this.size > 0 || this.#missing !== null;
    this.#gapSeconds = isGap ? this.#gapSeconds + 1 : 0;
    return this.#gapSeconds >= GAP_SECONDS_MAX;
  }
}
