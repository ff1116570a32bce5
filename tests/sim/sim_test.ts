import { assert, assertEquals, assertMatch } from "@std/assert";
import { planOf, type SimPlan } from "./plan.ts";
import {
  ANSWERS_EARLY,
  FORGETS_LEASE,
  IGNORES_EPOCH,
  IGNORES_PEER_EPOCHS,
  INVERTS_PREEMPT,
} from "./plants.ts";
import { kindOf, shrink } from "./shrink.ts";
import type { Plant } from "./sim_node.ts";
import { runPlan } from "./world.ts";

/** Plans that are tried until one fails. */
const PLANS_MAX = 800;
/** Plans of which nothing is expected but that all is well. */
const PLANS = 120;

/** The first plan that fails with a mistake, and what is said of it. */
async function firstFailure(
  plant: Plant,
): Promise<{ plan: SimPlan; violation: string }> {
  for (let seed = 1; seed <= PLANS_MAX; seed += 1) {
    const plan = planOf(seed);
    const { violations: [violation] } = await runPlan(plan, { plant });
    if (violation !== undefined) return { plan, violation };
  }
  throw new Error(`${PLANS_MAX} plans did not find the mistake`);
}

function plantTest(name: string, plant: Plant, says: RegExp): void {
  Deno.test(`the simulation finds ${name}`, async () => {
    const { plan, violation } = await firstFailure(plant);
    assertMatch(violation, says);
    const { violations } = await runPlan(plan);
    assertEquals(violations, [], "the same without the mistake");
  });
}

plantTest("an answer before replication", ANSWERS_EARLY, /no order/);
plantTest(
  "an epoch that is ignored",
  IGNORES_EPOCH,
  /and so is the other|uses the store|two primaries|halted/,
);
plantTest(
  "epochs of the peer that are ignored",
  IGNORES_PEER_EPOCHS,
  /no order/,
);
plantTest(
  "a node that serves without a lease",
  FORGETS_LEASE,
  /and so is the other|uses the store|halted|no planned switch|no order/,
);
plantTest("an inverted PREEMPT at the other node", INVERTS_PREEMPT, /no order/);

Deno.test("a pair holds, whatever happens", async () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= PLANS; seed += 1) {
    const plan = planOf(seed);
    const outcome = await runPlan(plan);
    assertEquals(outcome.violations, [], `deno task sim --seed ${seed}`);
    for (const { kind } of plan.actions) kinds.add(kind);
    const { mode, arbiter, fencer } = plan.setup;
    for (const each of [mode, arbiter, fencer]) kinds.add(each);
  }
  assertEquals([...kinds].sort(), [
    ...["abort", "command", "cut", "die at write", "etcd", "kill", "lag"],
    ...["lease", "lock", "order", "outage", "power", "proxy", "reset"],
    ...["restart", "shared", "slow", "slow etcd", "standby", "static", "stop"],
    "work",
  ]);
});

// What a seed has found once, by the words of what was wrong.
const FOUND: readonly (readonly [number, string])[] = [
  [442, "two nodes that were ordered to be secondary while apart"],
  [7560, "a primary that is shot because it was away before"],
  [9192, "a role that was handed to a node that was being fenced"],
  [4001590, "a role that was handed to a node that was just shot"],
  [4001987, "a role that was handed to a node that was ordered off meanwhile"],
  [5003484, "an aborted write that left a cache after newer data"],
];

for (const [seed, what] of FOUND) {
  Deno.test(`seed ${seed} does not find ${what}`, async () => {
    assertEquals((await runPlan(planOf(seed))).violations, []);
  });
}

Deno.test("a seed does the same each time", async () => {
  for (const seed of [11, 12, 13]) {
    const first = await runPlan(planOf(seed), { traced: true });
    const second = await runPlan(planOf(seed), { traced: true });
    assertEquals(first, second);
    assert(first.trace.length > 50);
  }
});

Deno.test("a plan that fails becomes shorter, and fails alike", async () => {
  const options = { plant: FORGETS_LEASE };
  const { plan, violation } = await firstFailure(options.plant);
  const { plan: least, outcome } = await shrink(plan, options);
  assert(least.actions.length < plan.actions.length);
  const whole = { ...outcome, violations: [violation] };
  assertEquals(kindOf(outcome), kindOf(whole));
  assertMatch(outcome.trace.join("\n"), /VIOLATION/);
  for (const left of least.actions) {
    const actions = least.actions.filter((action) => action !== left);
    const less = await runPlan({ ...least, actions }, options);
    assert(kindOf(less) !== kindOf(outcome), `${left.kind} could go, too`);
  }
});
