/**
 * Who may become primary: by what a node can claim the role, and whether its
 * peer should have it instead.
 *
 * @module
 */

import { compareCompleteness, compareNodes } from "../role_rank.ts";
import type { PromotionClaim, RoleHello } from "../role_types.ts";
import { isIdle, type RoleState } from "./state.ts";

/** By what the role can be had without the peer; null: by nothing. */
export function claimAlone(state: RoleState): PromotionClaim | null {
  if (state.link === "none") {
    if (state.yields) return null;
    const { hasLease } = state.settings;
    return hasLease || state.wanted === "primary" ? "unpaired" : null;
  }
  if (state.wants && state.peerFenced) return "forced";
  if (!state.settings.hasLease || state.yields) return null;
  if (state.inSync) return "complete";
  const { solo, wasPrimary } = state.record;
  return solo && wasPrimary ? "sole" : null;
}

/** By what it can be had of a peer on the link; null: not now. */
export function claimWithPeer(state: RoleState): PromotionClaim | null {
  const peer = state.peer;
  if (peer === null) return null;
  const isLate = peerTookTooLong(state);
  const isOff = peer.phase === "draining" && isLate || isIdle(peer.phase);
  if (!isOff || !peer.released && !isLate) return null;
  if (peer.phase === "halted") return state.wants ? "forced" : null;
  const own = state.ownHello();
  if (compareNodes(own, peer) < 0) return null;
  const isWanted = own.wantsPrimary || peer.wantsPrimary;
  if (own.yields && !isWanted && canYieldTo(state, peer)) return null;
  const isPreferred = own.prefersPrimary || peer.prefersPrimary;
  const mayAct = state.settings.hasLease || isWanted || isPreferred;
  return mayAct ? "agreed" : null;
}

// Who lacks what was answered cannot take over, whatever was ordered; but
// when both were told to leave the role, somebody has to choose.
function canYieldTo(state: RoleState, peer: RoleHello): boolean {
  const { hasLease } = state.settings;
  return !hasLease || peer.yields ||
    compareCompleteness(state.ownHello(), peer) <= 0;
}

/**
 * The peer leaves a role, and takes longer than anybody waits: its store does
 * not let go of it; its lease must be gone, too.
 */
export function peerTookTooLong(state: RoleState): boolean {
  const { hasLease, deadMs } = state.settings;
  if (!hasLease || state.peerLeftMs === null) return false;
  return state.nowMs >= state.peerLeftMs + deadMs;
}

/** The peer, on the link, has all of the state, too. */
export function peerIsAsComplete(state: RoleState): boolean {
  const peer = state.peer;
  if (state.link !== "up" || peer === null || !peer.inSync) return false;
  return state.inSync && compareCompleteness(state.ownHello(), peer) === 0;
}

/** The highest epoch that either has heard of. */
export function highestEpoch(state: RoleState): number {
  return Math.max(state.record.epochSeen, state.peer?.epochSeen ?? 0);
}
