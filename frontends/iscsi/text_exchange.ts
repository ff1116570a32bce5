/**
 * Text Requests in the full-feature phase (RFC 7143 6.4, 11.10, 11.11).
 *
 * One negotiation at a time: its text may come in several requests and leave
 * in several responses, each fetched by an empty request.
 *
 * @module
 */

import { TEXT_LIMITS } from "./login.ts";
import { LIMITS } from "./parameters.ts";
import type { Responder } from "./responder.ts";
import type { ReceivedPdu } from "./framer.ts";
import { type ControlRequest, REJECT_REASON } from "./wire/control.ts";
import { CONTINUE, FINAL, RESERVED_TAG, RESPONSE } from "./wire/pdu.ts";
import {
  encodeTextPairs,
  isTextFault,
  parseTextPairs,
  splitText,
  TextCollector,
  type TextPair,
} from "./wire/text_keys.ts";
import { parseNumber } from "./wire/text_values.ts";

/** Answers the pairs of one request; undefined: they cannot be answered. */
export type AnswerPairs = (
  pairs: readonly TextPair[],
) => readonly TextPair[] | undefined;

/** The text negotiation of one connection. */
export class TextExchange {
  readonly #responder: Responder;
  readonly #answer: AnswerPairs;
  #collector: TextCollector = new TextCollector(LIMITS.textBytes);
  #parts: readonly Uint8Array[] = [];
  #tag = 0;
  #count = 0;
  #open = false;

  /** An exchange that answers pairs by `answer`. */
  constructor(
    responder: Responder,
    answer: AnswerPairs,
  ) {
    this.#responder = responder;
    this.#answer = answer;
  }

  /** A Text Request has come, in its turn. */
  receive(request: ControlRequest, pdu: ReceivedPdu): void {
    const reason = this.#refusalOf(request);
    if (reason !== 0) {
      return this.#responder.reject(reason, pdu.bytes, pdu.start);
    }
    if (request.tag === RESERVED_TAG) this.#begin();
    // To fetch an answer is not counted: it has an end.
    if (this.#parts.length === 0) this.#count += 1;
    if (this.#count > LIMITS.textRequests) return this.#fail(pdu);
    const end = pdu.dataAt + pdu.dataLength;
    const fault = this.#collector.add(pdu.bytes.subarray(pdu.dataAt, end));
    if (fault !== undefined) return this.#fail(pdu);
    if (request.continued) return this.#respond(request, EMPTY, false);
    if (this.#parts.length === 0 && !this.#answerText(pdu)) return;
    this.#sendPart(request);
  }

  #refusalOf(request: ControlRequest): number {
    if (request.initiatorTaskTag === RESERVED_TAG) {
      return REJECT_REASON.INVALID_PDU_FIELD;
    }
    if (request.continued && request.final) {
      return REJECT_REASON.PROTOCOL_ERROR;
    }
    const goesOn = request.tag !== RESERVED_TAG;
    return goesOn && (!this.#open || request.tag !== this.#tag)
      ? REJECT_REASON.INVALID_PDU_FIELD
      : 0;
  }

  // A request without a tag begins anew, whatever went on before.
  #begin(): void {
    this.#collector = new TextCollector(LIMITS.textBytes);
    this.#parts = [];
    this.#count = 0;
    this.#tag = (this.#tag + 1) & 0x7fffffff;
    this.#open = true;
  }

  #answerText(pdu: ReceivedPdu): boolean {
    const pairs = parseTextPairs(this.#collector.take(), TEXT_LIMITS);
    const answer = isTextFault(pairs) ? undefined : this.#answer(pairs);
    if (answer === undefined) {
      this.#fail(pdu);
      return false;
    }
    const { segmentLengthMax } = this.#responder;
    this.#parts = splitText(encodeTextPairs(answer), segmentLengthMax);
    return true;
  }

  #sendPart(request: ControlRequest): void {
    const [part = EMPTY, ...rest] = this.#parts;
    this.#parts = rest;
    this.#respond(request, part, rest.length === 0);
  }

  #respond(request: ControlRequest, text: Uint8Array, last: boolean): void {
    const final = last && request.final;
    if (final) this.#open = false;
    const more = this.#parts.length > 0;
    this.#responder.respond({
      opcode: RESPONSE.TEXT,
      flags: (final ? FINAL : 0) | (more ? CONTINUE : 0),
      lunHigh: request.lunHigh,
      lunLow: request.lunLow,
      initiatorTaskTag: request.initiatorTaskTag,
      targetTransferTag: final ? RESERVED_TAG : this.#tag,
    }, text);
  }

  #fail(pdu: ReceivedPdu): void {
    this.#open = false;
    this.#responder.rejectProtocolError(pdu.bytes, pdu.start);
  }
}

const EMPTY = new Uint8Array(0);

/** Keys that only a login may carry (RFC 7143 13). */
const LOGIN_KEYS: ReadonlySet<string> = new Set([
  "AuthMethod",
  "HeaderDigest",
  "DataDigest",
  "MaxConnections",
  "InitialR2T",
  "ImmediateData",
  "MaxBurstLength",
  "FirstBurstLength",
  "DefaultTime2Wait",
  "DefaultTime2Retain",
  "MaxOutstandingR2T",
  "DataPDUInOrder",
  "DataSequenceInOrder",
  "ErrorRecoveryLevel",
  "TaskReporting",
  "iSCSIProtocolLevel",
]);
/** Keys that are told, not negotiated: they have no answer. */
const DECLARED_KEYS: ReadonlySet<string> = new Set([
  "InitiatorName",
  "InitiatorAlias",
  "SessionType",
  "TargetName",
  "X#NodeArchitecture",
]);

/** What a session makes of the keys that it knows. */
export interface TextAnswers {
  /** Answers SendTargets; undefined: this kind of session has no such value. */
  readonly sendTargets: (value: string) => readonly TextPair[] | undefined;
  /** The initiator declares how long data segments may be from now on. */
  readonly declareSegmentLength: (lengthBytes: number) => void;
}

/** Answers the pairs of a Text Request in the full-feature phase. */
export function answerPairs(
  pairs: readonly TextPair[],
  answers: TextAnswers,
): readonly TextPair[] | undefined {
  const answer: TextPair[] = [];
  for (const [key, value] of pairs) {
    const part = answerPair(key, value, answers);
    if (part === undefined) return undefined;
    answer.push(...part);
  }
  return answer;
}

function answerPair(
  key: string,
  value: string,
  answers: TextAnswers,
): readonly TextPair[] | undefined {
  if (key === "SendTargets") return answers.sendTargets(value);
  if (key === SEGMENT_LENGTH) return answerSegmentLength(value, answers);
  if (DECLARED_KEYS.has(key)) return [];
  return [[key, LOGIN_KEYS.has(key) ? "Reject" : "NotUnderstood"]];
}

const SEGMENT_LENGTH = "MaxRecvDataSegmentLength";
/** Shortest data segment that may be declared (RFC 7143 13.12). */
const SEGMENT_LENGTH_MIN = 512;
/** Longest one. */
const SEGMENT_LENGTH_MAX = 16777215;

function answerSegmentLength(
  value: string,
  answers: TextAnswers,
): readonly TextPair[] {
  const lengthBytes = parseNumber(value);
  if (
    lengthBytes === undefined || lengthBytes < SEGMENT_LENGTH_MIN ||
    lengthBytes > SEGMENT_LENGTH_MAX
  ) {
    return [[SEGMENT_LENGTH, "Reject"]];
  }
  answers.declareSegmentLength(lengthBytes);
  return [];
}
