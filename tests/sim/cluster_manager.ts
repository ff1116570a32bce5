/**
 * A cluster manager for pairs without an arbiter that decides: it looks at the
 * nodes every now and then, cuts the power of one that it cannot be sure of,
 * and orders the other one to be primary.
 *
 * It promotes no node whose peer went on alone: that one alone has all that
 * was answered, and is waited for.
 *
 * @module
 */

import type { NodeId } from "../../ha/link/peer_hello.ts";
import { NODE_GROUP } from "../../ha/roles/mod.ts";
import { readRecord } from "../../ha/roles/role_record.ts";
import type { KeptState } from "./kept.ts";
import { SimState } from "./kept.ts";
import { SimProcess } from "./process.ts";
import type { Schedule } from "./schedule.ts";
import type { Told } from "./told.ts";
import type { SimNode } from "./sim_node.ts";

/** What the manager can see and do. */
export interface ManagedPair {
  /** Time. */
  readonly schedule: Schedule;
  /** A node as it runs. */
  node(id: NodeId): SimNode | null;
  /** What it keeps. */
  kept(id: NodeId): KeptState;
  /** Its power is gone at once; it comes again later. */
  shoot(id: NodeId): void;
  /** For the trace. */
  readonly told: Told;
}

/** Milliseconds between two looks. */
const LOOK_MS = 450;
/** Milliseconds of a state that is not good before something is done. */
const PATIENCE_MS = 1200;

/** The manager. */
export class ClusterManager {
  readonly #pair: ManagedPair;
  #badSinceMs: number | null = null;
  #ordering = false;

  /** Begins to look. */
  constructor(pair: ManagedPair) {
    this.#pair = pair;
    this.#look();
  }

  #look(): void {
    this.#pair.schedule.after(LOOK_MS, () => this.#look());
    if (this.#ordering) return;
    if (this.#isGood()) {
      this.#badSinceMs = null;
      return;
    }
    const { nowMs } = this.#pair.schedule;
    this.#badSinceMs ??= nowMs;
    if (nowMs - this.#badSinceMs >= PATIENCE_MS) this.#act();
  }

  #isGood(): boolean {
    const primary = this.#primary();
    if (primary === null) return false;
    const { link, solo } = primary.node.status();
    return link.state === "up" || solo;
  }

  #primary(): SimNode | null {
    const serving = ([1, 2] as const).map((id) => this.#running(id))
      .filter((node) => node?.node.status().serving === "primary");
    return serving[0] ?? null;
  }

  #running(id: NodeId): SimNode | null {
    const node = this.#pair.node(id);
    return node === null || node.process.stopped ? null : node;
  }

  #act(): void {
    const chosen = this.#primary() ?? this.#candidate();
    if (chosen === null) return;
    const isLinked = chosen.node.status().link.state === "up";
    if (!isLinked) this.#pair.shoot(other(chosen.id));
    // The link of a peer without power is down some seconds later.
    void this.#order(chosen, !isLinked);
  }

  // Whoever has all that was answered, if that one runs.
  #candidate(): SimNode | null {
    const nodes = ([1, 2] as const).map((id) => this.#running(id));
    const able = nodes.filter((node) =>
      node !== null && !this.#wentAlone(other(node.id))
    );
    const [first = null, second = null] = able;
    if (first === null || second === null) return first;
    return first.node.status().wanted === "primary" ? first : second;
  }

  #wentAlone(id: NodeId): boolean {
    const process = new SimProcess(this.#pair.schedule, 1, 0);
    const kept = this.#pair.kept(id);
    const { solo, wasPrimary } = readRecord(
      new SimState(kept, process, () => "done"),
      NODE_GROUP,
    );
    return solo && wasPrimary;
  }

  async #order(node: SimNode, peerFenced: boolean): Promise<void> {
    this.#ordering = true;
    this.#pair.told?.(`manager: node ${node.id} is to be primary`);
    const { schedule } = this.#pair;
    schedule.after(8000, () => this.#ordering = false);
    try {
      await node.node.setRole({ role: "primary", peerFenced });
    } catch (error) {
      this.#pair.told?.(
        `manager: ${error instanceof Error ? error.message : ""}`,
      );
    }
    this.#ordering = false;
  }
}

function other(id: NodeId): NodeId {
  return id === 1 ? 2 : 1;
}
