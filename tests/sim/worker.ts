/**
 * Runs seeds in a thread of its own.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { planOf } from "./plan.ts";
import { runPlan } from "./world.ts";

/** Seeds to run. */
export interface SeedRange {
  /** The first. */
  readonly first: number;
  /** How many. */
  readonly count: number;
}

/** What came of them. */
export interface RangeOutcome extends SeedRange {
  /** Seeds that failed. */
  readonly failed: readonly number[];
  /** Runs that could not be judged whole. */
  readonly unjudged: number;
  /** Things that have happened. */
  readonly steps: number;
  /** Milliseconds that an initiator waited, when all was well again. */
  readonly servedMs: number;
}

async function runRange({ first, count }: SeedRange): Promise<RangeOutcome> {
  const failed: number[] = [];
  let [steps, unjudged, servedMs] = [0, 0, 0];
  for (let seed = first; seed < first + count; seed += 1) {
    const outcome = await runPlan(planOf(seed));
    steps += outcome.steps;
    servedMs = Math.max(servedMs, outcome.servedMs);
    if (!outcome.judged) unjudged += 1;
    if (outcome.violations.length > 0) failed.push(seed);
  }
  return { first, count, failed, unjudged, steps, servedMs };
}

self.onmessage = async ({ data }: MessageEvent<SeedRange>) => {
  self.postMessage(await runRange(data));
};
