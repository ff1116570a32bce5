/**
 * Logout (RFC 7143 11.14, 11.15).
 *
 * @module
 */

import {
  type ControlRequest,
  LOGOUT_REASON,
  LOGOUT_RESPONSE,
} from "./wire/control.ts";

/** What a logout request is answered with (RFC 7143 11.15.1). */
export function logoutResponse(
  request: ControlRequest,
  connectionId: number,
): number {
  if (request.code === LOGOUT_REASON.CLOSE_SESSION) {
    return LOGOUT_RESPONSE.CLOSED;
  }
  if (request.connectionId !== connectionId) {
    return LOGOUT_RESPONSE.CID_NOT_FOUND;
  }
  return request.code === LOGOUT_REASON.CLOSE_CONNECTION
    ? LOGOUT_RESPONSE.CLOSED
    : LOGOUT_RESPONSE.RECOVERY_NOT_SUPPORTED;
}
