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

/** Where logins are sent on, if they are. */
export interface Redirection {
  /** The address, with a port or without. */
  readonly redirect?: string | undefined;
  /** Whether initiators shall remember it. */
  readonly movedPermanently?: boolean | undefined;
}

/** The initiator shall log in elsewhere (RFC 7143 13.8); undefined: here. */
export function redirection(
  { redirect, movedPermanently = false }: Redirection,
): LoginRefusal | undefined {
  if (redirect === undefined) return undefined;
  return new LoginRefusal(
    movedPermanently
      ? LOGIN_STATUS.MOVED_PERMANENTLY
      : LOGIN_STATUS.MOVED_TEMPORARILY,
    `redirected to ${redirect}`,
    [["TargetAddress", redirect]],
  );
}

/** Whether the login goes on elsewhere (RFC 7143 11.13.5). */
export function isRedirection({ status }: LoginRefusal): boolean {
  return status >> 8 === REDIRECTION_CLASS;
}

const REDIRECTION_CLASS = 1;
