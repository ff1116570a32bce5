// deno-lint-ignore-file
import { runPlan } from "./world.ts";
import * as P from "./plants.ts";
const plan: any = {
  seed: Number(Deno.args[0]),
  setup: { mode: "proxy", arbiter: "static", fencer: "command", primary: 1 },
  actions: [
    {
      kind: "work",
      atMs: 900,
      host: 0,
      work: { kind: "shared", node: 1, op: { kind: "select", value: 11 } },
    },
    {
      kind: "work",
      atMs: 1000,
      host: 0,
      work: { kind: "shared", node: 1, op: { kind: "select", value: 12 } },
    },
    {
      kind: "work",
      atMs: 1100,
      host: 0,
      work: { kind: "shared", node: 1, op: { kind: "select", value: 13 } },
    },
    { kind: "kill", atMs: 1500, node: 1, downMs: 5000 },
    {
      kind: "work",
      atMs: 5400,
      host: 0,
      work: { kind: "shared", node: 2, op: { kind: "select", value: 99 } },
    },
    { kind: "kill", atMs: 6400, node: 2, downMs: 100 },
  ],
};
const o = await runPlan(plan, {
  plant: Deno.args[1] ? P.IGNORES_EPOCH : {},
  traced: true,
});
console.log(o.trace.join("\n"));
