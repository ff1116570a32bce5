/**
 * A run: two nodes, an arbiter, hosts with two paths each, and whatever the
 * plan has happen to them; then all is well again, everything that was asked
 * for has to end, and what was seen is judged.
 *
 * @module
 */

import type { NodeId } from "../../ha/link/peer_hello.ts";
import { ClusterManager } from "./cluster_manager.ts";
import { endRun } from "./ending.ts";
import { SimEtcd } from "./etcd.ts";
import { Findings } from "./findings.ts";
import { InitiatorHost } from "./initiator_host.ts";
import { type MediumObserver, SimMedium } from "./medium.ts";
import { SimPath } from "./multipath.ts";
import { SimNetwork } from "./network.ts";
import { Nodes } from "./nodes.ts";
import {
  describeAction,
  HOSTS,
  type SimAction,
  type SimPlan,
  TROUBLE_MS,
} from "./plan.ts";
import { Random } from "./random.ts";
import { Recorder } from "./recorder.ts";
import { Schedule } from "./schedule.ts";
import { Service } from "./service.ts";
import type { Plant } from "./sim_node.ts";

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
  /** Those that an initiator waited for its service, when all was well. */
  readonly servedMs: number;
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

/** Milliseconds that everything may take when all is well again. */
const CALM_MS = 30_000;
/** Milliseconds after which an operator looks whether there is a primary. */
const LOOK_MS = 4000;

/** Runs a plan. */
export async function runPlan(
  plan: SimPlan,
  options: RunOptions = {},
): Promise<SimOutcome> {
  return await new World(plan, options).run();
}

class World implements MediumObserver {
  readonly #schedule: Schedule = new Schedule();
  readonly #findings: Findings;
  readonly #plan: SimPlan;
  readonly #network: SimNetwork;
  readonly #etcd: SimEtcd;
  readonly #medium: SimMedium;
  readonly #recorder: Recorder;
  readonly #nodes: Nodes;
  readonly #hosts: readonly InitiatorHost[];
  readonly #random: Random;
  readonly #service: Service;
  #left = 0;
  #judged = true;

  constructor(plan: SimPlan, { plant = {}, traced = false }: RunOptions) {
    const schedule = this.#schedule;
    const stream = (number: number) => new Random(plan.seed * 8 + number);
    const findings = new Findings(schedule, traced);
    this.#findings = findings;
    this.#plan = plan;
    const network = this.#network = new SimNetwork(schedule, stream(1));
    const etcd = this.#etcd = new SimEtcd(schedule, network, stream(2));
    const medium = this.#medium = new SimMedium(schedule, stream(3), this);
    const random = this.#random = stream(4);
    this.#recorder = new Recorder(schedule, (what) => findings.complain(what));
    this.#nodes = new Nodes({
      ...{ schedule, findings, setup: plan.setup, plant },
      ...{ network, etcd, medium, random },
    });
    const describe = () => this.#describe();
    this.#service = new Service({ schedule, findings, describe });
    this.#hosts = Array.from(
      { length: HOSTS },
      (_, host) => this.#makeHost(`h${host}`, stream(5 + host)),
    );
  }

  async run(): Promise<SimOutcome> {
    const { actions, setup } = this.#plan;
    for (const id of [1, 2] as const) {
      this.#after(this.#random.next() * 300, () => this.#nodes.start(id));
    }
    if (setup.arbiter === "static") new ClusterManager(this.#nodes);
    for (const action of actions) {
      this.#after(action.atMs, () => this.#act(action));
    }
    this.#left = actions.filter(isWork).length;
    await this.#runUntil(TROUBLE_MS + 1000, () => false);
    this.#heal();
    this.#service.expect(this.#hosts);
    const isDone = () => this.#left === 0 && this.#service.isThere;
    await this.#runUntil(CALM_MS, isDone);
    await this.#finish();
    const { nowMs, steps } = this.#schedule;
    const { violations, trace } = this.#findings;
    const { longestMs } = this.#service;
    return {
      ...{ violations, judged: this.#judged, steps, ms: nowMs, trace },
      servedMs: longestMs,
    };
  }

  // What happens

  #act(action: SimAction): void {
    this.#findings.told?.(describeAction(action));
    switch (action.kind) {
      case "work":
        return this.#work(action.host, (host) => host.run(action.work));
      case "abort":
        return this.#work(
          action.host,
          (host) => host.write(action.lba, 1, action.abortMs),
        );
      case "kill":
        return this.#nodes.kill(action.node, false, action.downMs);
      case "power":
        return this.#nodes.kill(action.node, true, action.downMs);
      case "die at write":
        return this.#nodes.dieIn(action.node, { ...action, left: action.skip });
      case "stop":
        return this.#nodes.stop(action.node, action.forMs);
      case "restart":
        return void this.#nodes.restart(action.node, action.downMs);
      case "reset":
        return this.#network.resetLinks();
      case "order":
        return this.#nodes.order(action.node, action.role);
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
    run(host).then(
      () => this.#left -= 1,
      (error) => this.#findings.broken(error),
    );
  }

  #cut(action: Extract<SimAction, { kind: "cut" }>): void {
    const { from, to, both, forMs } = action;
    this.#network.cut(from, to, forMs);
    if (both) this.#network.cut(to, from, forMs);
  }

  #heal(): void {
    this.#findings.told?.("all is well again");
    this.#network.heal();
    this.#etcd.heal();
    this.#medium.extraMs = 0;
    this.#network.lagMs = 0;
    this.#nodes.heal();
    this.#after(LOOK_MS, () => this.#lookAfter());
  }

  // Orders may have left the pair without a primary: the operator chooses one.
  #lookAfter(): void {
    this.#after(LOOK_MS, () => this.#lookAfter());
    if (!this.#nodes.isLeft) return;
    this.#nodes.order(this.#plan.setup.primary, "primary");
  }

  async #finish(): Promise<void> {
    const findings = this.#findings;
    const describe = () => this.#describe();
    if (this.#left > 0) return findings.complain(`no service: ${describe()}`);
    const [host] = this.#hosts;
    if (host === undefined) throw new TypeError("Never");
    const servesByBoth = this.#plan.setup.mode !== "standby";
    await endRun({
      ...{ findings, nodes: this.#nodes, host, describe },
      writers: servesByBoth ? this.#hosts : [],
      runUntil: (forMs, isDone) => this.#runUntil(forMs, isDone),
    });
    this.#judged = this.#recorder.judge();
  }

  #describe(): string {
    return `${this.#nodes.describe()}; ${this.#left} commands left`;
  }

  // As `MediumObserver`

  touched(id: NodeId): void {
    const { mode, arbiter } = this.#plan.setup;
    if (mode === "shared" || arbiter === "static") return;
    const { holder } = this.#etcd;
    if (holder === null || holder === `${id}`) return;
    this.#findings.complain(
      `node ${id} uses the store, while node ${holder} is primary`,
    );
  }

  written(lba: number, attempt: number, node: NodeId): void {
    this.#recorder.written(lba, attempt, node);
  }

  landed(lba: number, attempt: number, node: NodeId): void {
    this.#findings.told?.(`block ${lba} = try ${attempt}, from node ${node}`);
  }

  // What all of it is made of

  #makeHost(name: string, random: Random): InitiatorHost {
    const schedule = this.#schedule;
    const [network, nodes] = [this.#network, this.#nodes];
    const makePath = (id: NodeId) =>
      new SimPath({
        ...{ name, id, schedule, network },
        node: () => nodes.node(id),
        told: this.#findings.teller(name),
      });
    const [one, two] = [makePath(1), makePath(2)];
    nodes.paths.push(one, two);
    return new InitiatorHost({
      ...{ name, schedule, random, recorder: this.#recorder },
      paths: [one, two],
      complain: (what) => this.#findings.complain(what),
    });
  }

  async #runUntil(forMs: number, isDone: () => boolean): Promise<void> {
    const until = this.#schedule.nowMs + forMs;
    const { violations } = this.#findings;
    await this.#schedule.run(until, () => isDone() || violations.length > 0);
  }

  #after(delayMs: number, call: () => void): void {
    this.#schedule.after(delayMs, call);
  }
}

function isWork({ kind }: SimAction): boolean {
  return kind === "work" || kind === "abort";
}
