/**
 * Going on without the peer: recorded before anything is answered that the peer
 * lacks, and taken back when it has caught up.
 *
 * @module
 */

import { isPrimary } from "../role_access.ts";
import { fenceLostPeer } from "./fencing.ts";
import type { InputOf, RoleState } from "./state.ts";

/** A primary looks whether it is alone. */
export function checkAlone(state: RoleState): void {
  if (!isPrimary(state.phase)) return;
  recordSolo(state);
  const isAlone = state.link === "down" &&
    state.nowMs >= state.heardMs + state.settings.deadMs;
  if (isAlone && state.settings.mode === "shared") fenceLostPeer(state);
}

function recordSolo(state: RoleState): void {
  const solo = soloWanted(state);
  if (solo === null) return;
  if (!state.settings.hasLease) {
    if (solo && !state.record.solo) goAlone(state);
    return;
  }
  const isKnown = state.arbiterSolo === solo;
  if (isKnown && solo && !state.record.solo) goAlone(state);
  if (isKnown || state.recordRequest !== null) return;
  if (state.nowMs < state.recordAtMs) return;
  state.recordRequest = state.nextRequest();
  state.arbiterSolo = null;
  const [request, epoch] = [state.recordRequest, state.epoch];
  state.out.push({ type: "record", request, epoch, solo });
}

/** What should be on record; null: what is may stay. */
function soloWanted(state: RoleState): boolean | null {
  if (state.link === "none") return true;
  if (state.link === "up") return state.caughtUp ? false : null;
  if (!state.settings.hasLease) return state.peerFenced ? true : null;
  const isDead = state.nowMs >= state.heardMs + state.settings.deadMs;
  return isDead || state.peerFenced ? true : null;
}

/** The arbiter has recorded whether this node goes on alone. */
export function takeRecorded(
  state: RoleState,
  { request, solo, ok }: InputOf<"recorded">,
): void {
  if (request !== state.recordRequest) return;
  state.recordRequest = null;
  state.arbiterSolo = ok ? solo : null;
  if (!ok) state.recordAtMs = state.nowMs + state.settings.retryMs;
  else if (solo && state.link !== "up") goAlone(state);
}

function goAlone(state: RoleState): void {
  state.save({ solo: true });
  state.log("warn", "Going on alone: the peer has to be synchronized again");
}
