/**
 * The checklist of RFC 7143 for targets at ErrorRecoveryLevel 0
 * (`rfc_checklist.tsv`): each rule names the tests that prove it, or says why
 * there is nothing to prove. The names are those under which the test files
 * register their tests: a test that is renamed has to be renamed there, too.
 */

import { assert, assertEquals } from "@std/assert";

const RULES = 156;
const HERE = new URL(".", import.meta.url);
/** Folders whose tests the checklist names. */
const FOLDERS = [
  ".",
  "../../unit/frontends/iscsi",
  "../../unit/ctladm/conf",
];
const COLUMNS = "rule\tlevel\tsection\twords\ttests\tremark";

interface Rule {
  readonly number: number;
  readonly level: string;
  readonly section: string;
  readonly words: string;
  readonly tests: readonly string[];
  readonly remark: string;
}

async function readRules(): Promise<Rule[]> {
  const text = await Deno.readTextFile(new URL("rfc_checklist.tsv", HERE));
  const [head, ...lines] = text.replace(/\n$/, "").split("\n");
  assertEquals(head, COLUMNS);
  return lines.map((line) => {
    const cells = line.split("\t");
    assertEquals(cells.length, 6, line);
    const [number, level = "", section = "", words = "", tests = ""] = cells;
    return {
      number: Number(number),
      level,
      section,
      words,
      tests: tests === "" ? [] : tests.split(" | "),
      remark: cells[5] ?? "",
    };
  });
}

/** Loads the test files, and takes down the names that they register. */
async function registeredNames(): Promise<Set<string>> {
  const names = new Set<string>();
  const register = Deno.test;
  const note = (name: unknown) => {
    if (typeof name === "string") names.add(name);
  };
  Object.defineProperty(Deno, "test", { value: note });
  try {
    for (const folder of FOLDERS) {
      const at = new URL(`${folder}/`, HERE);
      for await (const { name } of Deno.readDir(at)) {
        if (name.endsWith("_test.ts")) await import(new URL(name, at).href);
      }
    }
  } finally {
    Object.defineProperty(Deno, "test", { value: register });
  }
  return names;
}

Deno.test("the checklist has an entry for every rule", async () => {
  const rules = await readRules();
  const numbers = Array.from({ length: RULES }, (_, index) => index + 1);
  assertEquals(rules.map(({ number }) => number), numbers);
  for (const { number, level, section, words, tests, remark } of rules) {
    assert(["M", "S", "="].includes(level), `level of rule ${number}`);
    assert(section !== "" && words !== "", `words of rule ${number}`);
    assert(tests.length > 0 || remark !== "", `proof of rule ${number}`);
  }
});

Deno.test("every test that the checklist names exists", async () => {
  const names = await registeredNames();
  const missing = (await readRules()).flatMap(({ number, tests }) =>
    tests.filter((test) => !names.has(test))
      .map((test) => `rule ${number}: ${test}`)
  );
  assertEquals(missing, []);
});
