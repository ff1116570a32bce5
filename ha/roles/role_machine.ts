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
 * What it stands for (see `tests/sim`): a node that lacks something that was
 * answered is never promoted by itself; an epoch that is older than one that
 * was heard of is refused; two primaries that meet end, both; a lease that is
 * in doubt stops the node before the peer can have it.
 *
 * @module
 */

import {
  type AccessFacts,
  isPrimary,
  ownAccess,
  peerAccess,
} from "./role_access.ts";
import {
  compareCompleteness,
  compareNodes,
  compareVersions,
  nextEpoch,
} from "./role_rank.ts";
import {
  EMPTY_RECORD,
  type PromotionClaim,
  type ReplicationRule,
  type RoleAccess,
  type RoleHello,
  type RoleInput,
  type RoleOrder,
  type RoleOutput,
  type RolePhase,
  type RoleRecord,
  type RoleSettings,
} from "./role_types.ts";

type InputOf<Type extends RoleInput["type"]> = Extract<
  RoleInput,
  { readonly type: Type }
>;

/** A lease, or a role without one: then it holds for ever. */
interface Held {
  readonly epoch: number;
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

/** The role of one group on one node. */
export class RoleMachine {
  readonly #settings: RoleSettings;
  #record: RoleRecord;
  #phase: RolePhase;
  #nowMs = 0;
  #out: RoleOutput[] = [];

  #link: "none" | "down" | "up";
  #silent = false;
  #heardMs = 0;
  #peer: RoleHello | null = null;
  #peerLeftMs: number | null = null;

  /** Memory holds all that was confirmed since the last pairing. */
  #inSync = false;
  /** The secondary of this link, here or there, has all of the state. */
  #caughtUp = false;
  #resyncAsked = false;
  #followedEpoch = 0;

  #wants = false;
  #yields = false;
  #peerFenced = false;
  #lost = false;
  #drainPending = false;

  #held: Held | null = null;
  #claim: PromotionClaim = "complete";
  #claimsSolo = false;
  /** Epoch that the peer has to consent to, without an arbiter. */
  #proposal: number | null = null;
  #ownProposal = 0;
  #request = 0;
  #tryAtMs = 0;
  #fenceAtMs: number | null = null;
  #fenceFailure = "";
  #refusal = "";

  /** What the arbiter has on record; null: it is not known. */
  #arbiterSolo: boolean | null = null;
  #requests = 0;
  #recordRequest: number | null = null;
  #recordAtMs = 0;
  #peerLost: "no" | "asked" | "fenced" = "no";
  #peerLostRequest = 0;
  /** A fencer is at work on it, though it may be back meanwhile. */
  #peerBeingFenced = false;
  #peerLostAtMs = 0;

  #suspended = false;
  #told = { hello: "", access: "", rule: "wait" as ReplicationRule };
  #failover: FailoverFigures | null = null;
  #unservedSince: { atMs: number; reason: string } | null = null;

  /** A node that has just started, with what it has kept. */
  constructor(settings: RoleSettings, record: RoleRecord = EMPTY_RECORD) {
    this.#settings = settings;
    this.#record = record;
    this.#link = settings.hasLink ? "down" : "none";
    this.#phase = record.halted ? "halted" : "waiting";
  }

  /** What it is doing. */
  get phase(): RolePhase {
    return this.#phase;
  }

  /** Epoch of the primary that it is or follows; else the highest it knows. */
  get epoch(): number {
    if (this.#phase === "following") return this.#followedEpoch;
    return this.#held?.epoch ?? this.#record.epochSeen;
  }

  /** What it keeps over a restart. */
  get record(): RoleRecord {
    return this.#record;
  }

  /** What the peer told last. */
  get peer(): RoleHello | null {
    return this.#peer;
  }

  /** Access through the ports of this node. */
  get access(): RoleAccess {
    return ownAccess(this.#accessFacts());
  }

  /**
   * Accesses to a store may begin before this time of the machine's clock,
   * while {@linkcode access} allows them. A process that stood still finds it
   * passed before any timer of its has run: look at it before each access.
   */
  get safeUntilMs(): number {
    if (this.#held === null) return Infinity;
    return this.#held.validUntilMs - this.#settings.doubtMs;
  }

  /** Access through the ports of the peer. */
  get peerAccess(): RoleAccess {
    return peerAccess(this.#accessFacts());
  }

  /** What has to happen before a change is answered. */
  get replication(): ReplicationRule {
    if (!isPrimary(this.#phase)) return "wait";
    if (this.#link === "up" && this.#caughtUp) return "peer";
    return this.#record.solo ? "alone" : "wait";
  }

  /** Both nodes have the same state. */
  get synchronized(): boolean {
    return this.#link === "up" && this.#caughtUp;
  }

  /** The last time that it had to become primary. */
  get failover(): FailoverFigures | null {
    const begun = this.#unservedSince;
    return begun === null ? this.#failover : { ...begun, durationMs: null };
  }

  /** What an operator, or else the configuration, wants it to be. */
  get wanted(): "primary" | "secondary" {
    return this.#record.ordered ?? this.#settings.role;
  }

  /** End of the lease; null: there is none. */
  get leaseUntilMs(): number | null {
    const until = this.#held?.validUntilMs ?? Infinity;
    return until === Infinity ? null : until;
  }

  /** When a `tick` is wanted at the latest; null: not at all. */
  get wakeAtMs(): number | null {
    const times = this.#wakeTimes().filter((atMs) => atMs > this.#nowMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Takes what has happened; gives what is to be done, in order. */
  handle(input: RoleInput, nowMs: number): readonly RoleOutput[] {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#out = [];
    this.#checkLease();
    this.#apply(input);
    this.#settle();
    this.#tellChanges();
    return this.#out;
  }

  #apply(input: RoleInput): void {
    switch (input.type) {
      case "tick":
        return;
      case "link-up":
        return this.#linkUp();
      case "link-down":
        return this.#linkDown(input);
      case "link-silent":
        this.#silent = true;
        return;
      case "link-heard":
        this.#silent = false;
        return;
      case "hello":
        return this.#hello(input.peer);
      case "order":
        return this.#order(input.order);
      default:
        return this.#applyResult(input);
    }
  }

  #applyResult(
    input: Exclude<
      RoleInput,
      InputOf<
        | "tick"
        | "link-up"
        | "link-down"
        | "link-silent"
        | "link-heard"
        | "hello"
        | "order"
      >
    >,
  ): void {
    switch (input.type) {
      case "granted":
        return this.#granted(input);
      case "renewed":
        return this.#renewed(input.validUntilMs);
      case "refused":
        return this.#refused(input);
      case "lease-lost":
        return this.#lose(input.reason);
      case "recorded":
        return this.#recorded(input);
      case "fenced":
        return this.#fenced(input);
      case "opened":
        return this.#opened(input);
      case "drained":
        return this.#drained();
      case "resync-done":
        return this.#resyncDone(input);
      case "peer-synced":
        return this.#peerSynced();
      case "sequence":
        this.#record = { ...this.#record, sequence: input.sequence };
        if (input.durable) this.#save({});
    }
  }

  // The link

  #linkUp(): void {
    this.#link = "up";
    this.#silent = false;
    this.#peer = null;
    this.#peerLeftMs = null;
    this.#peerFenced = false;
    this.#peerLost = "no";
    this.#caughtUp = false;
    this.#resyncAsked = false;
    this.#told.hello = "";
  }

  #linkDown({ reason, silenceMs }: InputOf<"link-down">): void {
    if (this.#link !== "up") return;
    this.#link = "down";
    this.#silent = false;
    this.#heardMs = this.#nowMs - silenceMs;
    this.#peer = null;
    this.#caughtUp = false;
    this.#proposal = null;
    if (this.#phase === "following") this.#unfollow(`link lost: ${reason}`);
    else if (this.#phase === "acquiring") this.#stopAcquiring();
  }

  #hello(peer: RoleHello): void {
    const { id, group } = this.#settings;
    if (this.#link !== "up" || peer.id === id || peer.group !== group) return;
    this.#peer = peer;
    if (peer.released || isHolding(peer.phase)) this.#peerLeftMs = null;
    else this.#peerLeftMs ??= this.#nowMs;
    if (peer.phase !== "following") {
      this.#resyncAsked = false;
      if (isPrimary(this.#phase)) this.#caughtUp = false;
    }
    if (peer.epochSeen > this.#record.epochSeen && !isPrimary(this.#phase)) {
      this.#save({ epochSeen: peer.epochSeen });
    }
  }

  // Orders

  #order({ role, peerFenced }: RoleOrder): void {
    if (role === "secondary") return this.#orderSecondary();
    const refusal = this.#refusalOfPrimary(peerFenced);
    this.#out.push({ type: "order-answer", refusal });
    if (refusal === null) this.#orderPrimary(peerFenced);
  }

  #orderSecondary(): void {
    this.#out.push({ type: "order-answer", refusal: null });
    this.#wants = false;
    this.#peerFenced = false;
    if (this.#phase !== "following") this.#yields = true;
    if (this.#phase === "halted") {
      this.#phase = "waiting";
      this.#inSync = false;
    }
    this.#save({ ordered: "secondary", halted: false });
    this.#giveUp("ordered", false);
  }

  #orderPrimary(peerFenced: boolean): void {
    const isFenced = peerFenced && this.#link === "down";
    if (isFenced && !this.#inSync && !isPrimary(this.#phase)) {
      this.#log(
        "warn",
        "Promoted by order without the peer's state: changes of reservations" +
          " and mode pages that only the peer has are lost",
      );
    }
    this.#peerFenced ||= isFenced;
    this.#yields = false;
    this.#tryAtMs = 0;
    if (this.#phase === "halted") this.#phase = "waiting";
    if (!isPrimary(this.#phase)) this.#wants = true;
    this.#save({ ordered: "primary", halted: false });
  }

  #refusalOfPrimary(peerFenced: boolean): string | null {
    if (isPrimary(this.#phase) || this.#link !== "down" || peerFenced) {
      return null;
    }
    if (!this.#settings.hasLease) {
      return "The link is down, and the peer may be primary: make sure that" +
        " it is off, and order it with --peer-fenced";
    }
    if (this.#phase !== "halted" && this.#claimAlone() !== null) return null;
    return "The peer may have changes that this node lacks: connect it, or" +
      " make sure that it is off and order it with --peer-fenced";
  }

  // The arbiter

  #granted({ request, epoch, validUntilMs }: InputOf<"granted">): void {
    if (request !== this.#request || this.#phase !== "acquiring") {
      this.#out.push({ type: "release", epoch });
      return;
    }
    this.#proposal = null;
    const epochMin = this.#record.epochSeen;
    const isOwn = epoch === epochMin && epoch === this.#ownProposal;
    if (epoch <= epochMin && !isOwn) {
      this.#out.push({ type: "release", epoch });
      this.#log("error", `The arbiter gave epoch ${epoch}, which is old`);
      return this.#wait("old epoch");
    }
    this.#refusal = "";
    this.#held = { epoch, validUntilMs: validUntilMs ?? Infinity };
    this.#arbiterSolo = this.#claimsSolo;
    this.#recordRequest = null;
    this.#phase = "fencing";
    this.#fenceFailure = "";
    this.#fenceAtMs = null;
    this.#save({ epochSeen: epoch });
    this.#fence();
  }

  #renewed(validUntilMs: number): void {
    if (this.#held === null) return;
    const { epoch } = this.#held;
    const until = Math.max(validUntilMs, this.#held.validUntilMs);
    this.#held = { epoch, validUntilMs: until };
    const isSafe = until - this.#nowMs > this.#settings.doubtMs;
    if (this.#phase === "doubtful" && isSafe) {
      this.#phase = "primary";
      this.#event("lease renewed");
    }
  }

  #refused({ request, why, reason }: InputOf<"refused">): void {
    if (request !== this.#request || this.#phase !== "acquiring") return;
    if (why === "solo") this.#inSync = false;
    if (reason !== this.#refusal) {
      this.#refusal = reason;
      this.#log(why === "solo" ? "warn" : "info", `Not promoted: ${reason}`);
    }
    this.#wait(reason);
  }

  #recorded({ request, solo, ok }: InputOf<"recorded">): void {
    if (request !== this.#recordRequest) return;
    this.#recordRequest = null;
    this.#arbiterSolo = ok ? solo : null;
    if (!ok) this.#recordAtMs = this.#nowMs + this.#settings.retryMs;
    else if (solo && this.#link !== "up") this.#goAlone();
  }

  #goAlone(): void {
    this.#save({ solo: true });
    this.#log("warn", "Going on alone: the peer has to be synchronized again");
  }

  #checkLease(): void {
    if (this.#held === null || !isHolding(this.#phase)) return;
    const leftMs = this.#held.validUntilMs - this.#nowMs;
    if (leftMs <= 0) return this.#lose("the lease ran out");
    if (leftMs > this.#settings.doubtMs || this.#phase !== "primary") return;
    this.#phase = "doubtful";
    this.#log("warn", "The lease is in doubt: nothing new is begun");
    this.#event("lease in doubt");
  }

  #lose(reason: string): void {
    if (this.#held === null || !isHolding(this.#phase)) return;
    this.#lost = true;
    this.#log("error", `The role is lost: ${reason}`);
    this.#giveUp(reason, true);
  }

  // Becoming primary

  #tryPromotion(): void {
    if (this.#phase === "fencing") return this.#retryFence();
    if (this.#phase === "acquiring") return this.#useConsent();
    if (this.#phase !== "waiting" || this.#drainPending) return;
    if (this.#nowMs < this.#tryAtMs) return;
    const claim = this.#link === "up"
      ? this.#claimWithPeer()
      : this.#claimAlone();
    if (claim === null) return;
    this.#claim = claim;
    this.#claimsSolo = !this.#peerIsAsComplete();
    this.#phase = "acquiring";
    this.#request += 1;
    if (this.#link === "up" && !this.#settings.hasLease) this.#propose();
    else this.#acquire(this.#highestEpoch());
  }

  #claimAlone(): PromotionClaim | null {
    if (this.#link === "none") {
      if (this.#yields) return null;
      const { hasLease } = this.#settings;
      return hasLease || this.wanted === "primary" ? "unpaired" : null;
    }
    if (this.#wants && this.#peerFenced) return "forced";
    if (!this.#settings.hasLease || this.#yields) return null;
    if (this.#inSync) return "complete";
    const { solo, wasPrimary } = this.#record;
    return solo && wasPrimary ? "sole" : null;
  }

  #claimWithPeer(): PromotionClaim | null {
    const peer = this.#peer;
    if (peer === null) return null;
    const isLate = this.#peerTookTooLong();
    const isOff = peer.phase === "draining" && isLate || isIdle(peer.phase);
    if (!isOff || !peer.released && !isLate) return null;
    if (peer.phase === "halted") return this.#wants ? "forced" : null;
    const own = this.#ownHello();
    if (compareNodes(own, peer) < 0) return null;
    const isWanted = own.wantsPrimary || peer.wantsPrimary;
    if (own.yields && !isWanted && this.#canYieldTo(peer)) return null;
    const isPreferred = own.prefersPrimary || peer.prefersPrimary;
    const mayAct = this.#settings.hasLease || isWanted || isPreferred;
    return mayAct ? "agreed" : null;
  }

  // Who lacks what was answered cannot take over, whatever was ordered; but
  // when both were told to leave the role, somebody has to choose.
  #canYieldTo(peer: RoleHello): boolean {
    const { hasLease } = this.#settings;
    return !hasLease || peer.yields ||
      compareCompleteness(this.#ownHello(), peer) <= 0;
  }

  // Its store does not let go of it; its lease must be gone, too.
  #peerTookTooLong(): boolean {
    const { hasLease, deadMs } = this.#settings;
    if (!hasLease || this.#peerLeftMs === null) return false;
    return this.#nowMs >= this.#peerLeftMs + deadMs;
  }

  #peerIsAsComplete(): boolean {
    const peer = this.#peer;
    if (this.#link !== "up" || peer === null || !peer.inSync) return false;
    return this.#inSync && compareCompleteness(this.#ownHello(), peer) === 0;
  }

  #highestEpoch(): number {
    return Math.max(this.#record.epochSeen, this.#peer?.epochSeen ?? 0);
  }

  // Without an arbiter both nodes could begin at once: the peer consents by
  // taking the proposed epoch over, and then has to refuse lower ones.
  #propose(): void {
    const { id } = this.#settings;
    this.#proposal = nextEpoch(this.#highestEpoch(), id);
    this.#save({ epochSeen: this.#proposal });
  }

  #useConsent(): void {
    const peer = this.#peer;
    if (this.#proposal === null || peer === null) return;
    if (peer.epochSeen > this.#proposal) return this.#wait("peer was first");
    const isConsent = peer.epochSeen === this.#proposal && isIdle(peer.phase);
    if (!isConsent) return;
    this.#ownProposal = this.#proposal;
    this.#proposal = null;
    this.#acquire(this.#ownProposal - 1);
  }

  #acquire(epochMin: number): void {
    this.#out.push({
      type: "acquire",
      request: this.#request,
      claim: this.#claim,
      epochMin,
      solo: this.#claimsSolo,
    });
  }

  #stopAcquiring(): void {
    this.#request += 1;
    this.#wait("the peer's state has changed");
  }

  #wait(reason: string): void {
    this.#phase = "waiting";
    this.#proposal = null;
    this.#tryAtMs = this.#nowMs + this.#settings.retryMs;
    this.#beginFailover(reason);
  }

  #fence(): void {
    this.#fenceAtMs = null;
    this.#out.push({
      type: "fence",
      request: this.#request,
      epoch: this.epoch,
      peerReleased: this.#link === "up" && this.#peer?.released === true,
      peerFenced: this.#peerFenced,
      purpose: "promotion",
    });
  }

  #retryFence(): void {
    if (this.#fenceAtMs === null || this.#nowMs < this.#fenceAtMs) return;
    this.#request += 1;
    this.#fence();
  }

  #fenced(input: InputOf<"fenced">): void {
    const { request, ok, reason } = input;
    if (request === this.#peerLostRequest) return this.#peerWasFenced(ok);
    if (request !== this.#request || this.#phase !== "fencing") return;
    if (ok) {
      this.#phase = "opening";
      this.#out.push({ type: "open", request, epoch: this.epoch });
      return;
    }
    this.#fenceAtMs = this.#nowMs + this.#settings.retryMs;
    if (reason === this.#fenceFailure) return;
    this.#fenceFailure = reason;
    this.#log("error", `Not promoted: the peer is not fenced: ${reason}`);
  }

  #opened({ request, ok, reason }: InputOf<"opened">): void {
    if (request !== this.#request || this.#phase !== "opening") return;
    if (!ok) {
      this.#log("error", `Not promoted: the store does not open: ${reason}`);
      this.#tryAtMs = this.#nowMs + this.#settings.deadMs;
      return this.#giveUp(reason, true);
    }
    this.#phase = "primary";
    this.#lost = false;
    this.#wants = false;
    this.#inSync = true;
    this.#caughtUp = false;
    this.#resyncAsked = false;
    const epoch = this.epoch;
    const solo = this.#claimsSolo;
    this.#save({ epoch, sequence: 0, wasPrimary: true, solo });
    this.#out.push({ type: "serve", epoch });
    this.#endFailover();
    this.#event(this.#claim);
  }

  // Being primary

  #checkAlone(): void {
    if (!isPrimary(this.#phase)) return;
    this.#recordSolo();
    const isAlone = this.#link === "down" &&
      this.#nowMs >= this.#heardMs + this.#settings.deadMs;
    if (isAlone && this.#settings.mode === "shared") this.#fenceLostPeer();
  }

  #recordSolo(): void {
    const solo = this.#soloWanted();
    if (solo === null) return;
    if (!this.#settings.hasLease) {
      if (solo && !this.#record.solo) this.#goAlone();
      return;
    }
    const isKnown = this.#arbiterSolo === solo;
    if (isKnown && solo && !this.#record.solo) this.#goAlone();
    if (isKnown || this.#recordRequest !== null) return;
    if (this.#nowMs < this.#recordAtMs) return;
    this.#recordRequest = this.#nextRequest();
    this.#arbiterSolo = null;
    const [request, epoch] = [this.#recordRequest, this.epoch];
    this.#out.push({ type: "record", request, epoch, solo });
  }

  /** What should be on record; null: what is may stay. */
  #soloWanted(): boolean | null {
    if (this.#link === "none") return true;
    if (this.#link === "up") return this.#caughtUp ? false : null;
    if (!this.#settings.hasLease) return this.#peerFenced ? true : null;
    const isDead = this.#nowMs >= this.#heardMs + this.#settings.deadMs;
    return isDead || this.#peerFenced ? true : null;
  }

  // Numbers of these requests differ from those of a promotion: both may run.
  #nextRequest(): number {
    this.#requests -= 1;
    return this.#requests;
  }

  #fenceLostPeer(): void {
    if (this.#peerLost !== "no" || this.#nowMs < this.#peerLostAtMs) return;
    this.#peerLost = "asked";
    this.#peerLostRequest = this.#nextRequest();
    this.#peerBeingFenced = true;
    this.#out.push({
      type: "fence",
      request: this.#peerLostRequest,
      epoch: this.epoch,
      peerReleased: false,
      peerFenced: this.#peerFenced,
      purpose: "peer-lost",
    });
  }

  #peerWasFenced(ok: boolean): void {
    this.#peerBeingFenced = false;
    if (this.#peerLost !== "asked") return;
    this.#peerLost = ok ? "fenced" : "no";
    if (ok) this.#out.push({ type: "peer-fenced" });
    else this.#peerLostAtMs = this.#nowMs + this.#settings.retryMs;
  }

  #peerSynced(): void {
    const isOurs = this.#peer?.phase === "following" && this.#link === "up";
    if (!isPrimary(this.#phase) || !isOurs) return;
    this.#caughtUp = true;
    if (this.#record.solo) this.#save({ solo: false });
  }

  #giveUp(reason: string, abort: boolean): void {
    if (this.#phase === "acquiring") return this.#stopAcquiring();
    if (this.#held === null || this.#phase === "draining") return;
    this.#request += 1;
    this.#phase = "draining";
    this.#drain(reason, abort);
    this.#event(reason);
  }

  #drain(reason: string, abort: boolean): void {
    this.#drainPending = true;
    this.#caughtUp = false;
    this.#out.push({ type: "drain", abort, reason });
  }

  #drained(): void {
    if (!this.#drainPending) return;
    this.#drainPending = false;
    this.#out.push({ type: "unfence" });
    if (this.#held !== null) {
      this.#out.push({ type: "release", epoch: this.#held.epoch });
    }
    this.#held = null;
    if (this.#phase === "draining") this.#wait("role given up");
  }

  // Being secondary

  #meetPeer(): void {
    const peer = this.#peer;
    if (this.#link !== "up" || peer === null) return;
    if (isPrimary(this.#phase)) return this.#meetAsPrimary(peer);
    if (this.#phase === "following") return this.#meetAsFollower(peer);
    if (!isPrimary(peer.phase)) return;
    const isOlder = peer.epoch < (this.#held?.epoch ?? 0);
    if (this.#settings.hasLease && isOlder) return;
    if (this.#phase !== "waiting" && this.#phase !== "halted") {
      return this.#giveUp("the peer is primary", true);
    }
    if (!this.#drainPending) this.#tryToFollow(peer);
  }

  #meetAsPrimary(peer: RoleHello): void {
    if (isPrimary(peer.phase)) return this.#halt(peer);
    if (peer.epoch > this.epoch) {
      return this.#settings.hasLease
        ? this.#lose(`the peer has epoch ${peer.epoch}`)
        : this.#halt(peer);
    }
    if (peer.epochSeen > this.epoch && !this.#settings.hasLease) {
      this.#raiseEpoch(peer.epochSeen);
    }
    if (peer.phase !== "following" || peer.epochSeen !== this.epoch) return;
    if (!this.#resyncAsked) {
      this.#resyncAsked = true;
      const { epoch, sequence, solo } = peer;
      this.#out.push({ type: "resync", peer: { epoch, sequence, solo } });
    }
    if (peer.wantsPrimary && this.#mayHandOver()) {
      this.#yields = true;
      this.#giveUp("handed over", false);
    }
  }

  #mayHandOver(): boolean {
    const isPaired = !this.#settings.hasLease || this.#arbiterSolo === false;
    // A shot that is on its way would hit the new primary.
    const isSafe = !this.#peerBeingFenced;
    return this.#caughtUp && !this.#record.solo && isPaired && isSafe;
  }

  // The peer was given a higher epoch and has done nothing with it.
  #raiseEpoch(epochSeen: number): void {
    const epoch = nextEpoch(epochSeen, this.#settings.id);
    this.#held = { epoch, validUntilMs: Infinity };
    this.#save({ epoch, sequence: 0, epochSeen: epoch });
    this.#out.push({ type: "serve", epoch });
  }

  #halt(peer: RoleHello): void {
    this.#log(
      "error",
      `Both nodes have been primary: this one in epoch ${this.epoch}, the` +
        ` peer in ${peer.epoch}; an operator has to choose one`,
    );
    const epochSeen = Math.max(this.#record.epochSeen, peer.epochSeen);
    this.#save({ halted: true, epochSeen });
    this.#request += 1;
    this.#phase = "halted";
    this.#inSync = false;
    this.#drain("two primaries", true);
    this.#event("two primaries");
  }

  #tryToFollow(peer: RoleHello): void {
    const isNewer = peer.epoch > this.#record.epochSeen;
    if (this.#phase === "halted" && !isNewer) return;
    if (peer.epoch < this.#record.epochSeen) {
      return this.#refuse(`epoch ${peer.epoch} of the peer is old`);
    }
    if (this.#phase === "halted" || this.#lacks(peer)) this.#inSync = false;
    this.#phase = "following";
    this.#lost = false;
    this.#yields = false;
    this.#caughtUp = false;
    this.#unservedSince = null;
    this.#followedEpoch = peer.epoch;
    this.#save({ epochSeen: peer.epoch, halted: false });
    this.#out.push({ type: "follow", epoch: peer.epoch });
    this.#event("the peer is primary");
  }

  #lacks(peer: RoleHello): boolean {
    return peer.solo && compareVersions(peer, this.#record) > 0;
  }

  #refuse(reason: string): void {
    if (reason === this.#refusal) return;
    this.#refusal = reason;
    this.#log("error", `Not followed: ${reason}`);
  }

  #meetAsFollower(peer: RoleHello): void {
    const isThere = isPrimary(peer.phase) ||
      peer.phase === "draining" && !this.#peerTookTooLong();
    const isSame = !isPrimary(peer.phase) || peer.epoch === this.#followedEpoch;
    if (isThere && isSame) return;
    this.#unfollow("the peer is not primary any more");
    this.#tryAtMs = 0;
    if (isThere) this.#tryToFollow(peer);
  }

  #unfollow(reason: string): void {
    this.#caughtUp = false;
    this.#out.push({ type: "unfollow", reason });
    this.#wait(reason);
    this.#tryAtMs = 0;
    this.#event(reason);
  }

  #resyncDone({ epoch, sequence }: InputOf<"resync-done">): void {
    if (this.#phase !== "following" || epoch !== this.#followedEpoch) return;
    this.#caughtUp = true;
    this.#inSync = true;
    this.#save({ epoch, sequence, solo: false, wasPrimary: false });
  }

  // All of it

  #settle(): void {
    this.#meetPeer();
    this.#checkLease();
    this.#checkAlone();
    this.#tryPromotion();
  }

  #tellChanges(): void {
    this.#tellSuspension();
    const rule = this.replication;
    if (rule !== this.#told.rule) {
      this.#told.rule = rule;
      this.#out.push({ type: "replication", rule });
    }
    const [own, peer] = [this.access, this.peerAccess];
    if (this.#told.access !== `${own} ${peer}`) {
      this.#told.access = `${own} ${peer}`;
      this.#out.push({ type: "access", own, peer });
    }
    const hello = this.#ownHello();
    const text = helloText(hello);
    if (this.#link !== "up" || text === this.#told.hello) return;
    this.#told.hello = text;
    this.#out.push({ type: "hello", hello });
  }

  #tellSuspension(): void {
    const isFollowing = this.#phase === "following";
    const suspended = this.#phase === "doubtful" ||
      isFollowing && this.#silent;
    if (suspended === this.#suspended) return;
    this.#suspended = suspended;
    if (suspended) {
      const reason = isFollowing ? "link is silent" : "lease is in doubt";
      this.#out.push({ type: "suspend", reason });
    } else if (isFollowing || this.#phase === "primary") {
      this.#out.push({ type: "resume" });
    }
  }

  #ownHello(): RoleHello {
    const { epoch, sequence, solo, epochSeen, wasPrimary } = this.#record;
    const { group, id } = this.#settings;
    const isServing = isPrimary(this.#phase) || this.#phase === "draining";
    return {
      ...{ group, id, phase: this.#phase },
      ...{ epoch: isServing ? this.epoch : epoch, sequence, solo },
      ...{ epochSeen, wasPrimary, inSync: this.#inSync },
      released: !this.#drainPending && this.#held === null,
      wantsPrimary: this.#wants,
      prefersPrimary: this.wanted === "primary",
      yields: this.#yields,
    };
  }

  #accessFacts(): AccessFacts {
    return {
      mode: this.#settings.mode,
      phase: this.#phase,
      link: this.#link,
      silent: this.#silent,
      caughtUp: this.#caughtUp,
      lost: this.#lost,
      peer: this.#peer,
    };
  }

  #wakeTimes(): number[] {
    const { deadMs, doubtMs } = this.#settings;
    const times: number[] = [];
    if (this.#held !== null && this.#held.validUntilMs !== Infinity) {
      const { validUntilMs } = this.#held;
      times.push(validUntilMs - doubtMs, validUntilMs);
    }
    if (this.#phase === "waiting") times.push(this.#tryAtMs);
    if (this.#peerLeftMs !== null) times.push(this.#peerLeftMs + deadMs);
    if (this.#fenceAtMs !== null) times.push(this.#fenceAtMs);
    if (!isPrimary(this.#phase)) return times;
    if (this.#link === "down") times.push(this.#heardMs + deadMs);
    return [...times, this.#recordAtMs, this.#peerLostAtMs];
  }

  #save(change: Partial<RoleRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.#out.push({ type: "persist", record: this.#record });
  }

  #beginFailover(reason: string): void {
    this.#unservedSince ??= { atMs: this.#nowMs, reason };
  }

  #endFailover(): void {
    const { atMs, reason } = this.#unservedSince ??
      { atMs: this.#nowMs, reason: "start" };
    this.#failover = { atMs, durationMs: this.#nowMs - atMs, reason };
    this.#unservedSince = null;
  }

  #log(level: "info" | "warn" | "error", message: string): void {
    this.#out.push({ type: "log", level, message });
  }

  #event(reason: string): void {
    const event = { phase: this.#phase, epoch: this.epoch, reason };
    this.#out.push({ type: "event", event });
  }
}

/** Neither serving nor about to: it may consent to another. */
function isIdle(phase: RolePhase): boolean {
  return phase === "waiting" || phase === "following" || phase === "halted";
}

/** It has the role, or is taking it. */
function isHolding(phase: RolePhase): boolean {
  return phase === "fencing" || phase === "opening" || isPrimary(phase);
}

// The sequence goes along with others: it alone is no news.
function helloText(hello: RoleHello): string {
  return JSON.stringify({ ...hello, sequence: 0 });
}
