/**
 * Runs libiscsi's conformance suite against one logical unit: every family in
 * its own process, and a family that hangs or dies once more, test by test, so
 * that a bad test costs only itself.
 *
 * All data of the logical unit is lost.
 *
 * @module
 */

import { lastLine, parseToolOutput, type Verdict } from "./tool_output.ts";
import { ToolRunner, type ToolSettings } from "./tool_runner.ts";

/** What to run, and how long it may take. */
export interface ConformanceOptions extends ToolSettings {
  /** Only families that match. */
  readonly families?: RegExp | undefined;
  /** Not the tests `Family.Test` that match. */
  readonly exclude?: RegExp | undefined;
  /** Time for a family. */
  readonly perFamilyTimeoutMs?: number | undefined;
  /** Time for a test that runs by itself. */
  readonly perTestTimeoutMs?: number | undefined;
  /** Time for everything; what is left then has failed. */
  readonly budgetMs?: number | undefined;
  /** Families at once. They share a logical unit: 1 is the safe number. */
  readonly parallel?: number | undefined;
  /** Brings a target back that no longer answers; false when it cannot. */
  readonly restart?: () => Promise<boolean>;
  /** Told of every family when it is done. */
  readonly onFamily?: (results: readonly ConformanceResult[]) => void;
}

/** How one test went. */
export interface ConformanceResult {
  /** Family of the test. */
  readonly family: string;
  /** Name of the test. */
  readonly test: string;
  /** How it went. */
  readonly result: Verdict;
  /** Why it was skipped, or what failed. */
  readonly detail: string;
  /** Seconds that it took; of a family, its share. */
  readonly seconds: number;
}

/**
 * Runs the suite.
 *
 * @returns a result for every test that was chosen, in the tool's order
 * @throws {Error} when the logical unit does not answer an INQUIRY
 */
export async function runConformance(
  options: ConformanceOptions,
): Promise<ConformanceResult[]> {
  const runner = await ToolRunner.create(options);
  const suite = new SuiteRun(runner, options);
  if (!await runner.isAlive() && !await suite.revive()) {
    throw new Error(`No INQUIRY answer from ${runner.url}`);
  }
  const families = chooseTests(await runner.listTests(), options);
  const results = families.map((): ConformanceResult[] => []);
  const queue = [...families.entries()];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [index, [family, tests]] = next;
      results[index] = await suite.runFamily(family, tests);
    }
  };
  await Promise.all(Array.from({ length: options.parallel ?? 1 }, work));
  return results.flat();
}

function chooseTests(
  all: ReadonlyMap<string, readonly string[]>,
  { families, exclude }: ConformanceOptions,
): [string, readonly string[]][] {
  const isWanted = (family: string) => families?.test(family) ?? true;
  const chosen: [string, readonly string[]][] = [];
  for (const [family, tests] of all) {
    const left = tests.filter((test) =>
      isWanted(family) && exclude?.test(`${family}.${test}`) !== true
    );
    if (left.length > 0) chosen.push([family, left]);
  }
  return chosen;
}

const FAMILY_MS = 30_000;
const TEST_MS = 12_000;
const BUDGET_MS = 1_500_000;
const RESTARTS_MAX = 60;

/**
 * Families whose tests each need a session of their own: they end by loading
 * a medium, and begin as if the unit attention that follows did not exist.
 */
const ALONE: ReadonlySet<string> = new Set(["PreventAllow"]);

class SuiteRun {
  readonly #runner: ToolRunner;
  readonly #options: ConformanceOptions;
  readonly #start = performance.now();
  #restarts = 0;
  #gone = false;

  constructor(runner: ToolRunner, options: ConformanceOptions) {
    this.#runner = runner;
    this.#options = options;
  }

  async runFamily(
    family: string,
    tests: readonly string[],
  ): Promise<ConformanceResult[]> {
    const found = await this.#runTogether(family, tests);
    const results: ConformanceResult[] = [];
    for (const test of tests) {
      results.push(found.get(test) ?? await this.#runAlone(family, test));
    }
    this.#options.onFamily?.(results);
    return results;
  }

  async revive(): Promise<boolean> {
    const { restart } = this.#options;
    if (restart === undefined || this.#restarts >= RESTARTS_MAX) return false;
    this.#restarts += 1;
    return await restart() && await this.#runner.isAlive();
  }

  /** Results of the tests that got a verdict when the family ran at once. */
  async #runTogether(
    family: string,
    tests: readonly string[],
  ): Promise<Map<string, ConformanceResult>> {
    const found = new Map<string, ConformanceResult>();
    const limit = this.#options.perFamilyTimeoutMs ?? FAMILY_MS;
    if (ALONE.has(family) || this.#refusal() !== "") return found;
    const start = performance.now();
    const run = await this.#runner.run(`ALL.${family}`, this.#bounded(limit));
    const seconds = secondsSince(start) / tests.length;
    for (const [test, { verdict, detail }] of parseToolOutput(run.output)) {
      if (verdict === undefined) continue;
      found.set(test, { family, test, result: verdict, detail, seconds });
    }
    if (run.trouble !== "") await this.#checkAlive();
    return found;
  }

  async #runAlone(family: string, test: string): Promise<ConformanceResult> {
    const refusal = this.#refusal();
    if (refusal !== "") return failed(family, test, refusal, 0);
    const limit = this.#bounded(this.#options.perTestTimeoutMs ?? TEST_MS);
    const start = performance.now();
    const run = await this.#runner.run(`ALL.${family}.${test}`, limit);
    const seconds = secondsSince(start);
    if (run.trouble !== "") await this.#checkAlive();
    const said = parseToolOutput(run.output).get(test);
    if (said?.verdict !== undefined) {
      const { verdict: result, detail } = said;
      return { family, test, result, detail, seconds };
    }
    const why = [run.trouble || "no verdict"];
    if (said === undefined) why.push(`set-up: ${lastLine(run.output)}`);
    else if (said.detail !== "") why.push(said.detail);
    return failed(family, test, why.join("; "), seconds);
  }

  #refusal(): string {
    if (this.#gone) return "not run: the target is gone";
    return this.#left() > 0 ? "" : "not run: time budget spent";
  }

  #left(): number {
    const spent = performance.now() - this.#start;
    return (this.#options.budgetMs ?? BUDGET_MS) - spent;
  }

  #bounded(limitMs: number): number {
    return Math.max(1, Math.min(limitMs, Math.round(this.#left())));
  }

  async #checkAlive(): Promise<void> {
    if (!await this.#runner.isAlive()) this.#gone = !await this.revive();
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

function failed(
  family: string,
  test: string,
  detail: string,
  seconds: number,
): ConformanceResult {
  return { family, test, result: "FAILED", detail, seconds };
}
