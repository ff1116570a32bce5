// deno-lint-ignore-file
import { planOf } from "./plan.ts";
import { runPlan } from "./world.ts";
import * as P from "./plants.ts";
const max = Number(Deno.args[0]);
for (const [n, plant] of Object.entries(P)) {
  const found: number[] = [];
  let first = "";
  const kinds = new Map<string, number>();
  let seed = 1;
  for (; seed <= max && found.length < 400; seed++) {
    const o = await runPlan(planOf(seed), { plant });
    if (o.violations.length) {
      found.push(seed);
      if (!first) first = o.violations[0]!.slice(0, 300);
      const k = o.violations[0]!.replace(/[0-9.]+/g, "#").slice(0, 40);
      kinds.set(k, (kinds.get(k) ?? 0) + 1);
    }
  }
  console.log(n, found.length, "of", seed - 1, found.slice(0, 10), first, [
    ...kinds,
  ]);
}
