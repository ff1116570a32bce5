/**
 * Runs a role machine: gives it what happens, in order, and does what it says.
 *
 * @module
 */

import { type Host, ManagementError } from "../../core/mod.ts";
import type { Arbiter, LeaseListener } from "./arbiter.ts";
import type { FenceOutcome, Fencer } from "./fencer.ts";
import { RoleMachine } from "./role_machine.ts";
import { encodeRecord, readRecord, recordName } from "./role_record.ts";
import {
  NODE_GROUP,
  type ReplicationRule,
  type RoleAccess,
  type RoleEvent,
  type RoleHello,
  type RoleInput,
  type RoleOrder,
  type RoleOutput,
  type RolePhase,
  type RoleRecord,
  type RoleSettings,
  type RoleVersion,
} from "./role_types.ts";

/** What the node does for a group of LUNs. Calls come one after the other. */
export interface RoleActions {
  /** Opens the store where it is not open. @returns why it cannot, or null */
  open(epoch: number): Promise<string | null>;
  /** Serves as primary; again with a higher epoch. */
  serve(epoch: number): void;
  /** Begins no access to a store: 2/04/0A. */
  suspend(reason: string): void;
  /** Goes on. */
  resume(): void;
  /**
   * Gives up serving: no new tasks, ends what runs, flushes, closes. `abort`:
   * what can be aborted is not waited for.
   */
  drain(abort: boolean, reason: string): Promise<void>;
  /** The peer is primary. */
  follow(epoch: number): void;
  /** It is not any more: what was forwarded ends. */
  unfollow(reason: string): void;
  /** The secondary needs our state. */
  resync(peer: RoleVersion): void;
  /** How changes are answered from now on. */
  replication(rule: ReplicationRule): void;
  /** The peer is gone for sure: what it was granted ends. */
  peerFenced(): void;
  /** The link ends, and comes up again if the peer is there. */
  relink(): void;
  /** Access states have changed. */
  access(own: RoleAccess, peer: RoleAccess): void;
  /** Something for those who follow events. */
  event(event: RoleEvent): void;
  /** Tells the peer; false or not: the link sees to it. */
  hello(hello: RoleHello): void;
  /** Paths of the stores of the group. */
  stores(): readonly string[];
}

/** What a driver is made of. */
export interface RoleDriverOptions {
  /** How the machine is set up; `hasLease` is the arbiter's. */
  readonly settings: RoleSettings;
  /** Clock, log, state database. */
  readonly host: Pick<Host, "clock" | "log" | "state">;
  /** Who decides. */
  readonly arbiter: Arbiter;
  /** What keeps the peer off. */
  readonly fencer: Fencer;
  /** The node. */
  readonly actions: RoleActions;
}

interface Waiter {
  readonly isDone: (phase: RolePhase) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Runs one machine. */
export class RoleDriver {
  readonly #options: RoleDriverOptions;
  readonly #machine: RoleMachine;
  readonly #inputs: RoleInput[] = [];
  readonly #waiters: Set<Waiter> = new Set();
  #orderAnswer: string | null = null;
  #running = false;
  #closed = false;
  /** While it ends: nobody has ordered that. */
  #keptOrder: Pick<RoleRecord, "ordered"> | null = null;
  #cancelTick: (() => void) | null = null;
  #tickAtMs: number | null = null;

  /** Takes up what the state database holds. */
  constructor(options: RoleDriverOptions) {
    const { settings, host: { state } } = options;
    this.#options = options;
    const record = readRecord(state, settings.group);
    this.#machine = new RoleMachine(settings, record);
  }

  /** The machine, to be looked at. */
  get machine(): RoleMachine {
    return this.#machine;
  }

  /** Something has happened; also at the start, as a `tick`. */
  take(input: RoleInput): void {
    if (this.#closed) return;
    this.#inputs.push(input);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next; (next = this.#inputs.shift()) !== undefined;) {
        this.#handle(next);
      }
    } finally {
      this.#running = false;
    }
    this.#planTick();
    this.#wakeWaiters();
  }

  /**
   * Takes an order; resolves when the role is taken or given up.
   *
   * @throws {ManagementError} when it is refused; nothing has changed
   */
  async order(order: RoleOrder): Promise<void> {
    this.#orderAnswer = "The node is ending";
    this.take({ type: "order", order });
    const refusal = this.#orderAnswer;
    if (refusal !== null) throw new ManagementError("request", refusal);
    const isDone = order.role === "primary" ? isServing : isOff;
    this.#overrule(isDone);
    if (isDone(this.#machine.phase)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.add({ isDone, resolve, reject });
    await promise;
  }

  /** Ends: the role is given up first, so that the peer can have it at once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#keptOrder ??= { ordered: this.#machine.record.ordered };
    await this.order({ role: "secondary", peerFenced: false });
    this.#closed = true;
    this.#cancelTick?.();
    for (const { reject } of this.#waiters) reject(new Error("It is ending"));
    this.#waiters.clear();
  }

  // A newer order: the older will not come true any more.
  #overrule(isDone: Waiter["isDone"]): void {
    for (const waiter of this.#waiters) {
      if (waiter.isDone === isDone) continue;
      this.#waiters.delete(waiter);
      waiter.reject(
        new ManagementError("request", "Another order has come meanwhile"),
      );
    }
  }

  #handle(input: RoleInput): void {
    const nowMs = this.#options.host.clock.nowMs();
    let kept = true;
    for (const output of this.#machine.handle(input, nowMs)) {
      if (output.type === "persist") kept = this.#persist(output) && kept;
      else if (kept || !NEEDS_RECORD.has(output.type)) this.#carryOut(output);
    }
    if (kept) return;
    const reason = "the state database cannot be written";
    this.#inputs.push({ type: "lease-lost", reason });
  }

  #persist({ record }: Extract<RoleOutput, { type: "persist" }>): boolean {
    const { settings, host } = this.#options;
    const kept = encodeRecord({ ...record, ...this.#keptOrder });
    try {
      host.state.write(recordName(settings.group), kept);
      return true;
    } catch (error) {
      host.log.error("The role cannot be kept", { error: String(error) });
      return false;
    }
  }

  #carryOut(output: Exclude<RoleOutput, { type: "persist" }>): void {
    const { actions, host } = this.#options;
    switch (output.type) {
      case "acquire":
        return void this.#acquire(output);
      case "release":
        return void this.#release(output.epoch);
      case "record":
        return void this.#recordSolo(output);
      case "fence":
        return void this.#fence(output);
      case "unfence":
        return void this.#unfence();
      case "open":
        return void this.#open(output);
      case "drain":
        return void this.#drain(output.abort, output.reason);
      case "order-answer":
        this.#orderAnswer = output.refusal;
        return;
      case "log":
        return host.log[output.level](output.message, this.#fields());
      default:
        return tellNode(actions, output);
    }
  }

  // A LUN with a role of its own is its group.
  #fields(): { lun?: number; epoch: number } {
    const { group } = this.#options.settings;
    const lun = group === NODE_GROUP ? {} : { lun: group };
    return { ...lun, epoch: this.#machine.epoch };
  }

  async #acquire(
    { request, claim, epochMin, solo }: Extract<
      RoleOutput,
      { type: "acquire" }
    >,
  ): Promise<void> {
    const { arbiter, settings: { group, id } } = this.#options;
    const asked = { group, id, claim, epochMin, solo };
    const outcome = await arbiter.acquire(asked, this.#leaseListener());
    if (!outcome.ok) return this.take({ type: "refused", request, ...outcome });
    if (this.#closed) return await arbiter.release(group, outcome.epoch);
    const { epoch, validUntilMs } = outcome;
    this.take({ type: "granted", request, epoch, validUntilMs });
  }

  #leaseListener(): LeaseListener {
    return {
      renewed: (validUntilMs) => this.take({ type: "renewed", validUntilMs }),
      lost: (reason) => this.take({ type: "lease-lost", reason }),
    };
  }

  async #release(epoch: number): Promise<void> {
    const { arbiter, settings } = this.#options;
    await arbiter.release(settings.group, epoch);
  }

  async #recordSolo(
    { request, epoch, solo }: Extract<RoleOutput, { type: "record" }>,
  ): Promise<void> {
    const { arbiter, settings } = this.#options;
    const ok = await arbiter.recordSolo(settings.group, epoch, solo);
    this.take({ type: "recorded", request, solo, ok });
  }

  async #fence(
    output: Extract<RoleOutput, { type: "fence" }>,
  ): Promise<void> {
    const { actions, fencer, settings: { group, id } } = this.#options;
    const peer = id === 1 ? 2 : 1;
    const stores = actions.stores();
    const outcome = await fencer.fence({ ...output, group, peer, stores });
    this.#tellWarning(outcome);
    const reason = outcome.ok ? "" : outcome.reason;
    const { request } = output;
    this.take({ type: "fenced", request, ok: outcome.ok, reason });
  }

  #tellWarning(outcome: FenceOutcome): void {
    if (!outcome.ok || outcome.warning === undefined) return;
    this.#options.host.log.warn(outcome.warning, this.#fields());
  }

  async #unfence(): Promise<void> {
    await this.#options.fencer.release(this.#options.settings.group);
  }

  async #open(
    { request, epoch }: Extract<RoleOutput, { type: "open" }>,
  ): Promise<void> {
    const failure = await this.#options.actions.open(epoch);
    const reason = failure ?? "";
    this.take({ type: "opened", request, ok: failure === null, reason });
  }

  async #drain(abort: boolean, reason: string): Promise<void> {
    await this.#options.actions.drain(abort, reason);
    this.take({ type: "drained" });
  }

  #planTick(): void {
    const { clock } = this.#options.host;
    const atMs = this.#machine.wakeAtMs;
    if (atMs === this.#tickAtMs && this.#cancelTick !== null) return;
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#tickAtMs = atMs;
    if (atMs === null || this.#closed) return;
    this.#cancelTick = clock.after(atMs - clock.nowMs(), () => {
      this.#cancelTick = null;
      this.take({ type: "tick" });
    });
  }

  #wakeWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.isDone(this.#machine.phase)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}

/** What must not happen when the record before it could not be kept. */
const NEEDS_RECORD: ReadonlySet<RoleOutput["type"]> = new Set([
  ...["acquire", "fence", "open", "serve"] as const,
  ...["follow", "replication", "hello"] as const,
]);

function isServing(phase: RolePhase): boolean {
  return phase === "primary";
}

function isOff(phase: RolePhase): boolean {
  return phase === "waiting" || phase === "following";
}

function tellNode(
  actions: RoleActions,
  output: Exclude<
    RoleOutput,
    {
      type:
        | "persist"
        | "acquire"
        | "release"
        | "record"
        | "fence"
        | "unfence"
        | "open"
        | "drain"
        | "order-answer"
        | "log";
    }
  >,
): void {
  switch (output.type) {
    case "serve":
      return actions.serve(output.epoch);
    case "suspend":
      return actions.suspend(output.reason);
    case "resume":
      return actions.resume();
    case "follow":
      return actions.follow(output.epoch);
    case "unfollow":
      return actions.unfollow(output.reason);
    case "resync":
      return actions.resync(output.peer);
    case "replication":
      return actions.replication(output.rule);
    case "peer-fenced":
      return actions.peerFenced();
    case "relink":
      return actions.relink();
    case "access":
      return actions.access(output.own, output.peer);
    case "event":
      return actions.event(output.event);
    case "hello":
      return actions.hello(output.hello);
  }
}
