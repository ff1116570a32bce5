/**
 * Mistakes that the simulation has to find. They are put between the parts of
 * a node from outside: the product knows nothing of them.
 *
 * @module
 */

import {
  type AttentionScope,
  type AwayEnding,
  type BlockStore,
  type CommandRow,
  type Coordinator,
  type LogicalUnit,
  type Nexus,
  type ScsiTask,
  SHARED,
  type SharedEntries,
  type StoreRequest,
  type TargetPort,
  type TargetPortGroup,
  type TaskManagementRequest,
} from "../../core/mod.ts";
import type { PeerHello } from "../../ha/link/peer_hello.ts";
import type {
  FrameListener,
  LinkFigures,
  LinkListener,
  LinkState,
  PeerLink,
} from "../../ha/link/peer_link.ts";
import type {
  AcquireOutcome,
  AcquireRequest,
  Arbiter,
  LeaseListener,
} from "../../ha/roles/arbiter.ts";
import type { EtcdGateway } from "../../ha/roles/etcd_arbiter.ts";
import type { RoleHello } from "../../ha/roles/role_types.ts";
import { isPrimary } from "../../ha/roles/role_access.ts";
import {
  decodeRoleHello,
  encodeRoleHello,
  ROLE_HELLO_KIND,
} from "../../ha/roles/wire/role_hello.ts";
import {
  decodeReservations,
  encodeReservations,
  type SharedRegistration,
  type SharedReservations,
} from "../../ha/state/wire/sections.ts";
import { decodeChange, STATE_FRAME } from "../../ha/state/wire/stream.ts";
import type { Plant } from "./sim_node.ts";

/** Where the epoch stands in the frames of replication. */
const EPOCH_AT = 4;
const STREAM_KINDS: readonly number[] = [
  STATE_FRAME.CHANGE,
  STATE_FRAME.CONFIRM,
  STATE_FRAME.ATTENTION,
  STATE_FRAME.SNAPSHOT,
  STATE_FRAME.SNAPSHOT_END,
];

/** A change is answered before the other node has confirmed it. */
export const ANSWERS_EARLY: Plant = Object.freeze({
  coordinator: (node: Coordinator) => new HastyCoordinator(node),
});

/** A node takes a role, or keeps it, whatever epoch stands in etcd. */
export const IGNORES_EPOCH: Plant = Object.freeze({
  gateway: (etcd: EtcdGateway) => ({
    call: (path: string, body: unknown) =>
      etcd.call(path, path.endsWith("/txn") ? withoutCompare(body) : body),
  }),
});

/**
 * A node does not look at epochs that come over the link: a primary, a change
 * or a confirmation of an old one is taken for one of today, and what another
 * node has for as new as its own.
 */
export const IGNORES_PEER_EPOCHS: Plant = Object.freeze({
  link: (link: PeerLink) => blindLink(link),
});

/** A node does not look at its lease, once it has it. */
export const FORGETS_LEASE: Plant = Object.freeze({
  arbiter: (arbiter: Arbiter) => new EndlessArbiter(arbiter),
});

/** A mirrored PREEMPT removes those whose key does not match. */
export const INVERTS_PREEMPT: Plant = Object.freeze({
  link: (link: PeerLink) =>
    new AlteredLink(link, new Map([[STATE_FRAME.CHANGE, invertedPreempt()]])),
});

function withoutCompare(body: unknown): unknown {
  return typeof body === "object" ? { ...body, compare: [] } : body;
}

/** Makes something else of a frame that has come. */
type Alter = (
  body: DataView,
  data: Uint8Array,
) => readonly [DataView, Uint8Array];

// What the node itself is in, what it tells of itself says.
function blindLink(link: PeerLink): PeerLink {
  let own: RoleHello | null = null;
  const stream: Alter = (body, data) => {
    const { buffer, byteOffset, byteLength } = body;
    const copy = buffer.slice(byteOffset, byteOffset + byteLength);
    const view = new DataView(copy);
    const epoch = Number(view.getBigUint64(EPOCH_AT));
    const today = Math.max(epoch, own?.epochSeen ?? 0);
    view.setBigUint64(EPOCH_AT, BigInt(today));
    return [view, data];
  };
  const role: Alter = (body, data) => {
    const hello = decodeRoleHello(body);
    if ("field" in hello || own === null) return [body, data];
    const epoch = isServing(hello)
      ? Math.max(hello.epoch, own.epochSeen)
      : own.epoch;
    const { buffer } = encodeRoleHello({ ...hello, epoch });
    return [new DataView(buffer), data];
  };
  const alters = new Map(STREAM_KINDS.map((kind) => [kind, stream]));
  alters.set(ROLE_HELLO_KIND, role);
  return new AlteredLink(link, alters, (kind, body) => {
    if (kind !== ROLE_HELLO_KIND) return;
    const hello = decodeRoleHello(new DataView(body.buffer, body.byteOffset));
    if (!("field" in hello)) own = hello;
  });
}

function isServing({ phase }: RoleHello): boolean {
  return isPrimary(phase) || phase === "draining";
}

function invertedPreempt(): Alter {
  let known: SharedReservations | null = null;
  return (body, data) => {
    const header = decodeChange(body);
    const isOurs = typeof header !== "string" &&
      header.section === SHARED.PERSISTENT;
    if (!isOurs) return [body, data];
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const next = decodeReservations(view);
    if (typeof next === "string") return [body, data];
    const before = known;
    known = next;
    if (before === null || !isPreempt(before, next)) return [body, data];
    return [body, encodeReservations(inverted(before, next))];
  };
}

// Registrations vanish, and none is made.
function isPreempt(
  before: SharedReservations,
  { registrations, generation }: SharedReservations,
): boolean {
  return registrations.length > 0 && generation !== before.generation &&
    registrations.length < before.registrations.length;
}

function inverted(
  before: SharedReservations,
  after: SharedReservations,
): SharedReservations {
  const stays = (each: SharedRegistration) =>
    after.registrations.some((other) => nameOf(other) === nameOf(each));
  const gone = before.registrations.filter((each) => !stays(each));
  return { ...after, type: 0, holder: null, registrations: gone };
}

function nameOf({ transportId, relativeTargetPort }: SharedRegistration) {
  return `${transportId.toHex()} ${relativeTargetPort}`;
}

class EndlessArbiter implements Arbiter {
  readonly name: string;
  readonly hasLease: boolean;
  readonly #arbiter: Arbiter;

  constructor(arbiter: Arbiter) {
    this.#arbiter = arbiter;
    this.name = arbiter.name;
    this.hasLease = arbiter.hasLease;
  }

  async acquire(
    request: AcquireRequest,
    _listener: LeaseListener,
  ): Promise<AcquireOutcome> {
    const deaf = { renewed: () => {}, lost: () => {} };
    const outcome = await this.#arbiter.acquire(request, deaf);
    return outcome.ok ? { ...outcome, validUntilMs: 1e12 } : outcome;
  }

  recordSolo(group: number, epoch: number, solo: boolean): Promise<boolean> {
    return this.#arbiter.recordSolo(group, epoch, solo);
  }

  release(group: number, epoch: number): Promise<void> {
    return this.#arbiter.release(group, epoch);
  }

  describe(): string {
    return this.#arbiter.describe();
  }

  close(): Promise<void> {
    return this.#arbiter.close();
  }
}

class AlteredLink implements PeerLink {
  readonly #link: PeerLink;
  readonly #alters: ReadonlyMap<number, Alter>;
  readonly #sending: (kind: number, body: Uint8Array) => void;

  constructor(
    link: PeerLink,
    alters: ReadonlyMap<number, Alter>,
    sending: (kind: number, body: Uint8Array) => void = () => {},
  ) {
    this.#link = link;
    this.#alters = alters;
    this.#sending = sending;
  }

  get state(): LinkState {
    return this.#link.state;
  }

  get peer(): PeerHello | null {
    return this.#link.peer;
  }

  get queuedBytes(): number {
    return this.#link.queuedBytes;
  }

  get congested(): boolean {
    return this.#link.congested;
  }

  get silenceMs(): number {
    return this.#link.silenceMs;
  }

  get lastReason(): string | null {
    return this.#link.lastReason;
  }

  get figures(): LinkFigures {
    return this.#link.figures;
  }

  get events(): Set<LinkListener> {
    return this.#link.events;
  }

  send(
    kind: number,
    body: Uint8Array,
    data?: Uint8Array,
    sent?: () => void,
  ): boolean {
    this.#sending(kind, body);
    return this.#link.send(kind, body, data, sent);
  }

  receive(kind: number, listener: FrameListener): void {
    const alter = this.#alters.get(kind);
    if (alter === undefined) return this.#link.receive(kind, listener);
    this.#link.receive(kind, (body, data) => {
      listener(...alter(body, data));
    });
  }

  open(): void {
    this.#link.open();
  }

  close(reason: string): Promise<void> {
    return this.#link.close(reason);
  }

  restart(reason: string): void {
    this.#link.restart(reason);
  }
}

class HastyCoordinator implements Coordinator {
  readonly #node: Coordinator;

  constructor(node: Coordinator) {
    this.#node = node;
  }

  get explicit(): boolean {
    return this.#node.explicit;
  }

  settled(): null {
    return null;
  }

  get sharesEntries(): boolean {
    return this.#node.sharesEntries;
  }

  entryChanged(): null {
    return null;
  }

  entriesAdded(entries: SharedEntries): void {
    this.#node.entriesAdded(entries);
  }

  groupOf(port: TargetPort): number {
    return this.#node.groupOf(port);
  }

  groups(unit: LogicalUnit, ports: readonly TargetPort[]): TargetPortGroup[] {
    return this.#node.groups(unit, ports);
  }

  hides(unit: LogicalUnit): boolean {
    return this.#node.hides(unit);
  }

  opensStore(request: StoreRequest): boolean {
    return this.#node.opensStore(request);
  }

  guard(number: number, store: BlockStore): BlockStore {
    return this.#node.guard(number, store);
  }

  unitAdded(unit: LogicalUnit): void {
    this.#node.unitAdded(unit);
  }

  unitChanged(unit: LogicalUnit): void {
    this.#node.unitChanged(unit);
  }

  unitRemoved(unit: LogicalUnit): void {
    this.#node.unitRemoved(unit);
  }

  isShared(row: CommandRow): boolean {
    return this.#node.isShared(row);
  }

  portChanged(port: TargetPort): void {
    this.#node.portChanged(port);
  }

  portRemoved(port: TargetPort): void {
    this.#node.portRemoved(port);
  }

  nexusMade(nexus: Nexus): void {
    this.#node.nexusMade(nexus);
  }

  nexusLost(nexus: Nexus): void {
    this.#node.nexusLost(nexus);
  }

  changed(unit: LogicalUnit, shared: number): void {
    this.#node.changed(unit, shared);
  }

  attention(
    unit: LogicalUnit,
    condition: number,
    scope: AttentionScope,
  ): void {
    this.#node.attention(unit, condition, scope);
  }

  execute(
    task: ScsiTask,
    row: CommandRow,
    unit: LogicalUnit,
  ): AwayEnding {
    return this.#node.execute(task, row, unit);
  }

  manage(
    nexus: Nexus,
    request: TaskManagementRequest,
    unit: LogicalUnit | null,
  ): Promise<void> | null {
    return this.#node.manage(nexus, request, unit);
  }
}
