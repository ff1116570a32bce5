/**
 * Whether a command costs more where there are many LUNs or many sessions:
 * the target's CPU time for a 4 KiB read while 1 to 1,000 of them take part.
 *
 * What is held constant is the depth at which each LUN or session is used:
 * 32 commands. A session has so many in flight, so that what comes in one read
 * of a socket is the same for all; LUNs, behind one session, get so many one
 * after the other. LUNs that get a command each in turn are the worst case:
 * whatever a command looks at was thrown out of the near caches meanwhile.
 * Rounds are interleaved; each figure is a median, the ratio is to one LUN or
 * session.
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

/** What there are more and more of, and the client's words for them. */
interface Kind {
  readonly name: string;
  readonly words: (count: number) => readonly string[];
}

const KINDS: readonly Kind[] = [
  {
    name: "LUNs",
    words: (count) => ["--luns", `${count}`, "--burst", `${DEPTH}`],
  },
  { name: "LUNs in turn", words: (count) => ["--luns", `${count}`] },
  { name: "sessions", words: (count) => ["--conns", `${count}`] },
];

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
      ...["--warmup", "1", "--pid", `${target.pid}`, "--span", "0"],
      ...kind.words(count),
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
        console.error(`# ${count} ${kind.name}: ${cost} us`);
        const key = `${kind.name} ${count}`;
        costs.set(key, [...costs.get(key) ?? [], cost]);
      }
    }
  }
  const median = (kind: Kind, count: number): number =>
    medianOf(costs.get(`${kind.name} ${count}`) ?? []);
  const rows = KINDS.flatMap((kind) =>
    COUNTS.map((count) => {
      const cost = median(kind, count);
      const ratio = cost / median(kind, 1);
      return [`${count} ${kind.name}`, cost.toFixed(2), ratio.toFixed(2)];
    })
  );
  console.log(toText({ head: ["", "CPU us a read", "ratio"], rows }));
}

if (import.meta.main) await main(Deno.args);
