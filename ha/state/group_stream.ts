/**
 * A group of LUNs, as far as what both nodes know of it goes: where its stream
 * of changes stands, and who waits for it.
 *
 * @module
 */

import type { Completion, LogicalUnit } from "../../core/mod.ts";
import type { ReplicationRule } from "../roles/role_types.ts";
import { ChangedEntries, EntriesTrust } from "./entries.ts";
import { Follower } from "./follower.ts";
import { Telling } from "./telling.ts";

/** Commands of a unit that wait until the peer knows what they did. */
export interface Waiting {
  /** The unit. */
  readonly unit: LogicalUnit;
  /** Resolves when it does. */
  settled: PromiseWithResolvers<Completion | null>;
  /** The last of its changes; Infinity: it has no number yet. */
  sequence: number;
}

/** The stream of a group. */
export class GroupStream {
  /** Puts in what the primary tells. */
  readonly follower: Follower = new Follower();
  /** What this node does. */
  role: "primary" | "following" | "none" = "none";
  /** What has to happen before a change is answered. */
  rule: ReplicationRule = "wait";
  /** Epoch of the primary. */
  epoch = 0;
  /** Number of the last change. */
  sequence = 0;
  /** Number of the last change that the peer has confirmed. */
  confirmed = 0;
  /** Number of the snapshot that was begun last; 0: none on this link. */
  snapshot = 0;
  /** It was told whole, and the peer has confirmed that. */
  synced = false;
  /** Sections that have changed here. */
  readonly dirty: Map<LogicalUnit, number> = new Map();
  /** Commands that wait. */
  readonly waiting: Map<LogicalUnit, Waiting> = new Map();
  /** Entries of plugins that have changed here. */
  readonly entries: ChangedEntries = new ChangedEntries();
  /** Plugins that wait until the peer knows of theirs. */
  readonly telling: Telling = new Telling();
  /** Until then the peer may take for good what it was told of them. */
  reliesUntilMs: number = -Infinity;
  /** Whether this node may take for good what it was told of them. */
  readonly trust: EntriesTrust = new EntriesTrust();
}
