/**
 * Two daemons in memory as a pair: whole ones, with their configurations and
 * the programs that manage them, on one clock.
 *
 * @module
 */

import { haPlugin } from "../../../ha/mod.ts";
import { parseConfiguration } from "../../../ctladm/conf/parser.ts";
import { MemoryDaemon, type Outcome } from "../memory_daemon.ts";
import { memoryHost } from "../memory_host.ts";
import { MemoryNetwork } from "./memory_transport.ts";
import { PairClock } from "./pair_clock.ts";

/** Two daemons, and what is between them. */
export class MemoryPair implements AsyncDisposable {
  /** The way between them. */
  readonly network: MemoryNetwork = new MemoryNetwork();
  /** Node 1: primary by its configuration; it listens. */
  readonly one: MemoryDaemon;
  /** Node 2. */
  readonly two: MemoryDaemon;
  /** Nodes that have ended themselves. */
  readonly exits: number[] = [];
  readonly #clock = new PairClock();

  /** Made by {@linkcode MemoryPair.started}. */
  constructor() {
    this.one = this.#make(1);
    this.two = this.#make(2);
  }

  /** Both, with their configurations in force; they need not be joined. */
  static async started(more = ""): Promise<MemoryPair> {
    const pair = new MemoryPair();
    await pair.apply(pair.one, pairConfiguration(1, more));
    await pair.apply(pair.two, pairConfiguration(2, more));
    for (const { daemon } of [pair.one, pair.two]) await daemon.ioctl();
    return pair;
  }

  /** Both, joined and in step. */
  static async joined(more = ""): Promise<MemoryPair> {
    const pair = await MemoryPair.started(more);
    await pair.pass(500);
    return pair;
  }

  /** Puts a configuration in force on a node. @returns what failed */
  async apply(node: MemoryDaemon, text: string): Promise<string[]> {
    const outcome = parseConfiguration(text);
    if ("error" in outcome) throw new TypeError(outcome.error);
    const failed = await node.daemon.apply(outcome.configuration);
    return failed.map(({ reason }) => reason);
  }

  /** Runs ctladm on a node, with the time that it needs. */
  async ctladm(node: MemoryDaemon, line: string): Promise<Outcome> {
    return await this.wait(node.ctladm(line));
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
    for (const node of [this.two, this.one]) {
      await this.wait(node[Symbol.asyncDispose]());
    }
  }

  #make(id: 1 | 2): MemoryDaemon {
    const { listening, connecting } = this.network;
    const transport = id === 1 ? listening : connecting;
    const plugin = haPlugin(
      ({ place }) => place === null ? null : transport,
      () => this.exits.push(id),
    );
    const host = { ...memoryHost(), clock: this.#clock };
    // The nodes draw different numbers.
    for (let skip = 0; skip < id; skip += 1) {
      host.entropy.fill(new Uint8Array(40));
    }
    return new MemoryDaemon([], plugin, host);
  }
}

/** ctl.conf of a node with one LUN; `more` goes into its ha block. */
export function pairConfiguration(id: 1 | 2, more = ""): string {
  return `ha {
    id ${id}
    mode proxy
    peer ${id === 1 ? "listen" : "connect"} 127.0.0.1:999
    insecure
    allow-ramdisk
    ${more}
  }
  lun disk0 {
    backend ramdisk
    size 1M
    serial SHELF0
    device-id shelf0
    option naa 0x3102030405060708
  }`;
}
