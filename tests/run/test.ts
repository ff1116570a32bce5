/**
 * Runs the tests, all or those of the suites that are named:
 *
 * ```sh
 * deno task test
 * deno task test unit system
 * ```
 *
 * Programs that tests need and that are missing are installed, or the run
 * fails with the line to run. The last line is `N passed, N failed`.
 *
 * @module
 */

import { endWithUs, passOn } from "./child.ts";
import { providePackages } from "./packages.ts";
import { runSuite, type SuiteResult } from "./suite_runner.ts";
import { chooseSuites, findSuites, type Suite } from "./suites.ts";
import { addCounts, type Counts, lastLine } from "./summary.ts";

/** One failure that is no test's. */
const FAILURE: Counts = { passed: 0, failed: 1 };

async function runTests(words: readonly string[]): Promise<Counts> {
  try {
    const suites = chooseSuites(findSuites(), words);
    if (suites.some((suite) => suite.needsPackages)) await providePackages();
    return addCounts(await runAll(suites));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return FAILURE;
  }
}

async function runAll(suites: readonly Suite[]): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const suite of suites) {
    console.log(`\n# ${suite.name}`);
    const result = await runSuite(suite, { onOutput: passOn });
    if (result.trouble !== "") console.log(`# ${result.trouble}`);
    results.push(result);
  }
  console.log();
  return results;
}

if (import.meta.main) {
  endWithUs();
  const counts = await runTests(Deno.args);
  console.log(lastLine(counts));
  Deno.exit(counts.failed === 0 ? 0 : 1);
}
