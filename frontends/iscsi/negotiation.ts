/**
 * Negotiation of a login: which keys may come, what is answered, and what was
 * agreed in the end (RFC 7143 6.2, 13).
 *
 * @module
 */

import { KEY_RULES, type KeyAnswer, type KeyUse } from "./key_rules.ts";
import { initiatorError, LoginRefusal } from "./login_refusal.ts";
import {
  INITIAL_PARAMETERS,
  LIMITS,
  type ParameterDraft,
  type SessionParameters,
} from "./parameters.ts";
import { LOGIN_STAGE } from "./wire/login.ts";
import type { TextPair } from "./wire/text_keys.ts";
import { ANSWER, parseNumber } from "./wire/text_values.ts";

/** What each connection agrees on for itself (RFC 7143 13). */
const CONNECTION_PARAMETERS = {
  headerDigest: INITIAL_PARAMETERS.headerDigest,
  dataDigest: INITIAL_PARAMETERS.dataDigest,
  maxRecvDataSegmentLengthBytes:
    INITIAL_PARAMETERS.maxRecvDataSegmentLengthBytes,
  maxSendDataSegmentLengthBytes:
    INITIAL_PARAMETERS.maxSendDataSegmentLengthBytes,
};
const FIRST_BURST = "FirstBurstLength";
const SEGMENT_LENGTH = "MaxRecvDataSegmentLength";
const ANSWER_WORDS: ReadonlySet<string> = new Set(Object.values(ANSWER));

/** Sees to it that keys come once and where they belong. */
export class KeyRegister {
  readonly #seen = new Set<string>();

  /**
   * Notes the keys of a request.
   *
   * @param isFirst whether it is the first of the login
   */
  admit(
    pairs: readonly TextPair[],
    stage: number,
    isFirst: boolean,
  ): LoginRefusal | undefined {
    for (const [key] of pairs) {
      if (this.#seen.has(key)) return initiatorError(`${key} came twice`);
      if (!isAllowed(KEY_RULES.get(key)?.use ?? "any", stage, isFirst)) {
        return initiatorError(`${key} is not allowed here`);
      }
      this.#seen.add(key);
    }
    return this.#seen.size <= LIMITS.keys
      ? undefined
      : initiatorError("too many keys");
  }
}

function isAllowed(use: KeyUse, stage: number, isFirst: boolean): boolean {
  switch (use) {
    case "any":
      return true;
    case "first":
      return isFirst;
    case "security":
      return stage === LOGIN_STAGE.SECURITY;
    case "operational":
      return stage === LOGIN_STAGE.OPERATIONAL;
    case "never":
      return false;
  }
}

/** Agrees with one initiator on the values of one session. */
export class Negotiation {
  readonly #isDiscovery: boolean;
  readonly #draft: ParameterDraft;
  #hasDeclared = false;
  #firstBurst: "default" | "proposed" | "agreed" = "default";

  /**
   * Begins with the defaults.
   *
   * @param session values of a session that gets another connection: those
   *   that are the session's go on
   */
  constructor(
    isDiscovery: boolean,
    session: SessionParameters = INITIAL_PARAMETERS,
  ) {
    this.#isDiscovery = isDiscovery;
    this.#draft = { ...session, ...CONNECTION_PARAMETERS };
  }

  /** The values agreed on so far. */
  get parameters(): SessionParameters {
    return Object.freeze({ ...this.#draft });
  }

  /** Answers what the initiator sent; keys must have been admitted. */
  answer(pairs: readonly TextPair[]): TextPair[] | LoginRefusal {
    const answers: TextPair[] = [];
    for (const [key, value] of inOrderOfNeed(pairs)) {
      const answer = this.#answerTo(key, value);
      if (answer instanceof LoginRefusal) return answer;
      if (answer !== undefined) answers.push([key, answer]);
    }
    return answers;
  }

  #answerTo(key: string, value: string): KeyAnswer {
    // An answer to nothing, or a refusal of what we proposed: no proposal.
    if (ANSWER_WORDS.has(value)) return undefined;
    const rule = KEY_RULES.get(key);
    if (rule === undefined) return ANSWER.NOT_UNDERSTOOD;
    if (rule.decide === undefined) return undefined;
    if (rule.normalOnly && this.#isDiscovery) return ANSWER.IRRELEVANT;
    const answer = rule.decide(value, this.#draft);
    return key === FIRST_BURST ? this.#settleFirstBurst(value, answer) : answer;
  }

  /** What answers our proposal is not answered again. */
  #settleFirstBurst(value: string, answer: KeyAnswer): KeyAnswer {
    const wasProposed = this.#firstBurst === "proposed";
    this.#firstBurst = "agreed";
    if (!wasProposed) return answer;
    return answer === String(parseNumber(value))
      ? undefined
      : initiatorError(`${FIRST_BURST} does not answer ours`);
  }

  /** States our own MaxRecvDataSegmentLength, once (RFC 7143 13.12). */
  declare(): TextPair[] {
    if (this.#hasDeclared) return [];
    this.#hasDeclared = true;
    const ours = LIMITS.maxRecvDataSegmentLengthBytes;
    this.#draft.maxRecvDataSegmentLengthBytes = ours;
    return [[SEGMENT_LENGTH, String(ours)]];
  }

  /**
   * What we have to ask for: a burst shorter than the default of
   * FirstBurstLength leaves that one too long, unless we agree on less. It is
   * asked once; what the initiator makes of it shows in {@linkcode check}.
   */
  propose(): TextPair[] {
    const { maxBurstLengthBytes } = this.#draft;
    if (this.#firstBurst !== "default" || !this.#isFirstBurstTooLong()) {
      return [];
    }
    this.#firstBurst = "proposed";
    return [[FIRST_BURST, String(maxBurstLengthBytes)]];
  }

  /** Whether what was agreed makes a session (RFC 7143 13.14). */
  check(): LoginRefusal | undefined {
    return this.#isFirstBurstTooLong()
      ? initiatorError("FirstBurstLength exceeds MaxBurstLength")
      : undefined;
  }

  #isFirstBurstTooLong(): boolean {
    const draft = this.#draft;
    const isRelevant = draft.immediateData || !draft.initialR2t;
    return isRelevant &&
      draft.firstBurstLengthBytes > draft.maxBurstLengthBytes;
  }
}

/** FirstBurstLength follows from MaxBurstLength: it comes last. */
function inOrderOfNeed(pairs: readonly TextPair[]): readonly TextPair[] {
  const first = pairs.filter(([key]) => key !== FIRST_BURST);
  const last = pairs.filter(([key]) => key === FIRST_BURST);
  return [...first, ...last];
}
