/**
 * The rivals that Debian ships, tgt and istgt, in the variants that are
 * fastest under one load or another. Each runs on a free port of 127.0.0.1,
 * over a file of its own in memory.
 *
 * @module
 */

import { type Daemon, freePort } from "./daemon.ts";
import { ISTGT_LUN, startIstgt } from "./rivals/istgt.ts";
import type { Place } from "./rivals/place.ts";
import { startTgt, TGT_LUN, type TgtStore } from "./rivals/tgt.ts";
import type { BenchTarget } from "./target.ts";

/** Where the files lie: memory, so that no disk is measured. */
const MEMORY_FOLDER = "/dev/shm";

/** One way to run a rival. */
export interface RivalVariant {
  /** Its name on the command line and in tables. */
  readonly name: string;
  /** The rival: `tgt` or `istgt`. */
  readonly group: string;
  /** Whether reads and writes may be mixed on it. */
  readonly takesMixes: boolean;
  /** Starts it on a place. */
  start(place: Place): Promise<Daemon>;
}

/**
 * All variants. istgt with a queue depth of 0 runs commands in the thread
 * that receives them: its fastest way, but a write's answer then may land
 * inside a read's data, so it gets no mixed loads.
 */
export const RIVAL_VARIANTS: readonly RivalVariant[] = [
  tgtVariant("tgt-t1", 1, "rdwr"),
  tgtVariant("tgt-t16", 16, "rdwr"),
  tgtVariant("tgt-aio", 1, "aio"),
  istgtVariant("istgt-q0", 0),
  istgtVariant("istgt-q64", 64),
];

/** Starts a variant over a new file of `sizeBytes`. */
export async function startRival(
  variant: RivalVariant,
  sizeBytes: number,
): Promise<BenchTarget> {
  const port = freePort();
  const folder = await Deno.makeTempDir({ prefix: `bench-${variant.name}-` });
  const imagePath = await Deno.makeTempFile({
    dir: MEMORY_FOLDER,
    prefix: `bench-${variant.name}-`,
  });
  const clear = async (): Promise<void> => {
    await Deno.remove(imagePath);
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await Deno.truncate(imagePath, sizeBytes);
    const targetName = `iqn.2026-01.bench.${variant.group}:ram`;
    const place = { port, folder, targetName, imagePath, sizeBytes };
    return rivalTarget(variant, place, await variant.start(place), clear);
  } catch (error) {
    await clear();
    throw error;
  }
}

function rivalTarget(
  variant: RivalVariant,
  { port, targetName }: Place,
  daemon: Daemon,
  clear: () => Promise<void>,
): BenchTarget {
  const lun = variant.group === "tgt" ? TGT_LUN : ISTGT_LUN;
  return {
    name: variant.name,
    group: variant.group,
    isRival: true,
    url: `iscsi://127.0.0.1:${port}/${targetName}/${lun}`,
    pid: daemon.pid,
    takesMixes: variant.takesMixes,
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await clear();
    },
  };
}

function tgtVariant(
  name: string,
  threadCount: number,
  store: TgtStore,
): RivalVariant {
  return {
    name,
    group: "tgt",
    takesMixes: true,
    start: (place) => startTgt(place, threadCount, store),
  };
}

function istgtVariant(name: string, queueDepth: number): RivalVariant {
  return {
    name,
    group: "istgt",
    takesMixes: queueDepth > 0,
    start: (place) => startIstgt(place, queueDepth),
  };
}
