/**
 * Makes a run that fails as short as it can be: leaves actions out as long as
 * the same thing goes wrong.
 *
 * @module
 */

import type { SimAction, SimPlan } from "./plan.ts";
import { type RunOptions, runPlan, type SimOutcome } from "./world.ts";

/** Runs that shrinking may take. */
const RUNS_MAX = 600;

/** A plan and how it went. */
export interface ShrunkRun {
  /** What is left of the plan. */
  readonly plan: SimPlan;
  /** How it ends. */
  readonly outcome: SimOutcome;
  /** Runs that it took. */
  readonly runs: number;
}

/** What goes wrong, without the times and numbers that differ each time. */
export function kindOf({ violations }: SimOutcome): string {
  const [first = ""] = violations;
  return first.replace(/;.*|".*/s, "").replace(/[\d.]+/g, "#");
}

/** Shrinks a plan that fails. */
export async function shrink(
  plan: SimPlan,
  options: RunOptions = {},
): Promise<ShrunkRun> {
  const shrinker = new Shrinker(plan, options);
  await shrinker.begin();
  const least = await shrinker.shrink();
  const outcome = await runPlan(least, { ...options, traced: true });
  return { plan: least, outcome, runs: shrinker.runs };
}

class Shrinker {
  readonly #options: RunOptions;
  #plan: SimPlan;
  #kind = "";
  runs = 0;

  constructor(plan: SimPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  async begin(): Promise<void> {
    this.#kind = kindOf(await runPlan(this.#plan, this.#options));
    if (this.#kind === "") throw new TypeError("The plan does not fail");
  }

  // Halves first, single actions last, until no single one can go.
  async shrink(): Promise<SimPlan> {
    let size = Math.ceil(this.#plan.actions.length / 2);
    while (size >= 1 && this.runs < RUNS_MAX) {
      const isShorter = await this.#leaveOut(size);
      if (isShorter && size === 1) continue;
      size = size === 1 ? 0 : Math.ceil(size / 2);
    }
    return this.#plan;
  }

  async #leaveOut(size: number): Promise<boolean> {
    let isShorter = false;
    for (let at = 0; at < this.#plan.actions.length;) {
      if (this.runs >= RUNS_MAX) break;
      const { actions } = this.#plan;
      const less = [...actions.slice(0, at), ...actions.slice(at + size)];
      if (await this.#failsToo(less)) isShorter = true;
      else at += size;
    }
    return isShorter;
  }

  async #failsToo(actions: readonly SimAction[]): Promise<boolean> {
    const plan = { ...this.#plan, actions };
    this.runs += 1;
    const fails = kindOf(await runPlan(plan, this.#options)) === this.#kind;
    if (fails) this.#plan = plan;
    return fails;
  }
}
