/**
 * Ways out of a role: waiting again, giving it up, and being halted.
 *
 * @module
 */

import type { RoleHello } from "../role_types.ts";
import type { RoleState } from "./state.ts";

/** Waits for another chance. */
export function waitAgain(state: RoleState, reason: string): void {
  state.phase = "waiting";
  state.proposal = null;
  state.tryAtMs = state.nowMs + state.settings.retryMs;
  state.beginFailover(reason);
}

/** What was asked of the arbiter has no answer any more. */
export function stopAcquiring(state: RoleState): void {
  state.request += 1;
  waitAgain(state, "the peer's state has changed");
}

/** Gives up what it has of the role, or was about to have. */
export function giveUpRole(
  state: RoleState,
  reason: string,
  abort: boolean,
): void {
  if (state.phase === "acquiring") return stopAcquiring(state);
  if (state.held === null || state.phase === "draining") return;
  state.request += 1;
  state.phase = "draining";
  drain(state, reason, abort);
  state.event(reason);
}

function drain(state: RoleState, reason: string, abort: boolean): void {
  state.drainPending = true;
  state.caughtUp = false;
  state.out.push({ type: "drain", abort, reason });
}

/** Nothing is under way in the store any more. */
export function takeDrained(state: RoleState): void {
  if (!state.drainPending) return;
  state.drainPending = false;
  state.out.push({ type: "unfence" });
  if (state.held !== null) {
    state.out.push({ type: "release", epoch: state.held.epoch });
  }
  state.held = null;
  if (state.phase === "draining") waitAgain(state, "role given up");
}

/** Two primaries have met: this one ends. */
export function haltRole(state: RoleState, peer: RoleHello): void {
  state.log(
    "error",
    `Both nodes have been primary: this one in epoch ${state.epoch}, the` +
      ` peer in ${peer.epoch}; an operator has to choose one`,
  );
  const epochSeen = Math.max(state.record.epochSeen, peer.epochSeen);
  state.save({ halted: true, epochSeen });
  state.request += 1;
  state.phase = "halted";
  state.inSync = false;
  drain(state, "two primaries", true);
  state.event("two primaries");
}
