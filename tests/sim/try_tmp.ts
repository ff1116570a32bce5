// deno-lint-ignore-file
import { planOf } from "./plan.ts";
import { runPlan } from "./world.ts";
const [from, count] = Deno.args.map(Number) as [number, number];
const t = performance.now();
let steps = 0, ms = 0, bad = 0;
const kinds = new Map<string, number[]>();
for (let seed = from; seed < from + count; seed++) {
  const o = await runPlan(planOf(seed), { traced: count === 1 });
  steps += o.steps;
  ms += o.ms;
  if (count === 1) {
    console.log(JSON.stringify(planOf(seed).setup) + "\n" + o.trace.join("\n"));
  }
  if (o.violations.length) {
    bad++;
    const k = o.violations[0]!.replace(/[0-9.]+/g, "#").slice(0, 150);
    kinds.set(k, [...(kinds.get(k) ?? []), seed]);
  }
}
for (const [k, s] of kinds) console.log(s.length, s.slice(0, 6).join(","), k);
console.log({
  bad,
  steps: steps / count,
  virtualMs: ms / count,
  msPerRun: (performance.now() - t) / count,
});
