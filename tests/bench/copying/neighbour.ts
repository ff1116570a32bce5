/**
 * How others fare while a copy goes on: 4 KiB random reads of
 * another LUN by a process of its own, and the memory of the daemon.
 *
 * @module
 */

import { run } from "../../support/command.ts";
import { cloneByXcopy } from "../../support/copy_client.ts";
import type { LoadResult } from "../load/result.ts";
import { toText } from "../table.ts";
import {
  type CopyDaemon,
  type Medium,
  pairOf,
  READ_LUN,
} from "./copy_daemon.ts";
import type { Kind } from "./race.ts";

/** Part of their undisturbed rate that others are wanted to keep. */
export const RATE_MIN = 0.5;
/** Milliseconds below which 99 of 100 of their reads are wanted. */
export const P99_MS_MAX = 20;
/** MiB by which the daemon may grow. */
export const GROWTH_MIB_MAX = 64;

const MEMORY_EACH_MS = 20;

/** What was seen. */
export interface NeighbourRow {
  /** Where the blocks of the copy are. */
  readonly medium: Medium;
  /** What the copy does. */
  readonly kind: Kind;
  /** Reads in flight. */
  readonly depth: number;
  /** The reads without a copy. */
  readonly alone: LoadResult;
  /** The reads beside it. */
  readonly beside: LoadResult;
  /** What the copy moved a second, in 10^6 bytes. */
  readonly copyMBps: number;
  /** Most MiB that the daemon had more than before. */
  readonly growthMiB: number;
}

/** What is measured. */
export interface NeighbourWish {
  /** Where the blocks of the copy are. */
  readonly medium: Medium;
  /** What the copy does. */
  readonly kind: Kind;
  /** Reads in flight. */
  readonly depth: number;
  /** Seconds that are measured. */
  readonly seconds: number;
}

/**
 * Reads alone, then beside a copy that is begun again until they end. It goes
 * onto a LUN that has its memory, so that what grows is the engine's.
 */
export async function measureNeighbour(
  daemon: CopyDaemon,
  { medium, kind, depth, seconds }: NeighbourWish,
): Promise<NeighbourRow> {
  const [source, destination] = await pairOf(daemon, medium);
  const lengthBytes = source.blockCount * source.blockLength;
  const copy = () => cloneByXcopy(daemon.session, { source, destination });
  await copy();
  const alone = await readOthers(daemon, depth, seconds);
  const memory = watchMemory(daemon);
  let ended = false;
  const reading = readOthers(daemon, depth, seconds)
    .finally(() => ended = true);
  const began = performance.now();
  let copies = 0;
  do {
    await copy();
    copies += 1;
  } while (!ended);
  const copySeconds = (performance.now() - began) / 1000;
  return {
    ...{ medium, kind, depth, alone, beside: await reading },
    copyMBps: copies * lengthBytes / copySeconds / 1e6,
    growthMiB: memory.end(),
  };
}

/** What came of it, for a terminal. */
export function tellNeighbours(rows: readonly NeighbourRow[]): string {
  return toText({
    head: [
      ...["copy in", "copy is", "depth", "alone IOPS", "beside IOPS", "ratio"],
      ...["alone p99 ms", "beside p99 ms", "max ms"],
      ...["copy MB/s", "grows MiB", "wanted"],
    ],
    rows: rows.map((row) => {
      const { alone, beside, copyMBps, growthMiB } = row;
      return [
        ...[row.medium, row.kind, String(row.depth), alone.iops.toFixed(0)],
        ...[beside.iops.toFixed(0), (beside.iops / alone.iops).toFixed(2)],
        ...[ms(alone.lat_us.p99), ms(beside.lat_us.p99), ms(beside.lat_us.max)],
        ...[copyMBps.toFixed(0), growthMiB.toFixed(1)],
        isGood(row) ? "pass" : "FAIL",
      ];
    }),
  });
}

function isGood({ alone, beside, growthMiB }: NeighbourRow): boolean {
  return beside.iops >= RATE_MIN * alone.iops &&
    beside.lat_us.p99 / 1000 < P99_MS_MAX && growthMiB < GROWTH_MIB_MAX;
}

function ms(microseconds: number): string {
  return (microseconds / 1000).toFixed(2);
}

async function readOthers(
  daemon: CopyDaemon,
  depth: number,
  seconds: number,
): Promise<LoadResult> {
  const client = new URL("../load_client.ts", import.meta.url).pathname;
  const load = ["--bs", "4k", "--qd", String(depth), "--time", String(seconds)];
  return JSON.parse(
    await run(Deno.execPath(), [
      ...["run", "-A", "--no-prompt", client, "--url", daemon.url(READ_LUN)],
      ...[...load, "--warmup", "0.5", "--pid", String(daemon.pid)],
    ]),
  );
}

/** Looks at the memory of a daemon; `end` tells by how much it grew. */
function watchMemory(daemon: CopyDaemon): { end(): number } {
  const before = daemon.anonymousBytes();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, daemon.anonymousBytes());
  }, MEMORY_EACH_MS);
  return {
    end() {
      clearInterval(timer);
      return (most - before) / 2 ** 20;
    },
  };
}
