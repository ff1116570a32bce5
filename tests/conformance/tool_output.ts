/**
 * Reads what `iscsi-test-cu` prints. Its exit code says nothing and its sums
 * count skipped tests as passed, so the text between the tests is what counts.
 *
 * @module
 */

/** Outcome of a test. */
export type Verdict = "PASSED" | "SKIPPED" | "FAILED";

/** What the output says of one test. */
export interface TestOutput {
  /** Undefined when the test began and no verdict followed. */
  readonly verdict: Verdict | undefined;
  /** Why it was skipped, or what failed. */
  readonly detail: string;
}

/**
 * Reads the list of `iscsi-test-cu -l`.
 *
 * @returns the tests of each family, in the tool's order
 */
export function parseTestList(text: string): Map<string, string[]> {
  const families = new Map<string, string[]>();
  for (const word of text.split(/\s+/)) {
    const match = /^ALL\.([^.]+)\.(.+)$/.exec(word);
    const [, family, test] = match ?? [];
    if (family === undefined || test === undefined) continue;
    const tests = families.get(family) ?? [];
    families.set(family, [...tests, test]);
  }
  return families;
}

const TEST_MARK = /^ {2}Test: (.+?) \.\.\./gm;

/**
 * Reads the output of a run.
 *
 * @returns what it says of each test that began
 */
export function parseToolOutput(output: string): Map<string, TestOutput> {
  const marks = [...output.matchAll(TEST_MARK)];
  const tests = new Map<string, TestOutput>();
  for (const [index, mark] of marks.entries()) {
    const start = mark.index + mark[0].length;
    const end = marks[index + 1]?.index ?? output.length;
    tests.set(mark[1] ?? "", judge(output.slice(start, end)));
  }
  return tests;
}

// Lines of the clean-up may follow the verdict on its line. The set-up prints
// [SKIPPED] before the first test, so only the text of a test is looked at.
function judge(body: string): TestOutput {
  const verdict = /^(passed|FAILED)\b/m.exec(body)?.[1];
  const skips = reasons(body, /\[SKIPPED\][^\S\n]*(.*)/g);
  const fails = reasons(body, /\[FAILED\][^\S\n]*(.*)/g);
  if (verdict === undefined) {
    return { verdict, detail: fails.slice(0, 2).join("; ") };
  }
  if (verdict === "FAILED") {
    const why = fails.length > 0 ? fails : asserts(body);
    return { verdict, detail: why.slice(0, 3).join("; ") };
  }
  if (/\[SKIPPED\]/.test(body)) {
    return { verdict: "SKIPPED", detail: skips.slice(0, 2).join("; ") };
  }
  const [printed] = fails;
  const detail = printed === undefined ? "" : `but printed: ${printed}`;
  return { verdict: "PASSED", detail };
}

function reasons(body: string, pattern: RegExp): string[] {
  const found = [...body.matchAll(pattern)].map((match) =>
    (match[1] ?? "").trim()
  );
  return [...new Set(found)];
}

function asserts(body: string): string[] {
  const pattern = /^\s+\d+\. (\S+):(\d+)\s+- (.*)$/gm;
  const found = [...body.matchAll(pattern)].map(([, file, line, text]) =>
    `${file}:${line} ${text?.trim()}`
  );
  return [...new Set(found)];
}

/** Last line that is not empty: what the tool said before it went. */
export function lastLine(output: string): string {
  return output.split("\n").map((line) => line.trim())
    .filter((line) => line !== "").at(-1) ?? "";
}
