/**
 * A node of a pair: link, state, forwarding and roles put together, and what
 * the core asks of it.
 *
 * @module
 */

import {
  ACCESS,
  type AttentionScope,
  type AwayEnding,
  type BackendDriver,
  type BlockStore,
  type CommandRow,
  type Completion,
  type Coordination,
  type Coordinator,
  type Host,
  type LogicalUnit,
  ManagementError,
  type MayWrite,
  type Nexus,
  OptionProblem,
  parseOptions,
  PORTS_MAX,
  type RawOptions,
  type ScsiTask,
  type SharedEntries,
  type StoreRequest,
  type TargetPort,
  type TargetPortGroup,
  type TaskManagementRequest,
} from "../core/mod.ts";
import { isLocal, isShared } from "./commands.ts";
import { Forwarding } from "./forward/forwarding.ts";
import { Group } from "./group.ts";
import { GuardedStore } from "./guarded_store.ts";
import type { LocalHello } from "./link/link.ts";
import type { NodeId } from "./link/peer_hello.ts";
import type { PeerLink } from "./link/peer_link.ts";
import { describeNode } from "./node_status.ts";
import { localHello } from "./local_hello.ts";
import { PeerOrders } from "./peer_orders.ts";
import {
  type Arbiter,
  type Fencer,
  NODE_GROUP,
  RoleDriver,
  type RoleEvent,
  RoleLink,
} from "./roles/mod.ts";
import type { HaSettings } from "./settings.ts";
import { PortDirectory } from "./state/directory.ts";
import { Replication } from "./state/replication.ts";
import type { HaControl, HaRoleOrder, HaStatus } from "./status.ts";

/** Ports of each node: half of what a target can have. */
export const PORTS_PER_NODE: number = PORTS_MAX / 2;

/** What a node is made of. */
export interface NodeParts {
  /** How it is configured. */
  readonly settings: HaSettings;
  /** The machine. */
  readonly host: Host;
  /** The target. */
  readonly core: Coordination;
  /** Makes the link, idle; null: none is configured. */
  readonly makeLink: (hello: () => LocalHello) => PeerLink | null;
  /** Who decides on roles. */
  readonly arbiter: Arbiter;
  /** What keeps the peer off the stores. */
  readonly fencer: Fencer;
  /** Something for those who follow events. */
  readonly event: (group: number, event: RoleEvent) => void;
}

/** One of two nodes. */
export class HaNode implements Coordinator, HaControl {
  /** See `Coordinator`. */
  readonly explicit: boolean;
  /** TARGET PORT GROUP of this node's ports. */
  readonly ownGroup: number;
  readonly #parts: NodeParts;
  readonly #link: PeerLink | null;
  readonly #replication: Replication;
  readonly #directory: PortDirectory;
  readonly #forwarding: Forwarding | null;
  readonly #roleLink: RoleLink | null;
  readonly #orders: PeerOrders | null;
  readonly #groups: Map<number, Group> = new Map();
  readonly #ownRoles: WeakMap<LogicalUnit, boolean> = new WeakMap();
  readonly #linkSince: { atMs: number | null } = { atMs: null };
  #ready = false;
  #closing: Promise<void> | null = null;

  /** A node that does nothing before `start`. */
  constructor(parts: NodeParts) {
    this.#parts = parts;
    const { settings, host, core } = parts;
    const { clock, log } = host;
    this.explicit = settings.explicitAlua;
    this.ownGroup = settings.id + 1;
    const link = parts.makeLink(() =>
      localHello(settings, core, this.#node.driver.machine)
    );
    this.#link = link;
    this.#replication = new Replication({
      ...{ link, log, clock, patienceMs: settings.timing.deadMs },
      groupOf: (unit) => this.#groupOf(unit).number,
      unitsOf: (group) => this.#unitsOf(group),
      ports: () => core.ports.all(),
      entries: core.entries,
      conflict: (unit, reason) => this.#conflict(unit, reason),
    }, {
      sequence: (group, sequence, durable) =>
        this.#take(group, { type: "sequence", sequence, durable }),
      resyncDone: (group, epoch, sequence) =>
        this.#take(group, { type: "resync-done", epoch, sequence }),
      peerSynced: (group) => this.#take(group, { type: "peer-synced" }),
    });
    const peer = peerOf(settings.id);
    const numbers = numbersOf(peer);
    const { ports } = core;
    this.#directory = new PortDirectory({ link, ports, peer, numbers, log });
    this.#forwarding = link === null ? null : new Forwarding({
      ...{ link, ports, nowMs: () => clock.nowMs() },
      shares: settings.mode === "shared",
      silentMs: settings.timing.silentMs,
    });
    // The layers below hear of the link before the roles do.
    link?.events.add({
      up: (peer) => this.#linkUp(peer.instance),
      drained: () => this.#forwarding?.linkDrained(),
      silent: () => this.#forwarding?.stopGranted(),
      down: (_reason, silenceMs) => this.#linkDown(silenceMs),
    });
    this.#roleLink = link === null ? null : new RoleLink(link, clock);
    this.#orders = link === null ? null : new PeerOrders(link, (number) => {
      const group = this.#groups.get(number);
      if (group !== undefined) this.#bePrimary(group);
    });
    this.#addGroup(NODE_GROUP, settings.role);
  }

  // What operators ask

  /** See `HaControl`. */
  start(): void {
    if (this.#ready) return;
    this.#ready = true;
    for (const group of this.#groups.values()) {
      group.driver.take({ type: "tick" });
    }
    this.#link?.open();
  }

  /** See `HaControl`. */
  status(): HaStatus {
    const { settings, arbiter, fencer, core } = this.#parts;
    return describeNode({
      ...{ settings, arbiter, fencer },
      link: this.#link,
      linkSinceMs: this.#linkSince.atMs,
      wallClockOffsetMs: this.#wallClockOffsetMs(),
      node: this.#node,
      groups: this.#groups,
      groupOf: (unit) => this.#groupOf(unit),
      units: core.luns.all(),
      lagOf: (group) => this.#replication.lagOf(group),
      peerPorts: this.#directory.known,
    });
  }

  /** See `HaControl`. */
  reconfigure(settings: HaSettings): Promise<void> {
    if (equal(settings, this.#parts.settings)) return Promise.resolve();
    throw new ManagementError(
      "option",
      "ha cannot change while the daemon runs, but for the role: restart it",
    );
  }

  /** See `HaControl`. */
  async setRole({ role, lun, peerFenced }: HaRoleOrder): Promise<void> {
    const group = lun === undefined ? this.#node : this.#groups.get(lun);
    if (group === undefined) {
      throw new ManagementError(
        "request",
        `LUN ${lun} has no role of its own: set its option ha_role on both ` +
          `nodes, or order the role of the node`,
      );
    }
    await group.driver.order({ role, peerFenced });
  }

  /** See `HaControl`. */
  async stop(): Promise<void> {
    await this.close("the daemon ends");
  }

  /** Gives all roles up and ends the link. */
  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: string): Promise<void> {
    const groups = [...this.#groups.values()];
    const closed = groups.map((group) => group.driver.close());
    await this.#within(CLOSE_MS, Promise.allSettled(closed));
    await this.#link?.close(reason);
    await this.#parts.arbiter.close();
    await this.#parts.fencer.close();
  }

  /**
   * An initiator sets the access states of a LUN's groups: this node is to be
   * primary for it, or is not.
   *
   * @returns false: that cannot be done now
   */
  setGroups(unit: LogicalUnit, role: HaSettings["role"]): boolean {
    const group = this.#groupOf(unit);
    const { phase } = group.driver.machine;
    if ((phase === "primary") === (role === "primary")) return true;
    if (this.#link?.state !== "up") return false;
    group.orderedByCommand();
    if (role === "secondary") {
      return this.#orders?.bePrimary(group.number) ?? false;
    }
    this.#bePrimary(group);
    return true;
  }

  // The command that orders it has ended by then: a role is given up without
  // tasks.
  #bePrimary(group: Group): void {
    const { clock, log } = this.#parts.host;
    group.orderedByCommand();
    clock.after(0, () => {
      group.driver.order({ role: "primary", peerFenced: false })
        .catch((error) => {
          log.warn("An order by SET TARGET PORT GROUPS has failed", {
            ...{ group: group.number, reason: String(error) },
          });
        });
    });
  }

  // What the core asks

  /** See `Coordinator`. */
  groupOf(port: TargetPort): number {
    return port.number < PORTS_PER_NODE ? 2 : 3;
  }

  /** See `Coordinator`. */
  groups(
    unit: LogicalUnit,
    ports: readonly TargetPort[],
  ): TargetPortGroup[] {
    const group = this.#groupOf(unit);
    const { id } = this.#parts.settings;
    return [1, 2].map((node) => ({
      number: node + 1,
      access: node === id ? unit.access : group.peerAccess,
      statusCode: group.statusCode,
      ports: ports.filter((port) => this.groupOf(port) === node + 1),
    }));
  }

  /** See `Coordinator`. */
  hides(unit: LogicalUnit): boolean {
    return this.#link === null && unit.access === ACCESS.UNAVAILABLE;
  }

  /** See `Coordinator`. */
  opensStore({ number, driver, options }: StoreRequest): boolean {
    this.#refuseLocal(number, driver, options);
    const own = this.#groups.get(number);
    const group = own ?? (options.has("ha_role") ? undefined : this.#node);
    const shared = this.#parts.settings.mode === "shared";
    return group?.opensStores ?? shared;
  }

  /** See `Coordinator`: a lease, or silence, may end at any moment. */
  mayWrite(number: number): MayWrite | undefined {
    const { settings, arbiter } = this.#parts;
    if (!arbiter.hasLease && settings.mode !== "shared") return undefined;
    return () => (this.#groups.get(number) ?? this.#node).mayAccess();
  }

  /** See `Coordinator`. */
  guard(number: number, store: BlockStore): BlockStore {
    const group = () => this.#groups.get(number) ?? this.#node;
    return new GuardedStore(store, () => group().mayAccess());
  }

  /** See `Coordinator`. */
  unitAdded(unit: LogicalUnit): void {
    this.#groupOf(unit).adopt(unit);
    this.#replication.added(unit);
  }

  /** See `Coordinator`. */
  unitChanged(unit: LogicalUnit): void {
    const role = unit.options.ha_role;
    const { number, driver } = this.#groupOf(unit);
    if (role === undefined || role === driver.machine.wanted) return;
    const { log } = this.#parts.host;
    const lun = unit.number;
    if (number === NODE_GROUP) {
      return log.warn("A LUN gets a role of its own when it is made", { lun });
    }
    driver.order({ role, peerFenced: false }).catch((error) => {
      log.warn("The role of a LUN stays as it is", {
        ...{ lun, reason: String(error) },
      });
    });
  }

  /** See `Coordinator`. */
  unitRemoved(unit: LogicalUnit): void {
    this.#replication.forget(unit);
    if (this.#hasOwnRole(unit)) this.#endGroup(this.#groupOf(unit));
  }

  #endGroup({ number, driver }: Group): void {
    this.#groups.delete(number);
    driver.close()
      .catch((error) => {
        const { log } = this.#parts.host;
        const reason = String(error);
        log.warn("A LUN is gone whose role was not", { lun: number, reason });
      }).finally(() => {
        if (!this.#groups.has(number)) this.#roleLink?.remove(number);
      });
  }

  /** See `Coordinator`. */
  portChanged(port: TargetPort): void {
    if (this.#link?.state === "up") this.#directory.portChanged(port);
  }

  /** See `Coordinator`. */
  portRemoved(port: TargetPort): void {
    if (this.#link?.state === "up") this.#directory.portRemoved(port);
  }

  /** See `Coordinator`. */
  nexusMade(nexus: Nexus): void {
    for (const group of this.#groups.values()) group.nexusMade(nexus);
  }

  /** See `Coordinator`. */
  nexusLost(nexus: Nexus): void {
    this.#forwarding?.nexusLost(nexus);
  }

  /** See `Coordinator`. */
  changed(unit: LogicalUnit, shared: number): void {
    this.#replication.changed(unit, shared);
  }

  /** See `Coordinator`. */
  attention(
    unit: LogicalUnit,
    condition: number,
    scope: AttentionScope,
  ): void {
    this.#replication.attention(unit, condition, scope);
  }

  /** See `Coordinator`. */
  settled(unit: LogicalUnit): Promise<Completion | null> | null {
    return this.#replication.settled(unit);
  }

  /** See `Coordinator`. */
  get sharesEntries(): boolean {
    return this.#link !== null;
  }

  /** See `Coordinator`. */
  entryChanged(
    unit: LogicalUnit,
    entries: SharedEntries,
    key: string,
  ): Promise<boolean> | null {
    return this.#replication.entryChanged(unit, entries, key);
  }

  /** See `Coordinator`. */
  entriesAdded(): void {
    this.#replication.entriesAdded();
  }

  /** See `Coordinator`. */
  isShared(row: CommandRow): boolean {
    return isShared(row);
  }

  /** See `Coordinator`. */
  execute(
    task: ScsiTask,
    row: CommandRow,
    unit: LogicalUnit,
  ): AwayEnding {
    const runsHere = this.#forwarding === null || isLocal(task, row) ||
      unit.access === ACCESS.UNAVAILABLE ||
      unit.access === ACCESS.TRANSITIONING;
    return runsHere && !task.nexus.port.remote
      ? row.execute(task, unit)
      : this.#forwarding?.execute(task, row, unit) ?? row.execute(task, unit);
  }

  /** See `Coordinator`. */
  manage(
    nexus: Nexus,
    request: TaskManagementRequest,
    unit: LogicalUnit | null,
  ): Promise<void> | null {
    return this.#forwarding?.manage(nexus, request, unit) ?? null;
  }

  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#parts.host.clock.after(ms, resolve);
    await Promise.race([work, promise]);
    cancel();
  }

  get #node(): Group {
    const group = this.#groups.get(NODE_GROUP);
    if (group === undefined) throw new TypeError("The node has no group");
    return group;
  }

  #addGroup(number: number, role: HaSettings["role"]): Group {
    const { settings, host, core, arbiter, fencer } = this.#parts;
    const { clock, log } = host;
    const { luns, ports } = core;
    const group = new Group({
      ...{ number, luns, clock, log },
      mode: settings.mode,
      units: () => this.#unitsOf(number),
      ports: () => ports.all(),
      replication: this.#replication,
      stores: () => this.#unitsOf(number).flatMap(storePath),
      isSilent: () => this.#isSilent(),
      hello: (hello) => this.#roleLink?.send(hello),
      event: (event) => this.#parts.event(number, event),
      // Nobody gets here by way of it: what its initiators hold is free.
      peerFenced: () => {
        if (this.#link?.state !== "up") this.#forwarding?.peerGone();
      },
      relink: () => this.#link?.restart("the peer was fenced"),
      stopGranted: () => this.#forwarding?.stopGranted(),
    });
    const { id, mode, timing } = settings;
    group.driver = new RoleDriver({
      settings: {
        ...{ group: number, id, mode, role },
        hasLink: this.#link !== null,
        hasLease: arbiter.hasLease,
        deadMs: timing.deadMs,
        doubtMs: DOUBT_MS,
        retryMs: RETRY_MS,
      },
      ...{ host, arbiter, fencer },
      actions: group,
    });
    this.#groups.set(number, group);
    if (this.#ready) group.driver.take({ type: "tick" });
    this.#roleLink?.add(number, group.driver);
    return group;
  }

  #groupOf(unit: LogicalUnit): Group {
    if (!this.#hasOwnRole(unit)) return this.#node;
    const { number, options } = unit;
    const role = options.ha_role ?? this.#parts.settings.role;
    return this.#groups.get(number) ?? this.#addGroup(number, role);
  }

  // As it was made: options that are given anew do not move it.
  #hasOwnRole(unit: LogicalUnit): boolean {
    const known = this.#ownRoles.get(unit);
    if (known !== undefined) return known;
    const hasOwn = unit.options.ha_role !== undefined;
    this.#ownRoles.set(unit, hasOwn);
    return hasOwn;
  }

  #unitsOf(group: number): LogicalUnit[] {
    return this.#parts.core.luns.all()
      .filter((unit) => this.#groupOf(unit).number === group);
  }

  #take(group: number, input: Parameters<RoleDriver["take"]>[0]): void {
    this.#groups.get(group)?.driver.take(input);
  }

  #linkUp(instance: string): void {
    this.#linkSince.atMs = this.#parts.host.clock.wallClockMs();
    this.#replication.linkUp();
    this.#directory.linkUp();
    this.#forwarding?.linkUp(instance);
  }

  #linkDown(silenceMs: number): void {
    this.#linkSince.atMs = this.#parts.host.clock.wallClockMs();
    this.#forwarding?.linkDown();
    this.#replication.linkDown(silenceMs);
    this.#directory.linkDown();
  }

  #isSilent(): boolean {
    const link = this.#link;
    const { silentMs } = this.#parts.settings.timing;
    return link === null || link.state !== "up" || link.silenceMs >= silentMs;
  }

  #conflict(unit: LogicalUnit, reason: string | null): void {
    if (reason !== null) {
      this.#parts.host.log.error("Conflicting HA LUN: it is not served here", {
        ...{ lun: unit.number, reason },
      });
    }
    this.#groupOf(unit).conflictChanged(unit);
  }

  #wallClockOffsetMs(): number {
    const { clock } = this.#parts.host;
    return clock.wallClockMs() - clock.nowMs();
  }

  // What lives in the memory of one node is gone with it.
  #refuseLocal(
    number: number,
    driver: BackendDriver,
    options: RawOptions,
  ): void {
    const { allowRamdisk, mode } = this.#parts.settings;
    if (this.#link === null) return;
    const own = parseOptions(driver.options, options);
    if (own instanceof OptionProblem) return;
    const why = driver.identityOf(own) === undefined
      ? `lives in the memory of one node (backend "${driver.name}")`
      : driver.onlyHere?.(own);
    const isAllowed = allowRamdisk && mode === "proxy";
    if (why === undefined || isAllowed) return;
    throw new ManagementError(
      "option",
      `LUN ${number} ${why} and cannot be served by a pair`,
    );
  }
}

/** Milliseconds that giving up the roles may take at the end. */
const CLOSE_MS = 4000;
/** Milliseconds before the end of a lease at which a node is in doubt. */
const DOUBT_MS = 1000;
/** Milliseconds between tries of the arbiter and the fencer. */
const RETRY_MS = 250;

/** The other node. */
export function peerOf(id: NodeId): NodeId {
  return id === 1 ? 2 : 1;
}

/** Numbers of the ports of a node. */
export function numbersOf(id: NodeId): { first: number; count: number } {
  return { first: (id - 1) * PORTS_PER_NODE, count: PORTS_PER_NODE };
}

function storePath(unit: LogicalUnit): string[] {
  const file = unit.storeOptions.get("file");
  return file === undefined ? [] : [file];
}

// But for the role: that is what orders are for.
function equal(one: HaSettings, other: HaSettings): boolean {
  const plain = (settings: HaSettings) =>
    JSON.stringify({ ...settings, role: null });
  return plain(one) === plain(other);
}
