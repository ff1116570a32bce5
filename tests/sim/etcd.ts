/**
 * etcd in memory: the part of its JSON gateway that the arbiter uses, with
 * leases that end some time after they should.
 *
 * @module
 */

import type { EtcdGateway } from "../../ha/roles/etcd_arbiter.ts";
import {
  listIn,
  memberOf,
  numberIn,
  textIn,
} from "../../ha/roles/etcd_keys.ts";
import type { Place, SimNetwork } from "./network.ts";
import type { SimProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

/** As the real gateway has it. */
const ANSWER_MS_MAX = 700;
/** etcd ends a lease so much too late, at the most. */
const LATE_MS_MAX = 600;

interface Row {
  readonly value: string;
  readonly revision: number;
  readonly lease: string;
}

interface Lease {
  readonly ttl: number;
  cancel: () => void;
}

/** Keys and leases. */
export class SimEtcd {
  readonly #schedule: Schedule;
  readonly #network: SimNetwork;
  readonly #random: Random;
  readonly #rows: Map<string, Row> = new Map();
  readonly #leases: Map<string, Lease> = new Map();
  /** Milliseconds that a call takes more, each way. */
  lagMs = 0;
  #revision = 1;
  #lastLease = 0;
  #outUntilMs = 0;

  /** An empty one. */
  constructor(schedule: Schedule, network: SimNetwork, random: Random) {
    this.#schedule = schedule;
    this.#network = network;
    this.#random = random;
  }

  /** It answers nobody for a time; leases go on to run. */
  outage(forMs: number): void {
    this.#outUntilMs = this.#schedule.nowMs + forMs;
  }

  /** It answers again. */
  heal(): void {
    this.lagMs = 0;
    this.#outUntilMs = 0;
  }

  /** Who holds the lease of the node's LUNs; null: nobody. */
  get holder(): string | null {
    for (const [key, { value }] of this.#rows) {
      if (atob(key).endsWith("/node/holder")) return atob(value);
    }
    return null;
  }

  /** The way of a node to it. */
  gateway(place: Place, process: SimProcess): EtcdGateway {
    return {
      call: (path, body) =>
        new Promise((resolve, reject) => {
          if (!process.alive) return;
          let open = true;
          const settle = (end: () => void) =>
            process.entry(() => {
              if (open) end();
              open = false;
            });
          const late = () => reject(new Error("no answer in time"));
          process.clock.after(ANSWER_MS_MAX, settle(late));
          this.#schedule.after(this.#latencyMs(), () => {
            if (!this.#isThere(place, "etcd")) return;
            const answer = this.#answer(path, body);
            this.#schedule.after(this.#latencyMs(), () => {
              if (!this.#isThere("etcd", place)) return;
              settle(() => resolve(answer))();
            });
          });
        }),
    };
  }

  #latencyMs(): number {
    return this.lagMs + this.#network.latencyMs();
  }

  #isThere(from: Place, to: Place): boolean {
    return this.#network.reaches(from, to) &&
      this.#schedule.nowMs >= this.#outUntilMs;
  }

  #answer(path: string, body: unknown): unknown {
    switch (path) {
      case "/v3/kv/range":
        return this.#range(body);
      case "/v3/kv/txn":
        return this.#transaction(body);
      case "/v3/lease/grant":
        return this.#grant(numberIn(body, "TTL"));
      case "/v3/lease/keepalive":
        return this.#keepAlive(textIn(body, "ID"));
      case "/v3/lease/revoke":
        this.#end(textIn(body, "ID"));
        return {};
      default:
        throw new TypeError(`etcd: ${path}`);
    }
  }

  #range(body: unknown): unknown {
    const [first, end] = [textIn(body, "key"), textIn(body, "range_end")]
      .map(atob);
    const kvs = [...this.#rows].filter(([key]) => {
      const text = atob(key);
      return text >= (first ?? "") && text < (end ?? "");
    }).map(([key, { value, revision }]) => ({
      ...{ key, value, mod_revision: String(revision) },
    }));
    return { kvs };
  }

  #transaction(body: unknown): unknown {
    const succeeded = listIn(body, "compare").every((each) => {
      const revision = this.#rows.get(textIn(each, "key"))?.revision ?? 0;
      return revision === numberIn(each, "mod_revision");
    });
    const puts = succeeded ? listIn(body, "success") : [];
    const isDead = puts.some((each) => {
      const lease = textIn(memberOf(each, "request_put"), "lease");
      return lease !== "" && !this.#leases.has(lease);
    });
    if (isDead) return { error: "lease not found" };
    if (puts.length > 0) this.#revision += 1;
    for (const each of puts) {
      const request = memberOf(each, "request_put");
      const [value, lease] = [
        textIn(request, "value"),
        textIn(request, "lease"),
      ];
      const row = { value, revision: this.#revision, lease };
      this.#rows.set(textIn(request, "key"), row);
    }
    return { header: { revision: String(this.#revision) }, succeeded };
  }

  #grant(ttl: number): unknown {
    const ID = String(++this.#lastLease);
    this.#leases.set(ID, { ttl, cancel: this.#planEnd(ID, ttl) });
    return { ID, TTL: String(ttl) };
  }

  #keepAlive(ID: string): unknown {
    const lease = this.#leases.get(ID);
    if (lease === undefined) return { result: { ID } };
    lease.cancel();
    lease.cancel = this.#planEnd(ID, lease.ttl);
    return { result: { ID, TTL: String(lease.ttl) } };
  }

  #planEnd(ID: string, ttl: number): () => void {
    const late = this.#random.between(0, LATE_MS_MAX);
    return this.#schedule.after(1000 * ttl + late, () => this.#end(ID));
  }

  #end(ID: string): void {
    this.#leases.get(ID)?.cancel();
    this.#leases.delete(ID);
    for (const [key, row] of this.#rows) {
      if (row.lease !== ID) continue;
      this.#revision += 1;
      this.#rows.delete(key);
    }
  }
}
