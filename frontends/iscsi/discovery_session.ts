/**
 * A discovery session: Text Requests with SendTargets, and Logout (RFC 7143
 * 4.3). Everything else is rejected.
 *
 * @module
 */

import type { LoginOutcome } from "./login.ts";
import type { Output } from "./output.ts";
import { Responder } from "./responder.ts";
import type { ReceivedPdu } from "./framer.ts";
import { logoutResponse } from "./logout.ts";
import { TaskWindow } from "./task_window.ts";
import {
  answerPairs,
  type TextAnswers,
  TextExchange,
} from "./text_exchange.ts";
import {
  decodeControl,
  LOGOUT_RESPONSE,
  REJECT_REASON,
} from "./wire/control.ts";
import { opcodeOf, REQUEST, RESERVED_TAG, RESPONSE } from "./wire/pdu.ts";

/** Requests that have a CmdSN. */
const NUMBERED: ReadonlySet<number> = new Set([
  REQUEST.NOP_OUT,
  REQUEST.SCSI_COMMAND,
  REQUEST.TASK_MANAGEMENT,
  REQUEST.TEXT,
  REQUEST.LOGOUT,
]);

/** The full-feature phase of a discovery session. */
export class DiscoverySession {
  /** Why the connection is to be closed; null: it is not. */
  closing: string | null = null;
  readonly #responder: Responder;
  readonly #window: TaskWindow;
  readonly #text: TextExchange;
  readonly #connectionId: number;

  /** A session that begins after the final Login Response. */
  constructor(
    output: Output,
    outcome: LoginOutcome,
    sendTargets: TextAnswers["sendTargets"],
  ) {
    const { parameters } = outcome;
    this.#window = new TaskWindow(outcome.expCmdSn);
    this.#responder = new Responder(
      output,
      this.#window,
      parameters,
      outcome.statSn,
    );
    this.#connectionId = outcome.connectionId;
    this.#text = new TextExchange(
      this.#responder,
      (pairs) =>
        answerPairs(pairs, {
          sendTargets,
          declareSegmentLength: (length) =>
            this.#responder.limitSegment(length),
        }),
    );
  }

  /** One whole PDU has come. */
  receive(pdu: ReceivedPdu): void {
    const { view, bytes, start } = pdu;
    const request = decodeControl(view, start);
    if (pdu.dataCorrupt) {
      this.#responder.reject(REJECT_REASON.DATA_DIGEST_ERROR, bytes, start);
      this.closing = "data digest error";
      return;
    }
    const opcode = opcodeOf(view, start);
    if (!request.immediate && NUMBERED.has(opcode)) {
      if (this.#window.arrival(request.cmdSn) !== "next") return;
      this.#window.advance();
    }
    switch (opcode) {
      case REQUEST.TEXT:
        return this.#text.receive(request, pdu);
      case REQUEST.LOGOUT:
        return this.#logout(request);
      case REQUEST.NOP_OUT:
        if (request.initiatorTaskTag === RESERVED_TAG) return;
    }
    this.#responder.reject(REJECT_REASON.COMMAND_NOT_SUPPORTED, bytes, start);
  }

  #logout(request: ReturnType<typeof decodeControl>): void {
    const answer = logoutResponse(request, this.#connectionId);
    this.#responder.respond({
      opcode: RESPONSE.LOGOUT,
      code: answer,
      initiatorTaskTag: request.initiatorTaskTag,
    });
    if (answer === LOGOUT_RESPONSE.CLOSED) this.closing = "logout";
  }
}
