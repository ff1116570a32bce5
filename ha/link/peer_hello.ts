/**
 * What two nodes tell each other before anything else.
 *
 * @module
 */

/** Version of everything on the link, this file's types among it. */
export const LINK_VERSION = 2;

/** How two nodes share their LUNs. */
export type HaMode = "standby" | "shared" | "proxy";

/** What a node is for a LUN. */
export type HaRole = "primary" | "secondary";

/** Number of a node. */
export type NodeId = 1 | 2;

/** Limits that must be the same on both nodes. */
export interface PeerLimits {
  /** LUNs. */
  readonly lunsMax: number;
  /** Target ports of both nodes. */
  readonly portsMax: number;
  /** Initiators of one port. */
  readonly initiatorsPerPortMax: number;
}

/** A LUN, as far as both nodes must have the same. */
export interface PeerLun {
  /** Its number. */
  readonly number: number;
  /** Type, sizes and names in words that people can compare. */
  readonly description: string;
}

/** A target port of the node itself. */
export interface PeerPort {
  /** Its RELATIVE TARGET PORT IDENTIFIER; no port of the peer has the same. */
  readonly number: number;
  /** Its name. */
  readonly name: string;
  /** Name of its target; empty: it has none. */
  readonly target: string;
  /** Its target portal group tag; 0: it has none. */
  readonly tag: number;
  /** Portals of its group, as an initiator reaches them: `192.0.2.1:3260`. */
  readonly portals: readonly string[];
}

/** First frame of either side. */
export interface PeerHello {
  /** {@linkcode LINK_VERSION}; must be equal. */
  readonly version: number;
  /** Must be equal. */
  readonly mode: HaMode;
  /** Must differ. */
  readonly id: NodeId;
  /** Role of the node; a LUN may have another. */
  readonly role: HaRole;
  /** Epoch that the node knows; told, not compared. */
  readonly epoch: number;
  /** This run of the node's process: 16 random bytes, in hexadecimal. */
  readonly instance: string;
  /** Milliseconds between heartbeats, to silence, to death; must be equal. */
  readonly timing: LinkTiming;
  /** Must be equal. */
  readonly limits: PeerLimits;
  /** Must be equal, number by number. */
  readonly luns: readonly PeerLun[];
  /** Tags of a target and relative port identifiers must differ. */
  readonly ports: readonly PeerPort[];
}

/** When a peer is given up. */
export interface LinkTiming {
  /** Milliseconds between two heartbeats. */
  readonly heartbeatMs: number;
  /** Milliseconds without an answer after which the link is silent. */
  readonly silentMs: number;
  /** Milliseconds without a byte of the peer after which it is dead. */
  readonly deadMs: number;
}

/** What is used unless something else is configured. */
export const DEFAULT_TIMING: LinkTiming = Object.freeze({
  heartbeatMs: 1000,
  silentMs: 2000,
  deadMs: 3000,
});
