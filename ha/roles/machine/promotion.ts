/**
 * Becoming primary: asking for the role, keeping the peer off, opening.
 *
 * @module
 */

import { nextEpoch } from "../role_rank.ts";
import {
  claimAlone,
  claimWithPeer,
  highestEpoch,
  peerIsAsComplete,
} from "./claims.ts";
import { askToFence, retryFence } from "./fencing.ts";
import { giveUpRole, waitAgain } from "./leaving.ts";
import { type InputOf, isIdle, type RoleState } from "./state.ts";

/** Goes on with it, as far as that is possible now. */
export function tryPromotion(state: RoleState): void {
  if (state.phase === "fencing") return retryFence(state);
  if (state.phase === "acquiring") return useConsent(state);
  if (state.phase !== "waiting" || state.drainPending) return;
  if (state.nowMs < state.tryAtMs) return;
  const claim = state.link === "up" ? claimWithPeer(state) : claimAlone(state);
  if (claim === null) return;
  state.claim = claim;
  state.claimsSolo = !peerIsAsComplete(state);
  state.phase = "acquiring";
  state.request += 1;
  if (state.link === "up" && !state.settings.hasLease) proposeEpoch(state);
  else askForRole(state, highestEpoch(state));
}

// Without an arbiter both nodes could begin at once: the peer consents by
// taking the proposed epoch over, and then has to refuse lower ones.
function proposeEpoch(state: RoleState): void {
  const { id } = state.settings;
  state.proposal = nextEpoch(highestEpoch(state), id);
  state.save({ epochSeen: state.proposal });
}

function useConsent(state: RoleState): void {
  const peer = state.peer;
  if (state.proposal === null || peer === null) return;
  if (peer.epochSeen > state.proposal) {
    return waitAgain(state, "peer was first");
  }
  const isConsent = peer.epochSeen === state.proposal && isIdle(peer.phase);
  if (!isConsent) return;
  state.ownProposal = state.proposal;
  state.proposal = null;
  askForRole(state, state.ownProposal - 1);
}

function askForRole(state: RoleState, epochMin: number): void {
  state.out.push({
    type: "acquire",
    request: state.request,
    claim: state.claim,
    epochMin,
    solo: state.claimsSolo,
  });
}

/** The arbiter has given the role. */
export function takeGrant(
  state: RoleState,
  { request, epoch, validUntilMs }: InputOf<"granted">,
): void {
  if (request !== state.request || state.phase !== "acquiring") {
    state.out.push({ type: "release", epoch });
    return;
  }
  state.proposal = null;
  const epochMin = state.record.epochSeen;
  const isOwn = epoch === epochMin && epoch === state.ownProposal;
  if (epoch <= epochMin && !isOwn) {
    state.out.push({ type: "release", epoch });
    state.log("error", `The arbiter gave epoch ${epoch}, which is old`);
    return waitAgain(state, "old epoch");
  }
  state.refusal = "";
  state.held = { epoch, validUntilMs: validUntilMs ?? Infinity };
  state.arbiterSolo = state.claimsSolo;
  state.recordRequest = null;
  state.phase = "fencing";
  state.fenceFailure = "";
  state.fenceAtMs = null;
  state.save({ epochSeen: epoch });
  askToFence(state);
}

/** The arbiter has not given it. */
export function takeRefusal(
  state: RoleState,
  { request, why, reason }: InputOf<"refused">,
): void {
  if (request !== state.request || state.phase !== "acquiring") return;
  if (why === "solo") state.inSync = false;
  if (reason !== state.refusal) {
    state.refusal = reason;
    state.log(why === "solo" ? "warn" : "info", `Not promoted: ${reason}`);
  }
  waitAgain(state, reason);
}

/** The store is open, or could not be opened. */
export function takeOpened(
  state: RoleState,
  { request, ok, reason }: InputOf<"opened">,
): void {
  if (request !== state.request || state.phase !== "opening") return;
  if (!ok) {
    state.log("error", `Not promoted: the store does not open: ${reason}`);
    state.tryAtMs = state.nowMs + state.settings.deadMs;
    return giveUpRole(state, reason, true);
  }
  state.phase = "primary";
  state.lost = false;
  state.wants = false;
  state.inSync = true;
  state.caughtUp = false;
  state.resyncAsked = false;
  const epoch = state.epoch;
  const solo = state.claimsSolo;
  state.save({ epoch, sequence: 0, wasPrimary: true, solo });
  state.out.push({ type: "serve", epoch });
  state.endFailover();
  state.event(state.claim);
}
