/**
 * One run of a node: the real target with the real `ha` of a node, on
 * simulated machinery.
 *
 * @module
 */

import {
  COORDINATION,
  type Coordinator,
  createTarget,
  type Host,
  type Log,
  type LogFields,
  type LogicalUnit,
  PORT_TYPE,
  type Target,
  type TargetPort,
} from "../../core/mod.ts";
import { createPeerLink } from "../../ha/link/link.ts";
import type { HaMode, HaRole, NodeId } from "../../ha/link/peer_hello.ts";
import type { PeerLink } from "../../ha/link/peer_link.ts";
import type { PeerTransport } from "../../ha/link/peer_transport.ts";
import { HaNode, numbersOf } from "../../ha/node.ts";
import {
  type Arbiter,
  type Fencer,
  type RoleEvent,
} from "../../ha/roles/mod.ts";
import type { EtcdGateway } from "../../ha/roles/etcd_arbiter.ts";
import type { HaSettings } from "../../ha/settings.ts";
import { pluginOf } from "../support/core_driver.ts";
import { BLOCK_BYTES, BLOCKS, type SimMedium } from "./medium.ts";
import type { KeptState, WriteFate } from "./kept.ts";
import { SimState } from "./kept.ts";
import type { SimProcess } from "./process.ts";
import type { Told } from "./told.ts";

/** What a test may put between the parts of a node, to plant a mistake. */
export interface Plant {
  /** Stands before etcd. */
  readonly gateway?: (gateway: EtcdGateway) => EtcdGateway;
  /** Stands before the arbiter. */
  readonly arbiter?: (arbiter: Arbiter, id: NodeId) => Arbiter;
  /** Stands before the link. */
  readonly link?: (link: PeerLink, id: NodeId) => PeerLink;
  /** Stands between the core and the node. */
  readonly coordinator?: (node: Coordinator, id: NodeId) => Coordinator;
}

/** What a node is made of, anew at each start. */
export interface SimNodeOptions {
  /** Its number. */
  readonly id: NodeId;
  /** Its process. */
  readonly process: SimProcess;
  /** How the nodes share. */
  readonly mode: HaMode;
  /** What is configured. */
  readonly role: HaRole;
  /** The way to the peer. */
  readonly transport: PeerTransport;
  /** Who decides. */
  readonly arbiter: Arbiter;
  /** What keeps the peer off. */
  readonly fencer: Fencer;
  /** What outlives a restart. */
  readonly kept: KeptState;
  /** How a write of it goes. */
  readonly writeFate: () => WriteFate;
  /** The blocks. */
  readonly medium: SimMedium;
  /** Another number at each start of a process. */
  readonly instance: number;
  /** Mistakes that are planted. */
  readonly plant: Plant;
  /** For the trace. */
  readonly told: Told;
  /** A role has changed. */
  readonly event: (event: RoleEvent) => void;
}

const TIMING = { heartbeatMs: 1000, silentMs: 2000, deadMs: 3000 };

/** One run. */
export class SimNode {
  /** Its number. */
  readonly id: NodeId;
  /** Its process. */
  readonly process: SimProcess;
  /** The node. */
  readonly node: HaNode;
  /** The target. */
  readonly target: Target;
  /** Its port, once it serves. */
  port: TargetPort | null = null;
  /** What it has logged as errors. */
  readonly errors: string[] = [];

  /** Not begun yet. */
  constructor(options: SimNodeOptions) {
    const { id, process, medium, plant } = options;
    this.id = id;
    this.process = process;
    const host = this.#host(options);
    const driver = pluginOf(medium.driver(id, process));
    this.target = createTarget({
      host,
      findPlugin: (name) =>
        name === "disk" ? Promise.resolve(driver) : undefined,
    });
    const core = this.target.plugins.service(COORDINATION);
    if (core === undefined) throw new TypeError("No coordination");
    core.ports.setNumbers(numbersOf(id));
    const { clock, log, entropy } = host;
    const { transport } = options;
    this.node = new HaNode({
      ...{ host, core, fencer: options.fencer, settings: settingsOf(options) },
      makeLink: (hello) => {
        const parts = { clock, log, entropy, timing: TIMING, transport, hello };
        const link = createPeerLink(parts);
        return plant.link?.(link, id) ?? link;
      },
      arbiter: plant.arbiter?.(options.arbiter, id) ?? options.arbiter,
      event: (_, event) => options.event(event),
    });
    core.install(plant.coordinator?.(this.node, id) ?? this.node);
  }

  /** Its LUN. */
  get unit(): LogicalUnit | undefined {
    return this.target.luns.get(0);
  }

  /** As the daemon begins: LUNs, ports, then roles and link. */
  async start(): Promise<void> {
    await this.target.luns.create({
      ...{ backend: "disk", sizeBytes: BLOCKS * BLOCK_BYTES },
      options: new Map(),
    });
    const port = this.target.ports.register({
      ...{ frontend: "sim", name: `p${this.id}`, type: PORT_TYPE.ISCSI },
      ...{ physicalPort: 0, virtualPort: 0 },
    });
    port.setOnline(true);
    this.node.start();
    this.port = port;
  }

  /** As the daemon ends when it is asked to; its sessions are still there. */
  async end(): Promise<void> {
    await this.node.stop();
  }

  #host({ process, kept, writeFate, instance, told }: SimNodeOptions): Host {
    const { clock } = process;
    let next = instance * 1000;
    return {
      clock,
      entropy: {
        fill: (into) => {
          for (let at = 0; at < into.length; at += 1) {
            into[at] = (next++ * 2_654_435_761) >>> 24;
          }
        },
      },
      log: this.#log(told),
      state: new SimState(kept, process, writeFate),
    };
  }

  #log(told: Told): Log {
    const line = (level: string) => (message: string, fields?: LogFields) => {
      if (!this.process.alive) return;
      const more = fields === undefined ? "" : ` ${JSON.stringify(fields)}`;
      told?.(`${level}: ${message}${more}`);
      if (level === "error") this.errors.push(message + more);
    };
    const [info, warn, error] = [line("info"), line("warn"), line("error")];
    return { debug: () => {}, info, warn, error };
  }
}

function settingsOf({ id, mode, role, arbiter }: SimNodeOptions): HaSettings {
  return {
    ...{ id, mode, role, timing: TIMING, identity: null },
    place: { listens: id === 1, address: "192.0.2.1", port: 999 },
    arbiter: arbiter.hasLease
      ? { kind: "etcd", urls: [], cluster: "sim", leaseMs: 3000 }
      : { kind: "static" },
    fencer: { kind: "none" },
    ...{ explicitAlua: false, allowRamdisk: false, exitsOnDefect: false },
  };
}
