/**
 * The course of the benchmark: fill and verify, choose the rivals' variants,
 * then measure in rounds.
 *
 * @module
 */

import { FILL, type Load, VERIFY, VERIFY_READS } from "./loads.ts";
import {
  OTHERS_MAX,
  type RunPlan,
  type Sample,
  type SamplingOptions,
  takeSample,
} from "./sampling.ts";
import type { BenchTarget } from "./target.ts";

/** Variants this close to a rival's best in the trial are measured too. */
const NEAR_BEST = 0.85;

const TRIAL_SECONDS = 0.5;
const TRIAL_WARMUP_SECONDS = 0.3;
const VERIFY_SECONDS = 1;
const REPEATS_MAX = 2;

/** How the campaign is run. */
export interface CampaignOptions extends SamplingOptions {
  /** The loads. */
  readonly loads: readonly Load[];
  /** Rounds over all of them. */
  readonly rounds: number;
  /** Measured time of a sample in seconds. */
  readonly seconds: number;
  /** Time before it in seconds. */
  readonly warmupSeconds: number;
  /** When, on the monotonic clock, disturbed samples are repeated no more. */
  readonly repeatUntilMs: number;
}

/** What came of filling and verifying a LUN. */
export interface Integrity {
  /** Whether every command ended well and every read matched. */
  readonly ok: boolean;
  /** The same in words. */
  readonly words: string;
}

/** Fills a LUN with the pattern, and compares it under a mixed load. */
export async function fillAndVerify(
  target: BenchTarget,
  options: SamplingOptions,
): Promise<Integrity> {
  const plan = { seconds: VERIFY_SECONDS, warmupSeconds: 0 };
  const fill = { ...plan, load: FILL, words: ["--fill"] };
  const filled = await takeSample(target, fill, -1, options);
  if (!isWell(filled)) return { ok: false, words: whyNot(filled) };
  const load = target.takesMixes ? VERIFY : VERIFY_READS;
  const verify = { ...plan, load, words: ["--verify"] };
  const verified = await takeSample(target, verify, -1, options);
  if (!isWell(verified)) return { ok: false, words: whyNot(verified) };
  const reads = verified.result?.reads ?? 0;
  return { ok: reads > 0, words: `${reads} reads compared` };
}

/** Tells whether all commands of a sample ended well. */
export function isWell({ result }: Sample): boolean {
  return result !== undefined && result.errors === 0 &&
    result.verify_bad === 0 && result.ios > 0;
}

/** Tells in words why not. */
export function whyNot({ error, result }: Sample): string {
  if (error !== undefined) return error;
  if (result === undefined || result.ios === 0) return "nothing was done";
  return `${result.errors} failed, first: ${result.err}`;
}

/**
 * Which targets are measured under each load: ours, and of each rival the
 * variants that a short trial finds fastest, or near it. The trial alone
 * decides nothing else.
 */
export async function chooseTargets(
  targets: readonly BenchTarget[],
  options: CampaignOptions,
): Promise<ReadonlyMap<Load, readonly BenchTarget[]>> {
  const chosen = new Map<Load, readonly BenchTarget[]>();
  for (const load of options.loads) {
    const able = targets.filter((target) => takesLoad(target, load));
    const kept = able.filter(({ isRival }) => !isRival);
    const rivals = able.filter(({ isRival }) => isRival);
    const groups = Map.groupBy(rivals, ({ group }) => group);
    for (const variants of groups.values()) {
      kept.push(...await fastest(variants, load, options));
    }
    chosen.set(load, kept);
  }
  return chosen;
}

function takesLoad(target: BenchTarget, load: Load): boolean {
  return target.takesMixes || !load.rw.startsWith("mix");
}

async function fastest(
  variants: readonly BenchTarget[],
  load: Load,
  options: CampaignOptions,
): Promise<readonly BenchTarget[]> {
  if (variants.length === 1) return variants;
  const plan = {
    load,
    seconds: TRIAL_SECONDS,
    warmupSeconds: TRIAL_WARMUP_SECONDS,
  };
  const rates = new Map<BenchTarget, number>();
  for (const target of variants) {
    const sample = await takeSample(target, plan, -1, options);
    report(sample, load);
    rates.set(target, sample.result?.iops ?? 0);
  }
  const limit = NEAR_BEST * Math.max(...rates.values());
  return variants.filter((target) => (rates.get(target) ?? 0) >= limit);
}

/** Measures in rounds; in each, another target comes first. */
export async function measure(
  chosen: ReadonlyMap<Load, readonly BenchTarget[]>,
  options: CampaignOptions,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [load, targets] of chosen) {
      for (const target of rotated(targets, round)) {
        const sample = await takeQuietSample(target, load, round, options);
        report(sample, load);
        samples.push(sample);
      }
    }
  }
  return samples;
}

/** A list that starts `by` places later. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

/** The least disturbed of a few samples; mostly the first one will do. */
async function takeQuietSample(
  target: BenchTarget,
  load: Load,
  round: number,
  options: CampaignOptions,
): Promise<Sample> {
  const { seconds, warmupSeconds } = options;
  const plan: RunPlan = { load, seconds, warmupSeconds };
  let best = await takeSample(target, plan, round, options);
  for (let repeat = 0; repeat < REPEATS_MAX; repeat += 1) {
    const late = performance.now() > options.repeatUntilMs;
    if (best.others <= OTHERS_MAX || late) break;
    const sample = await takeSample(target, plan, round, options);
    if (isWell(sample) && sample.others < best.others) best = sample;
  }
  return best;
}

function report(sample: Sample, load: Load): void {
  const { result, round, others } = sample;
  const about = [
    round < 0 ? "trial  " : `round ${round}`,
    load.name.padEnd(10),
    sample.target.padEnd(9),
  ].join(" ");
  console.error(
    result === undefined || !isWell(sample)
      ? `# ${about} FAILED: ${whyNot(sample)}`
      : `# ${about} ${result.iops.toFixed(0).padStart(8)} IOPS ` +
        `${result.MBps.toFixed(0).padStart(6)} MB/s ` +
        `p99 ${result.lat_us.p99.toFixed(0).padStart(6)} us ` +
        `cpu ${result.target_us_per_io.toFixed(2).padStart(7)} us ` +
        `client ${result.client_us_per_io.toFixed(2).padStart(6)} us ` +
        `others ${others.toFixed(2)}`,
  );
}
