/**
 * Whether the daemon's memory stays as it is under full load: mixed reads and
 * writes on a RAM LUN and a file LUN, every read compared with what was
 * written. Sessions come and go; each turn of ten seconds has another load.
 *
 * Memory is read after each turn. Growth is the median of the slopes between
 * all pairs of readings behind the first fifth (Theil and Sen): one collection
 * more or less does not move it. It is a failure above `--bound`, and so is
 * any read that does not match.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/soak.ts [--minutes 10] [--bound 512]
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type DtlTarget, startDtl } from "./dtl.ts";
import { runClient } from "./fairness.ts";
import { memoryOf } from "./proc.ts";
import { medianOf } from "./summary.ts";

const LUN_BYTES = 256 * 2 ** 20;
const MINUTES = 10;
/** KiB a minute that memory may grow by. */
const BOUND = 512;
const TURN_SECONDS = 10;
const WARM_UP_SHARE = 0.2;

/** Loads that take turns, as words for the client. */
const LOADS: readonly string[] = [
  "--rw mix:70 --bs 8k --qd 32",
  "--rw mix:50 --bs 4k --qd 128",
  "--rw mix:50 --bs 256k --qd 8 --order seq",
  "--rw mix:70 --bs 4k --qd 8 --conns 16",
  "--rw mix:50 --bs 1m --qd 4",
  "--rw mix:70 --bs 8k --qd 32 --header-digest --data-digest",
];

/** Memory at a moment. */
interface Reading {
  readonly minute: number;
  readonly residentKib: number;
  readonly anonymousKib: number;
}

/** A load on each LUN at the same time; tells how many commands there were. */
async function turn(target: DtlTarget, load: string): Promise<number> {
  const words = [...load.split(" "), "--verify"];
  const time = ["--time", `${TURN_SECONDS}`, "--warmup", "0"];
  const results = await Promise.all(
    [0, 1].map((lun) => runClient(target.urlOf(lun), [...words, ...time])),
  );
  return results.reduce((sum, { ios }) => sum + ios, 0);
}

/** Median of the slopes between all pairs, in KiB a minute. */
function growthOf(
  readings: readonly Reading[],
  kibOf: (reading: Reading) => number,
): number {
  const slopes = readings.flatMap((one, index) =>
    readings.slice(index + 1).map((other) =>
      (kibOf(other) - kibOf(one)) / (other.minute - one.minute)
    )
  );
  return medianOf(slopes);
}

function tell(reading: Reading, commands: number, load: string): void {
  const { minute, residentKib, anonymousKib } = reading;
  console.log(
    `${minute.toFixed(1).padStart(5)} min  ` +
      `resident ${(residentKib / 1024).toFixed(1).padStart(6)} MiB  ` +
      `anonymous ${(anonymousKib / 1024).toFixed(1).padStart(6)} MiB  ` +
      `${String(commands).padStart(8)} commands  ${load}`,
  );
}

/** The load is kept up for so long. */
async function soak(target: DtlTarget, minutes: number): Promise<Reading[]> {
  const readings: Reading[] = [];
  const begin = performance.now();
  const minute = (): number => (performance.now() - begin) / 60_000;
  for (let count = 0; minute() < minutes; count += 1) {
    const load = LOADS[count % LOADS.length] ?? "";
    const commands = await turn(target, load);
    const reading = { minute: minute(), ...memoryOf(target.pid) };
    readings.push(reading);
    tell(reading, commands, load);
  }
  return readings;
}

async function main(words: readonly string[]): Promise<boolean> {
  const given = parseArgs(words, { string: ["minutes", "bound"] });
  const minutes = Number(given.minutes ?? MINUTES);
  const bound = Number(given.bound ?? BOUND);
  const how = { fileLuns: 1, native: true };
  await using target = await startDtl(LUN_BYTES, 1, how);
  for (const lun of [0, 1]) {
    const fill = ["--fill", "--bs", "256k", "--qd", "8"];
    await runClient(target.urlOf(lun), fill);
  }
  const all = await soak(target, minutes);
  const readings = all.filter(({ minute }) => minute > WARM_UP_SHARE * minutes);
  const resident = growthOf(readings, ({ residentKib }) => residentKib);
  const anonymous = growthOf(readings, ({ anonymousKib }) => anonymousKib);
  const passed = Math.max(resident, anonymous) <= bound;
  console.log(
    `resident ${resident.toFixed(0)} KiB/min, ` +
      `anonymous ${anonymous.toFixed(0)} KiB/min ` +
      `over ${readings.length} readings, at most ${bound}: ` +
      (passed ? "pass" : "FAIL"),
  );
  return passed;
}

if (import.meta.main) Deno.exit(await main(Deno.args) ? 0 : 1);
