/**
 * What operators see of a pair of nodes, and what they order.
 *
 * @module
 */

import { defineService, type ServiceToken } from "../core/mod.ts";
import type { HaMode, HaRole, NodeId, PeerPort } from "./link/peer_hello.ts";
import type { HaSettings } from "./settings.ts";
import type { LinkFigures, LinkState } from "./link/peer_link.ts";

/**
 * What a node is doing for a LUN: `primary` and `secondary` serve it as ALUA
 * says, `transitioning` answers 2/04/0A, `unavailable` 2/04/0C.
 */
export type HaServing =
  | "primary"
  | "secondary"
  | "transitioning"
  | "unavailable";

/** One LUN of the pair. */
export interface HaLunStatus {
  /** Its number. */
  readonly lun: number;
  /** What the node has been told to be for it. */
  readonly wanted: HaRole;
  /** What it is. */
  readonly serving: HaServing;
  /** What the peer says that it is; null: it is not known. */
  readonly peer: HaServing | null;
  /** The role is the LUN's own: option `ha_role`, or an order. */
  readonly ownRole: boolean;
  /** Changes that the peer has not confirmed yet. */
  readonly lag: number;
}

/** The link to the peer. */
export interface HaLinkStatus {
  /** Where it is. */
  readonly state: LinkState | "none";
  /** `listen ADDRESS:PORT`, `connect ADDRESS:PORT`; empty: none. */
  readonly configured: string;
  /** It is not encrypted. */
  readonly insecure: boolean;
  /** Milliseconds since 1970 of its last change; null: none. */
  readonly sinceMs: number | null;
  /** Why it is not up, or went down last. */
  readonly lastReason: string | null;
  /** Milliseconds without an answer, while up. */
  readonly silenceMs: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** What it has done. */
  readonly figures: LinkFigures;
}

/** The last time that this node became primary. */
export interface HaFailover {
  /** Milliseconds since 1970 when it began. */
  readonly atMs: number;
  /** How long it took; null: it is going on. */
  readonly durationMs: number | null;
  /** Why: `ordered`, `the peer is dead`. */
  readonly reason: string;
}

/** The whole node, at one moment. */
export interface HaStatus {
  /** Number of this node. */
  readonly id: NodeId;
  /** How the nodes share their LUNs. */
  readonly mode: HaMode;
  /** What the node has been told to be. */
  readonly wanted: HaRole;
  /** What it is for the LUNs without a role of their own. */
  readonly serving: HaServing;
  /** What the peer says that it is; null: it is not known. */
  readonly peer: HaServing | null;
  /** Epoch of the role. */
  readonly epoch: number;
  /** The arbiter knows that this node goes on alone. */
  readonly solo: boolean;
  /** State of both nodes is the same. */
  readonly synchronized: boolean;
  /** Changes of all LUNs that the peer has not confirmed yet. */
  readonly lag: number;
  /** Who decides on roles: `static`, `etcd`. */
  readonly arbiter: string;
  /** What it says, in words: `lease held, 2.1 s left`. */
  readonly arbiterState: string;
  /** What keeps the other node off the stores. */
  readonly fencer: string;
  /** The link. */
  readonly link: HaLinkStatus;
  /** LUNs by number. */
  readonly luns: readonly HaLunStatus[];
  /** Ports of the peer, as it told them last. */
  readonly peerPorts: readonly PeerPort[];
  /** The last change of role; null: none since the start. */
  readonly failover: HaFailover | null;
}

/** An order of the operator, or of a cluster manager. */
export interface HaRoleOrder {
  /** What the node is to be. */
  readonly role: HaRole;
  /** For one LUN alone; undefined: for the node. */
  readonly lun?: number;
  /**
   * The operator vouches that the peer is off: without it a node that has no
   * peer is not promoted where no arbiter decides.
   */
  readonly peerFenced: boolean;
}

/** The plugin, for those who operate it. */
export interface HaControl {
  /** What is, now. */
  status(): HaStatus;
  /**
   * All that is configured has been made: from now on the node looks for its
   * peer, and its role counts. Until then every LUN is transitioning. Once.
   */
  start(): void;
  /**
   * Other settings. Another peer, identity or timing restarts the link; other
   * arbiters and fencers count for what is asked from now on. The role is what
   * `setRole` is for.
   *
   * @throws {ManagementError} for what a running node cannot change: its
   * number and mode; nothing has changed
   */
  reconfigure(settings: HaSettings): Promise<void>;
  /**
   * The daemon ends: gives all roles up in order, while sessions and stores
   * are still there, and tells the peer, who can take them at once. It never
   * throws, and takes a few seconds at the most.
   */
  stop(): Promise<void>;
  /**
   * Carries out an order; resolves when the role is taken or given up.
   *
   * @throws {ManagementError} when it is refused; nothing has changed
   */
  setRole(order: HaRoleOrder): Promise<void>;
}

/** Offered by the plugin `ha`. */
export const HA_CONTROL: ServiceToken<HaControl> = defineService("ha-control");
