/**
 * The requests of a session that move no data of commands: NOP-Out, Task
 * Management, Text, Logout (RFC 7143 11.5, 11.10, 11.14, 11.18). They come
 * here when it is their turn.
 *
 * @module
 */

import { decodeLun, type Nexus } from "../../core/mod.ts";
import type { ReceivedPdu } from "./framer.ts";
import { logoutResponse } from "./logout.ts";
import type { Responder } from "./responder.ts";
import type { TaskContext } from "./task_context.ts";
import type { TaskManager } from "./task_manager.ts";
import type { TextExchange } from "./text_exchange.ts";
import {
  type ControlRequest,
  LOGOUT_REASON,
  LOGOUT_RESPONSE,
  REJECT_REASON,
} from "./wire/control.ts";
import {
  ahsLengthOf,
  At,
  REQUEST,
  RESERVED_TAG,
  RESPONSE,
} from "./wire/pdu.ts";

/** What answers these requests. */
export interface ControlRequestServices {
  /** Sends answers. */
  readonly responder: Responder;
  /** Task management functions. */
  readonly manager: TaskManager;
  /** Text negotiations. */
  readonly text: TextExchange;
  /** CID of the session's connection. */
  readonly connectionId: number;
  /** The session's nexus. */
  readonly nexus: () => Nexus<TaskContext>;
  /** The connection is to be closed. */
  readonly close: (reason: string) => void;
}

const KNOWN_REQUESTS: ReadonlySet<number> = new Set(Object.values(REQUEST));

/**
 * Why a request can be refused by its opcode alone, whatever its CmdSN: a
 * reason of Reject, or 0.
 */
export function refusalOfOpcode(opcode: number): number {
  if (!KNOWN_REQUESTS.has(opcode)) return REJECT_REASON.COMMAND_NOT_SUPPORTED;
  if (opcode === REQUEST.SNACK) return REJECT_REASON.SNACK_REJECT;
  // Another login needs another connection (RFC 7143 6.3).
  return opcode === REQUEST.LOGIN ? REJECT_REASON.PROTOCOL_ERROR : 0;
}

/** Answers the requests of one session. */
export class ControlRequests {
  readonly #services: ControlRequestServices;

  /** Requests of a session that works with these services. */
  constructor(services: ControlRequestServices) {
    this.#services = services;
  }

  /** A request has come, in its turn. */
  receive(opcode: number, request: ControlRequest, pdu: ReceivedPdu): void {
    const tagged = request.initiatorTaskTag !== RESERVED_TAG;
    if (!tagged && opcode !== REQUEST.NOP_OUT) return this.#rejectField(pdu);
    switch (opcode) {
      case REQUEST.NOP_OUT:
        return this.#receiveNop(request, pdu);
      case REQUEST.TASK_MANAGEMENT:
        return this.#receiveTaskManagement(request, pdu);
      case REQUEST.TEXT:
        return this.#services.text.receive(request, pdu);
      case REQUEST.LOGOUT:
        return this.#receiveLogout(request, pdu);
    }
  }

  // A ping of the initiator, or its answer to ours.
  #receiveNop(request: ControlRequest, pdu: ReceivedPdu): void {
    if (request.initiatorTaskTag === RESERVED_TAG) {
      if (!request.immediate) this.#rejectField(pdu);
      return;
    }
    const { responder } = this.#services;
    const length = Math.min(pdu.dataLength, responder.segmentLengthMax);
    responder.respond(
      {
        opcode: RESPONSE.NOP_IN,
        lunHigh: request.lunHigh,
        lunLow: request.lunLow,
        initiatorTaskTag: request.initiatorTaskTag,
        targetTransferTag: RESERVED_TAG,
      },
      pdu.bytes.subarray(pdu.dataAt, pdu.dataAt + length),
    );
  }

  // These have neither data nor additional headers (RFC 7143 11.5.2).
  #receiveTaskManagement(request: ControlRequest, pdu: ReceivedPdu): void {
    if (pdu.dataLength > 0 || ahsLengthOf(pdu.view, pdu.start) > 0) {
      return this.#rejectField(pdu);
    }
    const { manager, nexus } = this.#services;
    manager.receive(request, decodeLun(pdu.view, pdu.start + At.LUN), nexus());
  }

  #receiveLogout(request: ControlRequest, pdu: ReceivedPdu): void {
    if (request.code > LOGOUT_REASON.REMOVE_FOR_RECOVERY) {
      return this.#rejectField(pdu);
    }
    const { responder, connectionId, close } = this.#services;
    const answer = logoutResponse(request, connectionId);
    responder.respond({
      opcode: RESPONSE.LOGOUT,
      code: answer,
      initiatorTaskTag: request.initiatorTaskTag,
    });
    if (answer === LOGOUT_RESPONSE.CLOSED) close("logout");
  }

  #rejectField({ bytes, start }: ReceivedPdu): void {
    const reason = REJECT_REASON.INVALID_PDU_FIELD;
    this.#services.responder.reject(reason, bytes, start);
  }
}
