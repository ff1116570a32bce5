/**
 * The two nodes: they begin, stand still, die and come again. Who is primary
 * is watched here, whenever that changes.
 *
 * @module
 */

import type { NodeId } from "../../ha/link/peer_hello.ts";
import type { RoleEvent } from "../../ha/roles/mod.ts";
import type { ManagedPair } from "./cluster_manager.ts";
import type { SimEtcd } from "./etcd.ts";
import type { Findings } from "./findings.ts";
import type { KeptState, WriteFate } from "./kept.ts";
import type { SimMedium } from "./medium.ts";
import type { SimPath } from "./multipath.ts";
import type { SimNetwork } from "./network.ts";
import type { SimPlan } from "./plan.ts";
import { SimProcess } from "./process.ts";
import type { Random } from "./random.ts";
import { Referees } from "./referees.ts";
import type { Schedule } from "./schedule.ts";
import { type Plant, SimNode } from "./sim_node.ts";
import type { Told } from "./told.ts";

/** What is around the nodes. */
export interface NodesParts {
  /** Time. */
  readonly schedule: Schedule;
  /** Takes what is wrong. */
  readonly findings: Findings;
  /** How they are set up. */
  readonly setup: SimPlan["setup"];
  /** Mistakes that are planted. */
  readonly plant: Plant;
  /** Between them. */
  readonly network: SimNetwork;
  /** Between them, for leases. */
  readonly etcd: SimEtcd;
  /** Below them. */
  readonly medium: SimMedium;
  /** How long things take. */
  readonly random: Random;
}

/** When a node dies: in one of its writes to the state database. */
export interface Death {
  /** Writes before it. */
  readonly left: number;
  /** That write is carried out. */
  readonly done: boolean;
  /** Milliseconds until it comes again. */
  readonly downMs: number;
}

interface Slot {
  readonly id: NodeId;
  readonly kept: KeptState;
  readonly rate: number;
  node: SimNode | null;
  runs: number;
  /** How it dies; null: it does not. */
  dieIn: Death | null;
}

/** Milliseconds that the end of a daemon may take. */
const END_MS_MAX = 6000;

/** The nodes of a run. */
export class Nodes implements ManagedPair {
  /** Time. */
  readonly schedule: Schedule;
  /** For the trace. */
  readonly told: Told;
  /** Paths of initiators to them. */
  readonly paths: SimPath[] = [];
  /** No role may change any more. */
  resting = false;
  readonly #parts: NodesParts;
  readonly #findings: Findings;
  readonly #referees: Referees;
  readonly #slots: readonly [Slot, Slot];
  readonly #epochs: Map<number, NodeId> = new Map();

  /** Neither runs yet. */
  constructor(parts: NodesParts) {
    const { schedule, findings } = parts;
    this.schedule = schedule;
    this.told = findings.told;
    this.#parts = parts;
    this.#findings = findings;
    const shoot = (id: NodeId) => this.shoot(id);
    this.#referees = new Referees({ ...parts, shoot });
    this.#slots = [this.#slot(1), this.#slot(2)];
  }

  /** Those that run. */
  get running(): SimNode[] {
    return this.#slots.flatMap(({ node }) => node === null ? [] : [node]);
  }

  /** They have the same state. */
  get isPair(): boolean {
    return this.#slots.every(({ node }) =>
      node?.node.status().synchronized === true
    );
  }

  /** Neither serves, and neither wants to. */
  get isLeft(): boolean {
    const nodes = this.#slots.map(({ node }) => node?.node.status());
    return nodes.every((status) =>
      status?.wanted === "secondary" && status.serving === "transitioning"
    );
  }

  /** See `ManagedPair`. */
  node(id: NodeId): SimNode | null {
    return this.#slotOf(id).node;
  }

  /** See `ManagedPair`. */
  kept(id: NodeId): KeptState {
    return this.#slotOf(id).kept;
  }

  /** See `ManagedPair`. */
  shoot(id: NodeId): void {
    this.told?.(`node ${id} is shot`);
    this.kill(id, true, 1000 + this.#parts.random.next() * 2000);
  }

  /** A node begins, unless it runs. */
  start(id: NodeId): void {
    const slot = this.#slotOf(id);
    if (slot.node !== null) return;
    slot.runs += 1;
    const process = new SimProcess(this.schedule, slot.rate, 1000 * slot.runs);
    const node = this.#make(slot, process);
    slot.node = node;
    this.told?.(`node ${id} begins`);
    node.start().catch((error) => {
      if (process.alive) this.#findings.broken(error);
    });
    for (const path of this.paths) {
      if (path.id === id) path.drop("another run");
    }
  }

  /** A node stands still, and goes on. */
  stop(id: NodeId, forMs: number): void {
    const process = this.node(id)?.process;
    process?.stop();
    this.schedule.after(forMs, () => {
      if (process?.stopped) this.told?.(`node ${id} goes on`);
      process?.go();
    });
  }

  /** An operator orders a role. */
  order(id: NodeId, role: "primary" | "secondary"): void {
    const node = this.node(id);
    if (node === null || node.process.stopped) return;
    node.node.setRole({ role, peerFenced: false }).catch((error) =>
      this.told?.(`node ${id} refuses: ${error.message}`)
    );
  }

  /** A node ends as a daemon should, and begins again. */
  async restart(id: NodeId, downMs: number): Promise<void> {
    const node = this.node(id);
    if (node === null || node.process.stopped) return;
    this.schedule.after(END_MS_MAX, () => {
      if (this.node(id) === node) this.kill(id, false, downMs);
    });
    await node.end();
    if (this.node(id) === node) this.kill(id, false, downMs);
  }

  /** A node will die in a write to its state database. */
  dieIn(id: NodeId, death: Death): void {
    this.#slotOf(id).dieIn = death;
  }

  /** A node dies, with the power of its host or alone, and begins again. */
  kill(id: NodeId, power: boolean, downMs: number): void {
    const slot = this.#slotOf(id);
    const { node } = slot;
    if (node === null) return;
    this.#checkDefects(node);
    node.process.kill();
    slot.node = null;
    slot.dieIn = null;
    this.told?.(`node ${id} is ${power ? "without power" : "dead"}`);
    const { network, medium } = this.#parts;
    network.processEnded(node.process, power);
    if (power) medium.hostLost(id);
    else medium.processLost(id);
    this.#referees.processEnded(node.process);
    if (!power) this.#dropPaths(id, "reset");
    this.schedule.after(downMs, () => this.start(id));
  }

  /** Both run, and nothing is planned for them any more. */
  heal(): void {
    for (const slot of this.#slots) {
      slot.dieIn = null;
      if (slot.node === null) this.start(slot.id);
      else slot.node.process.go();
    }
  }

  /** Neither has met a defect. */
  checkDefects(): void {
    for (const node of this.running) this.#checkDefects(node);
  }

  /** How they are, in words. */
  describe(): string {
    return this.#slots.map(({ id, node }) => {
      if (node === null) return `node ${id} is off`;
      const { serving, epoch, link, solo } = node.node.status();
      const alone = solo ? ", alone" : "";
      return `node ${id} is ${serving} in epoch ${epoch}, link ${link.state}` +
        alone;
    }).join("; ");
  }

  #make(slot: Slot, process: SimProcess): SimNode {
    const { id } = slot;
    const { setup, plant, network, medium } = this.#parts;
    return new SimNode({
      ...{ id, process, mode: setup.mode, kept: slot.kept, plant, medium },
      role: id === setup.primary ? "primary" : "secondary",
      transport: network.transport(id, process),
      arbiter: this.#referees.arbiter(id, process),
      fencer: this.#referees.fencer(id, process),
      writeFate: () => this.#writeFate(slot, process),
      instance: 10 * slot.runs + id,
      told: this.#findings.teller(`node ${id}`),
      event: (event) => this.#roleChanged(id, event),
    });
  }

  #writeFate(slot: Slot, process: SimProcess): WriteFate {
    const { dieIn, node } = slot;
    if (dieIn === null || node?.process !== process) return "done";
    const { left, done, downMs } = dieIn;
    if (left > 0) {
      slot.dieIn = { ...dieIn, left: left - 1 };
      return "done";
    }
    slot.dieIn = null;
    this.#checkDefects(node);
    this.schedule.after(0, () => {
      if (slot.node === node) this.kill(slot.id, false, downMs);
    });
    return done ? "killed behind" : "killed before";
  }

  #dropPaths(id: NodeId, reason: string): void {
    for (const path of this.paths) {
      if (path.id !== id) continue;
      const latencyMs = this.#parts.network.latencyMs();
      this.schedule.after(latencyMs, () => path.drop(reason));
    }
  }

  #roleChanged(id: NodeId, { phase, epoch, reason }: RoleEvent): void {
    this.told?.(`node ${id} is ${phase} in epoch ${epoch}: ${reason}`);
    const complain = (what: string) => this.#findings.complain(what);
    if (this.resting) complain(`node ${id} does not rest: ${phase}: ${reason}`);
    if (phase === "halted") complain(`node ${id} has halted: ${reason}`);
    if (phase !== "primary") return;
    const before = this.#epochs.get(epoch);
    if (before !== undefined && before !== id) {
      complain(`epoch ${epoch} has two primaries`);
    }
    this.#epochs.set(epoch, id);
    const peer = this.node(id === 1 ? 2 : 1);
    if (peer === null || peer.process.stopped || !peer.process.alive) return;
    if (peer.node.status().serving !== "primary") return;
    complain(`node ${id} is primary in epoch ${epoch}, and so is the other`);
  }

  #checkDefects(node: SimNode): void {
    if (!node.process.alive || node.target.defects === 0) return;
    this.#findings.complain(
      `node ${node.id} has a defect: ${node.errors.join("; ")}`,
    );
  }

  #slot(id: NodeId): Slot {
    const rate = 0.99 + this.#parts.random.next() * 0.02;
    return {
      ...{ id, kept: new Map(), rate, node: null, runs: 0, dieIn: null },
    };
  }

  #slotOf(id: NodeId): Slot {
    return this.#slots[id - 1] ?? this.#slots[0];
  }
}
