import { assertEquals, assertThrows } from "@std/assert";
import { explainFailures, parseExceptions } from "./exceptions.ts";
import { features } from "./features.ts";
import { LUN_KINDS } from "./lun_kinds.ts";
import { faultsOf, type KindRun, matrixRows, readLists } from "./matrix.ts";
import type { ConformanceResult } from "./run_conformance.ts";
import type { Verdict } from "./tool_output.ts";

const EXCEPTIONS = `# why
family\ttest\tkind\tclause\treason
F\tKnown\tram\tSBC-4 5.1\tasks for half a block
F\tCured\tram\tSBC-4 5.1\tasks for half a block
F\tElsewhere\t4kn\tSBC-4 5.1\tasks for half a block
`;
const PASSES = `family\ttest\tram
F\tGood\tPASSED
F\tWorse\tPASSED
F\tGone\tPASSED
`;
const LISTS = { passes: PASSES, exceptions: EXCEPTIONS };

function result(test: string, verdict: Verdict): ConformanceResult {
  return { family: "F", test, result: verdict, detail: "", seconds: 0 };
}

function runOf(results: readonly ConformanceResult[]): KindRun {
  const kind = LUN_KINDS.find(({ name }) => name === "ram");
  if (kind === undefined) throw new TypeError("There is no kind ram");
  return { kind, results, seconds: 1 };
}

const RESULTS = [
  result("Good", "PASSED"),
  result("Worse", "SKIPPED"),
  result("Known", "FAILED"),
  result("Cured", "PASSED"),
  result("Elsewhere", "FAILED"),
];

Deno.test("faultsOf() names what is worse, unexplained or cured", () => {
  assertEquals(faultsOf(runOf(RESULTS), LISTS), [
    "ram: WORSE: F.Worse PASSED -> SKIPPED",
    "ram: MISSING: F.Gone PASSED -> nothing not run",
    "ram: FAILED: F.Elsewhere ",
    "ram: STALE: F.Cured fails no more; take its exception out",
  ]);
});

Deno.test("faultsOf() misses nothing when families were chosen", () => {
  const good = runOf([result("Good", "PASSED"), result("Known", "FAILED")]);
  assertEquals(faultsOf(good, LISTS, false), []);
});

Deno.test("explainFailures() takes exceptions of the kind alone", () => {
  const listed = parseExceptions(EXCEPTIONS);
  const { excepted, stale } = explainFailures(RESULTS, listed, "4kn");
  assertEquals(excepted.map(({ test }) => test), ["Elsewhere"]);
  assertEquals(stale, []);
});

Deno.test("parseExceptions() wants a clause and a reason", () => {
  for (const line of ["F\tA\tram\tSBC-4\t ", "F\tA\tram", "F\tA\tr\tc\tr\tx"]) {
    assertThrows(() => parseExceptions(`head\n${line}\n`), "lacks");
  }
});

Deno.test("matrixRows() has a row for every test, in short words", () => {
  assertEquals(matrixRows([runOf(RESULTS)], LISTS), [
    { test: "F.Good", results: ["pass"] },
    { test: "F.Worse", results: ["skip"] },
    { test: "F.Known", results: ["listed"] },
    { test: "F.Cured", results: ["pass"] },
    { test: "F.Elsewhere", results: ["FAIL"] },
  ]);
});

Deno.test("The checked-in lists name kinds that exist", async () => {
  const { passes, exceptions } = await readLists();
  const names = LUN_KINDS.map(({ name }) => name);
  const [, , ...columns] = passes.split("\n")[0]?.split("\t") ?? [];
  assertEquals(columns.filter((name) => !names.includes(name)), []);
  const kinds = parseExceptions(exceptions).map(({ kind }) => kind);
  assertEquals(kinds.filter((name) => !names.includes(name)), []);
});

Deno.test("features() says what a command may do", () => {
  const read = features().find(({ code }) => code === "28");
  assertEquals(read, {
    command: "READ(10)",
    code: "28",
    deviceTypes: ["disk", "cd"],
    cdbLength: 10,
    data: "in",
    conditional: false,
    order: "read",
    reserved: false,
    persistent: "write exclusive",
    noMedium: false,
    standby: false,
    unavailable: false,
    aheadOfAttention: false,
  });
  const lbaStatus = features().find(({ code }) => code === "9E/12");
  assertEquals(lbaStatus?.command, "GET LBA STATUS");
});
