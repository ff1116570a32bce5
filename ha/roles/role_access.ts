/**
 * Access states that initiators see, by what both nodes do (SPC-5 5.18).
 *
 * @module
 */

import type { HaMode, RoleAccess, RoleHello, RolePhase } from "./role_types.ts";

/** What decides. */
export interface AccessFacts {
  /** How the nodes share. */
  readonly mode: HaMode;
  /** What this node does. */
  readonly phase: RolePhase;
  /** The link: there is none, it is down, or up. */
  readonly link: "none" | "down" | "up";
  /** Nothing has been heard for too long, though it is up. */
  readonly silent: boolean;
  /** The secondary, here or there, has all of the state. */
  readonly caughtUp: boolean;
  /** The role was lost: nothing is served until somebody has it. */
  readonly lost: boolean;
  /** What the peer told last. */
  readonly peer: RoleHello | null;
}

/** The peer may serve as primary. */
export function isPrimary(phase: RolePhase | undefined): boolean {
  return phase === "primary" || phase === "doubtful";
}

/** Access through the ports of this node. */
export function ownAccess(facts: AccessFacts): RoleAccess {
  const { phase, link, lost } = facts;
  if (phase === "halted" || lost) return "unavailable";
  if (phase === "primary") return "optimized";
  if (phase === "following") return followerAccess(facts);
  return link === "none" ? "unavailable" : "transitioning";
}

function followerAccess(facts: AccessFacts): RoleAccess {
  const { mode, silent, caughtUp, peer } = facts;
  const isServed = caughtUp && !silent && peer?.phase === "primary";
  return isServed ? secondAccess(mode) : "transitioning";
}

/** Access through the ports of the peer, as far as this node knows. */
export function peerAccess(facts: AccessFacts): RoleAccess {
  const { mode, phase, link, caughtUp, peer } = facts;
  if (link === "none") return isPrimary(phase) ? "unavailable" : "optimized";
  if (link === "down") return isPrimary(phase) ? "transitioning" : "optimized";
  if (peer?.phase === "halted") return "unavailable";
  if (peer?.phase === "primary") return "optimized";
  const isServed = phase === "primary" && peer?.phase === "following" &&
    caughtUp;
  return isServed ? secondAccess(mode) : "transitioning";
}

function secondAccess(mode: HaMode): RoleAccess {
  return mode === "standby" ? "standby" : "nonoptimized";
}
