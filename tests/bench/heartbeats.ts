/**
 * How long a COMPARE AND WRITE takes while another session has the target at
 * long work. Cluster file systems beat their hearts with it: a host that waits
 * too long gives its volumes up.
 *
 * Where the long command leaves others on the unit, the heart beats on the
 * same one; a unit that is formatted or sanitized has the beat beside it.
 * Figures, not a test: they depend on the machine.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/heartbeats.ts [--seconds 5]
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import {
  type CommandOptions,
  compareAndWrite,
  openSession,
  parsePortal,
  type Session,
  STATUS,
  unmap,
  unmapList,
  verify10,
  writeSame16,
} from "../support/initiator/mod.ts";
import { startDtl } from "./dtl.ts";
import { LatencyHistogram } from "./load/histogram.ts";
import { toText } from "./table.ts";

const LUN_BYTES = 512 * 2 ** 20;
const SECONDS = 5;
/** Blocks that the long commands work on; the heart beats behind them. */
const LONG_BLOCKS = LUN_BYTES / 512 - 1024;
const OR_BLOCKS = 32 * 2 ** 20 / 512;

/** A long command, again and again. */
interface LongWork {
  /** Its name. */
  readonly name: string;
  /** The command; absent: nothing else goes on. */
  readonly cdb?: Uint8Array;
  /** Its data. */
  readonly options?: CommandOptions;
  /** The LUN of the heartbeat; the work is done on LUN 0. */
  readonly beatsOn: number;
}

const RANGES = unmapList([[0, LONG_BLOCKS]]);

function sixteen(opcode: number, blocks: number): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = opcode;
  new DataView(cdb.buffer).setUint32(10, blocks);
  return cdb;
}

const WORKS: readonly LongWork[] = [
  { name: "nothing", beatsOn: 0 },
  {
    name: "WRITE SAME",
    cdb: writeSame16(0, LONG_BLOCKS),
    options: { write: new Uint8Array(512).fill(0xa5) },
    beatsOn: 0,
  },
  {
    name: "UNMAP",
    cdb: unmap(RANGES.length),
    options: { write: RANGES },
    beatsOn: 0,
  },
  { name: "VERIFY", cdb: verify10(0, 0xffff), beatsOn: 0 },
  {
    name: "ORWRITE",
    cdb: sixteen(0x8b, OR_BLOCKS),
    options: { write: new Uint8Array(OR_BLOCKS * 512) },
    beatsOn: 0,
  },
  { name: "FORMAT UNIT", cdb: Uint8Array.of(4, 0, 0, 0, 0, 0), beatsOn: 1 },
  {
    name: "SANITIZE OVERWRITE",
    cdb: Uint8Array.of(0x48, 1, 0, 0, 0, 0, 0, 0, 5, 0),
    options: { write: Uint8Array.of(1, 0, 0, 1, 0xa5) },
    beatsOn: 1,
  },
];

/** Opens a session that has heard the unit attentions of both LUNs. */
async function open(url: string): Promise<Session> {
  const { host, pathname } = new URL(url.replace(/^iscsi:/, "http:"));
  const targetName = decodeURIComponent(pathname.split("/")[1] ?? "");
  const session = await openSession({
    portal: parsePortal(host),
    targetName,
  });
  for (const lun of [0, 1]) {
    await session.command(lun, new Uint8Array(6));
  }
  return session;
}

/** Does the work over and over until it is told to stop. */
async function keepAt(
  session: Session,
  work: LongWork,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  while (work.cdb !== undefined && !signal.aborted) {
    const { status, sense } = await session
      .command(0, work.cdb, { timeoutMs: 60_000, ...work.options });
    if (status !== STATUS.GOOD) throw new Error(`${work.name}: ${sense}`);
    count += 1;
  }
  return count;
}

async function beat(
  session: Session,
  lun: number,
  seconds: number,
): Promise<LatencyHistogram> {
  const latencies = new LatencyHistogram();
  const end = performance.now() + 1000 * seconds;
  const write = new Uint8Array(1024);
  while (performance.now() < end) {
    const begin = performance.now();
    const cdb = compareAndWrite(LONG_BLOCKS + 8, 1);
    const { status, sense } = await session.command(lun, cdb, { write });
    if (status !== STATUS.GOOD) throw new Error(`heartbeat: ${sense}`);
    latencies.record(performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return latencies;
}

function ms(microseconds: number): string {
  return (microseconds / 1000).toFixed(2);
}

/** Measures each kind of work and prints a table. */
async function main(words: readonly string[]): Promise<void> {
  const given = parseArgs(words, { string: ["seconds"] });
  const seconds = Number(given.seconds ?? SECONDS);
  await using target = await startDtl(LUN_BYTES, 2);
  const rows: string[][] = [];
  for (const work of WORKS) {
    await using busy = await open(target.url);
    await using quiet = await open(target.url);
    const stop = new AbortController();
    const working = keepAt(busy, work, stop.signal);
    const latencies = await beat(quiet, work.beatsOn, seconds);
    stop.abort();
    const count = await working;
    rows.push([
      work.name,
      ms(latencies.percentileUs(0.5)),
      ms(latencies.percentileUs(0.99)),
      ms(latencies.maxUs()),
      String(count),
    ]);
  }
  const head = ["long work", "p50 ms", "p99 ms", "max ms", "commands done"];
  console.log(toText({ head, rows }));
}

if (import.meta.main) await main(Deno.args);
