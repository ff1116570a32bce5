/**
 * How long a quiet session waits while others flood the same daemon.
 *
 * The quiet one reads 4 KiB at depth 1, from a process of its own; the flood
 * is a load client, too. Figures, not a test: they depend on the machine.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/fairness.ts [--seconds 5]
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { ROOT, startDtl } from "./dtl.ts";
import type { LatencySummary, LoadResult } from "./load/result.ts";
import { run } from "../support/command.ts";
import { toText } from "./table.ts";

const LUN_BYTES = 256 * 2 ** 20;
const SECONDS = 5;

/** What else goes on, as words for the load client; none: nothing. */
const FLOODS: Readonly<Record<string, readonly string[]>> = {
  "nothing": [],
  "1 MiB reads, depth 32": ["--bs", "1m", "--qd", "32"],
  "1 MiB writes, depth 32": ["--bs", "1m", "--qd", "32", "--rw", "write"],
  "4 KiB reads, depth 32": ["--bs", "4k", "--qd", "32"],
  "4 KiB reads, 8 sessions, depth 32": [
    ...["--bs", "4k", "--qd", "32", "--conns", "8"],
  ],
};

/** Runs a load client in a process of its own. */
export async function runClient(
  url: string,
  words: readonly string[],
): Promise<LoadResult> {
  const client = `${ROOT}tests/bench/load_client.ts`;
  return JSON.parse(
    await run(Deno.execPath(), [
      ...["run", "-A", "--no-prompt", client, "--url", url, ...words],
    ]),
  );
}

/** What a quiet session saw while a flood lasted, and the flood's rate. */
export interface Beside {
  /** Latencies of the quiet session. */
  readonly quiet: LatencySummary;
  /** Data a second of the flood in 10^6 bytes. */
  readonly floodMBps: number;
}

/**
 * Measures a quiet session while a flood lasts.
 *
 * @param url LUN of the quiet session
 * @param flood words for the client that floods; none: nothing does
 * @param floodUrl LUN of the flood
 */
export async function measureBeside(
  url: string,
  flood: readonly string[],
  floodUrl: string,
  seconds: number,
): Promise<Beside> {
  const quiet = ["--bs", "4k", "--qd", "1", "--warmup", "1"];
  // The flood begins before the quiet session is measured, and ends after it.
  const [result, floods] = await Promise.all([
    runClient(url, [...quiet, "--time", String(seconds)]),
    flood.length === 0
      ? undefined
      : runClient(floodUrl, [...flood, "--time", String(seconds + 2)]),
  ]);
  return { quiet: result.lat_us, floodMBps: floods?.MBps ?? 0 };
}

/** Microseconds as milliseconds, for tables. */
export function ms(microseconds: number): string {
  return (microseconds / 1000).toFixed(2);
}

/** Measures every flood and prints a table. */
async function main(words: readonly string[]): Promise<void> {
  const given = parseArgs(words, { string: ["seconds"] });
  const seconds = Number(given.seconds ?? SECONDS);
  await using target = await startDtl(LUN_BYTES);
  const head = ["flood", "p50 ms", "p99 ms", "max ms", "flood MB/s"];
  const rows: string[][] = [];
  for (const [name, flood] of Object.entries(FLOODS)) {
    const { url } = target;
    const { quiet, floodMBps } = await measureBeside(url, flood, url, seconds);
    const { p50, p99, max } = quiet;
    rows.push([name, ms(p50), ms(p99), ms(max), floodMBps.toFixed(0)]);
  }
  console.log(toText({ head, rows }));
}

if (import.meta.main) await main(Deno.args);
