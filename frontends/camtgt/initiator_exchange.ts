/**
 * One command of an initiator: what has come of its data, and what is missing.
 *
 * @module
 */

import type { FrameLink } from "./frame_link.ts";
import type { CamCommand, CamResult } from "./initiator.ts";
import { FRAME, type Frame, FRAME_FLAG, RETRANSMISSION } from "./wire/frame.ts";

const STATUS_GOOD = 0;
/** Times that data are asked for again without any coming. */
const FRUITLESS_MAX = 8;
const NO_BYTES = new Uint8Array(0);

/** An exchange. */
export class InitiatorExchange {
  /** Its end. */
  readonly ended: Promise<CamResult>;
  readonly #link: FrameLink;
  readonly #id: number;
  readonly #tag: number;
  readonly #dataIn: Uint8Array;
  readonly #dataOut: Uint8Array;
  readonly #ending: PromiseWithResolvers<CamResult> = Promise.withResolvers();
  #received = 0;
  /** Offset from which data were asked for again; -1: they were not. */
  #askedFrom = -1;
  #fruitless = 0;
  /** GOOD has come, and not all of the data. */
  #incomplete = false;
  #over = false;

  /** A command that is about to be sent. */
  constructor(link: FrameLink, id: number, tag: number, command: CamCommand) {
    this.#link = link;
    this.#id = id;
    this.#tag = tag;
    this.#dataIn = new Uint8Array(command.dataInLength ?? 0);
    this.#dataOut = command.dataOut ?? NO_BYTES;
    this.ended = this.#ending.promise;
    // Whoever lets it go without a look must not end the program.
    this.ended.catch(() => {});
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** Data-In have come. */
  dataIn({ parameter: offset, payload, flags }: Frame): void {
    const end = offset + payload.length;
    if (end > this.#dataIn.length) {
      throw new RangeError("more Data-In than there is room for");
    }
    if (offset > this.#received) return this.#askFrom(this.#received);
    if (end > this.#received) {
      this.#dataIn.set(payload, offset);
      this.#received = end;
      this.#askedFrom = -1;
      this.#fruitless = 0;
    }
    if ((flags & FRAME_FLAG.END) === 0 || end < this.#received) return;
    this.#link.send({
      type: FRAME.ACKNOWLEDGE,
      exchange: this.#id,
      parameter: end,
    });
  }

  /** The port wants data. */
  sendData(offset: number, length: number, frameMax: number): void {
    const end = offset + length;
    if (end > this.#dataOut.length) {
      throw new RangeError("more Data-Out is wanted than was offered");
    }
    for (let at = offset; at < end;) {
      const next = Math.min(end, at + frameMax);
      this.#link.send({
        type: FRAME.DATA,
        flags: next === end ? FRAME_FLAG.END : 0,
        exchange: this.#id,
        parameter: at,
      }, this.#dataOut.subarray(at, next));
      at = next;
    }
  }

  /** Its status has come. */
  response({ code: status, flags, parameter: residual, payload }: Frame): void {
    const expected = this.#dataIn.length + this.#dataOut.length;
    const under = (flags & FRAME_FLAG.UNDERFLOW) !== 0;
    const over = (flags & FRAME_FLAG.OVERFLOW) !== 0;
    const moved = expected + (over ? residual : under ? -residual : 0);
    const wanted = Math.min(moved, this.#dataIn.length);
    if (status === STATUS_GOOD && this.#received < wanted) {
      this.#incomplete = true;
      return this.#askFrom(this.#received);
    }
    this.#over = true;
    this.#ending.resolve({
      tag: this.#tag,
      status,
      senseData: payload.slice(),
      dataIn: this.#dataIn.subarray(0, this.#received),
      transferLength: moved,
    });
  }

  /** The port cannot send it again: what is missing is lost. */
  notRetransmitted({ code }: Frame): void {
    if (code !== RETRANSMISSION.DATA_IN || this.#askedFrom < 0) return;
    if (this.#incomplete) {
      return this.fail(new TypeError("Data-In were lost on their way"));
    }
    this.#link.send({ type: FRAME.DATA_LOST, exchange: this.#id });
  }

  /** It is over, and has no status. */
  aborted({ parameter }: Frame): void {
    this.#over = true;
    this.#ending.resolve({
      tag: this.#tag,
      status: null,
      senseData: NO_BYTES,
      dataIn: this.#dataIn.subarray(0, this.#received),
      transferLength: parameter,
    });
  }

  /** The link is gone. */
  fail(error: Error): void {
    this.#over = true;
    this.#ending.reject(error);
  }

  // Once for each gap: all that follows it comes after the same loss.
  #askFrom(offset: number): void {
    if (offset === this.#askedFrom) {
      this.#fruitless += 1;
      if (this.#fruitless < FRUITLESS_MAX) return;
      this.#fruitless = 0;
    }
    this.#askedFrom = offset;
    this.#link.send({
      type: FRAME.RETRANSMIT,
      code: RETRANSMISSION.DATA_IN,
      exchange: this.#id,
      parameter: offset,
    });
  }
}
