/**
 * Keeping the peer off the store: before this node opens it, and when the peer
 * of a shared store is lost.
 *
 * @module
 */

import type { InputOf, RoleState } from "./state.ts";

/** Asks to keep the peer off, before the store is opened. */
export function askToFence(state: RoleState): void {
  const { peerFenced } = state;
  const peerReleased = state.link === "up" && state.peer?.released === true;
  state.fenceAtMs = null;
  state.keepsOff = !peerReleased && !peerFenced;
  state.out.push({
    type: "fence",
    request: state.request,
    epoch: state.epoch,
    ...{ peerReleased, peerFenced },
    purpose: "promotion",
  });
}

/** Asks once more, when it is time. */
export function retryFence(state: RoleState): void {
  if (state.fenceAtMs === null || state.nowMs < state.fenceAtMs) return;
  state.request += 1;
  askToFence(state);
}

/** The peer is kept off, or could not be. */
export function takeFenced(state: RoleState, input: InputOf<"fenced">): void {
  const { request, ok, reason } = input;
  if (request === state.peerLostRequest) return peerWasFenced(state, ok);
  if (request !== state.request || state.phase !== "fencing") return;
  if (ok) {
    state.phase = "opening";
    if (state.keepsOff) peerKeptOff(state);
    state.out.push({ type: "open", request, epoch: state.epoch });
    return;
  }
  state.fenceAtMs = state.nowMs + state.settings.retryMs;
  if (reason === state.fenceFailure) return;
  state.fenceFailure = reason;
  state.log("error", `Not promoted: the peer is not fenced: ${reason}`);
}

/** The peer writes by itself and is silent: it is kept off. */
export function fenceLostPeer(state: RoleState): void {
  if (state.peerLost !== "no" || state.nowMs < state.peerLostAtMs) return;
  state.peerLost = "asked";
  state.peerLostRequest = state.nextRequest();
  state.peerBeingFenced = true;
  state.out.push({
    type: "fence",
    request: state.peerLostRequest,
    epoch: state.epoch,
    peerReleased: false,
    peerFenced: state.peerFenced,
    purpose: "peer-lost",
  });
}

// Who was kept off for a promotion need not be so once more for being lost.
function peerKeptOff(state: RoleState): void {
  if (state.link === "up") return askAnew(state);
  if (state.link === "none" || state.settings.mode !== "shared") return;
  state.peerLost = "fenced";
  state.out.push({ type: "peer-fenced" });
}

// The link was there when the fencer hit: nobody may be at its other end.
function askAnew(state: RoleState): void {
  state.peer = null;
  state.out.push({ type: "relink" });
}

function peerWasFenced(state: RoleState, ok: boolean): void {
  state.peerBeingFenced = false;
  if (ok && state.link === "up") return askAnew(state);
  if (state.peerLost !== "asked") return;
  state.peerLost = ok ? "fenced" : "no";
  if (ok) state.out.push({ type: "peer-fenced" });
  else state.peerLostAtMs = state.nowMs + state.settings.retryMs;
}
