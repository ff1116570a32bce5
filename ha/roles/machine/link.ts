/**
 * What the link tells: that it is up or down, and what the peer is.
 *
 * @module
 */

import { isPrimary } from "../role_access.ts";
import type { RoleHello } from "../role_types.ts";
import { stopFollowing } from "./following.ts";
import { stopAcquiring } from "./leaving.ts";
import { type InputOf, isHolding, isIdle, type RoleState } from "./state.ts";

/** The link is up: the peer has everything still to tell. */
export function linkUp(state: RoleState): void {
  state.link = "up";
  state.silent = false;
  state.peer = null;
  state.peerLeftMs = null;
  state.peerFenced = false;
  state.peerLost = "no";
  state.caughtUp = false;
  state.resyncAsked = false;
  state.told.hello = "";
}

/** The link is down: whoever followed has nobody to follow. */
export function linkDown(
  state: RoleState,
  { reason, silenceMs }: InputOf<"link-down">,
): void {
  if (state.link !== "up") return;
  state.link = "down";
  state.silent = false;
  state.heardMs = state.nowMs - silenceMs;
  state.peer = null;
  state.caughtUp = false;
  state.handsOver = false;
  state.proposal = null;
  if (state.phase === "following") stopFollowing(state, `link lost: ${reason}`);
  else if (state.phase === "acquiring") stopAcquiring(state);
}

/** The peer has told its state. */
export function takeHello(state: RoleState, peer: RoleHello): void {
  const { id, group } = state.settings;
  if (state.link !== "up" || peer.id === id || peer.group !== group) return;
  state.peer = peer;
  // Whoever wanted the role was ordered off meanwhile.
  if (!peer.wantsPrimary && isIdle(peer.phase)) state.handsOver = false;
  if (peer.released || isHolding(peer.phase)) state.peerLeftMs = null;
  else state.peerLeftMs ??= state.nowMs;
  if (peer.phase !== "following") {
    state.resyncAsked = false;
    if (isPrimary(state.phase)) state.caughtUp = false;
  }
  if (peer.epochSeen > state.record.epochSeen && !isPrimary(state.phase)) {
    state.save({ epochSeen: peer.epochSeen });
  }
}
