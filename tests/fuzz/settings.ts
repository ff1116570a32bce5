/**
 * How much is tried, and from which seed.
 *
 * Without words it is a matter of seconds and the same in every run. By
 * `deno task fuzz` it takes as long as one likes, and every run tries
 * something else: its seed is printed, and with it the run can be had again.
 *
 * @module
 */

import { assert } from "@std/assert";
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

/** It takes as long as one likes. */
export const IS_LONG: boolean = casesWord !== undefined;

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

/** Cases of a batch: each begins anew from a seed of its own. */
const BATCH_CASES = 20_000;
/** Between two lines that tell how far it is. */
const TOLD_MS = 5_000;
/** Share of the batches after which memory has its usual size. */
const SETTLED_SHARE = 0.2;
/** What memory in use may grow by from then on. */
const GROWTH_BYTES_MAX = 16 * 2 ** 20;
const COLLECTIONS = 2;
const COLLECTION_MS = 20;

/** Registers a test that tries a property. */
export function fuzzTest<Values>(
  name: string,
  { share, casesPerRun }: Effort,
  property: fc.IRawProperty<Values>,
): void {
  const numRuns = Math.max(1, Math.round(CASES * share / casesPerRun));
  if (IS_LONG) {
    const batchRuns = Math.max(1, Math.round(BATCH_CASES / casesPerRun));
    Deno.test(
      name,
      () => tryLong(name, { numRuns, batchRuns, casesPerRun }, property),
    );
    return;
  }
  Deno.test(name, async () => {
    await fc.assert(property, {
      numRuns,
      seed: SEED,
      interruptAfterTimeLimit: SMOKE_MS_MAX,
      markInterruptAsFailure: true,
    });
  });
}

interface LongEffort {
  readonly numRuns: number;
  readonly batchRuns: number;
  readonly casesPerRun: number;
}

/**
 * Tries a property in batches, tells how far it is, and watches memory. The
 * seed that a failure names begins its batch: with it the batch comes first.
 */
async function tryLong<Values>(
  name: string,
  { numRuns, batchRuns, casesPerRun }: LongEffort,
  property: fc.IRawProperty<Values>,
): Promise<void> {
  const batches = Math.ceil(numRuns / batchRuns);
  const watch = new Watch(name, numRuns * casesPerRun);
  for (let batch = 0; batch < batches; batch += 1) {
    const runs = Math.min(batchRuns, numRuns - batch * batchRuns);
    await assertAloud(property, runs, (SEED + batch) | 0);
    const done = (batch * batchRuns + runs) * casesPerRun;
    await watch.look(done, batch >= batches * SETTLED_SHARE);
  }
  watch.tell(numRuns * casesPerRun, await bytesInUse());
}

/** Tells a failure at once: others may be tried for hours before the end. */
async function assertAloud<Values>(
  property: fc.IRawProperty<Values>,
  numRuns: number,
  seed: number,
): Promise<void> {
  try {
    await fc.assert(property, { numRuns, seed });
  } catch (error) {
    console.log(`# found by seed ${seed}: ${error}`);
    throw error;
  }
}

/** Looks at the time and the memory of a long run. */
class Watch {
  readonly #name: string;
  readonly #cases: number;
  readonly #startMs = performance.now();
  #toldMs = performance.now();
  #settledBytes = 0;
  #mostBytes = 0;

  constructor(name: string, cases: number) {
    this.#name = name;
    this.#cases = cases;
    console.log(`# ${name}: ${Math.round(cases)} cases, seed ${SEED}`);
  }

  async look(done: number, settled: boolean): Promise<void> {
    const used = await bytesInUse();
    this.#mostBytes = Math.max(this.#mostBytes, used);
    if (settled && this.#settledBytes === 0) this.#settledBytes = used;
    const grown = used - this.#settledBytes;
    if (this.#settledBytes > 0 && grown > GROWTH_BYTES_MAX) {
      throw new Error(`Memory has grown by ${mib(grown)} MiB: ${this.#name}`);
    }
    if (performance.now() - this.#toldMs > TOLD_MS) this.tell(done, used);
  }

  tell(done: number, used: number): void {
    this.#toldMs = performance.now();
    const seconds = (this.#toldMs - this.#startMs) / 1000;
    const percent = (100 * done / this.#cases).toFixed(0);
    console.log(
      `# ${percent}% of ${Math.round(this.#cases)} in ${
        seconds.toFixed(0)
      } s, ` +
        `${Math.round(done / seconds)} a second; memory ` +
        `${mib(used)} MiB, at most ${mib(this.#mostBytes)}`,
    );
  }
}

/** What is left when garbage has been collected: what the system sees, lags. */
async function bytesInUse(): Promise<number> {
  const collect: unknown = Reflect.get(globalThis, "gc");
  assert(typeof collect === "function", "run it by deno task fuzz");
  // The bytes of dead buffers are given back beside us, a little later.
  for (let round = 0; round < COLLECTIONS; round += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, COLLECTION_MS));
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
