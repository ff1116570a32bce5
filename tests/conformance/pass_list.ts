/**
 * The checked-in list of what passes: a TSV with a row for each test and a
 * column for each kind of logical unit. It may only grow.
 *
 * ```text
 * family  test    thick   thin
 * Read10  Simple  PASSED  PASSED
 * ```
 *
 * @module
 */

import type { ConformanceResult } from "./run_conformance.ts";

/** A test whose result differs from the list. */
export interface Change {
  /** Family of the test. */
  readonly family: string;
  /** Name of the test. */
  readonly test: string;
  /** What the list says; empty when it has no such row or column. */
  readonly before: string;
  /** What it is now; empty when it was not run. */
  readonly now: string;
  /** Why, in the tool's words. */
  readonly detail: string;
}

/** What differs between a run and the list. */
export interface Comparison {
  /** Passed before, and no longer does. */
  readonly regressions: readonly Change[];
  /** Passes now, and did not before. */
  readonly improvements: readonly Change[];
  /** Passed before, and was not run. */
  readonly missing: readonly Change[];
}

interface PassList {
  readonly kinds: readonly string[];
  /** Results by `family.test` in the order of the kinds. */
  readonly rows: Map<string, string[]>;
  readonly comments: readonly string[];
}

/**
 * Compares a run with the column of its kind of logical unit.
 *
 * @param results the run
 * @param listText the checked-in list
 * @param kind name of the column; the first one when not given
 */
export function compareWithList(
  results: readonly ConformanceResult[],
  listText: string,
  kind?: string,
): Comparison {
  const list = parseList(listText);
  const column = kind === undefined ? 0 : list.kinds.indexOf(kind);
  const changes = results.map(({ family, test, result, detail }): Change => {
    const before = list.rows.get(`${family}.${test}`)?.[column] ?? "";
    return { family, test, before, now: result, detail };
  });
  return {
    regressions: changes.filter(({ before, now }) =>
      before === "PASSED" && now !== "PASSED"
    ),
    improvements: changes.filter(({ before, now }) =>
      before !== "PASSED" && now === "PASSED"
    ),
    missing: missingFrom(results, list, column),
  };
}

function missingFrom(
  results: readonly ConformanceResult[],
  list: PassList,
  column: number,
): Change[] {
  const run = new Set(results.map(({ family, test }) => `${family}.${test}`));
  const missing: Change[] = [];
  for (const [name, cells] of list.rows) {
    const before = cells[column] ?? "";
    if (before !== "PASSED" || run.has(name)) continue;
    const [family = "", test = ""] = splitName(name);
    missing.push({ family, test, before, now: "", detail: "not run" });
  }
  return missing;
}

/**
 * Writes a run into the column of its kind. The list only grows: what passed
 * once stays, as do other columns, rows that were not run, and comments.
 *
 * @returns the new text of the list
 */
export function updateList(
  results: readonly ConformanceResult[],
  listText: string,
  kind: string,
): string {
  const { kinds, rows, comments } = parseList(listText);
  const columns = kinds.includes(kind) ? kinds : [...kinds, kind];
  const column = columns.indexOf(kind);
  for (const { family, test, result } of results) {
    const cells = rows.get(`${family}.${test}`) ?? [];
    if (cells[column] !== "PASSED") cells[column] = result;
    rows.set(`${family}.${test}`, cells);
  }
  const lines = [...rows].map(([name, cells]) =>
    [...splitName(name), ...columns.map((_, at) => cells[at] ?? "")].join("\t")
  );
  const header = ["family", "test", ...columns].join("\t");
  return [...comments, header, ...lines, ""].join("\n");
}

function parseList(text: string): PassList {
  const lines = text.split("\n").filter((line) => line !== "");
  const comments = lines.filter((line) => line.startsWith("#"));
  const [header, ...cells] = lines.filter((line) => !line.startsWith("#"))
    .map((line) => line.split("\t"));
  const rows = new Map<string, string[]>();
  for (const [family, test, ...results] of cells) {
    rows.set(`${family}.${test}`, results);
  }
  return { kinds: header?.slice(2) ?? [], rows, comments };
}

function splitName(name: string): [string, string] {
  const at = name.indexOf(".");
  return [name.slice(0, at), name.slice(at + 1)];
}
