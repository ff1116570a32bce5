/**
 * The first words of a login: who wants what, and may it even try
 * (RFC 7143 6.3.1).
 *
 * @module
 */

import {
  admitsName,
  type AuthGroup,
  type Directory,
  type LiveSession,
  type PortalGroup,
  type TargetEntry,
} from "./access.ts";
import {
  authenticationFailure,
  initiatorError,
  LoginRefusal,
  missingParameter,
  redirection,
} from "./login_refusal.ts";
import { LIMITS } from "./parameters.ts";
import { isidHex, LOGIN_STATUS, type LoginRequest } from "./wire/login.ts";
import type { TextPair } from "./wire/text_keys.ts";
import { isLabel } from "./wire/text_values.ts";

/** Kind of a session (RFC 7143 13.21). */
export type SessionType = "Normal" | "Discovery";

/** Who logs in to what. */
export interface LoginIdentity {
  /** iSCSI name of the initiator. */
  readonly initiatorName: string;
  /** Kind of session. */
  readonly sessionType: SessionType;
  /** Target of a normal session. */
  readonly target: TargetEntry | undefined;
  /** Rules that the initiator has to meet. */
  readonly authGroup: AuthGroup;
  /** The session that it takes up again; undefined: a new one. */
  readonly joined: LiveSession | undefined;
}

/** What is known before the first word. */
export interface LoginPlace {
  /** Portal group, targets and sessions. */
  readonly directory: Directory;
  /** Address of the initiator, as text. */
  readonly peerAddress: string;
}

/** The session that a login is about: a new one when `tsih` is 0. */
type SessionHandle = Pick<LoginRequest, "tsih" | "isid" | "connectionId">;

/** Reads the names of the first request and judges them, in ctld's order. */
export function identify(
  request: SessionHandle,
  keys: ReadonlyMap<string, string>,
  { directory, peerAddress }: LoginPlace,
): LoginIdentity | LoginRefusal {
  const initiatorName = keys.get("InitiatorName");
  if (initiatorName === undefined) return missingParameter("InitiatorName");
  if (!isName(initiatorName)) return initiatorError("wrong InitiatorName");
  const group = directory.portalGroup();
  if (group === undefined) return PORTAL_GROUP_GONE;
  const elsewhere = redirection(group);
  if (elsewhere !== undefined) return elsewhere;
  const joined = joinSession(request, initiatorName, keys, directory);
  if (joined instanceof LoginRefusal) return joined;
  const goal = findGoal(keys, group, directory);
  if (goal instanceof LoginRefusal) return goal;
  const denied = judgeAccess(goal.authGroup, initiatorName, peerAddress);
  return denied ?? { initiatorName, joined, ...goal };
}

const PORTAL_GROUP_GONE = new LoginRefusal(
  LOGIN_STATUS.SERVICE_UNAVAILABLE,
  "the portal group is gone",
);

/** Other oddities are the initiator's business, and often an old habit. */
function isName(name: string): boolean {
  return name !== "" && isLabel(name, LIMITS.nameBytes);
}

/**
 * Whether the login takes a session up again (RFC 7143 6.3.4). That one has
 * one connection: another one cannot be added, but take its place.
 */
function joinSession(
  { tsih, isid, connectionId }: SessionHandle,
  initiatorName: string,
  keys: ReadonlyMap<string, string>,
  directory: Directory,
): LiveSession | LoginRefusal | undefined {
  if (tsih === 0) return undefined;
  const live = directory.liveSession(tsih, initiatorName, isidHex(isid));
  const target = keys.get("TargetName");
  if (live === undefined || (target ?? live.target) !== live.target) {
    return new LoginRefusal(
      LOGIN_STATUS.SESSION_DOES_NOT_EXIST,
      `there is no session ${tsih}`,
    );
  }
  if (live.connectionId === connectionId) return live;
  return new LoginRefusal(
    LOGIN_STATUS.TOO_MANY_CONNECTIONS,
    `session ${tsih} cannot have another connection`,
  );
}

type Goal = Omit<LoginIdentity, "initiatorName" | "joined">;

function findGoal(
  keys: ReadonlyMap<string, string>,
  group: PortalGroup,
  directory: Directory,
): Goal | LoginRefusal {
  const sessionType = keys.get("SessionType") ?? "Normal";
  if (sessionType === "Discovery") {
    const authGroup = group.discoveryAuthGroup;
    return { sessionType, target: undefined, authGroup };
  }
  if (sessionType !== "Normal") {
    return new LoginRefusal(
      LOGIN_STATUS.SESSION_TYPE_NOT_SUPPORTED,
      "there are no sessions of this type",
    );
  }
  const name = keys.get("TargetName");
  if (name === undefined) return missingParameter("TargetName");
  if (!isName(name)) return initiatorError("wrong TargetName");
  const target = directory.target(name);
  if (target !== undefined) {
    return { sessionType, target, authGroup: target.authGroup };
  }
  return new LoginRefusal(
    LOGIN_STATUS.NOT_FOUND,
    `there is no target "${name}" here`,
  );
}

function judgeAccess(
  group: AuthGroup,
  initiatorName: string,
  peerAddress: string,
): LoginRefusal | undefined {
  if (group.type === "deny" || group.type === "unknown") {
    return authenticationFailure("the auth-group denies everyone");
  }
  if (admitsName(group, initiatorName) && group.admitsAddress(peerAddress)) {
    return undefined;
  }
  return new LoginRefusal(
    LOGIN_STATUS.AUTHORIZATION_FAILURE,
    "the auth-group does not allow this name or address",
  );
}

/** What a normal session is told first (RFC 7143 13.6, 13.9). */
export function introduction({ target }: LoginIdentity): TextPair[] {
  if (target === undefined) return [];
  const tag = String(target.portalGroupTag);
  const pairs: TextPair[] = [["TargetPortalGroupTag", tag]];
  if (target.alias !== undefined) pairs.push(["TargetAlias", target.alias]);
  return pairs;
}
