/**
 * Gathers what a command reads and checks that its PDUs follow the rules: one
 * row of DataSN and R2TSN, offsets without gaps, sequences no longer than
 * agreed (RFC 7143 11.7, 11.8).
 *
 * @module
 */

import { FLAG, NO_TAG, OPCODE } from "./codes.ts";
import type { Negotiated } from "./negotiation.ts";
import type { Pdu } from "./pdu.ts";

/** Data-In and R2T of one command. */
export class DataIn {
  readonly #limits: Negotiated;
  readonly #readLength: number;
  readonly #writeLength: number;
  readonly #buffer: Uint8Array;
  #received = 0;
  #burst = 0;
  #count = 0;
  #dataInCount = 0;

  /** For a command that expects these many bytes each way. */
  constructor(limits: Negotiated, readLength: number, writeLength: number) {
    this.#limits = limits;
    this.#readLength = readLength;
    this.#writeLength = writeLength;
    this.#buffer = new Uint8Array(readLength);
  }

  /** Bytes that came, from the start on. */
  get data(): Uint8Array {
    return this.#buffer.subarray(0, this.#received);
  }

  /** Takes a PDU of the command and says which rules it breaks. */
  *accept(pdu: Pdu): Generator<string> {
    if (pdu.opcode === OPCODE.DATA_IN) yield* this.#acceptDataIn(pdu);
    if (pdu.opcode === OPCODE.R2T) yield* this.#acceptR2t(pdu);
    if (pdu.opcode === OPCODE.SCSI_RESPONSE) yield* this.#acceptResponse(pdu);
  }

  *#acceptDataIn(pdu: Pdu): Generator<string> {
    yield* this.#nextNumber(pdu);
    this.#dataInCount += 1;
    const offset = pdu.u32(40);
    const end = offset + pdu.data.length;
    if (offset !== this.#received) {
      yield `buffer offset ${offset}, expected ${this.#received}`;
    }
    if (end > this.#readLength) {
      yield `data up to ${end} of ${this.#readLength} bytes`;
    } else {
      this.#buffer.set(pdu.data, offset);
      this.#received = Math.max(this.#received, end);
    }
    yield* this.#endBurst(pdu);
  }

  *#endBurst(pdu: Pdu): Generator<string> {
    const { burstBytesMax, errorRecoveryLevel } = this.#limits;
    this.#burst += pdu.data.length;
    if (pdu.has(FLAG.ACKNOWLEDGE) && errorRecoveryLevel === 0) {
      yield "A without error recovery";
    }
    if (this.#burst > burstBytesMax) {
      yield `a sequence of ${this.#burst} bytes, at most ${burstBytesMax}`;
    }
    if (pdu.has(FLAG.FINAL)) this.#burst = 0;
    else if (pdu.has(FLAG.STATUS)) yield "S without F";
  }

  *#acceptR2t(pdu: Pdu): Generator<string> {
    yield* this.#nextNumber(pdu);
    const [offset, length] = [pdu.u32(40), pdu.u32(44)];
    const { burstBytesMax } = this.#limits;
    if (pdu.targetTransferTag === NO_TAG) yield "it has no transfer tag";
    if (length === 0 || length > burstBytesMax) {
      yield `it asks for ${length} bytes, 1 to ${burstBytesMax} are allowed`;
    }
    if (offset + length > this.#writeLength) {
      yield `it asks up to ${offset + length} of ${this.#writeLength} bytes`;
    }
  }

  *#acceptResponse(pdu: Pdu): Generator<string> {
    const both = FLAG.OVERFLOW | FLAG.UNDERFLOW;
    if (pdu.has(both)) yield "overflow and underflow at once";
    if (this.#burst > 0) yield "the last Data-In had no F";
    yield* this.#acceptExpDataSN(pdu.u8(2), pdu.u32(36));
  }

  // Whether R2Ts count where no Data-In was sent, the standards say in two ways
  // (RFC 3720 10.4.8, RFC 7143 11.4.8): both are right.
  *#acceptExpDataSN(response: number, expDataSN: number): Generator<string> {
    const noDataIn = this.#dataInCount === 0;
    const right = expDataSN === this.#count ||
      (expDataSN === 0 && (noDataIn || response !== 0));
    if (!right) yield `ExpDataSN ${expDataSN}, expected ${this.#count}`;
  }

  *#nextNumber(pdu: Pdu): Generator<string> {
    const number = pdu.u32(36);
    if (number !== this.#count) {
      yield `number ${number} in its row, expected ${this.#count}`;
    }
    this.#count = number + 1;
  }
}
