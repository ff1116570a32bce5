import { assertEquals, assertMatch } from "@std/assert";
import { runSuite, type SuiteResult } from "./suite_runner.ts";
import { chooseSuites, findSuites, type Suite } from "./suites.ts";

const TESTS: Readonly<Record<string, string>> = {
  "good/a_test.ts": 'Deno.test("a", () => {});',
  "good/deep/b_test.ts": 'Deno.test("b", () => {});',
  "good/helper.ts": 'throw new Error("not a test");',
  "bad/a_test.ts": 'Deno.test("a", () => { throw new Error("no"); });',
  "dies/a_test.ts": "Deno.exit(3);",
  "empty/a_test.ts": "export {};",
  "endless/a_test.ts": 'Deno.test("a", () => { for (;;); });',
  "unit/a_test.ts": 'Deno.test("a", () => { Deno.readTextFileSync("/"); });',
  "none/helper.ts": "export {};",
};

async function inTree(
  body: (root: string, suites: readonly Suite[]) => Promise<void> | void,
): Promise<void> {
  const root = await Deno.makeTempDir() + "/";
  try {
    for (const [path, text] of Object.entries(TESTS)) {
      const file = `${root}tests/${path}`;
      await Deno.mkdir(file.replace(/\/[^/]+$/, ""), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    await body(root, findSuites(root));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function runNamed(
  root: string,
  suites: readonly Suite[],
  name: string,
): Promise<SuiteResult[]> {
  const chosen = chooseSuites(suites, [name]);
  return Promise.all(
    chosen.map((suite) =>
      runSuite(limited(suite), { onOutput: () => {}, root })
    ),
  );
}

function limited(suite: Suite): Suite {
  return suite.name === "endless" ? { ...suite, timeMsMax: 2000 } : suite;
}

Deno.test("findSuites finds every folder with tests, unit first", () =>
  inTree((_root, suites) => {
    const names = ["unit", "bad", "dies", "empty", "endless", "good"];
    assertEquals(suites.map(({ name }) => name), names);
    assertEquals(suites.at(-1)?.files, [
      "tests/good/a_test.ts",
      "tests/good/deep/b_test.ts",
    ]);
  }));

Deno.test("chooseSuites names the suites that are there", () =>
  inTree((_root, suites) => {
    let message = "";
    try {
      chooseSuites(suites, ["god"]);
    } catch (error) {
      message = String(error);
    }
    assertMatch(message, /no suite "god"; suites are unit, bad/);
  }));

/** Rows: suite, tests passed, tests failed, what is said. */
const RUNS: readonly (readonly [string, number, number, RegExp])[] = [
  ["good", 2, 0, /^$/],
  ["bad", 0, 1, /^/],
  ["dies", 0, 1, /no test to its end/],
  ["empty", 0, 1, /no test to its end/],
  ["endless", 0, 1, /longer than 2 s/],
  ["unit", 0, 1, /^/],
];

for (const [name, passed, failed, trouble] of RUNS) {
  Deno.test(`runSuite counts a suite that is ${name}`, () =>
    inTree(async (root, suites) => {
      const [result] = await runNamed(root, suites, name);
      assertEquals([result?.passed, result?.failed], [passed, failed]);
      assertMatch(result?.trouble ?? "", trouble);
    }));
}
