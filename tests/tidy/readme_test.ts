import { assertEquals } from "@std/assert";
import {
  parseConfiguration,
  type ParseOutcome,
} from "../../ctladm/conf/parser.ts";
import { parseUclConfiguration } from "../../ctladm/conf/ucl/configuration.ts";
import { readText } from "./tree.ts";

/** The code of README.md in some language. */
function examples(language: string): string[] {
  const text = readText("README.md") ?? "";
  const fences = text.matchAll(/^```(\w*)\n([^`]*)^```$/gm);
  return [...fences]
    .filter(([, found]) => found === language)
    .map(([, , code = ""]) => code);
}

function readUcl(text: string): ParseOutcome {
  return parseUclConfiguration({
    path: "ctl.conf",
    text,
    include: (path) => ({ problem: path, isMissing: true }),
  });
}

Deno.test("The configurations in README.md are right, and the same", () => {
  const classic = examples("").map(parseConfiguration);
  const ucl = examples("ucl").map(readUcl);
  assertEquals([classic.length, ucl.length], [1, 1]);
  const [outcome] = classic;
  assertEquals(outcome && "warnings" in outcome && outcome.warnings, []);
  assertEquals(ucl, classic);
});
