/**
 * Runs suites, each as a `deno test` of its own.
 *
 * @module
 */

import { runChild } from "./child.ts";
import { ROOT, type Suite } from "./suites.ts";
import { type Counts, countTests } from "./summary.ts";

/** How to run a suite. */
export interface SuiteOptions {
  /** Told of all that it writes. */
  readonly onOutput: (bytes: Uint8Array, isError: boolean) => void;
  /**
   * Folder for raw coverage data, and tests run in random order; undefined:
   * neither.
   */
  readonly coverage?: string | undefined;
  /** The tree, if it is not ours. */
  readonly root?: string;
}

/** How a suite went. */
export interface SuiteResult extends Counts {
  /** Seconds that it took. */
  readonly seconds: number;
  /** What went wrong beside tests, in a sentence; else empty. */
  readonly trouble: string;
}

/** Runs a suite. */
export async function runSuite(
  suite: Suite,
  { onOutput, coverage, root = ROOT }: SuiteOptions,
): Promise<SuiteResult> {
  const start = performance.now();
  const { code, stdout, timedOut } = await runChild({
    program: Deno.execPath(),
    args: ["test", ...flags(suite, coverage), ...suite.files],
    cwd: root,
    timeMsMax: suite.timeMsMax,
    env: { NO_COLOR: "1", ...daemonCoverage(suite, coverage) },
    onOutput,
  });
  const seconds = (performance.now() - start) / 1000;
  const counts = countTests(stdout, code);
  return { ...counts, seconds, trouble: troubleOf(suite, counts, timedOut) };
}

function flags(
  { permissions, parallel }: Suite,
  coverage: string | undefined,
): string[] {
  const raw = `--coverage=${coverage}`;
  return [
    ...permissions,
    ...parallel ? ["--parallel"] : [],
    ...coverage === undefined
      ? []
      : [raw, "--coverage-raw-data-only", "--shuffle"],
  ];
}

// Programs that tests start write their coverage, too, when they end by
// themselves.
function daemonCoverage(
  { permissions }: Suite,
  coverage: string | undefined,
): Record<string, string> {
  return coverage === undefined || !permissions.includes("-A")
    ? {}
    : { DENO_COVERAGE_DIR: coverage };
}

function troubleOf(
  { name, timeMsMax }: Suite,
  { passed, failed }: Counts,
  timedOut: boolean,
): string {
  if (timedOut) return `${name} took longer than ${timeMsMax / 1000} s`;
  return passed === 0 && failed === 1 ? `${name} ran no test to its end` : "";
}
