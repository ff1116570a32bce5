/**
 * Two nodes in memory that copy: two LUNs on two disks, third-party copy, and
 * an initiator at each node.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { LogicalUnit } from "../../../core/mod.ts";
import { plugin as tpc } from "../../../frontends/tpc/mod.ts";
import type { HaMode, HaRole } from "../../../ha/link/peer_hello.ts";
import { pluginOf } from "../core_driver.ts";
import { CopyScene } from "../copy_scene.ts";
import type { CommandResult, LocalInitiator } from "../local_initiator.ts";
import { TokenScene } from "../token_scene.ts";
import { NodePair, type PairNode } from "./node_pair.ts";
import { SharedDisk } from "./shared_disk.ts";

const DISK_BYTES = 2 ** 20;

/** How a pair that copies is made. */
export interface CopyPairWish {
  /** Role of LUN 1 on node 1; absent: that of the node. */
  readonly secondLun?: HaRole;
  /** The disks keep what was, for those who ask. */
  readonly snapshots?: boolean;
  /** Node 2 has no third-party copy. */
  readonly copiesHereOnly?: boolean;
}

/** One side: an initiator at a node. */
export class CopySide {
  /** The node. */
  readonly node: PairNode;
  /** The initiator. */
  readonly initiator: LocalInitiator;
  /** What it does with tokens. */
  readonly tokens: TokenScene;
  /** What it does by EXTENDED COPY. */
  readonly copies: CopyScene;
  readonly #pair: NodePair;

  /** Made by {@linkcode CopyPair}. */
  constructor(pair: NodePair, node: PairNode, initiator: LocalInitiator) {
    this.#pair = pair;
    this.node = node;
    this.initiator = initiator;
    this.tokens = new TokenScene(node.test, initiator);
    this.copies = new CopyScene(node.test, initiator);
  }

  /** A LUN. */
  unit(number: number): LogicalUnit {
    return this.copies.unit(number);
  }

  /** Sends a command, with the time that it needs. */
  async send(
    lun: number,
    cdb: readonly number[],
    options: { read?: number; write?: Uint8Array } = {},
  ): Promise<CommandResult> {
    return await this.#pair.wait(this.initiator.command(lun, cdb, options));
  }

  /** Hears all unit attentions of both LUNs. */
  async hear(): Promise<void> {
    for (const lun of [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]) {
      await this.send(lun, [3, 0, 0, 0, 252, 0], { read: 252 });
    }
  }
}

/** The pair. */
export class CopyPair implements AsyncDisposable {
  /** The nodes. */
  readonly nodes: NodePair;
  /** The disk of LUN 1; that of LUN 0 is the pair's. */
  readonly second: SharedDisk = new SharedDisk(DISK_BYTES);
  #sides: readonly CopySide[] = [];

  /** Made by {@linkcode CopyPair.joined}. */
  constructor(mode: HaMode) {
    this.nodes = new NodePair(mode);
  }

  /** A pair that is joined and in step, with an initiator at each node. */
  static async joined(
    mode: HaMode,
    wish: CopyPairWish = {},
  ): Promise<CopyPair> {
    const pair = new CopyPair(mode);
    const { one, two, disk } = pair.nodes;
    for (const each of [disk, pair.second]) {
      each.keepsSnapshots = wish.snapshots ?? false;
    }
    for (const node of [one, two]) {
      const { test } = node;
      const isFirst = node === one;
      const name = `node ${isFirst ? 1 : 2}`;
      const second = pluginOf(pair.second.driverOf(name, "second"));
      test.plugins.set("second", Promise.resolve(second));
      test.plugins.set("tpc", Promise.resolve(tpc));
      if (isFirst || wish.copiesHereOnly !== true) {
        await test.target.plugins.load("tpc");
      }
      await test.addLun({ backend: "disk", sizeBytes: DISK_BYTES });
      const other = wish.secondLun === "primary" ? "secondary" : "primary";
      const role = isFirst ? wish.secondLun : other;
      await test.addLun({
        ...{ backend: "second", sizeBytes: DISK_BYTES },
        options: wish.secondLun === undefined || role === undefined
          ? {}
          : { ha_role: role },
      });
      node.node.start();
    }
    await pair.nodes.pass(500);
    pair.#sides = await Promise.all(
      [one, two].map(async (node, index) =>
        new CopySide(
          pair.nodes,
          node,
          await node.connect(index === 0 ? "a" : "b"),
        )
      ),
    );
    for (const side of pair.#sides) await side.hear();
    return pair;
  }

  /** An initiator at node 1. */
  get a(): CopySide {
    return this.#side(0);
  }

  /** An initiator at node 2. */
  get b(): CopySide {
    return this.#side(1);
  }

  /** Another initiator at a node. */
  sideOf(node: PairNode, initiator: LocalInitiator): CopySide {
    return new CopySide(this.nodes, node, initiator);
  }

  /** Lets a promise come, with the time that it needs. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    return await this.nodes.wait(promise);
  }

  /** How a command ends, as `0` or its sense. */
  async ends(result: Promise<CommandResult>): Promise<string> {
    const { status, sense } = await this.wait(result);
    return sense === "" ? String(status) : sense;
  }

  /** The link is cut, and stays so. */
  cut(): void {
    this.nodes.network.trouble = "cut";
    const cable = this.nodes.network.cables.at(-1);
    cable?.blockThere(true);
    cable?.blockBack(true);
  }

  /** The nodes do not hear of each other for a while; both serve or not. */
  async part(ms = 4000): Promise<void> {
    this.cut();
    await this.nodes.pass(ms, 250);
    await this.a.hear();
  }

  /** The link can be had again. */
  mend(): void {
    this.nodes.network.trouble = null;
  }

  /** Node 1 is gone; the operator vouches for that, and node 2 serves. */
  async failOver(afterMs = 4000): Promise<void> {
    this.cut();
    await this.nodes.pass(afterMs, 100);
    await this.nodes.two.order("primary", true);
    await this.b.hear();
  }

  /** Fills the blocks of a disk, as if it was written long ago. */
  fill(lun: number, lba: number, data: Uint8Array): void {
    const disk = lun === 0 ? this.nodes.disk : this.second;
    disk.bytes.set(data, lba * 512);
  }

  /** Blocks of a disk as they are. */
  blocks(lun: number, lba: number, count: number): Uint8Array {
    const disk = lun === 0 ? this.nodes.disk : this.second;
    return disk.bytes.slice(lba * 512, (lba + count) * 512);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nodes[Symbol.asyncDispose]();
  }

  #side(index: number): CopySide {
    const side = this.#sides[index];
    assertEquals(side === undefined, false, "the pair has not joined");
    if (side === undefined) throw new TypeError("Never");
    return side;
  }
}
