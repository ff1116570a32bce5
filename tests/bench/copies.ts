/**
 * What copies inside the target cost: against `qemu-img convert`, which moves
 * the data over the network and back, and against those who read meanwhile.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/copies.ts [--size 1g] [--rounds 3]
 *   [--long 4g] [--seconds 4] [--depths 1,32] [--media RAM,file]
 *   [--folder DIR] [--json FILE]
 * ```
 *
 * 1. LUNs of `--size`, full of data, in memory and in files: in each round
 *    `qemu-img convert`, then EXTENDED COPY to an empty LUN, once by a target
 *    whose stores share what is copied, once by one that reads and writes it.
 *    Each copy is compared with its source. Ratios are of medians.
 * 2. 4 KiB random reads of another LUN by a session of its own, alone, and
 *    while a copy of `--long` bytes is read and written over and over onto a
 *    LUN that has its memory already; and how far the daemon grows by it.
 *
 * Figures, not a test: they depend on the machine.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { run } from "../support/command.ts";
import { cloneByXcopy, type CopyLun } from "../support/copy_client.ts";
import {
  type CopyDaemon,
  LUNS,
  type Medium,
  READ_LUN,
  startCopyDaemon,
} from "./copying/copy_daemon.ts";
import { parseBytes } from "./load/options.ts";
import type { LoadResult } from "./load/result.ts";
import { providePrograms } from "./packages.ts";
import { medianOf } from "./summary.ts";
import { toText } from "./table.ts";

/** What is wanted: how many times as long the network takes. */
const WANTED = { moved: 2, shared: 40 } as const;
/** What is wanted of others' reads, and of memory. */
const RATE_MIN = 0.5;
const P99_MS_MAX = 20;
const GROWTH_MIB_MAX = 64;
const TOOL_MS = 300_000;
const MEMORY_EACH_MS = 20;

interface Options {
  readonly sizeBytes: number;
  readonly longBytes: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly depths: readonly number[];
  readonly media: readonly Medium[];
  readonly fileFolder: string | undefined;
  readonly jsonPath: string | undefined;
}

/** Times of one kind of copy, in seconds. */
interface Times {
  readonly network: number[];
  readonly copy: number[];
}

/** How others fare while a copy goes on. */
interface Neighbour {
  readonly medium: Medium;
  readonly depth: number;
  readonly alone: LoadResult;
  readonly beside: LoadResult;
  readonly copyMBps: number;
  readonly growthMiB: number;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function convert(from: string, to: string): Promise<void> {
  const raw = ["-f", "raw", "-O", "raw"];
  const words = ["convert", "-n", ...raw, from, to];
  await run("qemu-img", words, { timeMsMax: TOOL_MS });
}

async function compare(from: string, to: string): Promise<void> {
  const words = ["compare", "-f", "raw", "-F", "raw", from, to];
  await run("qemu-img", words, { timeMsMax: TOOL_MS });
}

/** Rounds of both ways over the LUNs of one medium. */
async function timeCopies(
  daemon: CopyDaemon,
  medium: Medium,
  rounds: number,
): Promise<Times> {
  const [source, destination] = await pairOf(daemon, medium);
  const urls = [daemon.url(source.lun), daemon.url(destination.lun)] as const;
  const ways: Record<keyof Times, () => Promise<void>> = {
    network: () => convert(...urls),
    copy: () => cloneByXcopy(daemon.session, { source, destination }),
  };
  const times: Times = { network: [], copy: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ["network", "copy"] as const) {
      await daemon.empty(destination);
      const seconds = await secondsOf(ways[way]);
      await compare(...urls);
      times[way].push(seconds);
      console.error(
        `# ${medium} round ${round} ${way} ${seconds.toFixed(3)} s`,
      );
    }
  }
  return times;
}

async function pairOf(
  daemon: CopyDaemon,
  medium: Medium,
): Promise<[source: CopyLun, destination: CopyLun]> {
  const [source, destination] = LUNS[medium];
  return [await daemon.lun(source), await daemon.lun(destination)];
}

/** 4 KiB random reads by a process of its own. */
async function readOthers(
  daemon: CopyDaemon,
  depth: number,
  seconds: number,
): Promise<LoadResult> {
  const client = new URL("load_client.ts", import.meta.url).pathname;
  const load = ["--bs", "4k", "--qd", String(depth), "--time", String(seconds)];
  return JSON.parse(
    await run(Deno.execPath(), [
      ...["run", "-A", "--no-prompt", client, "--url", daemon.url(READ_LUN)],
      ...[...load, "--warmup", "0.5", "--pid", String(daemon.pid)],
    ]),
  );
}

/** Others' reads alone, and beside a copy that goes on until they end. */
async function measureNeighbour(
  daemon: CopyDaemon,
  medium: Medium,
  depth: number,
  seconds: number,
): Promise<Neighbour> {
  const [source, destination] = await pairOf(daemon, medium);
  const lengthBytes = source.blockCount * source.blockLength;
  const copy = () => cloneByXcopy(daemon.session, { source, destination });
  // The destination gets its memory, and the engine its buffers.
  await copy();
  const alone = await readOthers(daemon, depth, seconds);
  const before = daemon.anonymousBytes();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, daemon.anonymousBytes());
  }, MEMORY_EACH_MS);
  let ended = false;
  const reading = readOthers(daemon, depth, seconds).finally(() =>
    ended = true
  );
  let copies = 0;
  const copySeconds = await secondsOf(async () => {
    do {
      await copy();
      copies += 1;
    } while (!ended);
  });
  clearInterval(watch);
  return {
    ...{ medium, depth, alone, beside: await reading },
    copyMBps: copies * lengthBytes / copySeconds / 1e6,
    growthMiB: (most - before) / 2 ** 20,
  };
}

function timesTable(kind: keyof typeof WANTED, medium: Medium, times: Times) {
  const network = medianOf(times.network);
  const copy = medianOf(times.copy);
  const ratio = network / copy;
  const wanted = WANTED[kind];
  return {
    ...{ medium, kind, network, copy, ratio, wanted },
    pass: ratio >= wanted,
  };
}

type TimesRow = ReturnType<typeof timesTable>;

function tellTimes(rows: readonly TimesRow[]): string {
  return toText({
    head: [
      ...["medium", "copy is", "qemu-img convert s", "EXTENDED COPY s"],
      ...["ratio", "wanted"],
    ],
    rows: rows.map((row) => [
      ...[row.medium, row.kind, row.network.toFixed(3), row.copy.toFixed(3)],
      ...[row.ratio.toFixed(1), `${row.wanted} ${verdict(row.pass)}`],
    ]),
  });
}

function verdict(pass: boolean): string {
  return pass ? "pass" : "FAIL";
}

function isGood({ alone, beside, growthMiB }: Neighbour): boolean {
  return beside.iops >= RATE_MIN * alone.iops &&
    beside.lat_us.p99 / 1000 < P99_MS_MAX && growthMiB < GROWTH_MIB_MAX;
}

function tellNeighbours(rows: readonly Neighbour[]): string {
  const ms = (us: number): string => (us / 1000).toFixed(2);
  return toText({
    head: [
      ...["copy in", "depth", "alone IOPS", "beside IOPS", "ratio"],
      ...["alone p99 ms", "beside p99 ms", "max ms"],
      ...["copy MB/s", "grows MiB", "wanted"],
    ],
    rows: rows.map((row) => {
      const { medium, depth, alone, beside, copyMBps, growthMiB } = row;
      return [
        ...[medium, String(depth), alone.iops.toFixed(0)],
        ...[beside.iops.toFixed(0), (beside.iops / alone.iops).toFixed(2)],
        ...[ms(alone.lat_us.p99), ms(beside.lat_us.p99), ms(beside.lat_us.max)],
        ...[copyMBps.toFixed(0), growthMiB.toFixed(1), verdict(isGood(row))],
      ];
    }),
  });
}

function parseOptions(words: readonly string[]): Options {
  const given = parseArgs(words, {
    string: [
      ...["size", "long", "rounds", "seconds", "depths", "media"],
      ...["folder", "json"],
    ],
    default: {
      ...{ size: "1g", long: "4g", rounds: "3", seconds: "4" },
      depths: "1,32",
      media: "RAM,file",
    },
    unknown: (word) => {
      throw new TypeError(`Unknown argument: "${word}"`);
    },
  });
  const text = (name: string): string => String(given[name]);
  const optional = (name: string): string | undefined =>
    given[name] === undefined ? undefined : text(name);
  const names = text("media").split(",");
  const media: readonly Medium[] = ["RAM", "file"];
  return {
    sizeBytes: parseBytes(text("size")),
    longBytes: parseBytes(text("long")),
    rounds: Number(given.rounds),
    seconds: Number(given.seconds),
    depths: text("depths").split(",").map(Number),
    media: media.filter((one) => names.includes(one)),
    fileFolder: optional("folder"),
    jsonPath: optional("json"),
  };
}

async function timeAll(options: Options): Promise<TimesRow[]> {
  const { sizeBytes, media, rounds, fileFolder } = options;
  const rows: TimesRow[] = [];
  for (const kind of ["moved", "shared"] as const) {
    await using daemon = await startCopyDaemon({
      ...{ sizeBytes, media, shares: kind === "shared" },
      ...fileFolder === undefined ? {} : { fileFolder },
    });
    for (const medium of media) {
      const times = await timeCopies(daemon, medium, rounds);
      rows.push(timesTable(kind, medium, times));
    }
  }
  return rows;
}

async function measureNeighbours(options: Options): Promise<Neighbour[]> {
  const { longBytes, media, seconds, fileFolder } = options;
  const rows: Neighbour[] = [];
  for (const medium of media) {
    await using daemon = await startCopyDaemon({
      ...{ sizeBytes: longBytes, media: [medium], shares: false },
      ...fileFolder === undefined ? {} : { fileFolder },
    });
    for (const depth of options.depths) {
      rows.push(await measureNeighbour(daemon, medium, depth, seconds));
    }
  }
  return rows;
}

async function main(words: readonly string[]): Promise<void> {
  const options = parseOptions(words);
  await providePrograms([{ program: "qemu-img", package: "qemu-utils" }]);
  const times = options.rounds > 0 ? await timeAll(options) : [];
  if (times.length > 0) console.log(tellTimes(times) + "\n");
  const neighbours = options.seconds > 0
    ? await measureNeighbours(options)
    : [];
  if (neighbours.length > 0) console.log(tellNeighbours(neighbours));
  if (options.jsonPath !== undefined) {
    const json = JSON.stringify({ times, neighbours }, null, 1);
    await Deno.writeTextFile(options.jsonPath, json + "\n");
  }
}

if (import.meta.main) await main(Deno.args);
