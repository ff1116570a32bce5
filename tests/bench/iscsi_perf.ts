/**
 * The cross-check: the same load by `iscsi-perf` of libiscsi, a client that
 * is not ours.
 *
 * @module
 */

import { requireProgram } from "../support/command.ts";
import { clientPin, type SamplingOptions } from "./sampling.ts";
import type { BenchTarget } from "./target.ts";

/** After the interrupt it waits for its commands; then it is killed. */
const GOODBYE_MS_MAX = 5000;

/** It tells an average once a second; the last one needs to be out. */
const SECONDS_MIN = 2;
const SECONDS_EXTRA = 0.5;

const DEPTH = 32;
const BLOCKS_OF_4_KIB = 8;

/**
 * 4 KiB random reads at depth 32.
 *
 * @returns commands a second
 * @throws when it printed none
 */
export async function runIscsiPerf(
  target: BenchTarget,
  seconds: number,
  options: SamplingOptions,
): Promise<number> {
  const [program = "", ...words] = [
    ...clientPin(options),
    requireProgram("iscsi-perf"),
    ...["-m", `${DEPTH}`, "-b", `${BLOCKS_OF_4_KIB}`, "-r", target.url],
  ];
  const timeMs = (Math.max(seconds, SECONDS_MIN) + SECONDS_EXTRA) * 1000;
  const limitMs = timeMs + GOODBYE_MS_MAX;
  const child = new Deno.Command(program, {
    args: words,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(limitMs)]),
  }).spawn();
  // It runs until it is interrupted, and then tells the average.
  const timer = setTimeout(() => child.kill("SIGINT"), timeMs);
  const { stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return averageOf(decoder.decode(stdout) + decoder.decode(stderr));
}

/** The last average that it printed. */
function averageOf(text: string): number {
  const averages = [...text.matchAll(/iops average (\d+)/g)];
  const last = averages.at(-1)?.[1];
  if (last === undefined) {
    throw new Error(`iscsi-perf measured nothing: ${text.trim()}`);
  }
  return Number(last);
}
