/**
 * One iSCSI connection from its first byte to its last: login, then a normal
 * or a discovery session. It never touches a socket.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";
import { DiscoverySession } from "./discovery_session.ts";
import {
  FRAME,
  Framer,
  type Framing,
  LOGIN_FRAMING,
  type ReceivedPdu,
} from "./framer.ts";
import type { LoginEngine, LoginOutcome, LoginStep } from "./login.ts";
import type { Output } from "./output.ts";
import type { IscsiSession } from "./session.ts";
import { WINDOW_SIZE } from "./task_window.ts";
import {
  decodeLoginRequest,
  encodeLoginResponse,
  LOGIN_STATUS,
  type LoginResponse,
  type LoginStatus,
} from "./wire/login.ts";
import {
  At,
  BHS_LENGTH,
  opcodeOf,
  padded,
  REQUEST,
  serialAdd,
} from "./wire/pdu.ts";
import type { TextPair } from "./wire/text_keys.ts";

/** What a connection asks of the service around it. */
export interface ConnectionServices {
  /** Time. */
  readonly clock: Clock;
  /** Its output. */
  readonly output: Output;
  /** Output may have to be sent although nothing was received. */
  readonly wakeOutput: () => void;
  /**
   * Opens the session that a login has brought about: ends the one it takes
   * the place of, and connects it to its target port.
   *
   * @returns the session, or the login status that refuses it
   */
  openSession(
    outcome: LoginOutcome,
  ): Promise<OpenedSession | { readonly status: LoginStatus }>;
  /** A login was refused, or sent on to another address. */
  loginRefused(status: number): void;
  /** Answers SendTargets in a discovery session. */
  sendTargets(
    outcome: LoginOutcome,
    value: string,
  ): readonly TextPair[] | undefined;
}

/** A session that a login has opened. */
export interface OpenedSession {
  /** The session. */
  readonly session: IscsiSession;
  /** Its target session identifying handle. */
  readonly tsih: number;
}

interface Phase {
  receive(pdu: ReceivedPdu, nowMs: number): void;
  readonly closing: string | null;
}

/** A connection. */
export class IscsiConnection {
  /** What it sends. */
  readonly output: Output;
  /** Set while it waits for something; nothing is received meanwhile. */
  busy: Promise<void> | null = null;
  /** Ticks of the service since bytes came last. */
  silentTicks = 0;
  /** Ticks of the service since the PDU began that is not whole yet. */
  partialTicks = 0;
  /** When it was made, by the clock. */
  readonly openedMs: number;
  readonly #services: ConnectionServices;
  readonly #login: LoginEngine;
  readonly #framer: Framer = new Framer();
  #phase: Phase | null = null;
  #session: IscsiSession | null = null;
  #closing: string | null = null;
  #partialLength = 0;
  #receivedMs = 0;

  /** A connection whose login goes on with `login`. */
  constructor(services: ConnectionServices, login: LoginEngine) {
    this.#services = services;
    this.#login = login;
    this.output = services.output;
    this.openedMs = services.clock.nowMs();
  }

  /** Why the connection is to be closed; null: it is not. */
  get closing(): string | null {
    return this.#closing ?? this.#phase?.closing ?? null;
  }

  /** Bytes of the whole PDU of which only a part has come; 0: none. */
  get partialLength(): number {
    return this.#partialLength;
  }

  /** When it was last given bytes. */
  get receivedMs(): number {
    return this.#receivedMs;
  }

  /** The normal session, once there is one. */
  get session(): IscsiSession | null {
    return this.#session;
  }

  /** The login is not over yet. */
  get inLogin(): boolean {
    return this.#phase === null;
  }

  /**
   * Works off received bytes from `start` to `end`.
   *
   * @returns where the bytes begin that are still needed
   */
  receive(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): number {
    const nowMs = this.#receivedMs = this.#services.clock.nowMs();
    this.silentTicks = 0;
    const framer = this.#framer;
    framer.setBuffer(bytes, view);
    let at = start;
    this.#partialLength = 0;
    while (this.closing === null && this.busy === null && at < end) {
      const frame = framer.find(at, end);
      if (frame === FRAME.PARTIAL) {
        this.#partialLength = framer.length;
        break;
      }
      if (frame === FRAME.BROKEN) {
        this.#closing = framer.problem;
        break;
      }
      at += framer.length;
      if (this.#phase !== null) this.#phase.receive(framer.pdu, nowMs);
      else this.#receiveLogin(framer.pdu);
      if (this.output.patience.exhausted) this.#pause();
    }
    if (at > start || this.#partialLength === 0) this.partialTicks = 0;
    return at;
  }

  #pause(): void {
    this.busy ??= this.output.patience.renewal().then(() => {
      this.busy = null;
    });
  }

  /** Sent bytes have left: whoever waits for room goes on. */
  outputDrained(): void {
    this.#session?.outputDrained();
  }

  /** Closes the connection for a reason of ours. */
  close(reason: string): void {
    this.#closing ??= reason;
    this.#services.wakeOutput();
  }

  #receiveLogin(pdu: ReceivedPdu): void {
    const { view, bytes, start, dataAt, dataLength } = pdu;
    if (opcodeOf(view, start) !== REQUEST.LOGIN) {
      const tag = view.getUint32(start + At.INITIATOR_TASK_TAG);
      return this.#take(this.#login.invalidDuringLogin(tag));
    }
    const data = bytes.subarray(dataAt, dataAt + dataLength);
    const request = decodeLoginRequest(view, start);
    this.#take(this.#login.handle(request, data));
  }

  #take(step: LoginStep): void {
    switch (step.kind) {
      case "reply":
        this.#framer.use({
          ...LOGIN_FRAMING,
          dataSegmentLengthMax: this.#login.segmentBytesMax,
        });
        return this.#respond(step.response, step.text);
      case "refuse":
        this.#respond(step.response, step.text);
        this.#closing = step.reason;
        return;
      case "close":
        this.#closing = step.reason;
        return;
      case "complete":
        this.busy = this.#complete(step).finally(() => {
          this.busy = null;
        });
    }
  }

  async #complete(
    step: Extract<LoginStep, { kind: "complete" }>,
  ): Promise<void> {
    const { outcome } = step;
    if (outcome.sessionType === "Discovery") {
      const { response, text } = step.respond(DISCOVERY_TSIH);
      this.#respond(response, text);
      this.#phase = new DiscoverySession(
        this.output,
        outcome,
        (value) => this.#services.sendTargets(outcome, value),
      );
      return this.#framer.use(framingOf(outcome));
    }
    const opened = await this.#services.openSession(outcome);
    if ("status" in opened) {
      const { response, text } = step.refuse(opened.status);
      this.#respond(response, text);
      this.#closing = "the session could not be opened";
      return;
    }
    const { response, text } = step.respond(
      opened.tsih,
      serialAdd(outcome.expCmdSn, WINDOW_SIZE - 1),
    );
    this.#respond(response, text);
    this.#session = opened.session;
    this.#phase = opened.session;
    this.#framer.use(framingOf(outcome));
    this.#services.wakeOutput();
  }

  #respond(response: LoginResponse, text: Uint8Array): void {
    const { status } = response;
    if (status !== LOGIN_STATUS.SUCCESS) this.#services.loginRefused(status);
    const length = padded(text.length);
    this.output.reserve(BHS_LENGTH + length);
    const { view, bytes, at } = this.output;
    encodeLoginResponse(view, at, response);
    bytes.set(text, at + BHS_LENGTH);
    bytes.fill(0, at + BHS_LENGTH + text.length, at + BHS_LENGTH + length);
    this.output.advance(BHS_LENGTH + length);
  }
}

/** A discovery session has no state that another login could find. */
const DISCOVERY_TSIH = 1;

function framingOf({ parameters }: LoginOutcome): Framing {
  return {
    ...LOGIN_FRAMING,
    headerDigest: parameters.headerDigest,
    dataDigest: parameters.dataDigest,
    dataSegmentLengthMax: parameters.maxRecvDataSegmentLengthBytes,
  };
}
