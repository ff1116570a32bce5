/**
 * Puts frames of forwarding on the link: bodies are built in buffers that are
 * used again and again, because the link copies them.
 *
 * @module
 */

import type { PeerLink } from "../link/peer_link.ts";
import {
  COMMAND_LENGTH,
  type CommandFrame,
  encodeCommand,
} from "./wire/command.ts";
import { KIND, NUMBER_LENGTH } from "./wire/kinds.ts";
import {
  encodeOutcome,
  OUTCOME_LENGTH,
  OUTCOME_LENGTH_MAX,
  type OutcomeFrame,
} from "./wire/outcome.ts";
import {
  CREDIT_LENGTH,
  DATA_IN_LENGTH,
  DATA_OUT_LENGTH,
  type DataInFrame,
  encodeCredit,
  encodeDataIn,
  encodeDataOut,
  encodeWant,
  type PieceFrame,
  WANT_LENGTH,
} from "./wire/transfer.ts";

/** What forwarding needs of the link. */
export type ForwardLink = Pick<
  PeerLink,
  "send" | "receive" | "congested" | "silenceMs"
>;

/** A body that is filled again and again. */
class Body {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(lengthBytes: number) {
    const buffer = new ArrayBuffer(lengthBytes);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }
}

const number = new Body(NUMBER_LENGTH);
const command = new Body(COMMAND_LENGTH);
const dataIn = new Body(DATA_IN_LENGTH);
const credit = new Body(CREDIT_LENGTH);
const want = new Body(WANT_LENGTH);
const dataOut = new Body(DATA_OUT_LENGTH);
const outcome = new Body(OUTCOME_LENGTH_MAX);
const plainOutcome = outcome.bytes.subarray(0, OUTCOME_LENGTH);

/** Sends frames of forwarding. What the link refuses, its end takes back. */
export class Channel {
  readonly #link: ForwardLink;

  /** A channel over a link. */
  constructor(link: ForwardLink) {
    this.#link = link;
  }

  /** Whether what can wait should wait. */
  get congested(): boolean {
    return this.#link.congested;
  }

  /** See `PeerLink`. */
  get silenceMs(): number {
    return this.#link.silenceMs;
  }

  /** A frame of which the body was made for it. */
  send(kind: number, body: Uint8Array): void {
    this.#link.send(kind, body);
  }

  /** A frame that says no more than a number. */
  sendNumber(kind: number, value: number): void {
    number.view.setUint32(0, value);
    this.#link.send(kind, number.bytes);
  }

  /** COMMAND, with a copy of `first`. */
  sendCommand(
    frame: CommandFrame,
    cdb: DataView,
    first: Uint8Array | undefined,
  ): void {
    encodeCommand(command.view, frame, cdb);
    this.#link.send(KIND.COMMAND, command.bytes, first);
  }

  /** DATA_IN; `sent` is called in any case. */
  sendDataIn(frame: DataInFrame, data: Uint8Array, sent: () => void): void {
    encodeDataIn(dataIn.view, frame);
    if (!this.#link.send(KIND.DATA_IN, dataIn.bytes, data, sent)) sent();
  }

  /** CREDIT. */
  sendCredit(nexus: number, bytes: number): void {
    encodeCredit(credit.view, nexus, bytes);
    this.#link.send(KIND.CREDIT, credit.bytes);
  }

  /** WANT. */
  sendWant(frame: PieceFrame): void {
    encodeWant(want.view, frame);
    this.#link.send(KIND.WANT, want.bytes);
  }

  /** DATA_OUT; `sent` is called in any case. */
  sendDataOut(frame: PieceFrame, data: Uint8Array, sent: () => void): void {
    encodeDataOut(dataOut.view, frame);
    if (!this.#link.send(KIND.DATA_OUT, dataOut.bytes, data, sent)) sent();
  }

  /** COMPLETE, FINISH or NO_DATA_OUT. */
  sendOutcome(kind: number, frame: OutcomeFrame): void {
    const length = encodeOutcome(outcome.view, frame);
    const isPlain = length === OUTCOME_LENGTH;
    const body = isPlain ? plainOutcome : outcome.bytes.subarray(0, length);
    this.#link.send(kind, body);
  }
}

/** A frame that no sane peer sends: it ends the link, with this reason. */
export class FrameFault extends TypeError {
  /** Name of the class. */
  override readonly name = "FrameFault";
}

/** Refuses a frame; the link tells why it ends. */
export function malformed(what: string): never {
  throw new FrameFault(`The peer sent ${what}`);
}
