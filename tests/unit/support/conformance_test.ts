import { assertEquals } from "@std/assert";
import {
  compareWithList,
  type ConformanceResult,
  formatComparison,
  formatSummary,
  formatTsv,
  parseTestList,
  parseToolOutput,
  updateList,
  type Verdict,
} from "../../conformance/mod.ts";

const OUTPUT = `
    [SKIPPED] before the first test, this means nothing
Suite: Read10
  Test: Simple ...passed
  Test: Skipped ...    [SKIPPED] READ10 is not there.
    [SKIPPED] READ10 is not there.
passed
  Test: Bare ...    [SKIPPED]
passed
  Test: Printed ...    [FAILED] a sense that did not matter
passed
  Test: Wrong ...    [FAILED] first
    [FAILED] second
FAILED
    1. test.c:12  - CU_ASSERT_EQUAL(ret,0)
  Test: Asserts ...FAILED
    1. test.c:12  - CU_ASSERT_EQUAL(ret,0)
    2. test.c:13  - CU_ASSERT_EQUAL(ret,1)
  Test: Trailing ...passed    Removing the reservation
  Test: Hung ...    [FAILED] no answer
    waiting
`;

const OUTCOMES: readonly [string, Verdict | undefined, string][] = [
  ["Simple", "PASSED", ""],
  ["Skipped", "SKIPPED", "READ10 is not there."],
  ["Bare", "SKIPPED", ""],
  ["Printed", "PASSED", "but printed: a sense that did not matter"],
  ["Wrong", "FAILED", "first; second"],
  [
    "Asserts",
    "FAILED",
    "test.c:12 CU_ASSERT_EQUAL(ret,0); test.c:13 CU_ASSERT_EQUAL(ret,1)",
  ],
  ["Trailing", "PASSED", ""],
  ["Hung", undefined, "no answer"],
];

for (const [test, verdict, detail] of OUTCOMES) {
  Deno.test(`parseToolOutput() judges the test "${test}"`, () => {
    assertEquals(parseToolOutput(OUTPUT).get(test), { verdict, detail });
  });
}

Deno.test("parseTestList() groups the tests by family", () => {
  const text = "ALL\nALL.Read10\nALL.Read10.Simple\nALL.Read10.Flags.X\n";
  assertEquals([...parseTestList(text)], [["Read10", ["Simple", "Flags.X"]]]);
});

function result(test: string, verdict: Verdict): ConformanceResult {
  return { family: "F", test, result: verdict, detail: "why", seconds: 1.25 };
}

const LIST = `# what passes
family\ttest\tthick\tthin
F\tA\tPASSED\tPASSED
F\tB\tFAILED\tPASSED
F\tC\tSKIPPED\tPASSED
`;

Deno.test("compareWithList() reports what got worse and better", () => {
  const results = [
    result("A", "FAILED"),
    result("B", "PASSED"),
    result("New", "PASSED"),
  ];
  const thick = compareWithList(results, LIST, "thick");
  assertEquals(
    formatComparison(thick),
    "WORSE: F.A PASSED -> FAILED why\n" +
      "better: F.B FAILED -> PASSED why\n" +
      "better: F.New new -> PASSED why",
  );
  const thin = compareWithList(results, LIST, "thin");
  assertEquals(thin.missing.map(({ test }) => test), ["C"]);
  assertEquals(thin.improvements.map(({ test }) => test), ["New"]);
});

Deno.test("updateList() writes one column and keeps the others", () => {
  const updated = updateList([result("B", "PASSED")], LIST, "raw");
  assertEquals(
    updated,
    "# what passes\nfamily\ttest\tthick\tthin\traw\n" +
      "F\tA\tPASSED\tPASSED\t\nF\tB\tFAILED\tPASSED\tPASSED\n" +
      "F\tC\tSKIPPED\tPASSED\t\n",
  );
  const { missing } = compareWithList([], updated, "raw");
  assertEquals(missing.map(({ test }) => test), ["B"]);
});

Deno.test("updateList() never takes a pass away", () => {
  const results = [result("A", "FAILED"), result("C", "FAILED")];
  const updated = updateList(results, LIST, "thick");
  assertEquals(updated, LIST.replace("SKIPPED", "FAILED"));
});

Deno.test("formatTsv() and formatSummary() write what was found", () => {
  const results = [result("A", "PASSED"), result("B", "SKIPPED")];
  assertEquals(
    formatTsv(results),
    "family\ttest\tresult\tseconds\tdetail\n" +
      "F\tA\tPASSED\t1.3\twhy\nF\tB\tSKIPPED\t1.3\twhy",
  );
  assertEquals(formatSummary(results), "1 passed, 0 failed, 1 skipped");
});
