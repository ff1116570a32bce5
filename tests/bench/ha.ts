/**
 * What a pair of nodes carries through its secondary, beside the direct path
 * to its primary, on this machine, now:
 *
 * ```sh
 * deno run -A tests/bench/ha.ts                 # every set-up
 * deno run -A tests/bench/ha.ts --seconds 5 --rounds 5 proxy-ram
 * ```
 *
 * The link is on loopback. Paths take turns, round by round; rates are
 * medians, and so are their ratios. Both daemons and the client share the
 * processors: the CPU time of each daemon for each command is in the table.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import type { HaMode } from "../../ha/link/peer_hello.ts";
import {
  type DaemonNode,
  DaemonPair,
  PAIR_TARGET,
} from "../support/ha/daemon_pair.ts";
import { ROOT } from "./dtl.ts";
import type { LoadResult } from "./load/result.ts";
import { FILL, type Load, LOADS } from "./loads.ts";
import { cpuSecondsOf } from "./proc.ts";
import { medianOf } from "./summary.ts";
import { toText } from "./table.ts";

/** A pair that is measured. */
interface SetUp {
  readonly name: string;
  readonly mode: HaMode;
  readonly inMemory: boolean;
  readonly tls: boolean;
  /** More of its LUN, on both nodes. */
  readonly lun?: string;
  /** Loads other than those that were asked for. */
  readonly loads?: readonly string[];
  /** Least ratios that are wanted, by names of loads. */
  readonly wanted: Readonly<Record<string, number>>;
}

const OF_PROXY = { "r4k-d32": 0.4, "w4k-d32": 0.4 };
const SEQUENTIAL = { "sr256k-d8": 0.5, "sw256k-d8": 0.5 };
const OF_SHARED = { "r4k-d32": 0.3, "w4k-d32": 0.3 };

const PLAIN = { mode: "proxy" as const, inMemory: false, tls: false };

const SET_UPS: readonly SetUp[] = [
  {
    ...{ ...PLAIN, name: "proxy-ram", inMemory: true },
    wanted: { ...OF_PROXY, ...SEQUENTIAL },
  },
  { ...PLAIN, name: "proxy-file", wanted: { ...OF_PROXY, ...SEQUENTIAL } },
  { ...PLAIN, name: "shared-file", mode: "shared", wanted: OF_SHARED },
  {
    ...{ ...PLAIN, name: "proxy-ram-serseq", inMemory: true },
    ...{ lun: "option serseq read", loads: ["sr256k-d8"], wanted: {} },
  },
  {
    ...{ ...PLAIN, name: "proxy-ram-tls", inMemory: true, tls: true },
    wanted: {},
  },
  {
    ...{ ...PLAIN, name: "shared-file-tls", mode: "shared", tls: true },
    wanted: {},
  },
];

const LOAD_NAMES = ["r4k-d32", "w4k-d32", "sr256k-d8", "sw256k-d8"];
const DISK_BYTES = 256 << 20;
const CLIENT_MS_MAX = 120_000;
const WARM_SECONDS = 1;

/** One run of a load over one path. */
interface Run {
  readonly rate: number;
  /** CPU time of the primary for each command, in microseconds. */
  readonly primaryUs: number;
  /** The same of the secondary. */
  readonly secondaryUs: number;
  /** The same of the client. */
  readonly clientUs: number;
}

const HELP =
  `usage: ha.ts [--seconds N] [--rounds N] [--loads NAME,...] [SET-UP...]

Loads: ${LOAD_NAMES.join(" ")}
Set-ups: ${SET_UPS.map(({ name }) => name).join(" ")}; all without one`;

async function main(words: readonly string[]): Promise<number> {
  const given = parseArgs(words, {
    string: ["seconds", "rounds", "loads", "_"],
    boolean: ["help"],
    default: { seconds: "3", rounds: "3", loads: LOAD_NAMES.join() },
  });
  if (given.help === true) {
    console.log(HELP);
    return 0;
  }
  const names = given._.map(String);
  const chosen = SET_UPS.filter(({ name }) =>
    names.length === 0 || names.includes(name)
  );
  let missed = 0;
  for (const setUp of chosen) {
    missed += await measure(setUp, {
      seconds: Number(given.seconds),
      rounds: Number(given.rounds),
      loads: String(given.loads).split(","),
    });
  }
  return missed === 0 ? 0 : 1;
}

/** How long to measure, and under what. */
interface Plan {
  readonly seconds: number;
  readonly rounds: number;
  readonly loads: readonly string[];
}

async function measure(setUp: SetUp, plan: Plan): Promise<number> {
  const { mode, inMemory, tls, name, lun = "" } = setUp;
  await using pair = await DaemonPair.start({
    ...{ mode, tls, inMemory, diskBytes: DISK_BYTES, lun: () => lun },
  });
  await runClient(pair, pair.one, FILL, ["--fill"]);
  const names = setUp.loads ?? plan.loads;
  const loads = LOADS.filter(({ name }) => names.includes(name));
  const rows: string[][] = [];
  let missed = 0;
  for (const load of loads) {
    const [direct, forwarded] = await compare(pair, load, plan);
    const ratio = forwarded.rate / direct.rate;
    const wanted = setUp.wanted[load.name];
    const isMissed = wanted !== undefined && ratio < wanted;
    if (isMissed) missed += 1;
    rows.push([
      load.name,
      rateText(direct, load),
      rateText(forwarded, load),
      ratio.toFixed(2),
      wanted === undefined ? "-" : `${wanted}${isMissed ? " MISSED" : ""}`,
      microseconds(direct),
      microseconds(forwarded),
    ]);
  }
  console.log(`\n# ${name}: ${mode}, link ${tls ? "TLS 1.3" : "plain"}`);
  console.log(toText({
    head: [
      ...["load", "direct", "secondary", "ratio", "wanted"],
      "direct: us of primary + secondary + client",
      "secondary: the same",
    ],
    rows,
  }));
  return missed;
}

async function compare(
  pair: DaemonPair,
  load: Load,
  { seconds, rounds }: Plan,
): Promise<[Run, Run]> {
  const nodes = [pair.one, pair.two];
  const runs: Run[][] = [[], []];
  for (const node of nodes) await runOnce(pair, node, load, WARM_SECONDS);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, node] of nodes.entries()) {
      runs[index]?.push(await runOnce(pair, node, load, seconds));
    }
  }
  const [direct = [], forwarded = []] = runs;
  return [medianRun(direct), medianRun(forwarded)];
}

function medianRun(runs: readonly Run[]): Run {
  const of = (key: keyof Run) => medianOf(runs.map((run) => run[key]));
  return {
    rate: of("rate"),
    primaryUs: of("primaryUs"),
    secondaryUs: of("secondaryUs"),
    clientUs: of("clientUs"),
  };
}

async function runOnce(
  pair: DaemonPair,
  node: DaemonNode,
  load: Load,
  seconds: number,
): Promise<Run> {
  const pids = [pair.one.program.pid, pair.two.program.pid];
  const before = pids.map(cpuSecondsOf);
  const words = ["--time", `${seconds}`, "--warmup", "0"];
  const result = await runClient(pair, node, load, words);
  const [primary = 0, secondary = 0] = pids.map((pid, index) =>
    (cpuSecondsOf(pid) - (before[index] ?? 0)) * 1e6 / result.ios
  );
  return {
    rate: load.inMegabytes ? result.MBps : result.iops,
    primaryUs: primary,
    secondaryUs: secondary,
    clientUs: result.client_us_per_io,
  };
}

async function runClient(
  pair: DaemonPair,
  node: DaemonNode,
  { rw, order, bs, qd }: Load,
  words: readonly string[],
): Promise<LoadResult> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-prompt", `${ROOT}tests/bench/load_client.ts`],
      ...["--url", node.url, "--rw", rw, "--order", order, "--bs", bs],
      ...["--qd", `${qd}`, ...words],
    ],
    cwd: ROOT,
    signal: AbortSignal.timeout(CLIENT_MS_MAX),
  }).output();
  const told = new TextDecoder();
  if (code === 0) return JSON.parse(told.decode(stdout));
  throw new Error(
    `The load failed: ${told.decode(stderr)}\n${pair.describe()}`,
  );
}

function rateText({ rate }: Run, { inMegabytes }: Load): string {
  return inMegabytes ? `${rate.toFixed(0)} MB/s` : `${rate.toFixed(0)}/s`;
}

function microseconds(run: Run): string {
  return [run.primaryUs, run.secondaryUs, run.clientUs]
    .map((us) => us.toFixed(1)).join(" + ");
}

if (import.meta.main) {
  console.log(`# target ${PAIR_TARGET}, ${navigator.hardwareConcurrency} CPUs`);
  Deno.exit(await main(Deno.args));
}
