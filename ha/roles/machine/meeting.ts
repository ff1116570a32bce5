/**
 * The peer on the link: what its role means for ours.
 *
 * @module
 */

import { isPrimary } from "../role_access.ts";
import { nextEpoch } from "../role_rank.ts";
import type { RoleHello } from "../role_types.ts";
import { meetAsFollower, tryToFollow } from "./following.ts";
import { loseRole } from "./lease.ts";
import { giveUpRole, haltRole } from "./leaving.ts";
import type { RoleState } from "./state.ts";

/** Does what the peer's last hello asks for. */
export function meetPeer(state: RoleState): void {
  const peer = state.peer;
  if (state.link !== "up" || peer === null) return;
  if (isPrimary(state.phase)) return meetAsPrimary(state, peer);
  if (state.phase === "following") return meetAsFollower(state, peer);
  if (!isPrimary(peer.phase)) return;
  const isOlder = peer.epoch < (state.held?.epoch ?? 0);
  if (state.settings.hasLease && isOlder) return;
  if (state.phase !== "waiting" && state.phase !== "halted") {
    return giveUpRole(state, "the peer is primary", true);
  }
  if (!state.drainPending) tryToFollow(state, peer);
}

function meetAsPrimary(state: RoleState, peer: RoleHello): void {
  if (isPrimary(peer.phase)) return haltRole(state, peer);
  if (peer.epoch > state.epoch) {
    return state.settings.hasLease
      ? loseRole(state, `the peer has epoch ${peer.epoch}`)
      : haltRole(state, peer);
  }
  if (peer.epochSeen > state.epoch && !state.settings.hasLease) {
    raiseEpoch(state, peer.epochSeen);
  }
  if (peer.phase !== "following" || peer.epochSeen !== state.epoch) return;
  if (!state.resyncAsked) {
    state.resyncAsked = true;
    const { epoch, sequence, solo } = peer;
    state.out.push({ type: "resync", peer: { epoch, sequence, solo } });
  }
  if (peer.wantsPrimary && mayHandOver(state)) {
    state.handsOver = true;
    giveUpRole(state, "handed over", false);
  }
}

function mayHandOver(state: RoleState): boolean {
  const isPaired = !state.settings.hasLease || state.arbiterSolo === false;
  // A shot that is on its way would hit the new primary.
  const isSafe = !state.peerBeingFenced;
  return state.caughtUp && !state.record.solo && isPaired && isSafe;
}

// The peer was given a higher epoch and has done nothing with it.
function raiseEpoch(state: RoleState, epochSeen: number): void {
  const epoch = nextEpoch(epochSeen, state.settings.id);
  state.held = { epoch, validUntilMs: Infinity };
  state.save({ epoch, sequence: 0, epochSeen: epoch });
  state.out.push({ type: "serve", epoch });
}

/** The secondary has confirmed all of our state. */
export function takePeerSynced(state: RoleState): void {
  const isOurs = state.peer?.phase === "following" && state.link === "up";
  if (!isPrimary(state.phase) || !isOurs) return;
  state.caughtUp = true;
  if (state.record.solo) state.save({ solo: false });
}
