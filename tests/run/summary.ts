/**
 * What a run of `deno test` said at its end.
 *
 * @module
 */

/** Tests that passed and failed. */
export interface Counts {
  /** Tests that passed. */
  readonly passed: number;
  /** Tests that failed, or were left out. */
  readonly failed: number;
}

/** Colours that Deno may write although nobody looks. */
// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[[0-9;]*m/g;

const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed\b.*? \| (\d+) failed\b(.*)$/gm;

/**
 * Counts the tests of a run. A test that was ignored counts as failed, or a
 * suite could pass by skipping; and a run that ends badly has failed at least
 * once, whatever it said.
 *
 * @param output what the run wrote
 * @param code its exit code
 */
export function countTests(output: string, code: number): Counts {
  const matches = output.replaceAll(COLOURS, "").matchAll(SUMMARY);
  let passed = 0;
  let failed = 0;
  for (const [, good, bad, rest = ""] of matches) {
    passed += Number(good);
    failed += Number(bad) + ignoredIn(rest);
  }
  const isBad = code !== 0 || passed === 0;
  return { passed, failed: isBad ? Math.max(failed, 1) : failed };
}

function ignoredIn(rest: string): number {
  return Number(/ \| (\d+) ignored\b/.exec(rest)?.[1] ?? 0);
}

/** Adds counts. */
export function addCounts(all: Iterable<Counts>): Counts {
  let passed = 0;
  let failed = 0;
  for (const counts of all) {
    passed += counts.passed;
    failed += counts.failed;
  }
  return { passed, failed };
}

/** The last line of a run of ours. */
export function lastLine({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}
