/**
 * What the login makes of each Login Request, and of the login as a whole.
 *
 * @module
 */

import type { TargetEntry } from "./access.ts";
import type { ChapProof } from "./chap.ts";
import type { SessionType } from "./login_identity.ts";
import type { SessionParameters } from "./parameters.ts";
import {
  LOGIN_STAGE,
  LOGIN_STATUS,
  type LoginRequest,
  type LoginResponse,
  type LoginStatus,
} from "./wire/login.ts";

/** A Login Response and its text. */
export interface LoginReply {
  /** Header. */
  readonly response: LoginResponse;
  /** Data segment, without padding. */
  readonly text: Uint8Array;
}

/** The login goes on. */
export interface ReplyStep extends LoginReply {
  /** Kind of step. */
  readonly kind: "reply";
}

/** The login has failed: send the response, then close. */
export interface RefuseStep extends LoginReply {
  /** Kind of step. */
  readonly kind: "refuse";
  /** Why, for the log; it has been told there. */
  readonly reason: string;
}

/**
 * The login is over. A session that this one takes the place of ends first;
 * then one of the two responses is sent.
 */
export interface CompleteStep {
  /** Kind of step. */
  readonly kind: "complete";
  /** What was agreed. */
  readonly outcome: LoginOutcome;
  /**
   * The last response: the full feature phase begins (RFC 7143 6.3).
   *
   * @param tsih handle of the new session, not 0
   * @param maxCmdSn last command that the window admits; without it one
   */
  respond(tsih: number, maxCmdSn?: number): LoginReply;
  /** The last response when there can be no session after all. */
  refuse(status: LoginStatus): LoginReply;
}

/** Close without a word. */
export interface CloseStep {
  /** Kind of step. */
  readonly kind: "close";
  /** Why, for the log; it has not been told there. */
  readonly reason: string;
}

/** What to do after a request. */
export type LoginStep = ReplyStep | RefuseStep | CompleteStep | CloseStep;

/** A login that succeeded. */
export interface LoginOutcome {
  /** Kind of session. */
  readonly sessionType: SessionType;
  /** iSCSI name of the initiator. */
  readonly initiatorName: string;
  /** Alias of the initiator. */
  readonly initiatorAlias: string | undefined;
  /** ISID, six bytes. */
  readonly isid: Uint8Array;
  /** ISID, twelve lower-case hex digits. */
  readonly isidHex: string;
  /** Target; undefined in a discovery session. */
  readonly target: TargetEntry | undefined;
  /** TSIH of the session that it takes up again; 0: a new one. */
  readonly tsih: number;
  /** CID. */
  readonly connectionId: number;
  /** Values in force. */
  readonly parameters: SessionParameters;
  /** What the initiator proved by CHAP; undefined without CHAP. */
  readonly proof: ChapProof | undefined;
  /** CmdSN of the first command. */
  readonly expCmdSn: number;
  /** StatSN of the first response after the login. */
  readonly statSn: number;
}

/**
 * Puts a response to a request together.
 *
 * @param fields what differs from "done, stay in this stage"
 */
export function replyTo(
  request: LoginRequest,
  statSn: number,
  text: Uint8Array,
  fields: Partial<LoginResponse> = {},
): LoginReply {
  const { currentStage, isid, tsih, initiatorTaskTag, cmdSn } = request;
  const response = {
    transit: false,
    continued: false,
    currentStage,
    nextStage: 0,
    dataSegmentLength: text.length,
    isid,
    tsih,
    initiatorTaskTag,
    statSn,
    expCmdSn: cmdSn,
    maxCmdSn: cmdSn,
    status: LOGIN_STATUS.SUCCESS,
    ...fields,
  };
  return { response, text };
}

/** The end of a login that went well; `text` is the last part of an answer. */
export function completeStep(
  request: LoginRequest,
  statSn: number,
  text: Uint8Array,
  outcome: LoginOutcome,
): CompleteStep {
  const nextStage = LOGIN_STAGE.FULL_FEATURE;
  return {
    kind: "complete",
    outcome,
    respond: (tsih, maxCmdSn = request.cmdSn) =>
      replyTo(request, statSn, text, {
        transit: true,
        nextStage,
        tsih,
        maxCmdSn,
      }),
    refuse: (status) => replyTo(request, statSn, NO_TEXT, { status }),
  };
}

const NO_TEXT = new Uint8Array(0);
