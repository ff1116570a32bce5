/**
 * What decides between the nodes, and keeps one off the store: arbiters and
 * fencers, as the plan has them.
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
  StaticArbiter,
} from "../../ha/roles/mod.ts";
import type { SimEtcd } from "./etcd.ts";
import type { SimPlan } from "./plan.ts";
import type { SimProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";
import type { Plant } from "./sim_node.ts";

/** What referees need. */
export interface RefereeParts {
  /** Time. */
  readonly schedule: Schedule;
  /** Which of them there are. */
  readonly setup: SimPlan["setup"];
  /** Mistakes that are planted. */
  readonly plant: Plant;
  /** What leases are kept in. */
  readonly etcd: SimEtcd;
  /** How long a shot takes. */
  readonly random: Random;
  /** The power of a node goes. */
  readonly shoot: (id: NodeId) => void;
}

/** Makes the referees of each run of a node. */
export class Referees {
  readonly #parts: RefereeParts;
  #lockedBy: SimProcess | null = null;

  /** The store is locked by nobody. */
  constructor(parts: RefereeParts) {
    this.#parts = parts;
  }

  /** Decides for a node. */
  arbiter(id: NodeId, process: SimProcess): Arbiter {
    const { setup, plant } = this.#parts;
    if (setup.arbiter === "static") return new StaticArbiter();
    const { clock } = process;
    const etcd = this.#parts.etcd.gateway(`${id}`, process);
    const gateway = plant.gateway?.(etcd) ?? etcd;
    return new EtcdArbiter({ gateway, clock, id, prefix: "sim" });
  }

  /** Keeps the other node off. */
  fencer(id: NodeId, process: SimProcess): Fencer {
    switch (this.#parts.setup.fencer) {
      case "lease":
        return new LeaseFencer(process.clock);
      case "lock":
        return new LockFencer(() => this.#lock(process));
      case "command":
        return new CommandFencer(["shoot"], () => this.#shoot(id, process));
    }
  }

  /** A process has ended: the system takes its lock back. */
  processEnded(process: SimProcess): void {
    if (this.#lockedBy === process) this.#lockedBy = null;
  }

  #shoot(
    id: NodeId,
    process: SimProcess,
  ): Promise<{ code: number; message: string }> {
    const { schedule, random, shoot } = this.#parts;
    return new Promise((resolve) => {
      if (!process.alive) return;
      schedule.after(50 + random.next() * 300, () => {
        shoot(id === 1 ? 2 : 1);
        process.entry(() => resolve({ code: 0, message: "" }))();
      });
    });
  }

  #lock(process: SimProcess): { release(): void } | null {
    const isFree = this.#lockedBy === null || this.#lockedBy === process;
    if (!isFree || !process.alive) return null;
    this.#lockedBy = process;
    return { release: () => this.processEnded(process) };
  }
}
