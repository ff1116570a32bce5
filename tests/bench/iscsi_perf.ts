/**
 * The cross-check: the same load by `iscsi-perf` of libiscsi, a client that
 * is not ours.
 *
 * @module
 */

import { requireProgram } from "./command.ts";
import { clientPin, type SamplingOptions } from "./sampling.ts";
import type { BenchTarget } from "./target.ts";

/** After the interrupt it waits for its commands; then it is killed. */
const GOODBYE_MS_MAX = 5000;

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
  const limitMs = seconds * 1000 + GOODBYE_MS_MAX;
  const child = new Deno.Command(program, {
    args: words,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(limitMs)]),
  }).spawn();
  // It runs until it is interrupted, and then tells the average.
  const timer = setTimeout(() => child.kill("SIGINT"), seconds * 1000);
  const { stdout, stderr } = await child.output();
  clearTimeout(timer);
  return averageOf(new TextDecoder().decode(stdout), stderr);
}

/** The last average that it printed. */
function averageOf(text: string, complaint: Uint8Array): number {
  const averages = [...text.matchAll(/iops average (\d+)/g)];
  const last = averages.at(-1)?.[1];
  if (last === undefined) {
    const words = new TextDecoder().decode(complaint).trim();
    throw new Error(`iscsi-perf measured nothing: ${words}`);
  }
  return Number(last);
}
