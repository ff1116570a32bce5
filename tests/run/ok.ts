/**
 * Runs every check of the project, and prints a table of them:
 *
 * ```sh
 * deno task ok
 * ```
 *
 * All checks run, whatever the others find. The last line is
 * `N passed, N failed`; it counts every test of the suites, and every other
 * check as one.
 *
 * @module
 */

import { toText } from "../bench/table.ts";
import { allChecks, type Check, type Finding } from "./checks.ts";
import { endWithUs } from "./child.ts";
import { addCounts, type Counts, lastLine } from "./summary.ts";

interface Row extends Finding {
  readonly name: string;
  readonly seconds: number;
}

async function runChecks(checks: readonly Check[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const check of checks) {
    const row = await runCheck(check);
    if (row.output !== "") console.log(row.output);
    const verdict = row.failed === 0 ? "ok    " : "FAILED";
    console.log(`${verdict} ${row.name}: ${row.result}`);
    rows.push(row);
  }
  return rows;
}

async function runCheck({ name, run }: Check): Promise<Row> {
  const start = performance.now();
  const finding = await run().catch(failure);
  const seconds = (performance.now() - start) / 1000;
  return { ...finding, name, seconds };
}

function failure(error: unknown): Finding {
  const told = error instanceof Error ? error.stack ?? error.message : error;
  const result = "the check itself failed";
  return { passed: 0, failed: 1, result, output: String(told) };
}

function table(rows: readonly Row[]): string {
  const seconds = (row: { readonly seconds: number }) => row.seconds.toFixed(1);
  const all = { seconds: rows.reduce((sum, row) => sum + row.seconds, 0) };
  return toText({
    head: ["check", "verdict", "result", "seconds"],
    rows: [
      ...rows.map((row) => [
        row.name,
        row.failed === 0 ? "ok" : "FAILED",
        row.result,
        seconds(row),
      ]),
      ["all", "", "", seconds(all)],
    ],
  });
}

async function main(): Promise<Counts> {
  const coverage = await Deno.makeTempDir({ prefix: "dtl-coverage-" });
  try {
    const rows = await runChecks(await allChecks(coverage));
    console.log(`\n${table(rows)}\n`);
    return addCounts(rows);
  } finally {
    await Deno.remove(coverage, { recursive: true });
  }
}

if (import.meta.main) {
  endWithUs();
  const counts = await main();
  console.log(lastLine(counts));
  Deno.exit(counts.failed === 0 ? 0 : 1);
}
