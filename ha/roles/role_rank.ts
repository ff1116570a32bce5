/**
 * Which of two nodes that are no primary should become it: the one that lacks
 * nothing that was answered to an initiator, and then the one that was asked.
 * Both come to the same result from the same two hellos.
 *
 * @module
 */

import type { NodeId, RoleHello, RoleVersion } from "./role_types.ts";

/** What of a hello decides. */
export type RankedNode = Pick<
  RoleHello,
  | keyof RoleVersion
  | "id"
  | "inSync"
  | "wantsPrimary"
  | "prefersPrimary"
  | "yields"
  | "wasPrimary"
>;

/** Positive: `one` is of a newer version; zero: the same. */
export function compareVersions(one: RoleVersion, other: RoleVersion): number {
  return one.epoch - other.epoch || one.sequence - other.sequence;
}

/**
 * Positive: `one` has more of what was answered; zero: nothing can be told.
 *
 * A node that went on alone has answered what the other lacks. Otherwise all
 * that was answered is at both, and memory that has lived through beats what
 * a restart has left.
 */
export function compareCompleteness(
  one: RankedNode,
  other: RankedNode,
): number {
  const newer = compareVersions(one, other);
  if (newer > 0 && one.solo) return 1;
  if (newer < 0 && other.solo) return -1;
  return Number(one.inSync) - Number(other.inSync) || newer;
}

/** Positive: `one` should be primary. Never zero. */
export function compareNodes(one: RankedNode, other: RankedNode): number {
  return compareCompleteness(one, other) ||
    Number(one.wantsPrimary) - Number(other.wantsPrimary) ||
    Number(other.yields) - Number(one.yields) ||
    Number(one.wasPrimary) - Number(other.wasPrimary) ||
    Number(one.prefersPrimary) - Number(other.prefersPrimary) ||
    other.id - one.id;
}

/**
 * The next epoch where no arbiter gives one. Epochs of the two nodes are never
 * the same, whatever an operator orders: node 1 has the odd ones.
 */
export function nextEpoch(highest: number, id: NodeId): number {
  const next = highest + 1;
  return next % 2 === id % 2 ? next : next + 1;
}
