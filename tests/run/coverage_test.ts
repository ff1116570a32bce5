import { assertEquals } from "@std/assert";
import { parseLcov, percentOf } from "./coverage.ts";
import { ROOT } from "./suites.ts";

const REPORT = `SF:${ROOT}core/a.ts
DA:1,1
LH:9
LF:10
end_of_record
SF:${ROOT}core/b.ts
LH:0
LF:10
end_of_record
`;

Deno.test("parseLcov counts the lines of each file", () => {
  assertEquals(parseLcov(REPORT), [
    { path: "core/a.ts", lines: 10, hit: 9 },
    { path: "core/b.ts", lines: 10, hit: 0 },
  ]);
});

Deno.test("percentOf weighs files by their lines", () => {
  assertEquals(percentOf(parseLcov(REPORT)), 45);
  assertEquals(percentOf(parseLcov("")), 0);
});
