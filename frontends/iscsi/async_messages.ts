/**
 * What the target says of its own accord (RFC 7143 11.9, 11.19): pings and
 * events.
 *
 * Of the events two apply: the request to log out, and the end of the session.
 * SCSI events (0) are unit attentions here, as SAM-5 has no others; a session
 * has one connection, so that its end is the session's (2); nothing of ours
 * has to be negotiated anew (4); FastAbort (5) is not agreed to.
 *
 * @module
 */

import type { Responder } from "./responder.ts";
import { ASYNC_EVENT } from "./wire/control.ts";
import { RESERVED_TAG, RESPONSE } from "./wire/pdu.ts";

/** Seconds in which an initiator should answer a request to log out. */
export const LOGOUT_SECONDS = 10;
/** Target Transfer Tag of our pings; transfers use their own numbers. */
export const PING_TAG = 0xfffffffe;

/** Sends a ping that the initiator has to answer. */
export function sendPing(responder: Responder): void {
  responder.announce({
    opcode: RESPONSE.NOP_IN,
    initiatorTaskTag: RESERVED_TAG,
    targetTransferTag: PING_TAG,
  });
}

/** Asks the initiator to log out. */
export function sendLogoutRequest(responder: Responder): void {
  sendEvent(responder, ASYNC_EVENT.LOGOUT_REQUEST, LOGOUT_SECONDS);
}

/** Tells that the session ends; nothing of it can be taken up again. */
export function sendSessionDrop(responder: Responder): void {
  sendEvent(responder, ASYNC_EVENT.SESSION_DROP, 0);
}

function sendEvent(
  responder: Responder,
  event: number,
  parameter3: number,
): void {
  responder.respond({
    opcode: RESPONSE.ASYNC_MESSAGE,
    initiatorTaskTag: RESERVED_TAG,
    word36: event << 24,
    word40: parameter3,
  });
}
