/**
 * Whether a command costs more where there are many LUNs or many sessions:
 * the target's CPU time for a 4 KiB read while 1 to 1,000 of them take part.
 *
 * LUNs get a command each in turn. Sessions have 32 commands in flight each,
 * so that what comes in one read of a socket is the same for all. Rounds are
 * interleaved; each figure is a median, the ratio is to one LUN or session.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/growth.ts [--seconds 2] [--rounds 3]
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { run } from "../support/command.ts";
import { ROOT, startDtl } from "./dtl.ts";
import type { LoadResult } from "./load/result.ts";
import { medianOf } from "./summary.ts";
import { toText } from "./table.ts";
import type { BenchTarget } from "./target.ts";

/** Each of a thousand sessions has a block of its own. */
const LUN_BYTES = 2 ** 22;
const COUNTS = [1, 10, 100, 1000];
const DEPTH = 32;
const SECONDS = 2;
const ROUNDS = 3;
const KINDS = ["luns", "conns"] as const;

type Kind = (typeof KINDS)[number];

const NAMES: Readonly<Record<Kind, string>> = {
  luns: "LUNs",
  conns: "sessions",
};

/** Microseconds of the target's CPU for a command. */
async function costOf(
  target: BenchTarget,
  kind: Kind,
  count: number,
  seconds: number,
): Promise<number> {
  const client = `${ROOT}tests/bench/load_client.ts`;
  const result: LoadResult = JSON.parse(
    await run(Deno.execPath(), [
      ...["run", "-A", "--no-prompt", client, "--url", target.url],
      ...["--qd", `${DEPTH}`, "--bs", "4k", "--time", `${seconds}`],
      ...["--warmup", "1", "--pid", `${target.pid}`, `--${kind}`, `${count}`],
      ...["--span", "0"],
    ]),
  );
  if (result.errors > 0) throw new Error(`${result.errors} commands failed`);
  return result.target_us_per_io;
}

async function main(words: readonly string[]): Promise<void> {
  const given = parseArgs(words, { string: ["seconds", "rounds"] });
  const seconds = Number(given.seconds ?? SECONDS);
  const rounds = Number(given.rounds ?? ROUNDS);
  await using target = await startDtl(LUN_BYTES, Math.max(...COUNTS));
  const costs = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of KINDS) {
      for (const count of COUNTS) {
        const cost = await costOf(target, kind, count, seconds);
        console.error(`# ${count} ${NAMES[kind]}: ${cost} us`);
        const key = `${kind} ${count}`;
        costs.set(key, [...costs.get(key) ?? [], cost]);
      }
    }
  }
  const median = (kind: Kind, count: number): number =>
    medianOf(costs.get(`${kind} ${count}`) ?? []);
  const rows = KINDS.flatMap((kind) =>
    COUNTS.map((count) => {
      const cost = median(kind, count);
      const ratio = cost / median(kind, 1);
      return [`${count} ${NAMES[kind]}`, cost.toFixed(2), ratio.toFixed(2)];
    })
  );
  console.log(toText({ head: ["", "CPU us a read", "ratio"], rows }));
}

if (import.meta.main) await main(Deno.args);
