/**
 * Being secondary: whom to follow, and how long.
 *
 * @module
 */

import { isPrimary } from "../role_access.ts";
import { compareVersions } from "../role_rank.ts";
import type { RoleHello } from "../role_types.ts";
import { peerTookTooLong } from "./claims.ts";
import { waitAgain } from "./leaving.ts";
import type { InputOf, RoleState } from "./state.ts";

/** Follows a peer that is primary, unless its epoch is old. */
export function tryToFollow(state: RoleState, peer: RoleHello): void {
  const isNewer = peer.epoch > state.record.epochSeen;
  if (state.phase === "halted" && !isNewer) return;
  if (peer.epoch < state.record.epochSeen) {
    return refuseToFollow(state, `epoch ${peer.epoch} of the peer is old`);
  }
  if (state.phase === "halted" || lacks(state, peer)) state.inSync = false;
  state.phase = "following";
  state.lost = false;
  state.leaves = state.handsOver = false;
  state.caughtUp = false;
  state.unservedSince = null;
  state.followedEpoch = peer.epoch;
  state.save({ epochSeen: peer.epoch, halted: false });
  state.out.push({ type: "follow", epoch: peer.epoch });
  state.event("the peer is primary");
}

function lacks(state: RoleState, peer: RoleHello): boolean {
  return peer.solo && compareVersions(peer, state.record) > 0;
}

function refuseToFollow(state: RoleState, reason: string): void {
  if (reason === state.refusal) return;
  state.refusal = reason;
  state.log("error", `Not followed: ${reason}`);
}

/** Looks whether the peer is still the primary that it was. */
export function meetAsFollower(state: RoleState, peer: RoleHello): void {
  const isThere = isPrimary(peer.phase) ||
    peer.phase === "draining" && !peerTookTooLong(state);
  const isSame = !isPrimary(peer.phase) || peer.epoch === state.followedEpoch;
  if (isThere && isSame) return;
  stopFollowing(state, "the peer is not primary any more");
  state.tryAtMs = 0;
  if (isThere) tryToFollow(state, peer);
}

/** There is nobody to follow. */
export function stopFollowing(state: RoleState, reason: string): void {
  state.caughtUp = false;
  state.out.push({ type: "unfollow", reason });
  waitAgain(state, reason);
  state.tryAtMs = 0;
  state.event(reason);
}

/** This node has all of the primary's state. */
export function takeResyncDone(
  state: RoleState,
  { epoch, sequence }: InputOf<"resync-done">,
): void {
  if (state.phase !== "following" || epoch !== state.followedEpoch) return;
  state.caughtUp = true;
  state.inSync = true;
  state.save({ epoch, sequence, solo: false, wasPrimary: false });
}
