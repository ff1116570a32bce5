/**
 * Target portal group tags: 16-bit numbers by which initiators tell portal
 * groups apart (RFC 7143 3.4.1).
 *
 * @module
 */

import type { Configuration } from "./model.ts";

/** Tags of the portal groups by name. */
export type AssignedTags = ReadonlyMap<string, number>;

/** First tag that is given without being asked for. */
const AUTOMATIC_TAG_MIN = 0x100;
/** The same on node 2 of a pair: no tag of a target may be there twice. */
const AUTOMATIC_TAG_MIN_OF_NODE_2 = 0x4000;
const TAG_MAX = 0xffff;

/**
 * Gives every portal group its tag: the one that the file asks for, else the
 * one that it had, else the next from 256 up (from 16384 up on node 2 of a
 * pair). A tag that is asked for is
 * taken from a group that only happened to have it; a tag that was in use
 * until now goes to no other group.
 *
 * @param before tags until now
 */
export function assignTags(
  { portalGroups, ha }: Configuration,
  before: AssignedTags,
): AssignedTags {
  const groups = [...portalGroups.values()];
  const asked = new Set(groups.map(({ tag }) => tag));
  const used = new Set([...asked, ...before.values()]);
  const tags = new Map<string, number>();
  let next = ha?.options.get("id") === "2"
    ? AUTOMATIC_TAG_MIN_OF_NODE_2
    : AUTOMATIC_TAG_MIN;
  for (const { name, tag } of groups) {
    const kept = before.get(name);
    const known = tag ?? (asked.has(kept) ? undefined : kept);
    while (known === undefined && used.has(next) && next < TAG_MAX) next++;
    tags.set(name, known ?? next);
    if (known === undefined) used.add(next);
  }
  return tags;
}
