/**
 * What others are told: the peer, initiators, those who replicate.
 *
 * @module
 */

import { isPrimary, ownAccess, peerAccess } from "../role_access.ts";
import type { ReplicationRule, RoleHello } from "../role_types.ts";
import type { RoleState } from "./state.ts";

/** What has to happen before a change is answered. */
export function replicationOf(state: RoleState): ReplicationRule {
  if (!isPrimary(state.phase)) return "wait";
  if (state.link === "up" && state.caughtUp) return "peer";
  return state.record.solo ? "alone" : "wait";
}

/** Tells what is no longer as it was told last. */
export function tellChanges(state: RoleState): void {
  tellSuspension(state);
  const rule = replicationOf(state);
  if (rule !== state.told.rule) {
    state.told.rule = rule;
    state.out.push({ type: "replication", rule });
  }
  const facts = state.accessFacts;
  const [own, peer] = [ownAccess(facts), peerAccess(facts)];
  if (state.told.access !== `${own} ${peer}`) {
    state.told.access = `${own} ${peer}`;
    state.out.push({ type: "access", own, peer });
  }
  const hello = state.ownHello();
  const text = helloText(hello);
  if (state.link !== "up" || text === state.told.hello) return;
  state.told.hello = text;
  state.out.push({ type: "hello", hello });
}

function tellSuspension(state: RoleState): void {
  const isFollowing = state.phase === "following";
  const suspended = state.phase === "doubtful" ||
    isFollowing && state.silent;
  if (suspended === state.suspended) return;
  state.suspended = suspended;
  if (suspended) {
    const reason = isFollowing ? "link is silent" : "lease is in doubt";
    state.out.push({ type: "suspend", reason });
  } else if (isFollowing || state.phase === "primary") {
    state.out.push({ type: "resume" });
  }
}

// The sequence goes along with others: it alone is no news.
function helloText(hello: RoleHello): string {
  return JSON.stringify({ ...hello, sequence: 0 });
}
