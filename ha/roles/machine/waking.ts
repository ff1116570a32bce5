/**
 * When a machine has to look at the time again.
 *
 * @module
 */

import { isPrimary } from "../role_access.ts";
import type { RoleState } from "./state.ts";

/** All times, those that have passed among them. */
export function wakeTimes(state: RoleState): number[] {
  const { deadMs, doubtMs } = state.settings;
  const times: number[] = [];
  if (state.held !== null && state.held.validUntilMs !== Infinity) {
    const { validUntilMs } = state.held;
    times.push(validUntilMs - doubtMs, validUntilMs);
  }
  if (state.phase === "waiting") times.push(state.tryAtMs);
  if (state.peerLeftMs !== null) times.push(state.peerLeftMs + deadMs);
  if (state.fenceAtMs !== null) times.push(state.fenceAtMs);
  if (!isPrimary(state.phase)) return times;
  if (state.link === "down") times.push(state.heardMs + deadMs);
  return [...times, state.recordAtMs, state.peerLostAtMs];
}
