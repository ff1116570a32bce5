import { assertEquals } from "@std/assert";
import { MANAGEMENT_ERRORS } from "../../core/mod.ts";
import { readFacts } from "./facts.ts";
import { brokenImports } from "./import_rules.ts";
import {
  isSource,
  listFiles,
  machineTexts,
  readText,
  strangersAtTop,
} from "./tree.ts";

const files = await listFiles();
const sources = files.filter(isSource);
const facts = await readFacts(sources);

Deno.test("Every source file can be judged", () => {
  assertEquals(sources.filter((path) => !facts.has(path)), []);
});

Deno.test("Every import keeps the directions of the map", () => {
  assertEquals(brokenImports(facts.values()), []);
});

Deno.test("Only what belongs there stands at the top", () => {
  assertEquals(strangersAtTop(files), []);
});

Deno.test("No file names a machine or a registry", () => {
  const named = files.flatMap((path) =>
    machineTexts(path, readText(path) ?? "")
  );
  assertEquals(named, []);
});

/** What only plugins know of. */
const NOT_OF_THE_CORE =
  /third.?party|extended copy|\bxcopy|\btpc\b|\bodx\b|rod token/i;

Deno.test("The core does not know of third-party copy", () => {
  const knowing = files.filter((path) => path.startsWith("core/"))
    .filter((path) => NOT_OF_THE_CORE.test(readText(path) ?? ""));
  assertEquals(knowing, []);
});

Deno.test("Every code of ManagementError is used", () => {
  const shipped = sources
    .filter((path) => !path.startsWith("tests/"))
    .filter((path) => path !== "core/management_error.ts")
    .map((path) => readText(path)).join("\n");
  const unused = Object.keys(MANAGEMENT_ERRORS)
    .filter((code) => !shipped.includes(`"${code}"`));
  assertEquals(unused, []);
});
