/**
 * Whether a file LUN whose data are not cached keeps the event loop from a
 * neighbour: the latencies of a RAM LUN, read at depth 1 from a process of its
 * own, while another client works on the file. Its p99 must not exceed 5 ms.
 *
 * The page cache is emptied of the file before each load and, where the load
 * only reads, twice a second while it lasts. Half of the file was written
 * before, the other half is sparse.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/stalls.ts [--seconds 5] [--size 2g]
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { run } from "../support/command.ts";
import { type DtlTarget, startDtl } from "./dtl.ts";
import { type Beside, measureBeside, ms, runClient } from "./fairness.ts";
import { parseBytes } from "./load/options.ts";
import { toText } from "./table.ts";

const SECONDS = 5;
const SIZE = "2g";
/** The event loop may not be away for longer. */
const STALL_MS_MAX = 5;
const DROP_EVERY_MS = 500;
/** Writes a half of the file; the rest stays sparse. */
const FILL = ["--fill", "--span", "1g", "--bs", "256k", "--qd", "8"];

/** What goes on beside the quiet session. */
interface Flood {
  readonly name: string;
  /** Words for the load client; none: nothing goes on. */
  readonly words: readonly string[];
  /** It writes nothing: the cache can be emptied meanwhile. */
  readonly reads: boolean;
}

const FLOODS: readonly Flood[] = [
  flood("nothing", ""),
  flood("4 KiB random reads, depth 32", "--bs 4k --qd 32"),
  flood("256 KiB reads, depth 8", "--bs 256k --qd 8 --order seq"),
  flood("4 KiB random writes, depth 32", "--bs 4k --qd 32 --rw write"),
  flood("512 B random writes, depth 32", "--bs 512 --qd 32 --rw write"),
  flood("256 KiB writes, depth 8", "--bs 256k --qd 8 --order seq --rw write"),
  flood("1 MiB random writes, depth 8", "--bs 1m --qd 8 --rw write"),
];

function flood(name: string, words: string): Flood {
  const reads = !words.includes("write");
  return { name, words: words === "" ? [] : words.split(" "), reads };
}

/** Throws the file out of the page cache; what is dirty is written first. */
async function dropCache(path: string): Promise<void> {
  const words = [`of=${path}`, "oflag=nocache", "conv=notrunc,fdatasync"];
  await run("dd", [...words, "count=0", "status=none"]);
}

/** Throws it out again and again until it is told to stop. */
async function keepDropping(path: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await dropCache(path);
    await new Promise((resolve) => setTimeout(resolve, DROP_EVERY_MS));
  }
}

async function measure(
  target: DtlTarget,
  { words, reads }: Flood,
  seconds: number,
): Promise<Beside> {
  const [path = ""] = target.files;
  await dropCache(path);
  const stop = new AbortController();
  const dropping = reads ? keepDropping(path, stop.signal) : undefined;
  try {
    const fileUrl = target.urlOf(1);
    return await measureBeside(target.url, words, fileUrl, seconds);
  } finally {
    stop.abort();
    await dropping;
  }
}

/** Measures one adapter; tells whether all went well. */
async function measureAdapter(
  native: boolean,
  sizeBytes: number,
  seconds: number,
): Promise<boolean> {
  await using target = await startDtl(sizeBytes, 1, { fileLuns: 1, native });
  await runClient(target.urlOf(1), FILL);
  const rows: string[][] = [];
  for (const flood of FLOODS) {
    const { quiet, floodMBps } = await measure(target, flood, seconds);
    const { p50, p99, p999, max } = quiet;
    const verdict = p99 <= 1000 * STALL_MS_MAX ? "pass" : "FAIL";
    rows.push([
      ...[flood.name, ms(p50), ms(p99), ms(p999), ms(max)],
      ...[floodMBps.toFixed(0), verdict],
    ]);
  }
  const head = [
    ...[native ? "native adapter" : "default adapter", "p50 ms", "p99 ms"],
    ...["p99.9 ms", "max ms", "flood MB/s", `p99 <= ${STALL_MS_MAX} ms`],
  ];
  console.log(toText({ head, rows }) + "\n");
  return rows.every((row) => row.at(-1) === "pass");
}

async function main(words: readonly string[]): Promise<boolean> {
  const given = parseArgs(words, { string: ["seconds", "size"] });
  const seconds = Number(given.seconds ?? SECONDS);
  const sizeBytes = parseBytes(String(given.size ?? SIZE));
  const outcomes: boolean[] = [];
  for (const native of [false, true]) {
    outcomes.push(await measureAdapter(native, sizeBytes, seconds));
  }
  return outcomes.every((passed) => passed);
}

if (import.meta.main) Deno.exit(await main(Deno.args) ? 0 : 1);
