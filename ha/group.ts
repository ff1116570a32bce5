/**
 * LUNs that change their role together, and what the node does for them when
 * the role machine says so.
 *
 * @module
 */

import {
  ACCESS,
  type Clock,
  type Log,
  type LogicalUnit,
  type LunRegistry,
  type Nexus,
  type TargetPort,
  UNIT_ATTENTION,
} from "../core/mod.ts";
import type { HaMode } from "./link/peer_hello.ts";
import type {
  ReplicationRule,
  RoleAccess,
  RoleActions,
  RoleDriver,
  RoleEvent,
  RoleHello,
} from "./roles/mod.ts";
import { adoptNexuses, releaseNexuses } from "./state/sections.ts";
import type { Replication } from "./state/replication.ts";

/** Milliseconds that tasks have to end by themselves when a role is given up. */
const DRAIN_MS = 300;
/** The same when the role is lost: what can be ended is ended. */
const ABORT_MS = 0;
/** Milliseconds before the end of a lease in which no access begins. */
const LEASE_GUARD_MS = 250;

/** STATUS CODE (SPC-5 table 361). */
const STATUS_EXPLICIT = 1;
const STATUS_IMPLICIT = 2;

const ACCESS_CODES: Readonly<Record<RoleAccess, number>> = {
  optimized: ACCESS.OPTIMIZED,
  nonoptimized: ACCESS.NONOPTIMIZED,
  standby: ACCESS.STANDBY,
  unavailable: ACCESS.UNAVAILABLE,
  transitioning: ACCESS.TRANSITIONING,
};

/** What a group needs of its node. */
export interface GroupParts {
  /** Number of the group. */
  readonly number: number;
  /** How the nodes share. */
  readonly mode: HaMode;
  /** The LUNs of the target. */
  readonly luns: LunRegistry;
  /** The LUNs of the group. */
  readonly units: () => LogicalUnit[];
  /** All target ports. */
  readonly ports: () => TargetPort[];
  /** Their state on both nodes. */
  readonly replication: Replication;
  /** Time. */
  readonly clock: Clock;
  /** Log lines. */
  readonly log: Log;
  /** Paths of the stores. */
  readonly stores: () => readonly string[];
  /** Nothing was heard of the peer for too long, as it is now. */
  readonly isSilent: () => boolean;
  /** Tells the peer. */
  readonly hello: (hello: RoleHello) => void;
  /** Something for those who follow events. */
  readonly event: (event: RoleEvent) => void;
  /** The peer is gone for sure. */
  readonly peerFenced: () => void;
  /** The link ends, and comes up again if the peer is there. */
  readonly relink: () => void;
  /** What was granted starts no access. */
  readonly stopGranted: () => void;
}

/** A group of LUNs on this node. */
export class Group implements RoleActions {
  readonly #parts: GroupParts;
  #driver: RoleDriver | null = null;
  #open = false;
  #own: RoleAccess = "transitioning";
  #peer: RoleAccess = "transitioning";
  #suspended = false;
  #byCommand = false;

  /** Nobody serves it yet. */
  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** Number of the group. */
  get number(): number {
    return this.#parts.number;
  }

  /** Its role machine, once it runs. */
  get driver(): RoleDriver {
    if (this.#driver === null) throw new TypeError("A group has no driver");
    return this.#driver;
  }

  /** Its role machine. */
  set driver(driver: RoleDriver) {
    this.#driver = driver;
  }

  /** Access state through this node: one of `ACCESS`. */
  get ownAccess(): number {
    return ACCESS_CODES[this.#own];
  }

  /** Access state through the peer. */
  get peerAccess(): number {
    return ACCESS_CODES[this.#peer];
  }

  /** STATUS CODE of its states: 1 by command, 2 implicitly. */
  get statusCode(): number {
    return this.#byCommand ? STATUS_EXPLICIT : STATUS_IMPLICIT;
  }

  /** An initiator has ordered a role. */
  orderedByCommand(): void {
    this.#byCommand = true;
  }

  /** An initiator has come; it may hold something that the peer told. */
  nexusMade(nexus: Nexus): void {
    if (!this.#open) return;
    for (const unit of this.#parts.units()) {
      const followed = this.#followed(unit);
      const { nexusId } = nexus.initiator;
      if (followed.holder !== nexusId) continue;
      unit.reservations.holder ??= nexus;
      followed.holder = null;
    }
  }

  /** Whether stores of new LUNs are opened. */
  get opensStores(): boolean {
    return this.#open || this.#parts.mode === "shared";
  }

  /** Whether the medium may be touched, at this very moment. */
  mayAccess(): boolean {
    if (this.#suspended) return false;
    if (!this.#open) return this.#parts.mode === "shared" && this.#isHeard();
    const untilMs = this.#driver?.machine.leaseUntilMs ?? null;
    return untilMs === null ||
      this.#parts.clock.nowMs() < untilMs - LEASE_GUARD_MS;
  }

  /** A unit of the group was made: it is served as the others are. */
  adopt(unit: LogicalUnit): void {
    unit.setWritesThrough(true);
    this.#setAccess(unit);
  }

  /** See `RoleActions`. */
  async open(): Promise<string | null> {
    this.#open = true;
    this.#suspended = false;
    const { luns, units, log, replication } = this.#parts;
    const failures: string[] = [];
    for (const unit of units()) {
      if (this.#followed(unit).conflict !== null) continue;
      try {
        await luns.openStore(unit);
        await replication.adoptEntries(this.number, unit);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error("The store of a LUN cannot be opened", {
          ...{ lun: unit.number, reason },
        });
        failures.push(`LUN ${unit.number}: ${reason}`);
      }
    }
    const served = units().length - failures.length;
    if (failures.length === 0 || served > 0) return null;
    this.#open = false;
    return failures.join("; ");
  }

  /** See `RoleActions`. */
  serve(epoch: number): void {
    const { replication, units, ports } = this.#parts;
    replication.serve(this.number, epoch);
    for (const unit of units()) {
      adoptNexuses(unit, this.#followed(unit), ports());
    }
  }

  /** See `RoleActions`. */
  suspend(): void {
    this.#suspended = true;
    this.#parts.stopGranted();
    for (const unit of this.#parts.units()) {
      this.#change(unit, ACCESS.TRANSITIONING);
    }
  }

  /** See `RoleActions`. */
  resume(): void {
    this.#suspended = false;
    for (const unit of this.#parts.units()) this.#setAccess(unit);
  }

  /** See `RoleActions`. */
  async drain(abort: boolean): Promise<void> {
    const { luns, units, mode, replication } = this.#parts;
    const patienceMs = abort ? ABORT_MS : DRAIN_MS;
    this.#suspended ||= abort;
    for (const unit of units()) this.#change(unit, ACCESS.TRANSITIONING);
    await Promise.all(
      units().map((unit) =>
        mode === "shared"
          ? luns.settleStore(unit, patienceMs)
          : luns.closeStore(unit, patienceMs)
      ),
    );
    this.#open = false;
    for (const unit of units()) {
      replication.setFollowed(unit, releaseNexuses(unit));
      replication.releaseEntries(unit);
    }
    replication.leave(this.number);
  }

  /** See `RoleActions`. */
  follow(epoch: number): void {
    this.#suspended = false;
    this.#parts.replication.follow(this.number, epoch);
  }

  /** See `RoleActions`. */
  unfollow(): void {
    this.#parts.stopGranted();
    this.#parts.replication.leave(this.number);
  }

  /** See `RoleActions`. */
  resync(): void {
    void this.#parts.replication.resync(this.number);
  }

  /** See `RoleActions`. */
  replication(rule: ReplicationRule): void {
    const { replication, mode } = this.#parts;
    replication.setRule(this.number, rule);
    // Where the peer writes by itself it has to be fenced first.
    if (rule === "alone" && mode !== "shared") this.#parts.peerFenced();
  }

  /** See `RoleActions`. */
  peerFenced(): void {
    this.#parts.peerFenced();
  }

  /** See `RoleActions`. */
  relink(): void {
    this.#parts.relink();
  }

  /** See `RoleActions`. */
  access(own: RoleAccess, peer: RoleAccess): void {
    const isSame = own === this.#own && peer === this.#peer;
    if (!isSame && own !== "optimized") this.#byCommand = false;
    this.#own = own;
    this.#peer = peer;
    for (const unit of this.#parts.units()) {
      this.#setAccess(unit);
      if (isSame) continue;
      unit.raiseHere(UNIT_ATTENTION.ASYMMETRIC_ACCESS_CHANGED);
    }
  }

  /** See `RoleActions`. */
  event(event: RoleEvent): void {
    this.#parts.event(event);
  }

  /** See `RoleActions`. */
  hello(hello: RoleHello): void {
    this.#parts.hello(hello);
  }

  /** See `RoleActions`. */
  stores(): readonly string[] {
    return this.#parts.stores();
  }

  /** The LUN is the same disk on both nodes again, or is not any more. */
  conflictChanged(unit: LogicalUnit): void {
    this.#setAccess(unit);
  }

  #isHeard(): boolean {
    return this.#own === "nonoptimized" && !this.#parts.isSilent();
  }

  #followed(unit: LogicalUnit) {
    return this.#parts.replication.followedOf(unit);
  }

  // What is another disk on the peer is not served as if it were that one.
  #setAccess(unit: LogicalUnit): void {
    if (this.#followed(unit).conflict !== null && !this.#open) {
      return this.#change(unit, ACCESS.UNAVAILABLE);
    }
    const isServed = this.ownAccess !== ACCESS.UNAVAILABLE;
    this.#change(
      unit,
      this.#suspended && isServed ? ACCESS.TRANSITIONING : this.ownAccess,
    );
  }

  #change(unit: LogicalUnit, access: number): void {
    if (unit.access === access) return;
    unit.setAccess(access);
    const { luns } = this.#parts;
    if (access === ACCESS.OPTIMIZED) luns.resume(unit);
    else void luns.pause(unit);
  }
}
