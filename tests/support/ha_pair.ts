/**
 * Two targets in one process that are joined by forwarding: `near` has the
 * initiators, `far` serves the units. What else two nodes tell each other is
 * done here by hand.
 *
 * @module
 */

import {
  ACCESS,
  type BlockStore,
  COORDINATION,
  type Coordinator,
  FLAG,
  type OpenOutcome,
  PORT_TYPE,
  STANDALONE,
  type Target,
  type TargetPort,
} from "../../core/mod.ts";
import { Forwarding } from "../../ha/forward/forwarding.ts";
import { ControlledDriver, pluginOf } from "./core_driver.ts";
import {
  hearAttentions,
  type LunWish,
  settle,
  TestTarget,
} from "./core_target.ts";
import { LocalInitiator } from "./local_initiator.ts";
import { type MemoryLink, memoryLink } from "./memory_link.ts";
import { type MemoryHost, memoryHost } from "./memory_host.ts";

/** Number of the near node's port, on both nodes. */
export const NEAR_PORT = 100;
/** Silence from which on a node does nothing for the other. */
export const SILENT_MS = 2000;

/** How both nodes share their units. */
export type PairMode = "proxy" | "shared";

/** One node. */
export interface PairNode {
  /** Its target. */
  readonly target: Target;
  /** Its end of the link. */
  readonly link: MemoryLink;
  /** Its forwarding. */
  readonly forwarding: Forwarding;
}

/** Joins two targets; the link is down. */
export function joinTargets(
  nearTarget: Target,
  farTarget: Target,
  mode: PairMode,
): { readonly near: PairNode; readonly far: PairNode } {
  const [nearLink, farLink] = memoryLink();
  const near = nodeOf(nearTarget, nearLink, mode);
  const far = nodeOf(farTarget, farLink, mode);
  const opens = mode === "shared";
  install(near, ACCESS.NONOPTIMIZED, opens, () => {});
  install(far, ACCESS.OPTIMIZED, true, (unit, condition, scope) => {
    const there = nearTarget.luns.get(unit.number);
    if (there === undefined) return;
    if (scope.only !== undefined) there.tellHere(scope.only, condition);
    else there.raiseHere(condition, scope.except);
  });
  return { near, far };
}

/** Shows a port of one node at another one. */
export function showPort(port: TargetPort, target: Target): TargetPort {
  const shown = target.ports.register({
    frontend: "ha",
    name: `1:${port.description.name}`,
    type: PORT_TYPE.ISCSI,
    physicalPort: 0,
    virtualPort: 0,
    number: port.number,
    remote: true,
  });
  shown.setOnline(true);
  return shown;
}

function nodeOf(target: Target, link: MemoryLink, mode: PairMode): PairNode {
  const { clock } = target.host;
  const forwarding = new Forwarding({
    link,
    ports: target.ports,
    nowMs: () => clock.nowMs(),
    shares: mode === "shared",
    silentMs: SILENT_MS,
  });
  link.listener = { down: () => forwarding.linkDown() };
  return { target, link, forwarding };
}

function install(
  { target, forwarding }: PairNode,
  access: number,
  opens: boolean,
  attention: Coordinator["attention"],
): void {
  target.plugins.service(COORDINATION)?.install({
    ...STANDALONE,
    opensStore: () => opens,
    unitAdded: (unit) => unit.setAccess(access),
    attention,
    execute: (task, row, unit) =>
      (row.flags & FLAG.RUN_HERE) === 0
        ? forwarding.execute(task, row, unit)
        : row.execute(task, unit),
    manage: (nexus, request, unit) => forwarding.manage(nexus, request, unit),
    nexusLost: (nexus) => forwarding.nexusLost(nexus),
  });
}

/** The pair, each node with its own machine in memory. */
export class HaPair {
  /** The node with the initiators. */
  readonly nearTest: TestTarget;
  /** The node that serves the units. */
  readonly farTest: TestTarget = new TestTarget();
  /** The near node. */
  readonly near: PairNode;
  /** The far node. */
  readonly far: PairNode;
  /** The port of the near node. */
  readonly port: TargetPort;
  /** How it is shown at the far node. */
  readonly shown: TargetPort;
  readonly #initiators: LocalInitiator[] = [];
  #instance = 0;

  /** A pair whose link is up. */
  constructor(mode: PairMode = "proxy", host: MemoryHost = memoryHost()) {
    this.nearTest = new TestTarget(host);
    const shared = new SharedDriver(this.farTest.driver);
    this.nearTest.plugins
      .set("controlled", Promise.resolve(pluginOf(shared)));
    const { near, far } = joinTargets(
      this.nearTest.target,
      this.farTest.target,
      mode,
    );
    this.near = near;
    this.far = far;
    this.port = this.nearTest.addPort({ name: "near", number: NEAR_PORT });
    this.shown = showPort(this.port, far.target);
    this.connect();
  }

  /** Brings the link up; `restarted`: the near node is another process. */
  connect(restarted = false): void {
    if (restarted || this.#instance === 0) this.#instance += 1;
    this.near.link.isUp = this.far.link.isUp = true;
    this.near.forwarding.linkUp("far");
    this.far.forwarding.linkUp(`near ${this.#instance}`);
  }

  /** Makes a LUN of one mebibyte on both nodes. */
  async addLun(wish: LunWish = {}): Promise<void> {
    await this.farTest.addLun(wish);
    await this.nearTest.addLun(wish);
  }

  /** Connects an initiator to the near node. */
  initiator(name: string): LocalInitiator {
    const initiator = new LocalInitiator(this.port, `iqn.${name},i,0x1`);
    this.#initiators.push(initiator);
    return initiator;
  }

  /** The same, when it has heard all unit attentions. */
  async ready(name: string): Promise<LocalInitiator> {
    const initiator = this.initiator(name);
    await hearAttentions(initiator);
    return initiator;
  }

  /** Connects an initiator to the far node that has heard them. */
  readyFar(name: string): Promise<LocalInitiator> {
    return this.farTest.connectReady(name);
  }

  /** Ends both nodes; rules that were broken on the way fail. */
  async end(): Promise<void> {
    this.near.link.resume();
    this.far.link.resume();
    this.far.forwarding.peerFenced();
    for (const initiator of this.#initiators) initiator.resume();
    for (const store of this.farTest.driver.stores) store.answerAll();
    await settle();
    await this.nearTest.end();
    await this.farTest.end();
  }

  /** Fails when a rule was broken. */
  checkRules(): void {
    this.nearTest.checkRules();
    this.farTest.checkRules();
    const broken = this.#initiators.flatMap(({ violations }) => violations);
    if (broken.length > 0) throw new TypeError(broken.join("; "));
  }
}

/** Opens what another driver has opened, as a second node does. */
class SharedDriver extends ControlledDriver {
  readonly #owner: ControlledDriver;

  constructor(owner: ControlledDriver) {
    super();
    this.#owner = owner;
  }

  override open(): Promise<OpenOutcome> {
    return Promise.resolve({ store: sameStore(this.#owner.store) });
  }
}

function sameStore(store: BlockStore): BlockStore {
  return {
    geometry: store.geometry,
    capabilities: store.capabilities,
    read: (...words) => store.read(...words),
    write: (...words) => store.write(...words),
    ...store.tryRead === undefined
      ? {}
      : { tryRead: store.tryRead.bind(store) },
    ...store.tryWrite === undefined
      ? {}
      : { tryWrite: store.tryWrite.bind(store) },
    ...store.unmap === undefined ? {} : { unmap: store.unmap.bind(store) },
    flush: () => store.flush(),
    close: () => Promise.resolve(),
  };
}

/** Registers a test with a pair that is ended and looked at behind it. */
export function pairTest(
  name: string,
  mode: PairMode,
  body: (pair: HaPair) => Promise<void>,
): void {
  Deno.test(`${name} (${mode})`, async () => {
    const pair = new HaPair(mode);
    try {
      await body(pair);
    } catch (error) {
      await pair.end();
      throw error;
    }
    await pair.end();
    pair.checkRules();
    if (!pair.near.forwarding.isIdle || !pair.far.forwarding.isIdle) {
      throw new TypeError("Something is still under way at the end");
    }
  });
}
