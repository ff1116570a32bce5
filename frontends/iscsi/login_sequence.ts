/**
 * What the headers of Login Requests have to say, one after the other
 * (RFC 7143 6.3, 11.12).
 *
 * @module
 */

import { initiatorError, LoginRefusal } from "./login_refusal.ts";
import { LIMITS } from "./parameters.ts";
import {
  LOGIN_STAGE,
  LOGIN_STATUS,
  type LoginRequest,
  PROTOCOL_VERSION,
} from "./wire/login.ts";
import { serialBefore } from "./wire/pdu.ts";

/** Stages to which one may go, by the stage one is in (RFC 7143 11.12.3). */
const NEXT_STAGES: ReadonlyMap<number, readonly number[]> = new Map([
  [LOGIN_STAGE.SECURITY, [LOGIN_STAGE.OPERATIONAL, LOGIN_STAGE.FULL_FEATURE]],
  [LOGIN_STAGE.OPERATIONAL, [LOGIN_STAGE.FULL_FEATURE]],
]);

const UNSUPPORTED_VERSION = new LoginRefusal(
  LOGIN_STATUS.UNSUPPORTED_VERSION,
  "the initiator speaks another version",
);

/** Checks each request of one login against the ones before. */
export class LoginSequence {
  #first: LoginRequest | undefined;
  #last: LoginRequest | undefined;
  #count = 0;

  /** The request under way; undefined before the first. */
  get last(): LoginRequest | undefined {
    return this.#last;
  }

  /**
   * Takes a request.
   *
   * @param stage stage of the login; undefined before the first request
   * @param statSn StatSN that the next response will have
   */
  admit(
    request: LoginRequest,
    stage: number | undefined,
    statSn: number,
  ): LoginRefusal | undefined {
    const before = this.#last;
    this.#first ??= request;
    this.#last = request;
    this.#count += 1;
    // The version of the first request counts (RFC 7143 11.12.4).
    if (this.#first.versionMin > PROTOCOL_VERSION) return UNSUPPORTED_VERSION;
    const wrong = this.#shapeFault(request) ?? stageFault(request, stage) ??
      (before && orderFault(request, before, statSn));
    return wrong === undefined ? undefined : initiatorError(wrong);
  }

  #shapeFault(request: LoginRequest): string | undefined {
    if (!request.immediate) return "the request is not immediate";
    if (request.ahsLength > 0) return "the request has additional headers";
    if (request.transit && request.continued) return "T and C at once";
    return this.#count > LIMITS.loginRequests ? "too many requests" : undefined;
  }
}

function stageFault(
  { transit, currentStage, nextStage }: LoginRequest,
  stage: number | undefined,
): string | undefined {
  const next = NEXT_STAGES.get(currentStage);
  if (next === undefined) return `there is no stage ${currentStage}`;
  if (transit && !next.includes(nextStage)) {
    return `stage ${nextStage} does not follow stage ${currentStage}`;
  }
  if (stage === undefined || stage === currentStage) return undefined;
  return `the login is in stage ${stage}, not ${currentStage}`;
}

function orderFault(
  request: LoginRequest,
  before: LoginRequest,
  statSn: number,
): string | undefined {
  if (request.isid !== before.isid) return "the ISID changed";
  if (request.tsih !== before.tsih) return "the TSIH changed";
  if (request.connectionId !== before.connectionId) return "the CID changed";
  if (serialBefore(request.cmdSn, before.cmdSn)) return "CmdSN went back";
  return request.expStatSn === statSn ? undefined : "wrong ExpStatSN";
}
