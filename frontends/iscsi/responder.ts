/**
 * Builds the responses of a connection that are not on the data path, and
 * keeps its StatSN (RFC 7143 4.2.2.2).
 *
 * @module
 */

import type { Output } from "./output.ts";
import type { SessionParameters } from "./parameters.ts";
import type { TaskWindow } from "./task_window.ts";
import {
  type ControlResponse,
  encodeControl,
  REJECT_REASON,
} from "./wire/control.ts";
import { putDigest } from "./wire/crc32c.ts";
import {
  BHS_LENGTH,
  DIGEST_LENGTH,
  padded,
  RESERVED_TAG,
  RESPONSE,
  serialAdd,
} from "./wire/pdu.ts";

/** A response without the numbers that the responder knows. */
export type ResponseFields = Omit<
  ControlResponse,
  "statSn" | "expCmdSn" | "maxCmdSn" | "dataSegmentLength"
>;

const NO_DATA = new Uint8Array(0);

/** Longest data segment that we send: several fit into a send buffer. */
const SEGMENT_LENGTH_MAX = 262144;

/** Writes responses into the output of a connection. */
export class Responder {
  /** Bytes before the data segment of every PDU. */
  readonly headLength: number;
  readonly #output: Output;
  readonly #window: TaskWindow;
  readonly #headerDigest: boolean;
  readonly #dataDigest: boolean;
  #segmentLengthMax = 0;
  #statSn: number;

  /** A responder for a connection whose next StatSN is `statSn`. */
  constructor(
    output: Output,
    window: TaskWindow,
    parameters: SessionParameters,
    statSn: number,
  ) {
    this.#output = output;
    this.#window = window;
    this.#headerDigest = parameters.headerDigest;
    this.#dataDigest = parameters.dataDigest;
    this.#statSn = statSn;
    this.headLength = BHS_LENGTH + (this.#headerDigest ? DIGEST_LENGTH : 0);
    this.limitSegment(parameters.maxSendDataSegmentLengthBytes);
  }

  /** Longest data segment that we send now. */
  get segmentLengthMax(): number {
    return this.#segmentLengthMax;
  }

  /** The initiator declared how long a data segment may be. */
  limitSegment(lengthBytes: number): void {
    this.#segmentLengthMax = Math.min(lengthBytes, SEGMENT_LENGTH_MAX);
  }

  /** The StatSN that the next numbered response gets. */
  get statSn(): number {
    return this.#statSn;
  }

  /** The StatSN of a response that is being built; the next is one more. */
  takeStatSn(): number {
    const statSn = this.#statSn;
    this.#statSn = serialAdd(statSn, 1);
    return statSn;
  }

  /** Bytes that a PDU with so much data takes. */
  lengthOf(dataLength: number): number {
    const digest = this.#dataDigest && dataLength > 0 ? DIGEST_LENGTH : 0;
    return this.headLength + padded(dataLength) + digest;
  }

  /** Puts pads and digests around the PDU at the output's end; sends it. */
  finish(dataLength: number): void {
    const output = this.#output;
    const { view, at } = output;
    if (this.#headerDigest) putDigest(view, at, at + BHS_LENGTH);
    const dataAt = at + this.headLength;
    const end = dataAt + padded(dataLength);
    for (let pad = dataAt + dataLength; pad < end; pad += 1) {
      view.setUint8(pad, 0);
    }
    if (this.#dataDigest && dataLength > 0) putDigest(view, dataAt, end);
    output.advance(this.lengthOf(dataLength));
  }

  /** Sends a response that has a StatSN of its own. */
  respond(fields: ResponseFields, data: Uint8Array = NO_DATA): void {
    this.#send(fields, data, this.takeStatSn());
  }

  /** Sends a PDU that shows the next StatSN without using it up. */
  announce(fields: ResponseFields, data: Uint8Array = NO_DATA): void {
    this.#send(fields, data, this.#statSn);
  }

  /** The initiator has cost as much as so many PDUs for nothing. */
  waste(count: number): void {
    this.#output.patience.waste(count);
  }

  /** Rejects a PDU whose header begins at `start` (RFC 7143 11.17). */
  reject(reason: number, bytes: Uint8Array, start: number): void {
    this.waste(1);
    this.respond(
      {
        opcode: RESPONSE.REJECT,
        code: reason,
        initiatorTaskTag: RESERVED_TAG,
      },
      bytes.subarray(start, start + BHS_LENGTH),
    );
  }

  /** Rejects a PDU that breaks a rule of the protocol. */
  rejectProtocolError(bytes: Uint8Array, start: number): void {
    this.reject(REJECT_REASON.PROTOCOL_ERROR, bytes, start);
  }

  #send(fields: ResponseFields, data: Uint8Array, statSn: number): void {
    const output = this.#output;
    output.reserve(this.lengthOf(data.length));
    output.bytes.set(data, output.at + this.headLength);
    encodeControl(output.view, output.at, {
      ...fields,
      dataSegmentLength: data.length,
      statSn,
      expCmdSn: this.#window.expCmdSn,
      maxCmdSn: this.#window.maxCmdSn,
    });
    this.finish(data.length);
  }
}
