/**
 * Which room takes what has happened.
 *
 * @module
 */

import type { RoleInput } from "../role_types.ts";
import { takeRecorded } from "./alone.ts";
import { takeResyncDone } from "./following.ts";
import { takeFenced } from "./fencing.ts";
import { loseRole, takeRenewal } from "./lease.ts";
import { takeDrained } from "./leaving.ts";
import { linkDown, linkUp, takeHello } from "./link.ts";
import { takePeerSynced } from "./meeting.ts";
import { takeOrder } from "./orders.ts";
import { takeGrant, takeOpened, takeRefusal } from "./promotion.ts";
import type { InputOf, RoleState } from "./state.ts";

/** What the link and operators say; the rest are results of requests. */
type Message =
  | "tick"
  | "link-up"
  | "link-down"
  | "link-silent"
  | "link-heard"
  | "hello"
  | "order";

/** Takes one input. */
export function takeInput(state: RoleState, input: RoleInput): void {
  switch (input.type) {
    case "tick":
      return;
    case "link-up":
      return linkUp(state);
    case "link-down":
      return linkDown(state, input);
    case "link-silent":
      state.silent = true;
      return;
    case "link-heard":
      state.silent = false;
      return;
    case "hello":
      return takeHello(state, input.peer);
    case "order":
      return takeOrder(state, input.order);
    default:
      return takeResult(state, input);
  }
}

function takeResult(
  state: RoleState,
  input: Exclude<RoleInput, InputOf<Message>>,
): void {
  switch (input.type) {
    case "granted":
      return takeGrant(state, input);
    case "renewed":
      return takeRenewal(state, input.validUntilMs);
    case "refused":
      return takeRefusal(state, input);
    case "lease-lost":
      return loseRole(state, input.reason);
    case "recorded":
      return takeRecorded(state, input);
    case "fenced":
      return takeFenced(state, input);
    case "opened":
      return takeOpened(state, input);
    case "drained":
      return takeDrained(state);
    case "resync-done":
      return takeResyncDone(state, input);
    case "peer-synced":
      return takePeerSynced(state);
    case "sequence":
      state.record = { ...state.record, sequence: input.sequence };
      if (input.durable) state.save({});
  }
}
