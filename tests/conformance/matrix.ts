/**
 * The suite against many kinds of logical units: a table of tests and kinds,
 * and whether it is as the checked-in lists have it.
 *
 * @module
 */

import { type Table, toText } from "../bench/table.ts";
import { explainFailures, parseExceptions } from "./exceptions.ts";
import { KindTargets } from "./kind_targets.ts";
import type { LunKind } from "./lun_kinds.ts";
import { compareWithList } from "./pass_list.ts";
import { formatComparison, formatSummary } from "./report.ts";
import { type ConformanceResult, runConformance } from "./run_conformance.ts";

/** The checked-in lists. */
export interface Lists {
  /** Text of `passes.tsv`. */
  readonly passes: string;
  /** Text of `exceptions.tsv`. */
  readonly exceptions: string;
}

/** What a run of one kind gave. */
export interface KindRun {
  /** The kind. */
  readonly kind: LunKind;
  /** Every test. */
  readonly results: readonly ConformanceResult[];
  /** Seconds that it took. */
  readonly seconds: number;
}

/** How to run the matrix. */
export interface MatrixOptions {
  /** Kinds at once: each has a target of its own. */
  readonly parallel: number;
  /** Only families that match. */
  readonly families?: RegExp | undefined;
  /** Folder for the raw output of every process. */
  readonly logDir?: string | undefined;
  /** Told of each kind when it is done. */
  readonly onKind?: (run: KindRun) => void;
}

const LISTS = {
  passes: new URL("passes.tsv", import.meta.url),
  exceptions: new URL("exceptions.tsv", import.meta.url),
};

/** Reads the checked-in lists. */
export async function readLists(): Promise<Lists> {
  return {
    passes: await Deno.readTextFile(LISTS.passes),
    exceptions: await Deno.readTextFile(LISTS.exceptions),
  };
}

/** Writes `passes.tsv`. */
export async function writePasses(text: string): Promise<void> {
  await Deno.writeTextFile(LISTS.passes, text);
}

/** Runs the suite against targets with a LUN of each kind. */
export async function runMatrix(
  kinds: readonly LunKind[],
  options: MatrixOptions,
): Promise<KindRun[]> {
  await using targets = await KindTargets.start(kinds);
  const runs: KindRun[] = [];
  const queue = [...kinds.entries()];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [index, kind] = next;
      const run = await runKind(targets, kind, options);
      options.onKind?.(run);
      runs[index] = run;
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, work));
  return runs;
}

async function runKind(
  targets: KindTargets,
  kind: LunKind,
  { families, logDir }: MatrixOptions,
): Promise<KindRun> {
  const start = performance.now();
  const results = await runConformance({
    ...targets.settings(kind),
    families: families ?? kind.families,
    perFamilyTimeoutMs: kind.perFamilyTimeoutMs,
    logDir: logDir === undefined ? undefined : `${logDir}/${kind.name}`,
  });
  return { kind, results, seconds: (performance.now() - start) / 1000 };
}

/**
 * Compares a run with the lists.
 *
 * @param isWhole all families were run
 * @returns a line for each fault; empty: all is as it should be
 */
export function faultsOf(
  { kind, results }: KindRun,
  lists: Lists,
  isWhole = true,
): string[] {
  const { regressions, missing } = compareWithList(
    results,
    lists.passes,
    kind.name,
  );
  const { unexplained, stale } = explainFailures(
    results,
    parseExceptions(lists.exceptions),
    kind.name,
  );
  const worse = formatComparison({
    regressions,
    missing: isWhole ? missing : [],
    improvements: [],
  });
  return [
    ...worse.split("\n").filter((line) => line !== ""),
    ...unexplained.map(({ family, test, detail }) =>
      `FAILED: ${family}.${test} ${detail}`
    ),
    ...stale.map(({ family, test }) =>
      `STALE: ${family}.${test} fails no more; take its exception out`
    ),
  ].map((line) => `${kind.name}: ${line}`);
}

/** What passes and is not in the list yet: a line, or none. */
export function newsOf({ kind, results }: KindRun, lists: Lists): string[] {
  const { improvements } = compareWithList(results, lists.passes, kind.name);
  if (improvements.length === 0) return [];
  const names = improvements.slice(0, NEWS_MAX).map(nameOf).join(" ");
  const count = improvements.length;
  return [`${kind.name}: ${count} tests pass that are not listed: ${names}`];
}

const NEWS_MAX = 10;

/** How a test went, as short as the table has it. */
export type ShortResult = "pass" | "skip" | "FAIL" | "listed" | "";

/** A row of the matrix. */
export interface MatrixRow {
  /** `Family.Test`. */
  readonly test: string;
  /** Results in the order of the kinds. */
  readonly results: readonly ShortResult[];
}

/** The results of all runs, a row for each test, in the tool's order. */
export function matrixRows(
  runs: readonly KindRun[],
  lists: Lists,
): MatrixRow[] {
  const exceptions = parseExceptions(lists.exceptions);
  const columns = runs.map(({ kind, results }) => {
    const { excepted } = explainFailures(results, exceptions, kind.name);
    return new Map(
      results.map((result): [string, ShortResult] => [
        nameOf(result),
        excepted.includes(result) ? "listed" : SHORT[result.result],
      ]),
    );
  });
  const names = new Set(runs.flatMap(({ results }) => results.map(nameOf)));
  return [...names].map((test) => ({
    test,
    results: columns.map((column) => column.get(test) ?? ""),
  }));
}

const SHORT = { PASSED: "pass", SKIPPED: "skip", FAILED: "FAIL" } as const;

function nameOf(
  { family, test }: Pick<ConformanceResult, "family" | "test">,
): string {
  return `${family}.${test}`;
}

/** The matrix for people, with its sums. */
export function formatMatrix(runs: readonly KindRun[], lists: Lists): string {
  const rows = matrixRows(runs, lists);
  const table: Table = {
    head: ["test", ...runs.map(({ kind }) => kind.name)],
    rows: rows.map(({ test, results }) => [test, ...results]),
  };
  const sums = runs.map(({ kind, results, seconds }) =>
    `${kind.name}: ${formatSummary(results)}, ${seconds.toFixed(0)} s ` +
    `(${kind.about})`
  );
  return [toText(table), "", ...sums].join("\n");
}
