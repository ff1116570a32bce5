/**
 * The rules of each text key, one row a key (RFC 7143 13).
 *
 * @module
 */

import { initiatorError, type LoginRefusal } from "./login_refusal.ts";
import { LIMITS, type ParameterDraft } from "./parameters.ts";
import {
  ANSWER,
  encodeBoolean,
  NO,
  NONE,
  parseBoolean,
  parseList,
  parseNumber,
} from "./wire/text_values.ts";

/** When an initiator may send a key during the login. */
export type KeyUse =
  /** In the first request of the login only. */
  | "first"
  /** In the security stage. */
  | "security"
  /** In the operational stage. */
  | "operational"
  /** In both stages. */
  | "any"
  /** Not at all: the target's, or for the full feature phase. */
  | "never";

/** What becomes of a proposal: an answer, none, or the end of the login. */
export type KeyAnswer = string | undefined | LoginRefusal;

/** Agrees on a value, in the draft too. */
export type Decide = (value: string, draft: ParameterDraft) => KeyAnswer;

/** What holds for a key. */
export interface KeyRule {
  /** When it may be sent. */
  readonly use: KeyUse;
  /** It has no meaning in a discovery session. */
  readonly normalOnly?: boolean;
  /** Agrees on a value; a key without is stated, not negotiated. */
  readonly decide?: Decide;
}

type NumberName = NameOf<number>;
type BooleanName = NameOf<boolean>;
type NameOf<T> = {
  [Name in keyof ParameterDraft]: ParameterDraft[Name] extends T ? Name : never;
}[keyof ParameterDraft];

const SEGMENT_LENGTH_MIN = 512;
const SEGMENT_LENGTH_MAX = 2 ** 24 - 1;
const CRC32C = "CRC32C";

/** The rules by key; a key that is not there is not understood. */
export const KEY_RULES: ReadonlyMap<string, KeyRule> = new Map<string, KeyRule>(
  [
    ["InitiatorName", { use: "first" }],
    ["TargetName", { use: "first" }],
    ["SessionType", { use: "first" }],
    ["InitiatorAlias", { use: "any" }],
    ["X#NodeArchitecture", { use: "any" }],
    ["TargetAlias", { use: "never" }],
    ["TargetAddress", { use: "never" }],
    ["TargetPortalGroupTag", { use: "never" }],
    ["SendTargets", { use: "never" }],
    ["AuthMethod", { use: "security" }],
    ["CHAP_A", { use: "security" }],
    ["CHAP_I", { use: "security" }],
    ["CHAP_C", { use: "security" }],
    ["CHAP_N", { use: "security" }],
    ["CHAP_R", { use: "security" }],
    ["MaxRecvDataSegmentLength", { use: "any", decide: declareSegmentLength }],
    ["HeaderDigest", negotiated(digest("headerDigest"))],
    ["DataDigest", negotiated(digest("dataDigest"))],
    [
      "MaxConnections",
      normal(atMost("maxConnections", 1, 65535, LIMITS.maxConnections)),
    ],
    // We take unsolicited data, so that only the initiator can forbid them.
    ["InitialR2T", normal(initiatorsChoice("initialR2t"))],
    ["ImmediateData", normal(initiatorsChoice("immediateData"))],
    [
      "MaxBurstLength",
      normal(burst("maxBurstLengthBytes", LIMITS.maxBurstLengthBytes)),
    ],
    ["FirstBurstLength", normal(decideFirstBurst)],
    [
      "DefaultTime2Wait",
      negotiated(numeric("defaultTime2WaitSeconds", {
        least: 0,
        most: 3600,
        result: (theirs) => theirs,
      })),
    ],
    // Nothing of a session survives its connection.
    [
      "DefaultTime2Retain",
      negotiated(atMost("defaultTime2RetainSeconds", 0, 3600, 0)),
    ],
    [
      "MaxOutstandingR2T",
      normal(atMost("maxOutstandingR2t", 1, 65535, LIMITS.maxOutstandingR2t)),
    ],
    ["DataPDUInOrder", normal(always(true))],
    ["DataSequenceInOrder", normal(always(true))],
    ["ErrorRecoveryLevel", negotiated(atMost("errorRecoveryLevel", 0, 2, 0))],
    ["TaskReporting", normal(decideTaskReporting)],
    [
      "iSCSIProtocolLevel",
      normal(atMost("protocolLevel", 0, 31, LIMITS.protocolLevel)),
    ],
    // RFC 7145 6.3 to 6.5: this is no iSER connection.
    ["RDMAExtensions", normal(always(false))],
    ["TargetRecvDataSegmentLength", negotiated(() => ANSWER.IRRELEVANT)],
    ["InitiatorRecvDataSegmentLength", negotiated(() => ANSWER.IRRELEVANT)],
    // RFC 7143 13.25: obsolete, but never "not understood".
    ["OFMarker", { use: "any", decide: () => NO }],
    ["IFMarker", { use: "any", decide: () => NO }],
    ["OFMarkInt", { use: "any", decide: () => ANSWER.REJECT }],
    ["IFMarkInt", { use: "any", decide: () => ANSWER.REJECT }],
  ],
);

function negotiated(decide: Decide): KeyRule {
  return { use: "operational", decide };
}

function normal(decide: Decide): KeyRule {
  return { use: "operational", normalOnly: true, decide };
}

interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly result: (theirs: number, draft: ParameterDraft) => number;
}

/** A number out of range is answered with Reject (RFC 7143 6.2.2). */
function numeric(name: NumberName, range: NumberRange): Decide {
  return (value, draft) => {
    const theirs = parseNumber(value);
    if (theirs === undefined || theirs < range.least || theirs > range.most) {
      return ANSWER.REJECT;
    }
    draft[name] = range.result(theirs, draft);
    return String(draft[name]);
  };
}

/** The smaller of both sides' numbers. */
function atMost(
  name: NumberName,
  least: number,
  most: number,
  ours: number,
): Decide {
  const result = (theirs: number) => Math.min(theirs, ours);
  return numeric(name, { least, most, result });
}

function burst(name: NumberName, ours: number): Decide {
  return atMost(name, SEGMENT_LENGTH_MIN, SEGMENT_LENGTH_MAX, ours);
}

/** Never longer than a burst; that one is agreed on first. */
function decideFirstBurst(value: string, draft: ParameterDraft): KeyAnswer {
  const ours = Math.min(
    LIMITS.firstBurstLengthBytes,
    draft.maxBurstLengthBytes,
  );
  return burst("firstBurstLengthBytes", ours)(value, draft);
}

/** A statement cannot be answered with Reject: a wrong one ends the login. */
function declareSegmentLength(value: string, draft: ParameterDraft): KeyAnswer {
  const theirs = parseNumber(value);
  const isWrong = theirs === undefined || theirs < SEGMENT_LENGTH_MIN ||
    theirs > SEGMENT_LENGTH_MAX;
  if (isWrong) return initiatorError("MaxRecvDataSegmentLength out of range");
  draft.maxSendDataSegmentLengthBytes = theirs;
  return undefined;
}

/** Whatever the initiator wants suits us. */
function initiatorsChoice(name: BooleanName): Decide {
  return (value, draft) => {
    const theirs = parseBoolean(value);
    if (theirs === undefined) return ANSWER.REJECT;
    draft[name] = theirs;
    return value;
  };
}

/** Whatever the initiator wants, there is one way. */
function always(ours: boolean): Decide {
  return (value) =>
    parseBoolean(value) === undefined ? ANSWER.REJECT : encodeBoolean(ours);
}

/** The first entry that we know (RFC 7143 6.2.1). */
function firstKnown<T extends string>(
  list: string,
  known: readonly T[],
): T | undefined {
  for (const entry of parseList(list)) {
    const match = known.find((ours) => ours === entry);
    if (match !== undefined) return match;
  }
  return undefined;
}

function digest(name: "headerDigest" | "dataDigest"): Decide {
  return (value, draft) => {
    const chosen = firstKnown(value, [CRC32C, NONE]);
    if (chosen === undefined) return ANSWER.REJECT;
    draft[name] = chosen === CRC32C;
    return chosen;
  };
}

/** One connection keeps all responses in order: that is the whole fence. */
function decideTaskReporting(value: string, draft: ParameterDraft): KeyAnswer {
  const chosen = firstKnown(value, ["RFC3720", "ResponseFence"]);
  if (chosen === undefined) return ANSWER.REJECT;
  draft.taskReporting = chosen;
  return chosen;
}
