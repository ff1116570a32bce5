/**
 * Decides what a node is for a group of LUNs. It has no clock and does
 * nothing: time comes in with what has happened, what is to be done goes out.
 *
 * ```text
 *             ┌──────────── peer is primary ────────────┐
 *             ▼                                         │
 *  waiting ⇄ following                                  │
 *     │ lease, or order, or agreement                   │
 *     ▼                                                 │
 *  acquiring ─▶ fencing ─▶ opening ─▶ primary ⇄ doubtful
 *     ▲                                  │  order, hand-over, lease lost
 *     └────────── waiting ◀── draining ◀─┘  two primaries: halted
 * ```
 *
 * Its rooms are in `machine/`: what it knows (`state`), which of them takes an
 * input (`inputs`), what link, peer, operators and arbiter say (`link`,
 * `meeting`, `orders`, `lease`), who may be primary (`claims`), the ways to a
 * role and out of it (`promotion`, `fencing`, `alone`, `following`, `leaving`),
 * what others are told (`telling`), and when time matters (`waking`).
 *
 * What it stands for (see `tests/sim`): a node that lacks something that was
 * answered is never promoted by itself; an epoch that is older than one that
 * was heard of is refused; two primaries that meet end, both; a lease that is
 * in doubt stops the node before the peer can have it.
 *
 * @module
 */

import { checkAlone } from "./machine/alone.ts";
import { takeInput } from "./machine/inputs.ts";
import { checkLease } from "./machine/lease.ts";
import { meetPeer } from "./machine/meeting.ts";
import { tryPromotion } from "./machine/promotion.ts";
import { type FailoverFigures, RoleState } from "./machine/state.ts";
import { replicationOf, tellChanges } from "./machine/telling.ts";
import { wakeTimes } from "./machine/waking.ts";
import { ownAccess, peerAccess } from "./role_access.ts";
import {
  EMPTY_RECORD,
  type HaRole,
  type ReplicationRule,
  type RoleAccess,
  type RoleHello,
  type RoleInput,
  type RoleOutput,
  type RolePhase,
  type RoleRecord,
  type RoleSettings,
} from "./role_types.ts";

export type { FailoverFigures } from "./machine/state.ts";

/** The role of one group on one node. */
export class RoleMachine {
  readonly #state: RoleState;

  /** A node that has just started, with what it has kept. */
  constructor(settings: RoleSettings, record: RoleRecord = EMPTY_RECORD) {
    this.#state = new RoleState(settings, record);
  }

  /** What it is doing. */
  get phase(): RolePhase {
    return this.#state.phase;
  }

  /** Epoch of the primary that it is or follows; else the highest it knows. */
  get epoch(): number {
    return this.#state.epoch;
  }

  /** What it keeps over a restart. */
  get record(): RoleRecord {
    return this.#state.record;
  }

  /** What the peer told last. */
  get peer(): RoleHello | null {
    return this.#state.peer;
  }

  /** Access through the ports of this node. */
  get access(): RoleAccess {
    return ownAccess(this.#state.accessFacts);
  }

  /**
   * Accesses to a store may begin before this time of the machine's clock,
   * while {@linkcode access} allows them. A process that stood still finds it
   * passed before any timer of its has run: look at it before each access.
   */
  get safeUntilMs(): number {
    const { held, settings } = this.#state;
    return held === null ? Infinity : held.validUntilMs - settings.doubtMs;
  }

  /** Access through the ports of the peer. */
  get peerAccess(): RoleAccess {
    return peerAccess(this.#state.accessFacts);
  }

  /** What has to happen before a change is answered. */
  get replication(): ReplicationRule {
    return replicationOf(this.#state);
  }

  /** Both nodes have the same state. */
  get synchronized(): boolean {
    return this.#state.link === "up" && this.#state.caughtUp;
  }

  /** The last time that it had to become primary. */
  get failover(): FailoverFigures | null {
    const { unservedSince, failover } = this.#state;
    if (unservedSince === null) return failover;
    return { ...unservedSince, durationMs: null };
  }

  /** What an operator, or else the configuration, wants it to be. */
  get wanted(): HaRole {
    return this.#state.wanted;
  }

  /** End of the lease; null: there is none. */
  get leaseUntilMs(): number | null {
    const until = this.#state.held?.validUntilMs ?? Infinity;
    return until === Infinity ? null : until;
  }

  /** When a `tick` is wanted at the latest; null: not at all. */
  get wakeAtMs(): number | null {
    const { nowMs } = this.#state;
    const times = wakeTimes(this.#state).filter((atMs) => atMs > nowMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Takes what has happened; gives what is to be done, in order. */
  handle(input: RoleInput, nowMs: number): readonly RoleOutput[] {
    const state = this.#state;
    state.nowMs = Math.max(state.nowMs, nowMs);
    state.out = [];
    checkLease(state);
    takeInput(state, input);
    meetPeer(state);
    checkLease(state);
    checkAlone(state);
    tryPromotion(state);
    tellChanges(state);
    return state.out;
  }
}
