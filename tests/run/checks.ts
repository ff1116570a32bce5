/**
 * The checks of the project, each by itself: Deno's own, the suites with
 * coverage, and the goals of coverage.
 *
 * @module
 */

import { readFacts } from "../tidy/facts.ts";
import { isSource, listFiles } from "../tidy/tree.ts";
import { runChild } from "./child.ts";
import {
  COVERAGE_GOALS,
  type CoverageGoal,
  type CoveredFile,
  percentOf,
  readCoverage,
} from "./coverage.ts";
import { missingPackages, providePackages } from "./packages.ts";
import { runSuite } from "./suite_runner.ts";
import { findSuites, ROOT, type Suite } from "./suites.ts";
import type { Counts } from "./summary.ts";

/** What a check found. */
export interface Finding extends Counts {
  /** One line for the table. */
  readonly result: string;
  /** What to print when it failed. */
  readonly output: string;
}

/** A check. */
export interface Check {
  /** Its name. */
  readonly name: string;
  /** Does it. */
  readonly run: () => Promise<Finding>;
}

const COMMAND_MS_MAX = 300_000;
/** Runs of the simulated pair of nodes. */
const SIMULATED_RUNS = 10_000;
const SIMULATION_MS_MAX = 600_000;
const COVERED_MIN_LINES = 6;

/** All checks, in order. */
export async function allChecks(coverageFolder: string): Promise<Check[]> {
  const files = await listFiles();
  const modules = files.filter(isDocumented);
  const documents = ["README.md"].filter((path) => files.includes(path));
  const suites = findSuites();
  return [
    commandCheck("fmt", ["fmt", "--check"]),
    commandCheck("lint", ["lint"]),
    commandCheck("check", ["check", "--doc", ".", ...documents]),
    commandCheck("doc", ["doc", "--lint", ...modules]),
    commandCheck("examples", ["test", "-A", "--doc", ...modules, ...documents]),
    { name: "packages", run: packagesFinding },
    ...suites.map((suite) => suiteCheck(suite, coverageFolder)),
    { name: "simulation", run: simulationFinding },
    ...COVERAGE_GOALS.map((goal) => coverageCheck(goal, coverageFolder)),
  ];
}

function isDocumented(path: string): boolean {
  return /^(?:(?:core|ha|(?:backends|frontends)\/\w+)\/)?mod\.ts$/.test(path);
}

function commandCheck(name: string, args: readonly string[]): Check {
  return { name, run: () => commandFinding(name, args) };
}

async function commandFinding(
  name: string,
  args: readonly string[],
): Promise<Finding> {
  const output = new Collected();
  const { code, timedOut } = await runChild({
    program: Deno.execPath(),
    args,
    cwd: ROOT,
    timeMsMax: COMMAND_MS_MAX,
    env: { NO_COLOR: "1" },
    onOutput: (bytes) => output.add(bytes),
  });
  if (code === 0) return good();
  const why = timedOut ? "took too long" : `deno ${args[0]} found faults`;
  return bad(why, `# ${name}\n${output.text}`);
}

// Apart from the suites: coverage would make it take several times as long.
async function simulationFinding(): Promise<Finding> {
  const output = new Collected();
  const { code, stdout, timedOut } = await runChild({
    program: Deno.execPath(),
    args: ["task", "-q", "sim", "--runs", String(SIMULATED_RUNS)],
    cwd: ROOT,
    timeMsMax: SIMULATION_MS_MAX,
    env: { NO_COLOR: "1" },
    onOutput: (bytes) => output.add(bytes),
  });
  const figures = /^\d+ runs, .*$/m.exec(stdout)?.[0] ?? "no figures";
  if (code === 0) return good(figures);
  const why = timedOut ? "took too long" : figures;
  return bad(why, `# simulation\n${output.text}`);
}

async function packagesFinding(): Promise<Finding> {
  const missing = await missingPackages();
  await providePackages();
  return good(missing.length === 0 ? "all there" : `got ${missing.join(" ")}`);
}

function suiteCheck(suite: Suite, coverage: string): Check {
  return {
    name: `test ${suite.name}`,
    run: () => suiteFinding(suite, coverage),
  };
}

async function suiteFinding(suite: Suite, coverage: string): Promise<Finding> {
  const output = new Collected();
  const onOutput = (bytes: Uint8Array) => output.add(bytes);
  const { passed, failed, trouble } = await runSuite(suite, {
    onOutput,
    coverage,
  });
  const result = `${passed} passed, ${failed} failed`;
  return {
    passed,
    failed,
    result: [result, trouble].filter((part) => part !== "").join("; "),
    output: failed === 0 ? "" : `# ${suite.name}\n${output.text}`,
  };
}

function coverageCheck(goal: CoverageGoal, dataFolder: string): Check {
  return {
    name: `coverage ${goal.folder}`,
    run: () => coverageFinding(goal, dataFolder),
  };
}

async function coverageFinding(
  goal: CoverageGoal,
  dataFolder: string,
): Promise<Finding> {
  const files = await readCoverage(dataFolder, goal);
  const lines = percentOf(files.map((file) => file.lines));
  const branches = percentOf(files.map((file) => file.branches));
  const missing = await notCovered(goal, files);
  const { linesMin, branchesMin } = goal;
  const result = `${lines.toFixed(1)}% of lines, wanted ${linesMin}%; ` +
    `${branches.toFixed(1)}% of branches, wanted ${branchesMin}%`;
  const isEnough = lines >= linesMin && branches >= branchesMin;
  if (isEnough && missing.length === 0) return good(result);
  return bad(
    missing.length === 0 ? result : `${result}; ${missing.length} not loaded`,
    [
      `# Least covered in ${goal.folder}`,
      ...files.slice(0, COVERED_MIN_LINES).map(describeFile),
      ...missing.map((path) => `${path} is loaded by no test`),
      "",
    ].join("\n"),
  );
}

function describeFile({ path, lines, branches }: CoveredFile): string {
  return `${path} ${lines.hit} of ${lines.found} lines, ` +
    `${branches.hit} of ${branches.found} branches`;
}

/** Files that no test loads would not count: they have to be named. */
async function notCovered(
  { folder }: CoverageGoal,
  covered: readonly CoveredFile[],
): Promise<string[]> {
  const known = new Set(covered.map(({ path }) => path));
  const sources = (await listFiles()).filter((path) =>
    isSource(path) && path.startsWith(folder)
  );
  const facts = await readFacts(sources);
  return sources.filter((path) =>
    facts.get(path)?.hasRuntime === true && !known.has(path)
  );
}

function good(result = "ok"): Finding {
  return { passed: 1, failed: 0, result, output: "" };
}

function bad(result: string, output: string): Finding {
  return { passed: 0, failed: 1, result, output };
}

/** What a check wrote, both streams in their order. */
class Collected {
  readonly #decoder = new TextDecoder();
  #text = "";

  /** All of it but the tests that passed. */
  get text(): string {
    return this.#text.replace(/^.* \.\.\. ok \([^)]*\)\n/gm, "");
  }

  add(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true });
  }
}
