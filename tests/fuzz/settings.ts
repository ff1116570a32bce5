/**
 * How much is tried, and from which seed.
 *
 * Without words it is a matter of seconds and the same in every run. By
 * `deno task fuzz` it takes as long as one likes, and every run tries
 * something else: its seed is printed, and with it the run can be had again.
 *
 * @module
 */

import fc from "fast-check";

const [casesWord, seedWord] = Deno.args;

/** PDUs, and CDBs, that are generated. */
const SMOKE_CASES = 100_000;
const SMOKE_SEED = 7143;

/** Long enough to shrink what a smoke run finds. */
const SMOKE_MS_MAX = 120_000;

/** Cases to generate of each kind. */
export const CASES: number = casesWord === undefined
  ? SMOKE_CASES
  : readNumber(casesWord, "cases");

/** The seed of all properties. */
export const SEED: number = chooseSeed();

function chooseSeed(): number {
  if (seedWord !== undefined) return readNumber(seedWord, "seed");
  if (casesWord === undefined) return SMOKE_SEED;
  return Math.floor(Math.random() * 2 ** 31);
}

function readNumber(word: string, what: string): number {
  const number = Number(word);
  if (Number.isSafeInteger(number)) return number;
  throw new TypeError(`"${word}" is no number of ${what}`);
}

/** How often a property is tried, of which every run has some cases. */
export interface Effort {
  /** Share of {@linkcode CASES} that the property generates. */
  readonly share: number;
  /** Cases that a run has, on the average. */
  readonly casesPerRun: number;
}

/** Mean length of an array, of its longest: fast-check likes short ones. */
export const MEAN_SHARE = 0.4;

/** Registers a test that tries a property. */
export function fuzzTest<Values>(
  name: string,
  { share, casesPerRun }: Effort,
  property: fc.IRawProperty<Values>,
): void {
  const numRuns = Math.max(1, Math.round(CASES * share / casesPerRun));
  Deno.test(name, async () => {
    if (casesWord !== undefined) {
      console.log(`# ${name}: ${numRuns} runs, seed ${SEED}`);
    }
    await fc.assert(property, {
      numRuns,
      seed: SEED,
      ...(casesWord === undefined
        ? { interruptAfterTimeLimit: SMOKE_MS_MAX }
        : {}),
    });
  });
}
