/**
 * What an operator, or a cluster manager, orders.
 *
 * @module
 */

import { isPrimary } from "../role_access.ts";
import type { RoleOrder } from "../role_types.ts";
import { claimAlone } from "./claims.ts";
import { giveUpRole } from "./leaving.ts";
import type { RoleState } from "./state.ts";

/** Takes an order, or refuses it and changes nothing. */
export function takeOrder(
  state: RoleState,
  { role, peerFenced }: RoleOrder,
): void {
  if (role === "secondary") return orderSecondary(state);
  const refusal = refusalOfPrimary(state, peerFenced);
  state.out.push({ type: "order-answer", refusal });
  if (refusal === null) orderPrimary(state, peerFenced);
}

function orderSecondary(state: RoleState): void {
  state.out.push({ type: "order-answer", refusal: null });
  state.wants = false;
  state.peerFenced = false;
  if (state.phase !== "following") state.leaves = true;
  if (state.phase === "halted") {
    state.phase = "waiting";
    state.inSync = false;
  }
  state.save({ ordered: "secondary", halted: false });
  giveUpRole(state, "ordered", false);
}

function orderPrimary(state: RoleState, peerFenced: boolean): void {
  const isFenced = peerFenced && state.link === "down";
  if (isFenced && !state.inSync && !isPrimary(state.phase)) {
    state.log(
      "warn",
      "Promoted by order without the peer's state: changes of reservations" +
        " and mode pages that only the peer has are lost",
    );
  }
  state.peerFenced ||= isFenced;
  state.leaves = state.handsOver = false;
  state.tryAtMs = 0;
  if (state.phase === "halted") state.phase = "waiting";
  if (!isPrimary(state.phase)) state.wants = true;
  state.save({ ordered: "primary", halted: false });
}

function refusalOfPrimary(
  state: RoleState,
  peerFenced: boolean,
): string | null {
  if (isPrimary(state.phase) || state.link !== "down" || peerFenced) {
    return null;
  }
  if (!state.settings.hasLease) {
    return "The link is down, and the peer may be primary: make sure that" +
      " it is off, and order it with --peer-fenced";
  }
  if (state.phase !== "halted" && claimAlone(state) !== null) return null;
  return "The peer may have changes that this node lacks: connect it, or" +
    " make sure that it is off and order it with --peer-fenced";
}
