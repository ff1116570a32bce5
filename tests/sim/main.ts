/**
 * Simulates a pair of nodes for as long as one likes:
 *
 * ```sh
 * deno task sim                    # a million runs
 * deno task sim --runs 50000       # so many
 * deno task sim --seed 4711        # one run, event by event
 * deno task sim --first 2000000    # other seeds
 * ```
 *
 * A run is all of its seed: the same seed does the same each time. It fails
 * with the shortest history that still goes wrong, event by event.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { exitWith } from "../run/program.ts";
import { type CampaignOutcome, runCampaign } from "./campaign.ts";
import { describeAction, planOf, type SimPlan } from "./plan.ts";
import { shrink } from "./shrink.ts";
import { runPlan } from "./world.ts";

const RUNS = "1000000";
const TOLD_EACH_MS = 10_000;
/** Failed seeds that are shrunk. */
const SHRUNK_MAX = 3;

const HELP = `usage: sim [--seed N | [--runs N] [--first N] [--jobs N]]

  --seed N    runs one seed, and tells what happens
  --runs N    runs so many seeds (default ${RUNS})
  --first N   the first of them (default 1)
  --jobs N    threads (default: as many as processors)`;

async function simulate(words: readonly string[]): Promise<number> {
  const given = parseArgs(words, {
    string: ["seed", "runs", "first", "jobs"],
    boolean: ["help"],
    unknown: (word) => {
      throw new TypeError(`Unknown word ${word}\n${HELP}`);
    },
  });
  if (given.help === true) {
    console.log(HELP);
    return 0;
  }
  if (given.seed !== undefined) return await replay(wholeOf(given.seed));
  const outcome = await campaign(
    wholeOf(given.first ?? "1"),
    wholeOf(given.runs ?? RUNS),
    wholeOf(given.jobs ?? String(navigator.hardwareConcurrency)),
  );
  for (const seed of outcome.failed.slice(0, SHRUNK_MAX)) {
    await tellShortest(planOf(seed));
  }
  return outcome.failed.length === 0 ? 0 : 1;
}

function wholeOf(given: unknown): number {
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`Not a number: ${given}\n${HELP}`);
}

async function replay(seed: number): Promise<number> {
  const plan = planOf(seed);
  console.log(`Seed ${seed}: ${JSON.stringify(plan.setup)}`);
  const { trace, violations } = await runPlan(plan, { traced: true });
  console.log(trace.join("\n"));
  if (violations.length === 0) {
    console.log(`Seed ${seed}: nothing is wrong`);
    return 0;
  }
  await tellShortest(plan);
  return 1;
}

async function campaign(
  first: number,
  runs: number,
  jobs: number,
): Promise<CampaignOutcome> {
  const startMs = performance.now();
  let toldMs = startMs;
  const onProgress = (done: number) => {
    if (performance.now() - toldMs < TOLD_EACH_MS) return;
    toldMs = performance.now();
    const perSecond = done * 1000 / (toldMs - startMs);
    console.log(`${done} of ${runs} runs, ${perSecond.toFixed(0)} a second`);
  };
  const outcome = await runCampaign({ first, runs, jobs, onProgress });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(
    `${outcome.runs} runs, ${outcome.steps} events, ${seconds} s, ` +
      `${outcome.failed.length} failed, ${outcome.unjudged} not judged whole,` +
      ` all served within ${(outcome.servedMs / 1000).toFixed(1)} s`,
  );
  return outcome;
}

async function tellShortest(plan: SimPlan): Promise<void> {
  const { plan: least, outcome, runs } = await shrink(plan);
  const { seed, setup, actions } = least;
  const left = `${actions.length} of ${plan.actions.length} actions`;
  console.log([
    `\nSeed ${seed} fails; the shortest history, ${left}, ${runs} tries:`,
    JSON.stringify(setup),
    ...actions.map((action) =>
      `${action.atMs.toFixed(1).padStart(8)} ${describeAction(action)}`
    ),
    "What happens:",
    ...outcome.trace,
    `Replay all of it: deno task sim --seed ${seed}`,
  ].join("\n"));
}

if (import.meta.main) await exitWith(() => simulate(Deno.args));
