/**
 * What the role machine takes and gives. A machine decides for one group of
 * LUNs that change their role together: those that follow the node, or one LUN
 * with a role of its own.
 *
 * @module
 */

import type { HaMode, HaRole, NodeId } from "../link/peer_hello.ts";

export type { HaMode, HaRole, NodeId };

/** The group of all LUNs that follow the node; others are a LUN's number. */
export const NODE_GROUP = 0xffff_ffff;

/**
 * What a node is doing with its role.
 *
 * - `waiting`: nobody is known to be primary, or nobody may be
 * - `following`: the peer is primary
 * - `acquiring`: the arbiter was asked
 * - `fencing`: the peer is being kept off the store
 * - `opening`: the store is being opened
 * - `primary`: serving
 * - `doubtful`: primary, but not sure of its lease: nothing new is begun
 * - `draining`: giving the role up
 * - `halted`: two primaries have met; an operator has to choose
 */
export type RolePhase =
  | "waiting"
  | "following"
  | "acquiring"
  | "fencing"
  | "opening"
  | "primary"
  | "doubtful"
  | "draining"
  | "halted";

/** Access state of a group of LUNs through the ports of a node (ALUA). */
export type RoleAccess =
  | "optimized"
  | "nonoptimized"
  | "standby"
  | "unavailable"
  | "transitioning";

/**
 * What has to happen before a change of shared state is answered: the peer
 * confirms it; nothing does (this node goes on alone, and that is recorded);
 * or it has to wait, because neither is known.
 */
export type ReplicationRule = "peer" | "alone" | "wait";

/** How complete the state of a node is: what both tell each other. */
export interface RoleVersion {
  /** Epoch under which the state was last complete. */
  readonly epoch: number;
  /** Changes up to this one are in it. */
  readonly sequence: number;
  /** It went on alone in that epoch: the peer may lack what it answered. */
  readonly solo: boolean;
}

/** What outlives a restart. */
export interface RoleRecord extends RoleVersion {
  /** Highest epoch that was ever heard of; messages of older ones are refused. */
  readonly epochSeen: number;
  /** It was primary in `epoch`. */
  readonly wasPrimary: boolean;
  /** What an operator ordered last; null: what is configured holds. */
  readonly ordered: HaRole | null;
  /** Two primaries have met, and nobody has chosen yet. */
  readonly halted: boolean;
}

/** The record of a node that was never part of a pair. */
export const EMPTY_RECORD: RoleRecord = Object.freeze({
  epoch: 0,
  sequence: 0,
  solo: false,
  epochSeen: 0,
  wasPrimary: false,
  ordered: null,
  halted: false,
});

/** What a node tells its peer of a group, all of it each time. */
export interface RoleHello extends RoleVersion {
  /** The group. */
  readonly group: number;
  /** Who tells it. */
  readonly id: NodeId;
  /** What it is doing. */
  readonly phase: RolePhase;
  /** Highest epoch that it knows. */
  readonly epochSeen: number;
  /** Its memory holds all that was confirmed, since the last pairing. */
  readonly inSync: boolean;
  /** It has no store of the group open, and nothing under way in one. */
  readonly released: boolean;
  /** An operator has ordered it to be primary, and it is not yet. */
  readonly wantsPrimary: boolean;
  /** It should be primary when nothing else decides. */
  readonly prefersPrimary: boolean;
  /** An operator has ordered it to leave the role to the other. */
  readonly yields: boolean;
  /** It was primary in `epoch`. */
  readonly wasPrimary: boolean;
}

/** An order, of an operator or a cluster manager. */
export interface RoleOrder {
  /** What the node is to be. */
  readonly role: HaRole;
  /** The operator vouches that the peer cannot touch the stores. */
  readonly peerFenced: boolean;
}

/**
 * Why a node may ask for the role. `complete`: all that was confirmed is in its
 * memory; `sole`: it was alone when it ended; `agreed`: the peer, on the link,
 * knows no better; `forced`: an operator vouches; `unpaired`: there is no link.
 * An arbiter refuses the first two when its own record knows better.
 */
export type PromotionClaim =
  | "complete"
  | "sole"
  | "agreed"
  | "forced"
  | "unpaired";

/** What has happened. Results of requests echo the number of the request. */
export type RoleInput =
  /** Time has passed; see `RoleMachine.wakeAtMs`. */
  | { readonly type: "tick" }
  /** The link is up: both nodes have accepted each other. */
  | { readonly type: "link-up" }
  /** It is not, after so many milliseconds of silence. */
  | {
    readonly type: "link-down";
    readonly reason: string;
    readonly silenceMs: number;
  }
  /** It is up and nothing was heard for so long. */
  | { readonly type: "link-silent"; readonly silenceMs: number }
  /** The silence has ended. */
  | { readonly type: "link-heard" }
  /** The peer has told its state. */
  | { readonly type: "hello"; readonly peer: RoleHello }
  /** An operator has ordered something. */
  | { readonly type: "order"; readonly order: RoleOrder }
  /** The arbiter has given the role; `validUntilMs` is null without a lease. */
  | {
    readonly type: "granted";
    readonly request: number;
    readonly epoch: number;
    readonly validUntilMs: number | null;
  }
  /** The lease holds until then. */
  | { readonly type: "renewed"; readonly validUntilMs: number }
  /**
   * The arbiter has not given the role: the other has it, or may alone have
   * it; or the arbiter cannot be asked.
   */
  | {
    readonly type: "refused";
    readonly request: number;
    readonly why: "held" | "solo" | "unreachable";
    readonly reason: string;
  }
  /** The role is no longer ours, whatever the time. */
  | { readonly type: "lease-lost"; readonly reason: string }
  /** The arbiter has recorded whether this node goes on alone, or could not. */
  | {
    readonly type: "recorded";
    readonly request: number;
    readonly solo: boolean;
    readonly ok: boolean;
  }
  /** The peer is kept off the store, or could not be. */
  | {
    readonly type: "fenced";
    readonly request: number;
    readonly ok: boolean;
    readonly reason: string;
  }
  /** The store is open and the node may serve, or could not be opened. */
  | {
    readonly type: "opened";
    readonly request: number;
    readonly ok: boolean;
    readonly reason: string;
  }
  /** Nothing is under way any more, what was written is durable, all closed. */
  | { readonly type: "drained" }
  /** The secondary has all of the primary's state, up to this change. */
  | {
    readonly type: "resync-done";
    readonly epoch: number;
    readonly sequence: number;
  }
  /** The primary has heard that the secondary has confirmed all. */
  | { readonly type: "peer-synced" }
  /**
   * A change has its number: made here, or confirmed here. `durable`: it is in
   * the state database, and so has to be its number.
   */
  | {
    readonly type: "sequence";
    readonly sequence: number;
    readonly durable: boolean;
  };

/** What has to be done, in order. */
export type RoleOutput =
  /** Ask the arbiter; answer `granted` or `refused`. */
  | {
    readonly type: "acquire";
    readonly request: number;
    readonly claim: PromotionClaim;
    readonly epochMin: number;
    readonly solo: boolean;
  }
  /** Give the lease back; nothing is answered. */
  | { readonly type: "release"; readonly epoch: number }
  /** Record in the arbiter; answer `recorded`. */
  | {
    readonly type: "record";
    readonly request: number;
    readonly epoch: number;
    readonly solo: boolean;
  }
  /**
   * Keep the peer off the store; answer `fenced`. `peerReleased`: the peer, on
   * the link, has told that it has closed it.
   */
  | {
    readonly type: "fence";
    readonly request: number;
    readonly epoch: number;
    readonly peerReleased: boolean;
    readonly peerFenced: boolean;
    readonly purpose: "promotion" | "peer-lost";
  }
  /** Our own hold of the store (a lock) ends. */
  | { readonly type: "unfence" }
  /** Open the store where it is not, be ready to serve; answer `opened`. */
  | {
    readonly type: "open";
    readonly request: number;
    readonly epoch: number;
  }
  /** Serve as primary from now on; changes are numbered from 1 again. */
  | { readonly type: "serve"; readonly epoch: number }
  /** Begin no access to a store until `resume` (or ever): 2/04/0A. */
  | { readonly type: "suspend"; readonly reason: string }
  /** Go on. */
  | { readonly type: "resume" }
  /**
   * Give up: no new tasks, end what runs (`abort`: do not wait for what can be
   * aborted), flush, close; answer `drained`.
   */
  | {
    readonly type: "drain";
    readonly abort: boolean;
    readonly reason: string;
  }
  /** The peer is primary in this epoch: its messages hold from now on. */
  | { readonly type: "follow"; readonly epoch: number }
  /** There is no primary to follow any more: forwarded commands end. */
  | { readonly type: "unfollow"; readonly reason: string }
  /** The secondary on the link needs our state, beginning from its version. */
  | { readonly type: "resync"; readonly peer: RoleVersion }
  /** How changes are answered has changed. */
  | { readonly type: "replication"; readonly rule: ReplicationRule }
  /** The peer is gone and cannot touch the store: its placeholders end. */
  | { readonly type: "peer-fenced" }
  /**
   * The peer was kept off while the link was up: it may have been ended, and
   * what it has told is past. A new link shows what it is.
   */
  | { readonly type: "relink" }
  /** Keep this, before anything that follows. */
  | { readonly type: "persist"; readonly record: RoleRecord }
  /** Tell the peer. */
  | { readonly type: "hello"; readonly hello: RoleHello }
  /** What initiators are told has changed: asymmetric access, 2A/06. */
  | {
    readonly type: "access";
    readonly own: RoleAccess;
    readonly peer: RoleAccess;
  }
  /** The order was taken, or was not: nothing has changed then. */
  | { readonly type: "order-answer"; readonly refusal: string | null }
  /** For the log. */
  | {
    readonly type: "log";
    readonly level: "info" | "warn" | "error";
    readonly message: string;
  }
  /** For those who follow events. */
  | { readonly type: "event"; readonly event: RoleEvent };

/** A change of what a node is for a group. */
export interface RoleEvent {
  /** What it is doing now. */
  readonly phase: RolePhase;
  /** Its epoch. */
  readonly epoch: number;
  /** Why. */
  readonly reason: string;
}

/** How a machine is set up. */
export interface RoleSettings {
  /** The group. */
  readonly group: number;
  /** This node. */
  readonly id: NodeId;
  /** How the nodes share. */
  readonly mode: HaMode;
  /** What is configured. */
  readonly role: HaRole;
  /** There is a link to a peer. */
  readonly hasLink: boolean;
  /** The arbiter gives leases and so decides; else an operator does. */
  readonly hasLease: boolean;
  /** Milliseconds of silence after which the primary acts. */
  readonly deadMs: number;
  /** Milliseconds before the end of a lease at which it is in doubt. */
  readonly doubtMs: number;
  /** Milliseconds between tries: the arbiter, the fencer. */
  readonly retryMs: number;
}

/** Times that are used unless something else is configured. */
export const DEFAULT_ROLE_TIMING: Readonly<
  Pick<RoleSettings, "deadMs" | "doubtMs" | "retryMs">
> = Object.freeze({ deadMs: 3000, doubtMs: 1000, retryMs: 250 });
