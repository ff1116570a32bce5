import { assertEquals } from "@std/assert";
import { machineTexts, strangersAtTop } from "./tree.ts";

Deno.test("strangersAtTop knows what may stand at the top", () => {
  const files = ["core/mod.ts", "README.md", "LICENSE", ".ci/run", "mod.ts"];
  assertEquals(strangersAtTop(files), []);
  assertEquals(strangersAtTop(["src/a.ts", "a.md"]), ["src", "a.md"]);
});

const BAD = [
  "see https://registry" + ".npmjs.org/zod",
  "from https://jsr" + ".io/@std/assert",
  "https://deno.land" + "/std@0.200.0/mod.ts",
  "http://mir" + "ror.example.net/debian",
  'const path = "/work' + '/main/mod.ts";',
  "cd /home" + "/joe/dtl",
];

for (const line of BAD) {
  Deno.test(`machineTexts finds ${line}`, () => {
    assertEquals(machineTexts("a.md", `\n${line}\n`).length, 1);
  });
}

const GOOD = [
  "https://docs.deno.com/runtime",
  "network/main, framework/core",
  "the port registry",
  'import zod from "npm:zod@4";',
];

for (const line of GOOD) {
  Deno.test(`machineTexts accepts ${line}`, () => {
    assertEquals(machineTexts("a.md", line), []);
  });
}
