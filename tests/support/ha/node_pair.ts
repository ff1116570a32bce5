/**
 * Two whole nodes in memory: targets, links, roles, one disk, one clock.
 *
 * @module
 */

import {
  COORDINATION,
  type LogicalUnit,
  type RawOptions,
  type TargetPort,
} from "../../../core/mod.ts";
import { createPeerLink } from "../../../ha/link/link.ts";
import type { HaMode } from "../../../ha/link/peer_hello.ts";
import { HaNode, numbersOf } from "../../../ha/node.ts";
import { NoFencer, StaticArbiter } from "../../../ha/roles/mod.ts";
import type { HaSettings } from "../../../ha/settings.ts";
import { pluginOf } from "../core_driver.ts";
import { TestTarget } from "../core_target.ts";
import type { LocalInitiator } from "../local_initiator.ts";
import { type MemoryHost, memoryHost } from "../memory_host.ts";
import { MemoryNetwork } from "./memory_transport.ts";
import { SharedDisk } from "./shared_disk.ts";
import { PairClock } from "./pair_clock.ts";

const DISK_BYTES = 2 ** 20;

/** One node. */
export class PairNode {
  /** Its target. */
  readonly test: TestTarget;
  /** The node. */
  readonly node: HaNode;
  /** Its port. */
  readonly port: TargetPort;
  readonly #pair: NodePair;

  /** Made by {@linkcode NodePair}. */
  constructor(pair: NodePair, settings: HaSettings, host: MemoryHost) {
    this.#pair = pair;
    const { id } = settings;
    const { network, disk } = pair;
    this.test = new TestTarget(host, false);
    const core = this.test.target.plugins.service(COORDINATION);
    if (core === undefined) throw new TypeError("No coordination");
    const driver = pluginOf(disk.driverOf(`node ${id}`));
    this.test.plugins.set("disk", Promise.resolve(driver));
    core.ports.setNumbers(numbersOf(id));
    const { clock, log, entropy } = host;
    const { timing } = settings;
    const transport = id === 1 ? network.listening : network.connecting;
    this.node = new HaNode({
      ...{ settings, host, core },
      makeLink: (hello) =>
        settings.place === null
          ? null
          : createPeerLink({ clock, log, entropy, timing, transport, hello }),
      arbiter: new StaticArbiter(),
      fencer: new NoFencer(),
      event: () => {},
    });
    core.install(this.node);
    this.port = this.test.addPort({ name: `p${id}` });
  }

  /** The LUN. */
  get unit(): LogicalUnit {
    const unit = this.test.target.luns.get(0);
    if (unit === undefined) throw new TypeError("No LUN 0");
    return unit;
  }

  /** Connects an initiator that has heard of the power on. */
  async connect(name: string): Promise<LocalInitiator> {
    const initiator = this.test.connect(name, this.port);
    await initiator.command(0, [3, 0, 0, 0, 252, 0], { read: 252 });
    return initiator;
  }

  /** Orders a role, and lets time pass until it is had. */
  async order(
    role: "primary" | "secondary",
    peerFenced = false,
  ): Promise<void> {
    const done = this.node.setRole({ role, peerFenced });
    let ended = false;
    const noted = done.finally(() => ended = true);
    noted.catch(() => {});
    while (!ended) await this.#pair.pass(10, 10);
    await noted;
  }
}

/** Two nodes on one disk. */
export class NodePair implements AsyncDisposable {
  readonly network: MemoryNetwork = new MemoryNetwork();
  readonly disk: SharedDisk = new SharedDisk(DISK_BYTES);
  /** Node 1: primary by its configuration. */
  readonly one: PairNode;
  /** Node 2. */
  readonly two: PairNode;
  readonly #clock = new PairClock();

  /** Makes both; nothing runs yet. */
  constructor(mode: HaMode, changes: Partial<HaSettings> = {}) {
    const { one, two } = this.#make(mode, changes);
    this.one = one;
    this.two = two;
  }

  /** A pair with one LUN, joined and in step. */
  static async joined(
    mode: HaMode,
    options: RawOptions = new Map(),
  ): Promise<NodePair> {
    const pair = new NodePair(mode);
    for (const { test, node } of [pair.one, pair.two]) {
      await test.addLun({
        backend: "disk",
        sizeBytes: DISK_BYTES,
        options: Object.fromEntries(options),
      });
      node.start();
    }
    await pair.pass(500);
    return pair;
  }

  /** Moves the clock in steps, with everything that happens at each. */
  async pass(ms: number, stepMs?: number): Promise<void> {
    await this.#clock.pass(ms, stepMs);
  }

  /** Lets a promise come, with the time that it needs. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    return await this.#clock.wait(promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { node, test } of [this.two, this.one]) {
      await this.wait(node.close("the test ends"));
      await this.wait(test.end());
      test.checkRules();
    }
  }

  #make(mode: HaMode, changes: Partial<HaSettings>) {
    const [one, two] = ([1, 2] as const).map((id) => {
      const settings: HaSettings = {
        ...{ id, mode, role: id === 1 ? "primary" : "secondary" },
        place: { listens: id === 1, address: "127.0.0.1", port: 999 },
        identity: null,
        timing: { heartbeatMs: 1000, silentMs: 2000, deadMs: 3000 },
        arbiter: { kind: "static" },
        fencer: { kind: "none" },
        ...{ explicitAlua: false, allowRamdisk: false, exitsOnDefect: false },
        ...changes,
      };
      const host = { ...memoryHost(), clock: this.#clock };
      for (let skip = 0; skip < id; skip += 1) {
        host.entropy.fill(new Uint8Array(40));
      }
      return new PairNode(this, settings, host);
    });
    if (one === undefined || two === undefined) throw new TypeError("Never");
    return { one, two };
  }
}
