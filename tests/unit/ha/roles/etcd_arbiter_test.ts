/**
 * The arbiter with an etcd in memory; `tests/system/ha` has a real one.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type AcquireOutcome,
  EtcdArbiter,
  NODE_GROUP,
  type PromotionClaim,
} from "../../../../ha/roles/mod.ts";
import { SimEtcd } from "../../../sim/etcd.ts";
import { SimNetwork } from "../../../sim/network.ts";
import { SimProcess } from "../../../sim/process.ts";
import { Random } from "../../../sim/random.ts";
import { Schedule } from "../../../sim/schedule.ts";

/** Two nodes and an etcd. */
class Scene {
  readonly schedule: Schedule = new Schedule();
  readonly network: SimNetwork = new SimNetwork(this.schedule, new Random(1));
  readonly etcd: SimEtcd = new SimEtcd(
    ...[this.schedule, this.network, new Random(2)] as const,
  );
  readonly one: EtcdArbiter = this.#arbiter(1);
  readonly two: EtcdArbiter = this.#arbiter(2);
  /** What the listeners of leases heard. */
  readonly heard: string[] = [];

  /** Asks for the role, with the time that it needs. */
  async acquire(
    id: 1 | 2,
    claim: PromotionClaim = "agreed",
    { epochMin = 0, solo = false } = {},
  ): Promise<AcquireOutcome> {
    const arbiter = id === 1 ? this.one : this.two;
    return await this.wait(
      arbiter.acquire({ group: NODE_GROUP, id, claim, epochMin, solo }, {
        renewed: () => this.heard.push(`${id} renewed`),
        lost: () => this.heard.push(`${id} lost`),
      }),
    );
  }

  /** The same, and it has to be given. */
  async acquired(id: 1 | 2, claim?: PromotionClaim): Promise<number> {
    const outcome = await this.acquire(id, claim);
    if (!outcome.ok) throw new Error(outcome.reason);
    return outcome.epoch;
  }

  /** Lets a promise come. */
  async wait<Value>(promise: Promise<Value>): Promise<Value> {
    let isThere = false;
    const noted = promise.finally(() => isThere = true);
    await this.schedule.run(this.schedule.nowMs + 5000, () => isThere);
    return await noted;
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.schedule.run(this.schedule.nowMs + ms, () => false);
  }

  #arbiter(id: 1 | 2): EtcdArbiter {
    const process = new SimProcess(this.schedule, 1, 0);
    const gateway = this.etcd.gateway(`${id}`, process);
    const { clock } = process;
    return new EtcdArbiter({ gateway, clock, id, prefix: "test" });
  }
}

function why(outcome: AcquireOutcome): string {
  return outcome.ok ? "given" : outcome.why;
}

Deno.test("EtcdArbiter: one node has the role, with a growing epoch", async () => {
  const scene = new Scene();
  const epoch = await scene.acquired(1);
  const refused = await scene.acquire(2);
  assertEquals(why(refused), "held");
  assert(!refused.ok);
  assertMatch(refused.reason, /node 1 holds the lease/);
  await scene.wait(scene.one.release(NODE_GROUP, epoch));
  assert(await scene.acquired(2) > epoch);
});

Deno.test("EtcdArbiter: a lease is renewed while etcd answers", async () => {
  const scene = new Scene();
  await scene.acquired(1);
  await scene.pass(10_000);
  assert(scene.heard.length > 10);
  assertEquals(new Set(scene.heard), new Set(["1 renewed"]));
  assertMatch(scene.one.describe(), /^lease held, 2\.\d s left$/);
  assertEquals(why(await scene.acquire(2)), "held");
});

Deno.test("EtcdArbiter: its own end is never later than etcd's", async () => {
  const scene = new Scene();
  const beforeMs = scene.schedule.nowMs;
  const outcome = await scene.acquire(1);
  assert(outcome.ok && outcome.validUntilMs !== null);
  assert(outcome.validUntilMs <= beforeMs + 3000 + 100);
  scene.network.cut("1", "etcd", 60_000);
  // It holds until then, and nobody else has it before.
  while (why(await scene.acquire(2)) === "held") await scene.pass(20);
  assert(scene.schedule.nowMs > outcome.validUntilMs);
  assertMatch(scene.one.describe(), /^etcd cannot be asked/);
});

Deno.test("EtcdArbiter: what etcd has ended is lost", async () => {
  const scene = new Scene();
  await scene.acquired(1);
  scene.network.cut("1", "etcd", 6000);
  await scene.pass(8000);
  assertEquals(scene.heard.at(-1), "1 lost");
  assertEquals(scene.one.describe(), "no lease");
});

Deno.test("EtcdArbiter: who went on alone alone may go on", async () => {
  const scene = new Scene();
  const epoch = await scene.acquired(1);
  assert(await scene.wait(scene.one.recordSolo(NODE_GROUP, epoch, true)));
  await scene.wait(scene.one.release(NODE_GROUP, epoch));
  assertEquals(why(await scene.acquire(2, "complete")), "solo");
  assertEquals(why(await scene.acquire(2, "sole")), "solo");
  assertEquals(why(await scene.acquire(1, "sole")), "given");
});

Deno.test("EtcdArbiter: an operator overrules that", async () => {
  const scene = new Scene();
  const epoch = await scene.acquired(1);
  await scene.wait(scene.one.recordSolo(NODE_GROUP, epoch, true));
  await scene.wait(scene.one.release(NODE_GROUP, epoch));
  assertEquals(why(await scene.acquire(2, "forced")), "given");
});

Deno.test("EtcdArbiter: a former primary records nothing any more", async () => {
  const scene = new Scene();
  const epoch = await scene.acquired(1);
  await scene.wait(scene.one.release(NODE_GROUP, epoch));
  await scene.acquired(2);
  const late = scene.one.recordSolo(NODE_GROUP, epoch, true);
  assertEquals(await scene.wait(late), false);
});

Deno.test("EtcdArbiter: an etcd that does not answer gives nothing", async () => {
  const scene = new Scene();
  scene.etcd.outage(60_000);
  assertEquals(why(await scene.acquire(1)), "unreachable");
  assertMatch(scene.one.describe(), /^etcd cannot be asked/);
});

Deno.test("EtcdArbiter: an etcd that knows less than we do is not believed", async () => {
  const scene = new Scene();
  const outcome = await scene.acquire(1, "agreed", {
    epochMin: 99,
    solo: false,
  });
  assert(!outcome.ok);
  assertMatch(outcome.reason, /may be an old copy/);
  assertEquals(why(await scene.acquire(2)), "given");
});
