/**
 * How a login fails: an outcome, not an exception.
 *
 * @module
 */

import { LOGIN_STATUS, type LoginStatus } from "./wire/login.ts";
import type { TextPair } from "./wire/text_keys.ts";

/** The login ends here (RFC 7143 11.13.5). */
export class LoginRefusal {
  /** What the initiator is told. */
  readonly status: LoginStatus;
  /** What the log is told. */
  readonly reason: string;
  /** Pairs of the last response. */
  readonly pairs: readonly TextPair[];

  /** Refuses for a reason. */
  constructor(
    status: LoginStatus,
    reason: string,
    pairs: readonly TextPair[] = [],
  ) {
    this.status = status;
    this.reason = reason;
    this.pairs = pairs;
  }
}

/** The initiator broke a rule that has no status of its own. */
export function initiatorError(reason: string): LoginRefusal {
  return new LoginRefusal(LOGIN_STATUS.INITIATOR_ERROR, reason);
}

/** The initiator did not prove who it is. */
export function authenticationFailure(reason: string): LoginRefusal {
  return new LoginRefusal(LOGIN_STATUS.AUTHENTICATION_FAILURE, reason);
}

/** A key that has to be there is not, or has no value to work with. */
export function missingParameter(key: string): LoginRefusal {
  return new LoginRefusal(
    LOGIN_STATUS.MISSING_PARAMETER,
    `${key} is missing or malformed`,
  );
}

/** The initiator shall log in elsewhere (RFC 7143 13.8). */
export function movedTemporarily(address: string): LoginRefusal {
  return new LoginRefusal(
    LOGIN_STATUS.MOVED_TEMPORARILY,
    `redirected to ${address}`,
    [["TargetAddress", address]],
  );
}
