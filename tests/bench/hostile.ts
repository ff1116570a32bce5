/**
 * What hostile initiators cost a decent one: a verified load at depth 32 on
 * one LUN, alone and while a hundred connections do their worst to the same
 * daemon, in turns.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/hostile.ts
 * deno run -A --no-prompt tests/bench/hostile.ts --each --seconds 3
 * ```
 *
 * It fails when the load meets an error or a wrong block, or when it keeps
 * less than two thirds of its rate. `--each` tries every kind by itself.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { run } from "../support/command.ts";
import { ROOT, startDtl } from "./dtl.ts";
import { ATTACKS } from "./hostile/attacks.ts";
import type { LoadResult } from "./load/result.ts";
import { memoryOf } from "./proc.ts";
import { toText } from "./table.ts";
import type { BenchTarget } from "./target.ts";

const LUN_BYTES = 64 * 2 ** 20;
const SECONDS = 5;
const ROUNDS = 3;
const ATTACKERS = 100;
/** Part of the rate that the load has to keep. */
const KEPT_MIN = 2 / 3;
/** The attackers begin before the load is measured, and end after it. */
const MARGIN_SECONDS = 3;
const LOAD = [
  ...["--rw", "mix:70", "--bs", "4k", "--qd", "32", "--verify"],
  ...["--warmup", "1"],
];

interface Settings {
  readonly seconds: number;
  readonly rounds: number;
  readonly count: number;
}

/** What one comparison gave. */
interface Comparison {
  readonly name: string;
  readonly alone: readonly LoadResult[];
  readonly attacked: readonly LoadResult[];
  readonly attacks: number;
  readonly memoryMib: number;
}

async function load(
  { url, pid }: BenchTarget,
  words: readonly string[],
): Promise<LoadResult> {
  const client = `${ROOT}tests/bench/load_client.ts`;
  const flags = ["--url", url, "--pid", String(pid)];
  return JSON.parse(
    await run(Deno.execPath(), [
      ...["run", "-A", "--no-prompt", client],
      ...flags,
      ...words,
    ]),
  );
}

/** Attacks LUN 1; @returns how many rounds all attackers made */
async function attack(
  { url }: BenchTarget,
  { seconds, count }: Settings,
  kinds: string,
): Promise<number> {
  const rounds: Record<string, number> = JSON.parse(
    await run(Deno.execPath(), [
      ...["run", "-A", "--no-prompt"],
      `${ROOT}tests/bench/hostile/attackers.ts`,
      ...["--url", url.replace(/0$/, "1"), "--kinds", kinds],
      ...["--count", String(count)],
      ...["--seconds", String(seconds + MARGIN_SECONDS)],
    ]),
  );
  return Object.values(rounds).reduce((sum, each) => sum + each, 0);
}

async function compare(
  name: string,
  kinds: string,
  settings: Settings,
): Promise<Comparison> {
  await using target = await startDtl(LUN_BYTES, 2);
  const words = [...LOAD, "--time", String(settings.seconds)];
  await load(target, ["--fill", "--bs", "1m", "--verify"]);
  const alone: LoadResult[] = [];
  const attacked: LoadResult[] = [];
  let attacks = 0;
  for (let round = 0; round < settings.rounds; round += 1) {
    alone.push(await load(target, words));
    const [result, rounds] = await Promise.all([
      load(target, words),
      attack(target, settings, kinds),
    ]);
    attacked.push(result);
    attacks += rounds;
  }
  const { anonymousKib } = memoryOf(target.pid);
  return { name, alone, attacked, attacks, memoryMib: anonymousKib / 1024 };
}

function median(results: readonly LoadResult[]): number {
  const rates = results.map(({ iops }) => iops).sort((a, b) => a - b);
  return rates[rates.length >> 1] ?? 0;
}

function kept({ alone, attacked }: Comparison): number {
  return median(attacked) / median(alone);
}

function faults({ alone, attacked }: Comparison): number {
  return [...alone, ...attacked]
    .reduce((sum, { errors, verify_bad }) => sum + errors + verify_bad, 0);
}

function report(comparisons: readonly Comparison[]): string {
  return toText({
    head: [
      ...["attack", "alone/s", "attacked/s", "kept", "p99 ms", "cpu us"],
      ...["errors", "rounds", "daemon MiB"],
    ],
    rows: comparisons.map((each) => [
      each.name,
      median(each.alone).toFixed(0),
      median(each.attacked).toFixed(0),
      kept(each).toFixed(2),
      (Math.max(...each.attacked.map(({ lat_us }) => lat_us.p99)) / 1000)
        .toFixed(1),
      (each.attacked[0]?.target_us_per_io ?? 0).toFixed(1),
      String(faults(each)),
      String(each.attacks),
      each.memoryMib.toFixed(0),
    ]),
  });
}

async function main(words: readonly string[]): Promise<boolean> {
  const given = parseArgs(words, {
    string: ["seconds", "rounds", "count", "kinds"],
    boolean: ["each"],
  });
  const settings = {
    seconds: Number(given.seconds ?? SECONDS),
    rounds: Number(given.rounds ?? ROUNDS),
    count: Number(given.count ?? ATTACKERS),
  };
  const wanted = given.each === true
    ? Object.keys(ATTACKS).map((name) => [name, `^${name}$`] as const)
    : [["all kinds", String(given.kinds ?? "")] as const];
  const comparisons: Comparison[] = [];
  for (const [name, kinds] of wanted) {
    comparisons.push(await compare(name, kinds, settings));
  }
  console.log(report(comparisons));
  return comparisons.every((each) => faults(each) === 0) &&
    comparisons.every((each) => kept(each) >= KEPT_MIN);
}

if (import.meta.main) Deno.exit(await main(Deno.args) ? 0 : 1);
