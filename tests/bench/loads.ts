/**
 * The loads of the benchmark, and what is wanted of the target under each.
 *
 * @module
 */

/** Ratios to the faster rival that are wanted, both on one CPU. */
export interface Wanted {
  /** Least ratio of the rates. */
  readonly rateRatioMin?: number;
  /** Greatest ratio of the target's CPU times for a command. */
  readonly cpuRatioMax?: number;
  /** Greatest ratio to the least of the rivals' p99. */
  readonly p99RatioMax?: number;
}

/** One load. */
export interface Load {
  /** Its name on the command line and in tables. */
  readonly name: string;
  /** `read`, `write` or `mix:PERCENT`. */
  readonly rw: string;
  /** Order of the places on the LUN. */
  readonly order: "rand" | "seq";
  /** Length of each command's data, as the client takes it. */
  readonly bs: string;
  /** Commands in flight. */
  readonly qd: number;
  /** Whether the rate is told in MB/s rather than in commands a second. */
  readonly inMegabytes: boolean;
  /** What is wanted. */
  readonly wanted: Wanted;
}

/** All loads, in the order of the tables. */
export const LOADS: readonly Load[] = [
  random("r4k-d1", "read", "4k", 1, { rateRatioMin: 0.8 }),
  random("r4k-d32", "read", "4k", 32, {
    ...{ rateRatioMin: 3, cpuRatioMax: 0.4, p99RatioMax: 1 },
  }),
  random("r4k-d128", "read", "4k", 128, {}),
  random("w4k-d32", "write", "4k", 32, { rateRatioMin: 2.5, p99RatioMax: 1 }),
  sequential("sr256k-d8", "read", "256k", 8, { rateRatioMin: 0.9 }),
  sequential("sw256k-d8", "write", "256k", 8, { rateRatioMin: 0.9 }),
  sequential("sr1m-d4", "read", "1m", 4, {}),
  random("mix8k-d32", "mix:70", "8k", 32, { p99RatioMax: 1 }),
];

/** The loads of a quick look: one for each thing that is wanted. */
export const QUICK_LOADS: readonly string[] = LOADS
  .filter(({ wanted }) => wanted.rateRatioMin !== undefined)
  .map(({ name }) => name);

/** The load that `iscsi-perf` repeats. */
export const CROSS_CHECK_LOAD = "r4k-d32";

/** Writes the pattern over a LUN. */
export const FILL: Load = sequential("fill", "write", "256k", 8, {});

/** Compares a LUN with the pattern while it is written to. */
export const VERIFY: Load = random("verify", "mix:70", "8k", 32, {});

/** The same for a target that cannot take mixed loads. */
export const VERIFY_READS: Load = random("verify", "read", "8k", 32, {});

function random(
  name: string,
  rw: string,
  bs: string,
  qd: number,
  wanted: Wanted,
): Load {
  return { name, rw, order: "rand", bs, qd, inMegabytes: false, wanted };
}

function sequential(
  name: string,
  rw: string,
  bs: string,
  qd: number,
  wanted: Wanted,
): Load {
  return { name, rw, order: "seq", bs, qd, inMegabytes: true, wanted };
}
