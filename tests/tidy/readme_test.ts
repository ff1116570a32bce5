import { assertEquals } from "@std/assert";
import {
  parseConfiguration,
  type ParseOutcome,
} from "../../ctladm/conf/parser.ts";
import { parseUclConfiguration } from "../../ctladm/conf/ucl/configuration.ts";
import { LIBC_PATHS } from "../../mod.ts";
import {
  entriesOf,
  permissionsOfTask,
  PROGRAM_TASKS,
  type ProgramTask,
} from "../support/tasks.ts";
import { readText } from "./tree.ts";

/** The code of README.md in some language. */
function examples(language: string): string[] {
  const text = readText("README.md") ?? "";
  const fences = text.matchAll(/^```(\w*)[^\n]*\n([^`]*)^```$/gm);
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
  for (const outcome of examples("conf").map(parseConfiguration)) {
    assertEquals("warnings" in outcome && outcome.warnings, []);
  }
});

/** Rows of the table of permissions: flags, tasks. */
function permissionRows(): (readonly [string, string])[] {
  const rows = (readText("README.md") ?? "").matchAll(
    /^\| `(--allow-[^`]*)` \| ([^|]*) \|/gm,
  );
  return [...rows].map(([, flag = "", tasks = ""]) => [flag, tasks]);
}

function isFor(tasks: string, name: ProgramTask): boolean {
  if (tasks === "all") return true;
  const but = /^all but (.*)$/.exec(tasks)?.[1];
  return but === undefined
    ? tasks.split(", ").includes(name)
    : !but.split(", ").includes(name);
}

function documented(name: ProgramTask): string[] {
  return permissionRows().filter(([, tasks]) => isFor(tasks, name))
    .flatMap(([flag]) =>
      flag === "--allow-ffi=…libc.so.6"
        ? LIBC_PATHS.map((path) => `--allow-ffi=${path}`)
        : entriesOf(flag)
    ).sort();
}

for (const name of PROGRAM_TASKS) {
  Deno.test(`README.md tells the permissions of the task ${name}`, () => {
    assertEquals(permissionsOfTask(name).sort(), documented(name));
  });
}
