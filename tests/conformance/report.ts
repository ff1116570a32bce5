/**
 * Writes the results of a run for people and for spreadsheets.
 *
 * @module
 */

import type { Change, Comparison } from "./pass_list.ts";
import type { ConformanceResult } from "./run_conformance.ts";

/** The results as TSV with a header line. */
export function formatTsv(results: readonly ConformanceResult[]): string {
  const lines = results.map(({ family, test, result, seconds, detail }) =>
    [family, test, result, seconds.toFixed(1), detail.replaceAll("\t", " ")]
      .join("\t")
  );
  return ["family\ttest\tresult\tseconds\tdetail", ...lines].join("\n");
}

/** The sums: `12 passed, 3 failed, 4 skipped`. */
export function formatSummary(results: readonly ConformanceResult[]): string {
  const count = (wanted: string) =>
    results.filter(({ result }) => result === wanted).length;
  return `${count("PASSED")} passed, ${count("FAILED")} failed, ` +
    `${count("SKIPPED")} skipped`;
}

/** What differs from the list, a line each. */
export function formatComparison(comparison: Comparison): string {
  const { regressions, improvements, missing } = comparison;
  const line = (word: string) => ({ family, test, ...change }: Change) =>
    `${word}: ${family}.${test} ${change.before || "new"} -> ` +
    `${change.now || "nothing"} ${change.detail}`.trimEnd();
  return [
    ...regressions.map(line("WORSE")),
    ...missing.map(line("MISSING")),
    ...improvements.map(line("better")),
  ].join("\n");
}
