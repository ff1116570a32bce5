/**
 * The login phase of one connection (RFC 7143 6.3). It owns no socket: a
 * Login Request goes in, a {@linkcode LoginStep} comes out.
 *
 * This file is about PDUs: their headers are checked, their texts collected
 * until they are whole (C bit), and the answer leaves in parts that fit. What
 * is said in the texts is the matter of the dialogue.
 *
 * @module
 */

import type { Log } from "../../core/mod.ts";
import { type DialogueParts, LoginDialogue } from "./login_dialogue.ts";
import type { LoginIdentity } from "./login_identity.ts";
import {
  initiatorError,
  isRedirection,
  LoginRefusal,
} from "./login_refusal.ts";
import { LoginSequence } from "./login_sequence.ts";
import {
  completeStep,
  type LoginOutcome,
  type LoginStep,
  replyTo,
} from "./login_step.ts";
import { LIMITS } from "./parameters.ts";
import {
  isidBytes,
  isidHex,
  LOGIN_STAGE,
  LOGIN_STATUS,
  type LoginRequest,
  type LoginResponse,
} from "./wire/login.ts";
import { serialAdd } from "./wire/pdu.ts";
import {
  encodeTextPairs,
  isTextFault,
  parseTextPairs,
  splitText,
  TextCollector,
  type TextLimits,
} from "./wire/text_keys.ts";

export type {
  CloseStep,
  CompleteStep,
  LoginOutcome,
  LoginReply,
  LoginStep,
  RefuseStep,
  ReplyStep,
} from "./login_step.ts";
export type { LoginIdentity, SessionType } from "./login_identity.ts";

/** What a login works with. */
export interface LoginOptions extends DialogueParts {
  /** Where refusals are told. */
  readonly log: Log;
}

/** What texts may hold, in logins and in Text PDUs. */
export const TEXT_LIMITS: TextLimits = Object.freeze({
  keys: LIMITS.keys,
  valueBytes: LIMITS.valueBytes,
  binaryKeys: new Set(["CHAP_C", "CHAP_R"]),
});

const NO_TEXT = new Uint8Array(0);

/** The login of one connection, from its first request to its end. */
export class LoginEngine {
  readonly #options: LoginOptions;
  readonly #sequence = new LoginSequence();
  readonly #text = new TextCollector(LIMITS.textBytes);
  readonly #dialogue: LoginDialogue;
  /** Stage of the login; undefined before the first request. */
  #stage: number | undefined;
  /** Parts of the answer that are still to be sent. */
  #rest: readonly Uint8Array[] = [];
  #statSn = 0;
  #hasEnded = false;

  /** Waits for the first request. */
  constructor(options: LoginOptions) {
    this.#options = options;
    this.#dialogue = new LoginDialogue(options);
  }

  /** Longest data segment that the next Login Request may have, in bytes. */
  get segmentBytesMax(): number {
    return this.#dialogue.parameters.maxRecvDataSegmentLengthBytes;
  }

  /**
   * Takes a Login Request.
   *
   * @param data its text without padding; only read during the call
   */
  handle(request: LoginRequest, data: Uint8Array): LoginStep {
    if (this.#hasEnded) return { kind: "close", reason: "the login has ended" };
    const step = this.#handle(request, data);
    this.#hasEnded = step.kind !== "reply";
    return step;
  }

  /**
   * Takes any other PDU: the login ends (RFC 7143 6.3.1).
   *
   * @param initiatorTaskTag tag of that PDU
   */
  invalidDuringLogin(initiatorTaskTag: number): LoginStep {
    const reason = "expected a Login Request";
    const request = this.#sequence.last;
    if (request === undefined || this.#hasEnded) {
      return { kind: "close", reason };
    }
    this.#hasEnded = true;
    const status = LOGIN_STATUS.INVALID_DURING_LOGIN;
    const refusal = new LoginRefusal(status, reason);
    return this.#refuse({ ...request, initiatorTaskTag }, refusal);
  }

  #handle(request: LoginRequest, data: Uint8Array): LoginStep {
    const refusal = this.#receive(request, data) ?? this.#prepare(request);
    if (refusal !== undefined) return this.#refuse(request, refusal);
    return request.continued
      ? this.#reply(request, NO_TEXT, {})
      : this.#sendPart(request);
  }

  /** Checks a request and keeps its text. */
  #receive(
    request: LoginRequest,
    data: Uint8Array,
  ): LoginRefusal | undefined {
    const wrong = this.#sequence.admit(request, this.#stage, this.#statSn);
    if (wrong !== undefined) return wrong;
    this.#stage = request.currentStage;
    if (data.length > this.segmentBytesMax) {
      return initiatorError("the data segment is too long");
    }
    const isFetching = this.#rest.length > 0;
    if (isFetching && (request.continued || data.length > 0)) {
      return initiatorError("text came while an answer was under way");
    }
    const fault = this.#text.add(data);
    return fault && initiatorError(`wrong ${fault.field}`);
  }

  /** Makes the answer to a text that is whole, unless one is under way. */
  #prepare(request: LoginRequest): LoginRefusal | undefined {
    if (request.continued || this.#rest.length > 0) return undefined;
    const pairs = parseTextPairs(this.#text.take(), TEXT_LIMITS);
    if (isTextFault(pairs)) {
      return initiatorError(`wrong ${pairs.field} at byte ${pairs.at}`);
    }
    const answer = this.#dialogue.answer(request, pairs);
    if (answer instanceof LoginRefusal) return answer;
    this.#rest = splitText(encodeTextPairs(answer), this.#sendBytesMax());
    return undefined;
  }

  /** The default until we have left the login, or less if they want less. */
  #sendBytesMax(): number {
    const { maxSendDataSegmentLengthBytes } = this.#dialogue.parameters;
    return Math.min(LIMITS.loginSegmentBytes, maxSendDataSegmentLengthBytes);
  }

  /** Sends the next part of the answer; with the last one we may move on. */
  #sendPart(request: LoginRequest): LoginStep {
    const [text = NO_TEXT, ...rest] = this.#rest;
    this.#rest = rest;
    if (rest.length > 0) return this.#reply(request, text, { continued: true });
    if (!request.transit || !this.#dialogue.mayLeave) {
      return this.#reply(request, text, {});
    }
    const { nextStage } = request;
    if (nextStage === LOGIN_STAGE.FULL_FEATURE) {
      return this.#complete(request, text);
    }
    this.#stage = nextStage;
    return this.#reply(request, text, { transit: true, nextStage });
  }

  #reply(
    request: LoginRequest,
    text: Uint8Array,
    fields: Partial<LoginResponse>,
  ): LoginStep {
    return {
      kind: "reply",
      ...replyTo(request, this.#nextStatSn(), text, fields),
    };
  }

  #complete(request: LoginRequest, text: Uint8Array): LoginStep {
    const identity = this.#dialogue.enter();
    if (identity instanceof LoginRefusal) {
      return this.#refuse(request, identity);
    }
    const statSn = this.#nextStatSn();
    const outcome = this.#outcome(request, identity);
    return completeStep(request, statSn, text, outcome);
  }

  #outcome(request: LoginRequest, identity: LoginIdentity): LoginOutcome {
    const { initiatorAlias, parameters, proof } = this.#dialogue;
    return {
      sessionType: identity.sessionType,
      initiatorName: identity.initiatorName,
      initiatorAlias,
      isid: isidBytes(request.isid),
      isidHex: isidHex(request.isid),
      target: identity.target,
      tsih: request.tsih,
      connectionId: request.connectionId,
      parameters,
      proof,
      expCmdSn: request.cmdSn,
      statSn: this.#statSn,
    };
  }

  #refuse(request: LoginRequest, refusal: LoginRefusal): LoginStep {
    const { status, reason } = refusal;
    this.#tell(refusal);
    const text = encodeTextPairs(refusal.pairs);
    const reply = replyTo(request, this.#nextStatSn(), text, { status });
    return { kind: "refuse", reason, ...reply };
  }

  #tell(refusal: LoginRefusal): void {
    const { status, reason } = refusal;
    const { log, peerAddress } = this.#options;
    const fields = {
      reason,
      status: `0x${status.toString(16).padStart(4, "0")}`,
      initiatorAddress: peerAddress,
      initiatorName: this.#dialogue.initiatorName,
    };
    if (isRedirection(refusal)) log.info("login redirected", fields);
    else log.warn("login refused", fields);
  }

  #nextStatSn(): number {
    const statSn = this.#statSn;
    this.#statSn = serialAdd(statSn, 1);
    return statSn;
  }
}
