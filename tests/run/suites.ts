/**
 * The suites of tests: a folder under `tests/` with tests in it is one.
 *
 * @module
 */

/** The top folder of the tree, with a slash at its end. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** A suite. */
export interface Suite {
  /** Name of its folder. */
  readonly name: string;
  /** Its test files, relative to the tree. */
  readonly files: readonly string[];
  /** Flags of `deno test` that give it its permissions. */
  readonly permissions: readonly string[];
  /** Milliseconds that it may take. */
  readonly timeMsMax: number;
  /** Its files can run side by side. */
  readonly parallel: boolean;
  /** It uses real clients. */
  readonly needsPackages: boolean;
}

/** Suites in the order in which they run; others come behind. */
const ORDER = ["unit", "lint", "tidy", "run", "support", "contract", "fuzz"];

/** Suites that run without any permission. */
const PURE: ReadonlySet<string> = new Set(["unit", "fuzz", "lint"]);

/** Suites of many files that share nothing, and measure nothing. */
const PARALLEL: ReadonlySet<string> = new Set(["unit"]);

/** Suites that use no real client. */
const SELF_CONTAINED: ReadonlySet<string> = new Set([...ORDER, "sim"]);

/** Suites that take longer than others. */
const TIME_MS_MAX: ReadonlyMap<string, number> = new Map([
  ["conformance", 1_200_000],
  ["system", 900_000],
]);
const USUAL_MS_MAX = 600_000;

/** All suites, in order. */
export function findSuites(root: string = ROOT): Suite[] {
  const names = [...Deno.readDirSync(`${root}tests`)]
    .filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => name)
    .sort((one, other) =>
      placeOf(one) - placeOf(other) || one.localeCompare(other)
    );
  return names.map((name) => makeSuite(root, name))
    .filter(({ files }) => files.length > 0);
}

/**
 * The suites that words name; all without a word.
 *
 * @throws {TypeError} naming a word that names none
 */
export function chooseSuites(
  suites: readonly Suite[],
  words: readonly string[],
): readonly Suite[] {
  const names = suites.map(({ name }) => name);
  const unknown = words.find((word) => !names.includes(word));
  if (unknown !== undefined) {
    throw new TypeError(
      `There is no suite "${unknown}"; suites are ${names.join(", ")}`,
    );
  }
  if (words.length === 0) return suites;
  return suites.filter(({ name }) => words.includes(name));
}

function placeOf(name: string): number {
  const place = ORDER.indexOf(name);
  return place < 0 ? ORDER.length : place;
}

function makeSuite(root: string, name: string): Suite {
  return {
    name,
    files: [...testFiles(root, `tests/${name}`)].sort(),
    permissions: PURE.has(name) ? ["--no-prompt"] : ["-A"],
    timeMsMax: TIME_MS_MAX.get(name) ?? USUAL_MS_MAX,
    parallel: PARALLEL.has(name),
    needsPackages: !SELF_CONTAINED.has(name),
  };
}

function* testFiles(root: string, folder: string): Iterable<string> {
  for (const { name, isDirectory } of Deno.readDirSync(root + folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* testFiles(root, path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}
