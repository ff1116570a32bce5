/**
 * etcd as arbiter: a lease (three seconds) says who is primary, and the
 * revision at which it was given is the epoch, a fencing token that only grows.
 *
 * Spoken over etcd's JSON gateway (`/v3/…`), so it needs nothing but
 * `--allow-net` for the addresses of its endpoints. A node measures its lease
 * from the moment before it asked: its own end is never later than etcd's.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";
import type {
  AcquireOutcome,
  AcquireRequest,
  Arbiter,
  LeaseListener,
} from "./arbiter.ts";
import {
  acquireTransaction,
  type EtcdTransaction,
  type FoundGroup,
  holderTransaction,
  keysOf,
  memberOf,
  numberIn,
  readGroup,
  refusalOf,
  soloTransaction,
  textIn,
} from "./etcd_keys.ts";
import type { NodeId } from "./role_types.ts";

/** Seconds of a lease where nothing else is asked for. */
const LEASE_SECONDS = 3;
/** Milliseconds between two renewals. */
const RENEW_MS = 500;

/** Asks etcd; throws when no endpoint answers in time, or answers an error. */
export interface EtcdGateway {
  /** @param path below the endpoint: `/v3/kv/txn` */
  call(path: string, body: unknown): Promise<unknown>;
}

/** How it is set up. */
export interface EtcdArbiterOptions {
  /** etcd. */
  readonly gateway: EtcdGateway;
  /** Time. */
  readonly clock: Clock;
  /** This node. */
  readonly id: NodeId;
  /** Both nodes of a pair have the same one, and no other pair: `dtl/disks`. */
  readonly prefix: string;
  /** Seconds of a lease; default 3. */
  readonly leaseSeconds?: number;
}

/** A role that we hold. */
interface HeldRole {
  readonly group: number;
  readonly lease: string;
  readonly epoch: number;
  readonly listener: LeaseListener;
  validUntilMs: number;
  cancel: () => void;
}

/** Leases of etcd. */
export class EtcdArbiter implements Arbiter {
  readonly name = "etcd";
  readonly hasLease = true;
  readonly #options: EtcdArbiterOptions;
  readonly #roles: Map<number, HeldRole> = new Map();
  #trouble = "";

  /** Asks nothing yet. */
  constructor(options: EtcdArbiterOptions) {
    this.#options = options;
  }

  async acquire(
    request: AcquireRequest,
    listener: LeaseListener,
  ): Promise<AcquireOutcome> {
    try {
      const outcome = await this.#tryToAcquire(request, listener);
      this.#trouble = "";
      return outcome;
    } catch (error) {
      return this.#unreachable(error);
    }
  }

  async recordSolo(
    group: number,
    epoch: number,
    solo: boolean,
  ): Promise<boolean> {
    const { id } = this.#options;
    const change = { epoch, id, solo };
    try {
      return await this.#does(soloTransaction(this.#keys(group), change));
    } catch (error) {
      this.#unreachable(error);
      return false;
    }
  }

  async release(group: number, epoch: number): Promise<void> {
    const role = this.#roles.get(group);
    if (role === undefined || role.epoch !== epoch) return;
    this.#roles.delete(group);
    role.cancel();
    await this.#revoke(role.lease);
  }

  describe(): string {
    if (this.#trouble !== "") return `etcd cannot be asked: ${this.#trouble}`;
    const now = this.#options.clock.nowMs();
    const left = [...this.#roles.values()].map((role) =>
      ((role.validUntilMs - now) / 1000).toFixed(1)
    );
    if (left.length === 0) return "no lease";
    return `lease held, ${left.join(" s, ")} s left`;
  }

  async close(): Promise<void> {
    const roles = [...this.#roles.values()];
    await Promise.all(
      roles.map(({ group, epoch }) => this.release(group, epoch)),
    );
  }

  #keys(group: number): ReturnType<typeof keysOf> {
    return keysOf(this.#options.prefix, group);
  }

  #unreachable(error: unknown): AcquireOutcome & { readonly ok: false } {
    this.#trouble = error instanceof Error ? error.message : String(error);
    const reason = `etcd cannot be asked: ${this.#trouble}`;
    return { ok: false, why: "unreachable", reason };
  }

  async #tryToAcquire(
    request: AcquireRequest,
    listener: LeaseListener,
  ): Promise<AcquireOutcome> {
    const { gateway, clock, leaseSeconds = LEASE_SECONDS } = this.#options;
    const keys = this.#keys(request.group);
    const answer = await gateway.call("/v3/kv/range", keys.range);
    const found = readGroup(keys, answer);
    const refusal = refusalOf(found, request);
    if (refusal !== null) return { ok: false, ...refusal };
    const sentMs = clock.nowMs();
    const TTL = String(leaseSeconds);
    const granted = await gateway.call("/v3/lease/grant", { TTL });
    const lease = textIn(granted, "ID");
    const validUntilMs = sentMs + 1000 * numberIn(granted, "TTL");
    try {
      const epoch = await this.#take(request, found, lease);
      if (typeof epoch === "number") {
        this.#hold(
          { group: request.group, epoch, lease, listener },
          validUntilMs,
        );
        return { ok: true, epoch, validUntilMs };
      }
      await this.#revoke(lease);
      return epoch;
    } catch (error) {
      await this.#revoke(lease); // What was sent may have been done.
      throw error;
    }
  }

  async #take(
    request: AcquireRequest,
    found: FoundGroup,
    lease: string,
  ): Promise<number | AcquireOutcome & { readonly ok: false }> {
    const keys = this.#keys(request.group);
    const { compare, success } = acquireTransaction(
      keys,
      found,
      request,
      lease,
    );
    const body = { compare, success };
    const answer = await this.#options.gateway.call("/v3/kv/txn", body);
    if (memberOf(answer, "succeeded") !== true) {
      return { ok: false, why: "held", reason: "the other node was faster" };
    }
    const epoch = numberIn(memberOf(answer, "header"), "revision");
    if (epoch > request.epochMin) return epoch;
    const reason = `etcd's revision ${epoch} is lower than epoch ` +
      `${request.epochMin}, which is known: its data may be an old copy`;
    return { ok: false, why: "unreachable", reason };
  }

  async #does({ compare, success }: EtcdTransaction): Promise<boolean> {
    const body = { compare, success };
    const answer = await this.#options.gateway.call("/v3/kv/txn", body);
    return memberOf(answer, "succeeded") === true;
  }

  // Without an answer it ends by itself.
  async #revoke(ID: string): Promise<void> {
    try {
      await this.#options.gateway.call("/v3/lease/revoke", { ID });
    } catch (error) {
      this.#unreachable(error);
    }
  }

  #hold(
    role: Omit<HeldRole, "validUntilMs" | "cancel">,
    validUntilMs: number,
  ): void {
    const held = { ...role, validUntilMs, cancel: () => {} };
    this.#roles.get(role.group)?.cancel();
    this.#roles.set(role.group, held);
    this.#planRenewal(held);
  }

  #planRenewal(role: HeldRole): void {
    if (this.#roles.get(role.group) !== role) return;
    const renew = () => void this.#renew(role);
    role.cancel = this.#options.clock.after(RENEW_MS, renew);
  }

  async #renew(role: HeldRole): Promise<void> {
    const sentMs = this.#options.clock.nowMs();
    try {
      const seconds = await this.#secondsLeft(role);
      if (this.#roles.get(role.group) !== role) return;
      this.#trouble = "";
      if (seconds <= 0) return this.#lost(role);
      role.validUntilMs = sentMs + 1000 * seconds;
      role.listener.renewed(role.validUntilMs);
    } catch (error) {
      this.#unreachable(error);
    }
    this.#planRenewal(role);
  }

  /** Seconds of the lease from before the call; 0: the role is gone. */
  async #secondsLeft({ lease, group, epoch }: HeldRole): Promise<number> {
    const { gateway } = this.#options;
    const body = { ID: lease };
    const answer = await gateway.call("/v3/lease/keepalive", body);
    const seconds = numberIn(memberOf(answer, "result"), "TTL");
    if (seconds <= 0) return 0;
    const keys = this.#keys(group);
    return await this.#does(holderTransaction(keys, epoch)) ? seconds : 0;
  }

  #lost(role: HeldRole): void {
    this.#roles.delete(role.group);
    role.listener.lost("etcd has ended the lease");
  }
}
