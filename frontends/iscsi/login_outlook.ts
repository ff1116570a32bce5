/**
 * How a login would end if it came now: the judgement of a real one, asked
 * without a connection.
 *
 * @module
 */

import { admitsName, type Directory } from "./access.ts";
import { identify } from "./login_identity.ts";
import { isRedirection, LoginRefusal, redirection } from "./login_refusal.ts";

/** Who would log in to what. */
export interface LoginCandidate {
  /** iSCSI name of the initiator. */
  readonly initiatorName: string;
  /** Its address; undefined: any. */
  readonly peerAddress?: string | undefined;
}

/** How a login would end. */
export interface LoginOutlook {
  /** It would get in, when it proves what it has to prove. */
  readonly admitted: boolean;
  /** Words for people: what it has to prove, or why it is refused. */
  readonly reason: string;
}

/** The ISID and the handle of a login that begins a new session. */
const NEW_SESSION = {
  tsih: 0,
  isid: 0,
  connectionId: 0,
} as const;

/** Foresees a login to a target. */
export function foreseeLogin(
  directory: Directory,
  target: string,
  { initiatorName, peerAddress }: LoginCandidate,
): LoginOutlook {
  const keys = new Map([
    ["InitiatorName", initiatorName],
    ["SessionType", "Normal"],
    ["TargetName", target],
  ]);
  const place = { directory, peerAddress: peerAddress ?? "" };
  const identity = identify(NEW_SESSION, keys, place);
  if (identity instanceof LoginRefusal) {
    const byAddress = peerAddress === undefined && !isRedirection(identity) &&
      dependsOnAddress(directory, target, initiatorName);
    const reason = byAddress
      ? "the auth-group looks at the initiator's address, which is not known"
      : identity.reason;
    return { admitted: false, reason };
  }
  const elsewhere = identity.target && redirection(identity.target);
  if (elsewhere !== undefined) {
    return { admitted: false, reason: elsewhere.reason };
  }
  return { admitted: true, reason: PROOFS[identity.authGroup.type] ?? "" };
}

const PROOFS: Readonly<Record<string, string>> = {
  "none": "no proof is asked for",
  "chap": "CHAP is asked for",
  "chap-mutual": "CHAP is asked for, both ways",
};

// The name is allowed, so that the address alone can be in the way.
function dependsOnAddress(
  directory: Directory,
  target: string,
  initiatorName: string,
): boolean {
  const group = directory.target(target)?.authGroup;
  return group !== undefined && group.type !== "deny" &&
    group.type !== "unknown" && admitsName(group, initiatorName);
}
