/**
 * Cuts received bytes into PDUs and checks their digests (RFC 7143 11.2).
 *
 * @module
 */

import { digestMatches } from "./wire/crc32c.ts";
import {
  ahsLengthOf,
  BHS_LENGTH,
  dataSegmentLengthOf,
  DIGEST_LENGTH,
  padded,
} from "./wire/pdu.ts";

/** Where the parts of a received PDU stand. */
export interface ReceivedPdu {
  /** The receive buffer; valid only during the call. */
  bytes: Uint8Array;
  /** Its view. */
  view: DataView;
  /** Where the header begins. */
  start: number;
  /** Where the data segment begins. */
  dataAt: number;
  /** Bytes of the data segment, without padding. */
  dataLength: number;
  /** The data digest was wrong. */
  dataCorrupt: boolean;
}

/** Limits and digests of the phase that a connection is in. */
export interface Framing {
  /** Header digests are used. */
  readonly headerDigest: boolean;
  /** Data digests are used. */
  readonly dataDigest: boolean;
  /** Longest data segment that we have declared to take. */
  readonly dataSegmentLengthMax: number;
}

/** Framing of the login phase: no digests, 8192 bytes (RFC 7143 13.12). */
export const LOGIN_FRAMING: Framing = {
  headerDigest: false,
  dataDigest: false,
  dataSegmentLengthMax: 8192,
};

/** What stands at the beginning of the received bytes. */
export const FRAME = {
  /** A whole PDU. */
  WHOLE: 0,
  /** The beginning of one: more has to be received. */
  PARTIAL: 1,
  /** Nothing that can be understood: the connection has to be closed. */
  BROKEN: 2,
} as const;

/** Finds PDUs in a receive buffer. One value is used again and again. */
export class Framer {
  /** The PDU found last. */
  readonly pdu: ReceivedPdu = {
    bytes: new Uint8Array(0),
    view: new DataView(new ArrayBuffer(0)),
    start: 0,
    dataAt: 0,
    dataLength: 0,
    dataCorrupt: false,
  };
  /** Bytes from the beginning of the PDU found last to its end. */
  length = 0;
  /** Why the bytes are broken. */
  problem = "";
  #framing: Framing = LOGIN_FRAMING;

  /** Begins another phase with the next PDU. */
  use(framing: Framing): void {
    this.#framing = framing;
  }

  /** Names the buffer in which PDUs are to be found. */
  setBuffer(bytes: Uint8Array, view: DataView): void {
    this.pdu.bytes = bytes;
    this.pdu.view = view;
  }

  /**
   * Looks for a PDU in the bytes from `start` to `end`.
   *
   * @returns one of {@linkcode FRAME}; `length` says what a partial one needs
   */
  find(start: number, end: number): number {
    const { view } = this.pdu;
    this.length = BHS_LENGTH;
    if (end - start < BHS_LENGTH) return FRAME.PARTIAL;
    const { headerDigest, dataDigest, dataSegmentLengthMax } = this.#framing;
    let dataAt = start + BHS_LENGTH + ahsLengthOf(view, start);
    if (headerDigest) {
      // Its lengths cannot be trusted before the header has been checked.
      this.length = dataAt + DIGEST_LENGTH - start;
      if (end - start < this.length) return FRAME.PARTIAL;
      if (!digestMatches(view, start, dataAt)) return this.#broken("header");
      dataAt += DIGEST_LENGTH;
    }
    const dataLength = dataSegmentLengthOf(view, start);
    if (dataLength > dataSegmentLengthMax) return this.#tooLong(dataLength);
    const dataEnd = dataAt + padded(dataLength);
    const digested = dataDigest && dataLength > 0;
    this.length = dataEnd + (digested ? DIGEST_LENGTH : 0) - start;
    if (end - start < this.length) return FRAME.PARTIAL;
    this.pdu.start = start;
    this.pdu.dataAt = dataAt;
    this.pdu.dataLength = dataLength;
    this.pdu.dataCorrupt = digested && !digestMatches(view, dataAt, dataEnd);
    return FRAME.WHOLE;
  }

  #broken(part: string): number {
    this.problem = `${part} digest error`;
    return FRAME.BROKEN;
  }

  #tooLong(dataLength: number): number {
    this.problem = `a data segment of ${dataLength} bytes, where ` +
      `${this.#framing.dataSegmentLengthMax} is the limit`;
    return FRAME.BROKEN;
  }
}
