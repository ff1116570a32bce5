/**
 * Runs of the load client, and what they say.
 *
 * @module
 */

import { requireProgram, run } from "../support/command.ts";
import { ROOT } from "./dtl.ts";
import type { LoadResult } from "./load/result.ts";
import type { Load } from "./loads.ts";
import type { BenchTarget } from "./target.ts";

/** Where target and client run. */
export type Pin = "same" | "cross" | "none";

/**
 * Part of a CPU that others may use during a sample. With target and client
 * on one CPU it is what the two did not get.
 */
export const OTHERS_MAX = 0.15;

/** Beyond the load itself: start, login, compilation, logout. */
const CLIENT_MS_EXTRA = 30_000;
const FILL_MS_MAX = 180_000;

/** A process of its own, with a CPU and a CPU time of its own. */
const OWN_CLIENT: readonly string[] = [
  ...[Deno.execPath(), "run", "-A", "--no-prompt"],
  `${ROOT}tests/bench/load_client.ts`,
];

/** How samples are taken. */
export interface SamplingOptions {
  /** Where target and client run. */
  readonly pin: Pin;
  /** The target's CPU. */
  readonly cpu: number;
  /** Size of the LUNs. */
  readonly sizeBytes: number;
  /** The client; none for our own. */
  readonly clientPath: string | undefined;
  /** Ends the client when the benchmark is interrupted. */
  readonly signal: AbortSignal;
}

/** What one run is about. */
export interface RunPlan {
  /** The load. */
  readonly load: Load;
  /** Measured time in seconds. */
  readonly seconds: number;
  /** Time before it in seconds. */
  readonly warmupSeconds: number;
  /** Further words for the client. */
  readonly words?: readonly string[];
}

/** One run of a load on a target. */
export interface Sample {
  /** Name of the load. */
  readonly load: string;
  /** Name of the target. */
  readonly target: string;
  /** Round of the benchmark; -1 for a trial. */
  readonly round: number;
  /** Part of a CPU that others used. */
  readonly others: number;
  /** What the client measured, unless it failed. */
  readonly result?: LoadResult;
  /** Why it failed. */
  readonly error?: string;
}

/** Puts a target with all its threads on its CPU. */
export async function pinTarget(
  target: BenchTarget,
  { pin, cpu }: SamplingOptions,
): Promise<void> {
  if (pin === "none") return;
  await run(requireProgram("taskset"), [
    ...["-a", "-c", "-p", `${cpu}`, `${target.pid}`],
  ]);
}

/** Runs a load once; a client that fails gives a sample that says so. */
export async function takeSample(
  target: BenchTarget,
  plan: RunPlan,
  round: number,
  options: SamplingOptions,
): Promise<Sample> {
  const { load } = plan;
  const about = { load: load.name, target: target.name, round };
  try {
    const result = await runClient(target, plan, options);
    return { ...about, others: othersShare(result, options.pin), result };
  } catch (error) {
    options.signal.throwIfAborted();
    const words = error instanceof Error ? error.message : String(error);
    return { ...about, others: 0, error: words };
  }
}

async function runClient(
  target: BenchTarget,
  plan: RunPlan,
  options: SamplingOptions,
): Promise<LoadResult> {
  const { clientPath, signal } = options;
  const [program = "", ...words] = [
    ...clientPin(options),
    ...(clientPath === undefined ? OWN_CLIENT : [clientPath]),
    ...clientWords(target, plan, options),
  ];
  const timeMsMax = plan.words?.includes("--fill")
    ? FILL_MS_MAX
    : (plan.seconds + plan.warmupSeconds) * 1000 + CLIENT_MS_EXTRA;
  const { stdout, stderr } = await new Deno.Command(program, {
    args: words,
    cwd: ROOT,
    stdin: "null",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeMsMax)]),
  }).output();
  const decoder = new TextDecoder();
  const line = decoder.decode(stdout).trim();
  // Failed commands make it exit 1, but with a result.
  if (line !== "") return JSON.parse(line) as LoadResult;
  const complaint = decoder.decode(stderr).trim();
  throw new Error(complaint === "" ? "The client was killed" : complaint);
}

/** Words that put a client on its CPU, before the client's own. */
export function clientPin({ pin, cpu }: SamplingOptions): string[] {
  if (pin === "none") return [];
  const next = (cpu + 1) % navigator.hardwareConcurrency;
  const own = pin === "same" ? cpu : next;
  return [requireProgram("taskset"), "-c", `${own}`];
}

function clientWords(
  target: BenchTarget,
  { load, seconds, warmupSeconds, words = [] }: RunPlan,
  { sizeBytes }: SamplingOptions,
): string[] {
  const values = {
    url: target.url,
    rw: load.rw,
    order: load.order,
    bs: load.bs,
    qd: load.qd,
    time: seconds,
    warmup: warmupSeconds,
    span: sizeBytes,
    pid: target.pid,
    label: target.name,
  };
  const pairs = Object.entries(values)
    .flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return [...pairs, ...words, ...target.clientWords ?? []];
}

function othersShare(result: LoadResult, pin: Pin): number {
  const { target_cpu_s, client_cpu_s, other_cpu_s, steal_s, secs } = result;
  const share = pin === "same"
    ? 1 - (target_cpu_s + client_cpu_s) / secs
    : (other_cpu_s + steal_s) / secs;
  return Math.max(Number(share.toFixed(2)), 0);
}
