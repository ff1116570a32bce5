/**
 * The benchmark: our target against the rivals that Debian ships, on this
 * machine, now.
 *
 * ```sh
 * deno task bench --json bench.json --md bench.md
 * deno task bench --quick
 * deno task bench --only-targets --target dtl=iscsi://127.0.0.1:3260/IQN/0
 * ```
 *
 * In this order:
 *
 * 1. DTL and every variant of tgt and istgt are started, each with a RAM LUN
 *    of its own, filled with a pattern and compared under a mixed load.
 * 2. A trial of half a second for each load and variant finds the fastest
 *    variant of each rival; those within 15 % of it stay too. Measuring all
 *    of them for as long as ours would take twice the time, for rates that
 *    no comparison uses.
 * 3. Rounds over all loads: in each, the targets take turns, and each round
 *    begins with another one. A sample during which other processes took
 *    much of the CPU is repeated, twice at most.
 * 4. Per load the base is the faster rival: the greatest median of all
 *    variants. Ratios are of medians.
 *
 * Target and client share one CPU unless `--pin` says otherwise: the rate
 * then is the inverse of what a command costs on both sides, and neither the
 * scheduler nor a busy neighbour decides it. The client is the same for all;
 * what it costs is in the table too. A batch of one command costs it about
 * 15 us, where a client in C needs 9 (two cores of an EPYC): targets that
 * answer each command on its own look up to 30 % slower than with such a
 * client, which `--client` takes.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { exitWith } from "../run/program.ts";
import {
  BENCH_USAGE,
  type BenchOptions,
  parseBenchOptions,
} from "./bench_options.ts";
import {
  type CampaignOptions,
  chooseTargets,
  fillAndVerify,
  isWell,
  measure,
  rotated,
} from "./campaign.ts";
import { startDtl } from "./dtl.ts";
import { runIscsiPerf } from "./iscsi_perf.ts";
import { CROSS_CHECK_LOAD } from "./loads.ts";
import { describeMachine } from "./machine.ts";
import {
  type NeededProgram,
  packageVersions,
  PROGRAMS,
  providePrograms,
} from "./packages.ts";
import { memoryOf } from "./proc.ts";
import {
  type BenchReport,
  type CrossCheck,
  reportMarkdown,
  reportText,
  type TargetFacts,
} from "./report.ts";
import { startRival } from "./rivals.ts";
import { pinTarget } from "./sampling.ts";
import { medianOf, summarize, type SummaryRow } from "./summary.ts";
import { type BenchTarget, givenTarget } from "./target.ts";

/** After this the benchmark hurries: no sample is repeated. */
const REPEAT_MS_MAX = 330_000;

/** Part of the free memory that the LUNs may take. */
const MEMORY_SHARE_MAX = 0.8;

/**
 * Runs the benchmark.
 *
 * @param signal ends it early; everything it started is stopped
 */
export async function runBench(
  options: BenchOptions,
  signal: AbortSignal,
): Promise<BenchReport> {
  const beganMs = performance.now();
  const needed = neededPrograms(options);
  await providePrograms(needed);
  requireMemory(options);
  const machine = describeMachine();
  await using started = new AsyncDisposableStack();
  const targets = await startTargets(options, started, signal);
  const campaign = {
    ...options,
    signal,
    repeatUntilMs: beganMs + REPEAT_MS_MAX,
  };
  const facts = await prepareTargets(targets, campaign);
  const sound = targets.filter((_, index) => facts[index]?.integrity.ok);
  const chosen = await chooseTargets(sound, campaign);
  const samples = await measure(chosen, campaign);
  const summary = summarize(samples, options.loads, sound);
  const crossChecks = await crossCheck(sound, summary, campaign);
  return {
    words: Deno.args,
    when: new Date().toISOString().slice(0, 16) + "Z",
    seconds: (performance.now() - beganMs) / 1000,
    machine,
    versions: await packageVersions(needed.filter(isRivalPart)),
    sizeBytes: options.sizeBytes,
    method: methodWords(options),
    targets: facts.map((fact, index) => withMemory(fact, targets[index])),
    summary,
    crossChecks,
    samples,
  };
}

function neededPrograms(options: BenchOptions): NeededProgram[] {
  const names = new Set(options.variants.map(({ group }) => group));
  if (options.pin !== "none") names.add("taskset");
  if (wantsCrossCheck(options)) names.add("iscsi-perf");
  return [...names].flatMap((name) => PROGRAMS[name] ?? []);
}

function isRivalPart(one: NeededProgram): boolean {
  return one !== PROGRAMS["taskset"];
}

function wantsCrossCheck({ loads }: BenchOptions): boolean {
  return loads.some(({ name }) => name === CROSS_CHECK_LOAD);
}

/** A full /dev/shm would kill the rivals in the middle of a load. */
function requireMemory({ variants, startsDtl, sizeBytes }: BenchOptions): void {
  const luns = variants.length + (startsDtl ? 1 : 0);
  const { bavail, bsize } = statfsSync("/dev/shm");
  const free = Math.min(bavail * bsize, Deno.systemMemoryInfo().available);
  if (luns * sizeBytes > free * MEMORY_SHARE_MAX) {
    const gibibytes = (free / 2 ** 30).toFixed(1);
    throw new RangeError(
      `${luns} LUNs of --size do not fit ${gibibytes} GiB of memory`,
    );
  }
}

/** A rival's variant that this kernel does not allow is left out, loudly. */
async function startTargets(
  options: BenchOptions,
  started: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<BenchTarget[]> {
  const targets = options.given.map(givenTarget);
  if (options.startsDtl) {
    targets.unshift(started.use(await startDtl(options.sizeBytes)));
  }
  for (const variant of options.variants) {
    signal.throwIfAborted();
    try {
      const rival = await startRival(variant, options.sizeBytes);
      targets.push(started.use(rival));
    } catch (error) {
      console.error(`# ${variant.name} is left out: ${error}`);
    }
  }
  if (targets.length === 0) throw new Error("There is nothing to measure");
  return targets;
}

/** Rates of a target that fails here would mean nothing: it gets no loads. */
async function prepareTargets(
  targets: readonly BenchTarget[],
  campaign: CampaignOptions,
): Promise<TargetFacts[]> {
  const facts: TargetFacts[] = [];
  for (const target of targets) {
    const memoryAtStart = memoryOf(target.pid);
    const integrity = await fillAndVerify(target, campaign);
    if (integrity.ok) await pinTarget(target, campaign);
    const { name } = target;
    console.error(`# ${name}: integrity ${integrity.words}`);
    facts.push({ name, integrity, memoryAtStart, memoryAtEnd: memoryAtStart });
  }
  return facts;
}

function withMemory(
  facts: TargetFacts,
  target: BenchTarget | undefined,
): TargetFacts {
  if (target === undefined) return facts;
  return { ...facts, memoryAtEnd: memoryOf(target.pid) };
}

/** Ours and the fastest tgt take turns. */
async function crossCheck(
  targets: readonly BenchTarget[],
  summary: readonly SummaryRow[],
  campaign: CampaignOptions,
): Promise<CrossCheck[]> {
  const rows = summary.filter(({ load }) => load === CROSS_CHECK_LOAD);
  const names = rows.flatMap(({ own }) => own?.target ?? []);
  const fastest = rows[0]?.rivals["tgt"]?.target;
  if (fastest !== undefined) names.push(fastest);
  const checked = targets.filter(({ name }) => names.includes(name));
  const rates = new Map(checked.map((target) => [target, new Array<number>()]));
  for (let round = 0; round < campaign.rounds; round += 1) {
    for (const target of rotated(checked, round)) {
      const iops = await tryIscsiPerf(target, campaign);
      console.error(`# iscsi-perf round ${round} ${target.name} ${iops} IOPS`);
      rates.get(target)?.push(iops);
    }
  }
  return [...rates].map(([{ name }, values]) => ({
    target: name,
    iops: medianOf(values),
  }));
}

/** A failure counts as 0: it must not cost the rest of the report. */
async function tryIscsiPerf(
  target: BenchTarget,
  campaign: CampaignOptions,
): Promise<number> {
  campaign.signal.throwIfAborted();
  try {
    return await runIscsiPerf(target, campaign.seconds, campaign);
  } catch (error) {
    console.error(`# ${error}`);
    return 0;
  }
}

function methodWords(options: BenchOptions): string {
  const { rounds, seconds, warmupSeconds, pin, cpu, clientPath } = options;
  const client = clientPath === undefined ? "" : `client ${clientPath}; `;
  const places = {
    same: `target and client on CPU ${cpu}`,
    cross: `target on CPU ${cpu}, client on the next`,
    none: "target and client not pinned",
  };
  return `${rounds} rounds of ${seconds} s after ${warmupSeconds} s, ` +
    `interleaved; ${client}${
      places[pin]
    }; ratios to the faster rival, of medians`;
}

/** Exit code: integrity and every command count, ratios only if `--strict`. */
function exitCode(report: BenchReport, { strict }: BenchOptions): number {
  const sound = report.samples.every(isWell) &&
    report.targets.every(({ integrity }) => integrity.ok);
  const reached = report.summary
    .every(({ verdicts }) => verdicts.every(({ pass }) => pass));
  return sound && (reached || !strict) ? 0 : 1;
}

async function main(): Promise<number> {
  if (Deno.args.includes("--help") || Deno.args.includes("-h")) {
    console.log(BENCH_USAGE);
    return 0;
  }
  const options = parseBenchOptions(Deno.args);
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => interrupted.abort());
  }
  const report = await runBench(options, interrupted.signal);
  console.log(reportText(report));
  const { jsonPath, markdownPath } = options;
  if (jsonPath !== undefined) {
    await Deno.writeTextFile(jsonPath, JSON.stringify(report, null, 1) + "\n");
  }
  if (markdownPath !== undefined) {
    await Deno.writeTextFile(markdownPath, reportMarkdown(report));
  }
  return exitCode(report, options);
}

if (import.meta.main) await exitWith(main);
