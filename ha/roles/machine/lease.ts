/**
 * The lease of a role that is held: as long as it holds, in doubt, lost.
 *
 * @module
 */

import { giveUpRole } from "./leaving.ts";
import { isHolding, type RoleState } from "./state.ts";

/** The lease holds longer. */
export function takeRenewal(state: RoleState, validUntilMs: number): void {
  if (state.held === null) return;
  const { epoch } = state.held;
  const until = Math.max(validUntilMs, state.held.validUntilMs);
  state.held = { epoch, validUntilMs: until };
  const isSafe = until - state.nowMs > state.settings.doubtMs;
  if (state.phase === "doubtful" && isSafe) {
    state.phase = "primary";
    state.event("lease renewed");
  }
}

/** Looks whether the lease still holds, and for long enough. */
export function checkLease(state: RoleState): void {
  if (state.held === null || !isHolding(state.phase)) return;
  const leftMs = state.held.validUntilMs - state.nowMs;
  if (leftMs <= 0) return loseRole(state, "the lease ran out");
  if (leftMs > state.settings.doubtMs || state.phase !== "primary") return;
  state.phase = "doubtful";
  state.log("warn", "The lease is in doubt: nothing new is begun");
  state.event("lease in doubt");
}

/** The role is no longer ours: nobody is served until somebody has it. */
export function loseRole(state: RoleState, reason: string): void {
  if (state.held === null || !isHolding(state.phase)) return;
  state.lost = true;
  state.log("error", `The role is lost: ${reason}`);
  giveUpRole(state, reason, true);
}
