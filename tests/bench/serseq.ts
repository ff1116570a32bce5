/**
 * What the early unblock of sequential reads gains on a slow wire: a host in
 * a process of its own reads a file in sequence over camtgt, each data move
 * taking a millisecond, in turns
 *
 * - with `serseq=read` as it is: the next read begins when the media of the
 *   last one have been read, and
 * - with the same where the next one begins when the last one has ended.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/serseq.ts
 * deno run -A --no-prompt tests/bench/serseq.ts --seconds 0.3 --rounds 3 --tcp
 * ```
 *
 * All that is done to the store is watched: it fails when a read begins before
 * that of the block in front of it, and when the gain is less than 1.8. What
 * overlaps is told from a trace.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import {
  CAMTGT,
  createTarget,
  type LogicalUnit,
  type Target,
  type TraceRecord,
} from "../../mod.ts";
import { traceLine } from "../../ctladm/trace/lines.ts";
import { run } from "../support/command.ts";
import type { CamLoadResult } from "./cam_load.ts";
import { ROOT } from "./dtl.ts";
import { medianOf } from "./summary.ts";
import { storePlugin } from "../support/shuffling_store.ts";
import { toText } from "./table.ts";
import { type WatchedFile, watchFile } from "./watched_file.ts";

const GAIN_MIN = 1.8;
const LUN_BYTES = 16 * 2 ** 20;
const BLOCK_LENGTH = 512;
const BLOCKS = 8;
const TRACED_SECONDS = 0.2;
/** Lines of the trace that are shown. */
const LINES_SHOWN = 26;

const { seconds, rounds, depth, tcp } = parseArgs(Deno.args, {
  string: ["seconds", "rounds", "depth"],
  boolean: ["tcp"],
  default: { seconds: "2", rounds: "5", depth: "8" },
});

/** A target whose LUN 0 is a file, behind an HBA on a slow wire. */
class SlowTarget {
  readonly target: Target;
  readonly unit: LogicalUnit;
  readonly file: WatchedFile;
  readonly address: string;

  constructor(
    target: Target,
    unit: LogicalUnit,
    file: WatchedFile,
    address: string,
  ) {
    this.target = target;
    this.unit = unit;
    this.file = file;
    this.address = address;
  }

  async load(howLong: number): Promise<number> {
    const words = [this.address, String(depth), String(BLOCKS)];
    const said = await run(Deno.execPath(), [
      ...["run", "-A", "--quiet", "--no-prompt", "--frozen"],
      ...["--config", `${ROOT}deno.json`],
      ...[`${ROOT}tests/bench/cam_load.ts`, ...words, String(howLong)],
    ], { timeMsMax: 60_000 + howLong * 1000 });
    const { reads, ms }: CamLoadResult = JSON.parse(said);
    return 1000 * reads / ms;
  }
}

async function startTarget(folder: string): Promise<SlowTarget> {
  const target = createTarget();
  const path = `${folder}/lun0`;
  await Deno.writeFile(path, new Uint8Array(LUN_BYTES).fill(0x5a));
  const file = await watchFile(path, BLOCK_LENGTH, LUN_BYTES / BLOCK_LENGTH);
  await target.plugins.load(storePlugin("watched", file));
  const { unit } = await target.luns.create({
    backend: "watched",
    options: new Map([["serseq", "read"]]),
  });
  await target.plugins.load("camtgt");
  const service = target.plugins.service(CAMTGT);
  const listen = tcp ? "127.0.0.1:0" : `unix:${folder}/hba0.sock`;
  const port = await service?.create(
    new Map([["listen", listen], ["move_ms", "1"]]),
  );
  if (service === undefined || port === undefined) {
    throw new TypeError("There is no port");
  }
  port.setOnline(true);
  const address = service.address(port);
  if (address === null) throw new TypeError("The port has no wire");
  return new SlowTarget(
    target,
    unit,
    file,
    address.transport === "tcp"
      ? `${address.hostname}:${address.port}`
      : `unix:${address.path}`,
  );
}

/** Lets followers wait for the end of a read, as builds without it do. */
async function unblockingAtEnd<Result>(
  { taskSet }: LogicalUnit,
  body: () => Promise<Result>,
): Promise<Result> {
  const { sequentialDone } = taskSet;
  taskSet.sequentialDone = () => {};
  try {
    return await body();
  } finally {
    taskSet.sequentialDone = sequentialDone;
  }
}

/** Reads whose media were read while the data of the one before moved. */
function overlapsOf(records: readonly TraceRecord[]): {
  readonly reads: number;
  readonly overlaps: number;
} {
  const moving = new Set<number | null>();
  let reads = 0;
  let overlaps = 0;
  for (const record of records) {
    if (record.event === "store-begin") {
      reads += 1;
      if (moving.size > 0) overlaps += 1;
    }
    if (record.event === "move-begin") moving.add(record.tag);
    if (record.event === "status") moving.delete(record.tag);
  }
  return { reads, overlaps };
}

/** Runs one traced load; its records. */
async function traced(slow: SlowTarget): Promise<TraceRecord[]> {
  const trace = slow.target.tracing.start();
  await slow.load(TRACED_SECONDS);
  slow.target.tracing.stop();
  const records: TraceRecord[] = [];
  for (let at = 0;;) {
    const more = trace.records(at, 1000);
    if (more.length === 0) return records.filter(({ tag }) => tag !== null);
    records.push(...more);
    at += more.length;
  }
}

const folder = await Deno.makeTempDir({ prefix: "dtl-bench-" });
const slow = await startTarget(folder);
try {
  const early: number[] = [];
  const late: number[] = [];
  for (let round = 0; round < Number(rounds); round += 1) {
    early.push(await slow.load(Number(seconds)));
    late.push(
      await unblockingAtEnd(slow.unit, () => slow.load(Number(seconds))),
    );
  }
  const withIt = await traced(slow);
  const without = await unblockingAtEnd(slow.unit, () => traced(slow));
  const gain = medianOf(early) / medianOf(late);
  const row = (name: string, rates: number[], records: TraceRecord[]) => {
    const { reads, overlaps } = overlapsOf(records);
    const rate = Math.round(medianOf(rates));
    return [name, `${rate}`, `${overlaps} of ${reads}`];
  };
  console.log(toText({
    head: ["serseq=read", "reads/s", "media read while data move"],
    rows: [
      row("unblocks early", early, withIt),
      row("unblocks at the end", late, without),
    ],
  }));
  const from = Math.floor(withIt.length / 2);
  console.log("\nFrom the trace of the first:");
  for (const record of withIt.slice(from, from + LINES_SHOWN)) {
    console.log(traceLine(record));
  }
  const { reads, violations } = slow.file;
  console.log(`\ngain ${gain.toFixed(2)} (at least ${GAIN_MIN})`);
  console.log(`${violations} of ${reads} reads began out of order`);
  if (gain < GAIN_MIN || violations > 0) Deno.exitCode = 1;
} finally {
  await slow.target[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
}
