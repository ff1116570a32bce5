/**
 * What a role machine knows, and how it notes what is to be done. What is in
 * the record outlives a restart, the rest does not.
 *
 * @module
 */

import type { AccessFacts } from "../role_access.ts";
import { isPrimary } from "../role_access.ts";
import type {
  HaRole,
  PromotionClaim,
  ReplicationRule,
  RoleHello,
  RoleInput,
  RoleOutput,
  RolePhase,
  RoleRecord,
  RoleSettings,
} from "../role_types.ts";

/** An input of one type. */
export type InputOf<Type extends RoleInput["type"]> = Extract<
  RoleInput,
  { readonly type: Type }
>;

/** A lease, or a role without one: then it holds for ever. */
export interface Held {
  /** Epoch that was given with it. */
  readonly epoch: number;
  /** Its end, by the machine's clock. */
  readonly validUntilMs: number;
}

/** When a node last became primary, and how long nobody was for it. */
export interface FailoverFigures {
  /** Milliseconds of the machine's clock when it began. */
  readonly atMs: number;
  /** Milliseconds that it took; null: it is going on. */
  readonly durationMs: number | null;
  /** Why it began. */
  readonly reason: string;
}

/** The state of one machine, which its rooms share. */
export class RoleState {
  /** How it is set up. */
  readonly settings: RoleSettings;
  /** What it keeps over a restart; changed by {@linkcode RoleState.save}. */
  record: RoleRecord;
  /** What it is doing. */
  phase: RolePhase;
  /** The time of the input. */
  nowMs = 0;
  /** What is to be done, in order. */
  out: RoleOutput[] = [];

  // The link and the peer.

  /** There is none, it is down, or up. */
  link: "none" | "down" | "up";
  /** Nothing has been heard for too long, though it is up. */
  silent = false;
  /** When something was heard last; while the link is down. */
  heardMs = 0;
  /** What the peer told last. */
  peer: RoleHello | null = null;
  /** Since when the peer has been leaving a role with its store open. */
  peerLeftMs: number | null = null;

  // Who has what.

  /** Memory holds all that was confirmed since the last pairing. */
  inSync = false;
  /** The secondary of this link, here or there, has all of the state. */
  caughtUp = false;
  /** The secondary on the link was promised our state. */
  resyncAsked = false;
  /** Epoch of the primary that it follows. */
  followedEpoch = 0;

  // What was ordered, and what has come of it.

  /** An operator has ordered it to be primary, and it is not yet. */
  wants = false;
  /** An operator has ordered it to leave the role to the other. */
  leaves = false;
  /** It has handed the role to a peer that wants it. */
  handsOver = false;
  /** An operator vouches that the peer cannot touch the store. */
  peerFenced = false;
  /** The role was lost: nothing is served until somebody has it. */
  lost = false;
  /** Something may still be under way in the store. */
  drainPending = false;

  // The way to a role.

  /** The role that it has, or is about to have. */
  held: Held | null = null;
  /** By what it claims the role. */
  claim: PromotionClaim = "complete";
  /** It goes on alone when it gets it. */
  claimsSolo = false;
  /** Epoch that the peer has to consent to, without an arbiter. */
  proposal: number | null = null;
  /** The last one that it has consented to. */
  ownProposal = 0;
  /** Number of the request whose answer counts. */
  request = 0;
  /** No try before this time. */
  tryAtMs = 0;
  /** The fencer was asked to do something to the peer. */
  keepsOff = false;
  /** When the fencer is asked once more; null: it is at work, or done. */
  fenceAtMs: number | null = null;
  /** Why it failed last: told once. */
  fenceFailure = "";
  /** Why the role was refused last: told once. */
  refusal = "";

  // Going on alone.

  /** What the arbiter has on record; null: it is not known. */
  arbiterSolo: boolean | null = null;
  /** Numbers given to requests beside those of a promotion. */
  requests = 0;
  /** Request to record something that has no answer yet. */
  recordRequest: number | null = null;
  /** No request to record before this time. */
  recordAtMs = 0;
  /** Whether the lost peer of a shared store is kept off. */
  peerLost: "no" | "asked" | "fenced" = "no";
  /** The request for it. */
  peerLostRequest = 0;
  /** A fencer is at work on it, though it may be back meanwhile. */
  peerBeingFenced = false;
  /** No request for it before this time. */
  peerLostAtMs = 0;

  // What others know.

  /** No access to a store begins. */
  suspended = false;
  /** What was told last. */
  readonly told = { hello: "", access: "", rule: "wait" as ReplicationRule };
  /** The last time that it became primary. */
  failover: FailoverFigures | null = null;
  /** Since when nobody serves, and why; null: somebody does. */
  unservedSince: { atMs: number; reason: string } | null = null;

  /** A node that has just started, with what it has kept. */
  constructor(settings: RoleSettings, record: RoleRecord) {
    this.settings = settings;
    this.record = record;
    this.link = settings.hasLink ? "down" : "none";
    this.phase = record.halted ? "halted" : "waiting";
  }

  /** Epoch of the primary that it is or follows; else the highest it knows. */
  get epoch(): number {
    if (this.phase === "following") return this.followedEpoch;
    return this.held?.epoch ?? this.record.epochSeen;
  }

  /** The peer is to have the role. */
  get yields(): boolean {
    return this.leaves || this.handsOver;
  }

  /** What an operator, or else the configuration, wants it to be. */
  get wanted(): HaRole {
    return this.record.ordered ?? this.settings.role;
  }

  /** What decides on access states. */
  get accessFacts(): AccessFacts {
    return {
      mode: this.settings.mode,
      phase: this.phase,
      link: this.link,
      silent: this.silent,
      caughtUp: this.caughtUp,
      lost: this.lost,
      peer: this.peer,
    };
  }

  /** What it tells the peer of itself. */
  ownHello(): RoleHello {
    const { epoch, sequence, solo, epochSeen, wasPrimary } = this.record;
    const { group, id } = this.settings;
    const isServing = isPrimary(this.phase) || this.phase === "draining";
    return {
      ...{ group, id, phase: this.phase },
      ...{ epoch: isServing ? this.epoch : epoch, sequence, solo },
      ...{ epochSeen, wasPrimary, inSync: this.inSync },
      released: !this.drainPending && this.held === null,
      wantsPrimary: this.wants,
      prefersPrimary: this.wanted === "primary",
      yields: this.yields,
    };
  }

  /** Changes what is kept, before anything that follows. */
  save(change: Partial<RoleRecord>): void {
    this.record = { ...this.record, ...change };
    this.out.push({ type: "persist", record: this.record });
  }

  /** Something for the log. */
  log(level: "info" | "warn" | "error", message: string): void {
    this.out.push({ type: "log", level, message });
  }

  /** Something for those who follow events. */
  event(reason: string): void {
    const event = { phase: this.phase, epoch: this.epoch, reason };
    this.out.push({ type: "event", event });
  }

  /**
   * A number for a request beside those of a promotion: both may run, so that
   * theirs differ.
   */
  nextRequest(): number {
    this.requests -= 1;
    return this.requests;
  }

  /** Nobody serves from now on, unless nobody did. */
  beginFailover(reason: string): void {
    this.unservedSince ??= { atMs: this.nowMs, reason };
  }

  /** This node serves. */
  endFailover(): void {
    const { atMs, reason } = this.unservedSince ??
      { atMs: this.nowMs, reason: "start" };
    this.failover = { atMs, durationMs: this.nowMs - atMs, reason };
    this.unservedSince = null;
  }
}

/** Neither serving nor about to: it may consent to another. */
export function isIdle(phase: RolePhase): boolean {
  return phase === "waiting" || phase === "following" || phase === "halted";
}

/** It has the role, or is taking it. */
export function isHolding(phase: RolePhase): boolean {
  return phase === "fencing" || phase === "opening" || isPrimary(phase);
}
