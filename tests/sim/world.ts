/**
 * A run: two nodes, an arbiter, hosts with two paths each, and whatever the
 * plan has happen to them; then all is well again, everything that was asked
 * for has to end, and what was seen is judged.
 *
 * @module
 */

import type { NodeId } from "../../ha/link/peer_hello.ts";
import {
  type Arbiter,
  CommandFencer,
  EtcdArbiter,
  type Fencer,
  LeaseFencer,
  LockFencer,
  type RoleEvent,
  StaticArbiter,
} from "../../ha/roles/mod.ts";
import { ClusterManager, type ManagedPair } from "./cluster_manager.ts";
import { SimEtcd } from "./etcd.ts";
import { InitiatorHost } from "./initiator_host.ts";
import type { KeptState, WriteFate } from "./kept.ts";
import { BLOCKS, type MediumObserver, SimMedium } from "./medium.ts";
import { SimPath } from "./multipath.ts";
import { SimNetwork } from "./network.ts";
import {
  describeAction,
  HOSTS,
  type SimAction,
  type SimPlan,
  TROUBLE_MS,
} from "./plan.ts";
import { SimProcess } from "./process.ts";
import { Random } from "./random.ts";
import { Recorder } from "./recorder.ts";
import { Schedule } from "./schedule.ts";
import { type Plant, SimNode } from "./sim_node.ts";
import type { Told } from "./told.ts";

/** How a run has ended. */
export interface SimOutcome {
  /** What is wrong; empty: nothing. */
  readonly violations: readonly string[];
  /** All of it could be judged. */
  readonly judged: boolean;
  /** Things that have happened. */
  readonly steps: number;
  /** Virtual milliseconds. */
  readonly ms: number;
  /** What has happened, if it was asked for. */
  readonly trace: readonly string[];
}

/** How a plan is run. */
export interface RunOptions {
  /** Mistakes that are planted. */
  readonly plant?: Plant;
  /** Keep what happens. */
  readonly traced?: boolean;
}

interface Slot {
  readonly id: NodeId;
  readonly kept: KeptState;
  readonly rate: number;
  node: SimNode | null;
  runs: number;
  /** Writes to the state database until it dies; null: it does not. */
  dieIn: { left: number; done: boolean; downMs: number } | null;
}

/** Milliseconds that everything may take when all is well again. */
const CALM_MS = 30_000;
/** Milliseconds until the two nodes have to be one pair again. */
const JOIN_MS = 25_000;
/** Milliseconds after which an operator looks whether there is a primary. */
const LOOK_MS = 4000;
/** Milliseconds that the end of a daemon may take. */
const END_MS_MAX = 6000;
/** Milliseconds in which nothing may change at last. */
const REST_MS = 1500;
/** Planned switches that are tried: a node may be shot meanwhile. */
const SWITCHES_MAX = 3;

/** Runs a plan. */
export async function runPlan(
  plan: SimPlan,
  options: RunOptions = {},
): Promise<SimOutcome> {
  return await new World(plan, options).run();
}

class World implements MediumObserver, ManagedPair {
  readonly schedule: Schedule = new Schedule();
  readonly told: Told;
  readonly #plan: SimPlan;
  readonly #plant: Plant;
  readonly #trace: string[] | null;
  readonly #violations: string[] = [];
  readonly #network: SimNetwork;
  readonly #etcd: SimEtcd;
  readonly #medium: SimMedium;
  readonly #recorder: Recorder;
  readonly #slots: readonly [Slot, Slot];
  readonly #hosts: InitiatorHost[] = [];
  readonly #paths: SimPath[] = [];
  readonly #epochs: Map<number, NodeId> = new Map();
  readonly #random: Random;
  #lockedBy: SimProcess | null = null;
  #left = 0;
  #judged = true;
  #resting = false;

  constructor(plan: SimPlan, { plant = {}, traced = false }: RunOptions) {
    this.#plan = plan;
    this.#plant = plant;
    this.#trace = traced ? [] : null;
    this.told = traced ? (line) => this.#note(line) : null;
    const stream = (number: number) => new Random(plan.seed * 8 + number);
    this.#network = new SimNetwork(this.schedule, stream(1));
    this.#etcd = new SimEtcd(this.schedule, this.#network, stream(2));
    this.#medium = new SimMedium(this.schedule, stream(3), this);
    this.#random = stream(4);
    const complain = (what: string) => this.#complain(what);
    this.#recorder = new Recorder(this.schedule, complain);
    this.#slots = [this.#slot(1), this.#slot(2)];
    for (let host = 0; host < HOSTS; host += 1) {
      this.#hosts.push(this.#makeHost(`h${host}`, stream(5 + host)));
    }
  }

  async run(): Promise<SimOutcome> {
    for (const { id } of this.#slots) {
      this.#after(this.#random.next() * 300, () => this.#start(id));
    }
    if (this.#plan.setup.arbiter === "static") new ClusterManager(this);
    for (const action of this.#plan.actions) {
      this.#after(action.atMs, () => this.#act(action));
    }
    this.#left = this.#plan.actions.filter(isWork).length;
    await this.#runUntil(TROUBLE_MS + 1000, () => false);
    this.#heal();
    await this.#runUntil(CALM_MS, () => this.#left === 0);
    if (this.#left > 0) this.#complain(`no service: ${this.#describe()}`);
    else await this.#finish();
    const { nowMs, steps } = this.schedule;
    const trace = this.#trace ?? [];
    const violations = this.#violations;
    return { violations, judged: this.#judged, steps, ms: nowMs, trace };
  }

  // What happens

  #act(action: SimAction): void {
    this.told?.(describeAction(action));
    switch (action.kind) {
      case "work":
        return this.#work(action.host, (host) => host.run(action.work));
      case "abort":
        return this.#work(
          action.host,
          (host) => host.write(action.lba, 1, action.abortMs),
        );
      case "kill":
        return this.#kill(action.node, false, action.downMs);
      case "power":
        return this.#kill(action.node, true, action.downMs);
      case "die at write": {
        const { skip: left, done, downMs } = action;
        this.#slotOf(action.node).dieIn = { left, done, downMs };
        return;
      }
      case "stop":
        return this.#stop(action.node, action.forMs);
      case "restart":
        return void this.#restart(action.node, action.downMs);
      case "reset":
        return this.#network.resetLinks();
      case "order":
        return this.#order(action.node, action.role);
      case "outage":
        return this.#etcd.outage(action.forMs);
      case "slow etcd":
        this.#etcd.lagMs = action.extraMs;
        this.#after(action.forMs, () => this.#etcd.lagMs = 0);
        return;
      case "cut":
        return this.#cut(action);
      case "lag":
        this.#network.lagMs = action.extraMs;
        this.#after(action.forMs, () => this.#network.lagMs = 0);
        return;
      case "slow":
        this.#medium.extraMs = action.extraMs;
        this.#after(action.forMs, () => this.#medium.extraMs = 0);
    }
  }

  #work(index: number, run: (host: InitiatorHost) => Promise<void>): void {
    const host = this.#hosts[index];
    if (host === undefined) return;
    run(host).then(() => this.#left -= 1, (error) => this.#broken(error));
  }

  #cut(action: Extract<SimAction, { kind: "cut" }>): void {
    const { from, to, both, forMs } = action;
    this.#network.cut(from, to, forMs);
    if (both) this.#network.cut(to, from, forMs);
  }

  #stop(id: NodeId, forMs: number): void {
    const process = this.#slotOf(id).node?.process;
    process?.stop();
    this.#after(forMs, () => {
      if (process?.stopped) this.told?.(`node ${id} goes on`);
      process?.go();
    });
  }

  #order(id: NodeId, role: "primary" | "secondary"): void {
    const { node } = this.#slotOf(id);
    if (node === null || node.process.stopped) return;
    node.node.setRole({ role, peerFenced: false }).catch((error) =>
      this.told?.(`node ${id} refuses: ${error.message}`)
    );
  }

  async #restart(id: NodeId, downMs: number): Promise<void> {
    const { node } = this.#slotOf(id);
    if (node === null || node.process.stopped) return;
    this.#after(END_MS_MAX, () => {
      if (this.#slotOf(id).node === node) this.#kill(id, false, downMs);
    });
    await node.end();
    if (this.#slotOf(id).node === node) this.#kill(id, false, downMs);
  }

  #kill(id: NodeId, power: boolean, downMs: number): void {
    const slot = this.#slotOf(id);
    const { node } = slot;
    if (node === null) return;
    this.#checkDefects(node);
    node.process.kill();
    slot.node = null;
    slot.dieIn = null;
    this.told?.(`node ${id} is ${power ? "without power" : "dead"}`);
    this.#network.processEnded(node.process, power);
    if (power) this.#medium.hostLost(id);
    else this.#medium.processLost(id);
    if (this.#lockedBy === node.process) this.#lockedBy = null;
    if (!power) this.#dropPaths(id, "reset");
    this.#after(downMs, () => this.#start(id));
  }

  #dropPaths(id: NodeId, reason: string): void {
    for (const path of this.#paths) {
      if (path.id !== id) continue;
      this.#after(this.#network.latencyMs(), () => path.drop(reason));
    }
  }

  #heal(): void {
    this.told?.("all is well again");
    this.#network.heal();
    this.#etcd.heal();
    this.#medium.extraMs = 0;
    this.#network.lagMs = 0;
    for (const slot of this.#slots) {
      slot.dieIn = null;
      if (slot.node === null) this.#start(slot.id);
      else slot.node.process.go();
    }
    this.#after(LOOK_MS, () => this.#lookAfter());
  }

  // Orders may have left the pair without a primary: the operator chooses one.
  #lookAfter(): void {
    this.#after(LOOK_MS, () => this.#lookAfter());
    const nodes = this.#slots.map(({ node }) => node?.node.status());
    const isLeft = nodes.every((status) =>
      status?.wanted === "secondary" && status.serving === "transitioning"
    );
    if (isLeft) this.#order(this.#plan.setup.primary, "primary");
  }

  // Nodes

  #start(id: NodeId): void {
    const slot = this.#slotOf(id);
    if (slot.node !== null) return;
    slot.runs += 1;
    const process = new SimProcess(this.schedule, slot.rate, 1000 * slot.runs);
    const { mode, primary } = this.#plan.setup;
    const node = new SimNode({
      ...{ id, process, mode, kept: slot.kept, plant: this.#plant },
      role: id === primary ? "primary" : "secondary",
      transport: this.#network.transport(id, process),
      arbiter: this.#arbiter(id, process),
      fencer: this.#fencer(id, process),
      writeFate: () => this.#writeFate(slot, process),
      medium: this.#medium,
      instance: 10 * slot.runs + id,
      told: this.#teller(`node ${id}`),
      event: (event) => this.#roleChanged(id, event),
    });
    slot.node = node;
    this.told?.(`node ${id} begins`);
    node.start().catch((error) => {
      if (process.alive) this.#broken(error);
    });
    for (const path of this.#paths) {
      if (path.id === id) path.drop("another run");
    }
  }

  #writeFate(slot: Slot, process: SimProcess): WriteFate {
    const { dieIn, node } = slot;
    if (dieIn === null || node?.process !== process) return "done";
    if (dieIn.left > 0) {
      dieIn.left -= 1;
      return "done";
    }
    const { done, downMs } = dieIn;
    slot.dieIn = null;
    this.#checkDefects(node);
    this.#after(0, () => {
      if (slot.node === node) this.#kill(slot.id, false, downMs);
    });
    return done ? "killed behind" : "killed before";
  }

  #arbiter(id: NodeId, process: SimProcess): Arbiter {
    if (this.#plan.setup.arbiter === "static") return new StaticArbiter();
    const { clock } = process;
    const etcd = this.#etcd.gateway(`${id}`, process);
    const gateway = this.#plant.gateway?.(etcd) ?? etcd;
    return new EtcdArbiter({ gateway, clock, id, prefix: "sim" });
  }

  #fencer(id: NodeId, process: SimProcess): Fencer {
    switch (this.#plan.setup.fencer) {
      case "lease":
        return new LeaseFencer(process.clock);
      case "lock":
        return new LockFencer(() => this.#lock(process));
      case "command":
        return new CommandFencer(["shoot"], () =>
          new Promise((resolve) => {
            if (!process.alive) return;
            this.#after(50 + this.#random.next() * 300, () => {
              this.shoot(id === 1 ? 2 : 1);
              process.entry(() => resolve({ code: 0, message: "" }))();
            });
          }));
    }
  }

  #lock(process: SimProcess): { release(): void } | null {
    const isFree = this.#lockedBy === null || this.#lockedBy === process;
    if (!isFree || !process.alive) return null;
    this.#lockedBy = process;
    return {
      release: () => {
        if (this.#lockedBy === process) this.#lockedBy = null;
      },
    };
  }

  #roleChanged(id: NodeId, { phase, epoch, reason }: RoleEvent): void {
    this.told?.(`node ${id} is ${phase} in epoch ${epoch}: ${reason}`);
    if (this.#resting) {
      this.#complain(`node ${id} does not rest: ${phase}: ${reason}`);
    }
    if (phase === "halted") {
      this.#complain(`node ${id} has halted: ${reason}`);
    }
    if (phase !== "primary") return;
    const before = this.#epochs.get(epoch);
    if (before !== undefined && before !== id) {
      this.#complain(`epoch ${epoch} has two primaries`);
    }
    this.#epochs.set(epoch, id);
    const peer = this.#slotOf(id === 1 ? 2 : 1).node;
    if (peer === null || peer.process.stopped || !peer.process.alive) return;
    if (peer.node.status().serving !== "primary") return;
    this.#complain(
      `node ${id} is primary in epoch ${epoch}, and so is the other`,
    );
  }

  // As `ManagedPair`

  node(id: NodeId): SimNode | null {
    return this.#slotOf(id).node;
  }

  kept(id: NodeId): KeptState {
    return this.#slotOf(id).kept;
  }

  shoot(id: NodeId): void {
    this.told?.(`node ${id} is shot`);
    this.#kill(id, true, 1000 + this.#random.next() * 2000);
  }

  // As `MediumObserver`

  touched(id: NodeId): void {
    const { mode, arbiter } = this.#plan.setup;
    if (mode === "shared" || arbiter === "static") return;
    const { holder } = this.#etcd;
    if (holder === null || holder === `${id}`) return;
    this.#complain(
      `node ${id} uses the store, while node ${holder} is primary`,
    );
  }

  written(lba: number, attempt: number, node: NodeId): void {
    this.#recorder.written(lba, attempt, node);
  }

  landed(lba: number, attempt: number, node: NodeId): void {
    this.told?.(`block ${lba} = try ${attempt}, from node ${node}`);
  }

  // The end

  async #finish(): Promise<void> {
    await this.#readAll();
    if (this.#violations.length === 0) await this.#switch();
    for (const { node } of this.#slots) {
      if (node !== null) this.#checkDefects(node);
    }
    this.#judged = this.#recorder.judge();
  }

  async #readAll(): Promise<void> {
    const [host] = this.#hosts;
    if (host === undefined) return;
    const read = (async () => {
      await host.look();
      for (let lba = 0; lba < BLOCKS; lba += BLOCKS / 2) {
        await host.read(lba, BLOCKS / 2);
      }
    })();
    await this.#wait(read, "nothing can be read");
  }

  // The other node has the same, and can tell.
  async #switch(): Promise<void> {
    for (let times = 0; times < SWITCHES_MAX; times += 1) {
      await this.#runUntil(JOIN_MS, () => this.#isPair());
      if (!this.#isPair()) break;
      const next = this.#secondary();
      this.told?.(`node ${next.id} is to be primary, at last`);
      const { process } = next;
      const order = next.node.setRole({ role: "primary", peerFenced: false });
      await this.#wait(order, "no planned switch", () => !process.alive);
      if (process.alive) {
        await this.#readAll();
        return await this.#stayAsTheyAre();
      }
    }
    this.#complain(`no pair: ${this.#describe()}`);
  }

  // Nothing is ordered any more: no role changes.
  async #stayAsTheyAre(): Promise<void> {
    await this.#runUntil(JOIN_MS, () => this.#isPair());
    const before = this.#describe();
    this.#resting = true;
    await this.#runUntil(REST_MS, () => false);
    const isServed =
      this.#slots.filter(({ node }) =>
        node?.node.status().serving === "primary"
      ).length === 1;
    if (!isServed) this.#complain(`no rest: ${before}, ${this.#describe()}`);
  }

  #isPair(): boolean {
    return this.#slots.every(({ node }) =>
      node?.node.status().synchronized === true
    );
  }

  #secondary(): SimNode {
    const nodes = this.#slots.flatMap(({ node }) =>
      node === null ? [] : [node]
    );
    const next = nodes.find(({ node }) => node.status().serving !== "primary");
    if (next === undefined) throw new TypeError("Two primaries");
    return next;
  }

  async #wait(
    work: Promise<void>,
    failure: string,
    isOver: () => boolean = () => false,
  ): Promise<void> {
    let ended = false;
    work.then(() => ended = true, (error) => {
      ended = true;
      this.#broken(error);
    });
    await this.#runUntil(JOIN_MS, () => ended || isOver());
    if (!ended && !isOver()) this.#complain(`${failure}: ${this.#describe()}`);
  }

  async #runUntil(forMs: number, isDone: () => boolean): Promise<void> {
    const until = this.schedule.nowMs + forMs;
    const stop = () => isDone() || this.#violations.length > 0;
    await this.schedule.run(until, stop);
  }

  #describe(): string {
    const nodes = this.#slots.map(({ id, node }) => {
      if (node === null) return `node ${id} is off`;
      const { serving, epoch, link, solo } = node.node.status();
      const alone = solo ? ", alone" : "";
      return `node ${id} is ${serving} in epoch ${epoch}, link ${link.state}` +
        alone;
    });
    return `${nodes.join("; ")}; ${this.#left} commands left`;
  }

  #checkDefects(node: SimNode): void {
    if (!node.process.alive || node.target.defects === 0) return;
    this.#complain(`node ${node.id} has a defect: ${node.errors.join("; ")}`);
  }

  #teller(who: string): Told {
    return this.told === null ? null : (line) => this.#note(`${who}: ${line}`);
  }

  #note(line: string): void {
    this.#trace?.push(`${this.schedule.nowMs.toFixed(1).padStart(8)} ${line}`);
  }

  #complain(what: string): void {
    this.told?.(`VIOLATION ${what}`);
    this.#violations.push(what);
  }

  #broken(error: unknown): void {
    const text = error instanceof Error ? error.stack : String(error);
    this.#complain(`an exception: ${text}`);
  }

  #slot(id: NodeId): Slot {
    const rate = 0.99 + this.#random.next() * 0.02;
    return {
      ...{ id, kept: new Map(), rate, node: null, runs: 0, dieIn: null },
    };
  }

  #slotOf(id: NodeId): Slot {
    return this.#slots[id - 1] ?? this.#slots[0];
  }

  #makeHost(name: string, random: Random): InitiatorHost {
    const { schedule } = this;
    const paths = ([1, 2] as const).map((id) =>
      new SimPath({
        ...{ name, id, schedule, network: this.#network },
        node: () => this.#slotOf(id).node,
        told: this.#teller(name),
      })
    );
    this.#paths.push(...paths);
    const [one, two] = paths;
    if (one === undefined || two === undefined) throw new TypeError("Never");
    return new InitiatorHost({
      ...{ name, schedule, random, recorder: this.#recorder },
      paths: [one, two],
      complain: (what) => this.#complain(what),
    });
  }

  #after(delayMs: number, call: () => void): void {
    this.schedule.after(delayMs, call);
  }
}

function isWork({ kind }: SimAction): boolean {
  return kind === "work" || kind === "abort";
}
