/**
 * What an initiator with two paths makes of the end of a command.
 *
 * @module
 */

import {
  type CommandResult,
  ProtocolViolation,
  type Session,
  STATUS,
} from "../support/initiator/mod.ts";

/** What is to be done: an error reaches the application. */
export type Verdict = "done" | "retry" | "other-path" | "path-lost" | "error";

/** The verdict, and what it is for. */
export interface Judgement {
  /** What is to be done. */
  readonly verdict: Verdict;
  /** Sense, status or error, for messages and counters. */
  readonly why: string;
}

const UNIT_ATTENTION = "6/";
const TRANSITIONING = "2/04/0a";
const STANDBY = "2/04/0b";
const UNAVAILABLE = "2/04/0c";

/** Judges how a command ended. */
export function judge(result: CommandResult): Judgement {
  const { status, sense, response } = result;
  if (response !== 0) {
    return { verdict: "error", why: `iSCSI response ${response}` };
  }
  switch (status) {
    case STATUS.GOOD:
      return { verdict: "done", why: "" };
    case STATUS.BUSY:
      return { verdict: "retry", why: "BUSY" };
    case STATUS.CHECK_CONDITION:
      return { verdict: verdictOf(sense), why: sense };
    default:
      return { verdict: "error", why: `status ${status}` };
  }
}

/** Judges a command that did not end. */
export function judgeFailure(session: Session, error: unknown): Judgement {
  const isLost = session.ended && !(error instanceof ProtocolViolation);
  return {
    verdict: isLost ? "path-lost" : "error",
    why: isLost ? "connection lost" : String(error),
  };
}

function verdictOf(sense: string): Verdict {
  if (sense.startsWith(UNIT_ATTENTION)) return "retry";
  if (sense === TRANSITIONING) return "retry";
  return sense === STANDBY || sense === UNAVAILABLE ? "other-path" : "error";
}
