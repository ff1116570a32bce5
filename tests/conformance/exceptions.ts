/**
 * The checked-in list of tests that fail because they contradict a standard:
 * each with the clause, and why. A test that fails otherwise is a fault, and
 * so is an exception that does not fail.
 *
 * ```text
 * family  test    kind  clause       reason
 * Read10  Simple  4kn   SBC-4 5.11   asks for half a block
 * ```
 *
 * @module
 */

import type { ConformanceResult } from "./run_conformance.ts";

/** A test that may fail. */
export interface Exception {
  /** Family of the test. */
  readonly family: string;
  /** Name of the test. */
  readonly test: string;
  /** Kind of logical unit. */
  readonly kind: string;
  /** Standard and section that it contradicts. */
  readonly clause: string;
  /** How. */
  readonly reason: string;
}

/** What a run of one kind shows about failures. */
export interface FailureReport {
  /** They failed, and no exception says why. */
  readonly unexplained: readonly ConformanceResult[];
  /** They failed as an exception says. */
  readonly excepted: readonly ConformanceResult[];
  /** They were run and did not fail. */
  readonly stale: readonly Exception[];
}

const FIELDS = 5;

/**
 * Reads the list.
 *
 * @throws {TypeError} naming a line without a test, a clause or a reason
 */
export function parseExceptions(text: string): Exception[] {
  const lines = text.split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return lines.slice(1).map((line) => {
    const cells = line.split("\t");
    const [family = "", test = "", kind = "", clause = "", reason = ""] = cells;
    const isWhole = cells.length === FIELDS &&
      cells.every((cell) => cell.trim() !== "");
    if (isWhole) return { family, test, kind, clause, reason };
    throw new TypeError(`An exception lacks something: ${line}`);
  });
}

/** Compares the failures of a run with the exceptions of its kind. */
export function explainFailures(
  results: readonly ConformanceResult[],
  exceptions: readonly Exception[],
  kind: string,
): FailureReport {
  const listed = exceptions.filter((exception) => exception.kind === kind);
  const failed = results.filter(({ result }) => result === "FAILED");
  const isListed = (result: ConformanceResult) =>
    listed.some((exception) => isAbout(exception, result));
  return {
    unexplained: failed.filter((result) => !isListed(result)),
    excepted: failed.filter(isListed),
    stale: listed.filter((exception) =>
      results.some((each) =>
        isAbout(exception, each) && each.result !== "FAILED"
      )
    ),
  };
}

function isAbout(
  exception: Exception,
  { family, test }: ConformanceResult,
): boolean {
  return exception.family === family && exception.test === test;
}
