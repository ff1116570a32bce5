/**
 * Fuzzes for as long as one likes:
 *
 * ```sh
 * deno task fuzz                 # ten million cases of each kind
 * deno task fuzz 50000 cdb pdu   # so many, of some kinds
 * deno task fuzz 50000 7143      # from the seed that a run printed
 * ```
 *
 * @module
 */

import { endWithUs, passOn, runChild } from "../run/child.ts";
import { findSuites, ROOT } from "../run/suites.ts";

const CASES = "10000000";
/** A timer takes no more. */
const TIME_MS_MAX = 2 ** 31 - 1;

/** The test files that words name; all without a word. */
function chooseFiles(words: readonly string[]): readonly string[] {
  const files = findSuites().find(({ name }) => name === "fuzz")?.files ?? [];
  if (words.length === 0) return files;
  return words.map((word) => {
    const file = `tests/fuzz/${word}_test.ts`;
    if (files.includes(file)) return file;
    throw new TypeError(`Nothing is fuzzed by the name of "${word}"`);
  });
}

async function fuzz(words: readonly string[]): Promise<number> {
  const isNumber = (word: string) => /^\d+$/.test(word);
  const [cases = CASES, ...seed] = words.filter(isNumber);
  const files = chooseFiles(words.filter((word) => !isNumber(word)));
  const { code } = await runChild({
    program: Deno.execPath(),
    args: ["test", "-A", ...files, "--", cases, ...seed],
    cwd: ROOT,
    timeMsMax: TIME_MS_MAX,
    onOutput: passOn,
  });
  return code;
}

/** A mistake of ours is one line, not a stack. */
async function run(): Promise<number> {
  try {
    return await fuzz(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

if (import.meta.main) {
  endWithUs();
  Deno.exit(await run());
}
