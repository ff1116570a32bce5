import { assertEquals } from "@std/assert";
import { dropCutFiles, parseLcov, percentOf } from "./coverage.ts";
import { ROOT } from "./suites.ts";

const REPORT = `SF:${ROOT}core/a.ts
DA:1,1
BRDA:1,1,0,0
BRF:4
BRH:3
LH:9
LF:10
end_of_record
SF:${ROOT}core/b.ts
LH:0
LF:10
end_of_record
`;

Deno.test("parseLcov counts the lines and branches of each file", () => {
  assertEquals(parseLcov(REPORT), [
    {
      path: "core/a.ts",
      lines: { found: 10, hit: 9 },
      branches: { found: 4, hit: 3 },
    },
    {
      path: "core/b.ts",
      lines: { found: 10, hit: 0 },
      branches: { found: 0, hit: 0 },
    },
  ]);
});

Deno.test("percentOf weighs files by their size", () => {
  const files = parseLcov(REPORT);
  assertEquals(percentOf(files.map(({ lines }) => lines)), 45);
  assertEquals(percentOf(files.map(({ branches }) => branches)), 75);
  assertEquals(percentOf([]), 0);
});

Deno.test("dropCutFiles removes what killed programs left", async () => {
  const folder = await Deno.makeTempDir({ prefix: "dtl-coverage-" });
  try {
    await Deno.writeTextFile(`${folder}/whole.json`, `{"result":[]}`);
    await Deno.writeTextFile(`${folder}/empty.json`, "");
    await Deno.writeTextFile(`${folder}/cut.json`, `{"result":[`);
    await dropCutFiles(folder);
    const left = await Array.fromAsync(Deno.readDir(folder));
    assertEquals(left.map(({ name }) => name), ["whole.json"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
