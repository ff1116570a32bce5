import { assertEquals } from "@std/assert";
import { addCounts, countTests, lastLine } from "./summary.ts";

/** Rows: the end of an output, the exit code, tests passed and failed. */
const CASES: readonly (readonly [string, string, number, number, number])[] = [
  ["a good run", "ok | 5 passed | 0 failed (1s)", 0, 5, 0],
  ["a bad run", "FAILED | 5 passed | 2 failed (12ms)", 1, 5, 2],
  ["steps", "ok | 5 passed (3 steps) | 0 failed (1s)", 0, 5, 0],
  ["failed steps", "FAILED | 1 passed (2 steps) | 1 failed (1 step) ", 1, 1, 1],
  ["colours", "\x1b[32mok\x1b[0m | 5 passed | 0 failed \x1b[0m(1s)", 0, 5, 0],
  ["ignored tests", "ok | 5 passed | 0 failed | 2 ignored (1s)", 0, 5, 2],
  ["a run without tests", "ok | 0 passed | 0 failed (0ms)", 0, 0, 1],
  ["a run without an end", "a ... ok\n", 1, 0, 1],
  ["a silent run", "", 0, 0, 1],
  ["a good end and a bad code", "ok | 5 passed | 0 failed (1s)", 1, 5, 1],
];

for (const [name, output, code, passed, failed] of CASES) {
  Deno.test(`countTests counts ${name}`, () => {
    const text = `running\nok, nearly\n${output}\n\nerror: x\n`;
    assertEquals(countTests(text, code), { passed, failed });
  });
}

Deno.test("lastLine tells the sum", () => {
  const sum = addCounts([{ passed: 1, failed: 2 }, { passed: 3, failed: 0 }]);
  assertEquals(lastLine(sum), "4 passed, 2 failed");
});
