/**
 * Fuzzes for as long as one likes:
 *
 * ```sh
 * deno task fuzz                           # five million cases of each kind
 * deno task fuzz --cases 50000 cdb pdu     # so many, of some kinds
 * deno task fuzz --seed 7143 pdu           # from the seed that a run printed
 * ```
 *
 * It tells how far it is, how fast, and how much memory it has. It fails when
 * a property does not hold, when memory grows, and when nothing is heard.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { endWithUs, passOn, runChild } from "../run/child.ts";
import { exitWith } from "../run/program.ts";
import { findSuites, ROOT } from "../run/suites.ts";

const CASES = "5000000";
const SEED_MAX = 2 ** 31;
/** A timer takes no more. */
const TIME_MS_MAX = 2 ** 31 - 1;
/** A batch is a matter of seconds: then something hangs. */
const SILENCE_MS_MAX = 300_000;

/** Lets a run collect garbage before it looks at memory. */
const COLLECTOR = "--v8-flags=--expose-gc";

const HELP = `usage: fuzz [--cases N] [--seed N] [KIND...]

  --cases N   cases of each large kind (default ${CASES}); small ones have less
  --seed N    where to begin; a failure names the seed of its batch

Kinds: ${kinds().join(" ")}`;

function kinds(): string[] {
  return fuzzFiles().map((file) => file.replace(/^.*\/(\w+)_test\.ts$/, "$1"));
}

function fuzzFiles(): readonly string[] {
  return findSuites().find(({ name }) => name === "fuzz")?.files ?? [];
}

/** The test files that words name; all without a word. */
function chooseFiles(words: readonly string[]): readonly string[] {
  const files = fuzzFiles();
  if (words.length === 0) return files;
  return words.map((word) => {
    const file = `tests/fuzz/${word}_test.ts`;
    if (files.includes(file)) return file;
    throw new TypeError(`Nothing is fuzzed by the name of "${word}"\n${HELP}`);
  });
}

async function fuzz(words: readonly string[]): Promise<number> {
  const given = parseArgs(words, {
    string: ["cases", "seed", "_"],
    boolean: ["help"],
    unknown: (word) => {
      if (!word.startsWith("-")) return true;
      throw new TypeError(`Unknown option ${word}\n${HELP}`);
    },
  });
  if (given.help === true) {
    console.log(HELP);
    return 0;
  }
  const files = chooseFiles(given._.map(String));
  const seed = given.seed ?? Math.floor(Math.random() * SEED_MAX);
  const { code, timedOut } = await runChild({
    program: Deno.execPath(),
    args: [
      ...["test", "--frozen", "--no-prompt", COLLECTOR, ...files],
      ...["--", String(given.cases ?? CASES), String(seed)],
    ],
    cwd: ROOT,
    timeMsMax: TIME_MS_MAX,
    silenceMsMax: SILENCE_MS_MAX,
    onOutput: passOn,
  });
  if (timedOut) console.error(`Nothing was heard for ${SILENCE_MS_MAX} ms`);
  return code;
}

if (import.meta.main) {
  endWithUs();
  await exitWith(() => fuzz(Deno.args));
}
