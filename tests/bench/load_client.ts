/**
 * A lean iSCSI load client: its own initiator, one connection a session, no
 * digests, no authentication; a process of its own, so that its CPU time and
 * its CPU are known.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/load_client.ts \
 *   --url iscsi://127.0.0.1:3260/iqn.2026-01.bench.dtl:ram/0 \
 *   --rw mix:70 --order rand --bs 8k --qd 32 --time 3 --pid 1234
 * ```
 *
 * It prints one line of JSON ({@linkcode LoadResult}). `--fill` writes the
 * pattern over the span once; `--verify` compares what it reads with it, and
 * writes nothing else, so that a mixed load stays verifiable. `--qd` is for
 * each connection. With several connections the client is still one loop.
 *
 * @module
 */

import { exitWith } from "../run/program.ts";
import { Engine } from "./load/engine.ts";
import { Measurement } from "./load/measurement.ts";
import { type LoadOptions, parseLoadOptions, USAGE } from "./load/options.ts";
import { Places } from "./load/places.ts";
import { Pump } from "./load/pump.ts";
import { type LoadResult, summarizeRun } from "./load/result.ts";
import {
  closeSession,
  openSession,
  type ReadySession,
} from "./load/session.ts";
import { TaskTable } from "./load/tasks.ts";
import { lunWord } from "./load/wire.ts";

/** No answer for so long means that the target hangs. */
const SILENCE_MS_MAX = 10_000;

/** A fill ends by itself; this is only its upper limit. */
const FILL_MS_MAX = 600_000;

/**
 * Runs one load.
 *
 * @throws when a session cannot be opened, or ends early
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const sessions: ReadySession[] = [];
  for (let id = 0; id < options.connections; id += 1) {
    sessions.push(await openSession(options.address, id, options.luns));
  }
  const [first] = sessions;
  if (first === undefined) throw new Error("No session");
  const timeMs = options.fill ? FILL_MS_MAX : options.timeMs;
  const warmupMs = options.fill ? 0 : options.warmupMs;
  const measurement = new Measurement(options.targetPid, warmupMs, timeMs);
  measurement.observe(performance.now());
  const watchdog = watch(sessions, measurement);
  try {
    await Promise.all(sessions.map((session, id) => {
      const engine = createEngine(session, id, options, measurement);
      return new Pump(session.conn, engine, measurement).run();
    }));
    measurement.close();
  } finally {
    clearInterval(watchdog);
  }
  for (const { conn, sequence } of sessions) await closeSession(conn, sequence);
  return summarizeRun(options, measurement, first.negotiated);
}

/** Closes all connections when nothing has come for long. */
function watch(
  sessions: readonly ReadySession[],
  measurement: Measurement,
): ReturnType<typeof setInterval> {
  let seen = 0;
  return setInterval(() => {
    if (measurement.receives === seen) {
      console.error(`No answer for ${SILENCE_MS_MAX / 1000} s`);
      for (const { conn } of sessions) conn.close();
    }
    seen = measurement.receives;
  }, SILENCE_MS_MAX);
}

function createEngine(
  session: ReadySession,
  id: number,
  options: LoadOptions,
  measurement: Measurement,
): Engine {
  const { blockBytes, depth, fill, verify } = options;
  return new Engine({
    tasks: new TaskTable(depth, verify ? blockBytes : 0),
    places: createPlaces(session, id, options),
    negotiated: session.negotiated,
    sequence: session.sequence,
    measurement,
    lunWords: Array.from(
      { length: options.luns },
      (_, index) => lunWord(options.address.lun + index),
    ),
    lunBlockBytes: session.blockBytes,
    blockBytes,
    patterned: fill || verify,
    once: fill,
    verify,
  });
}

function createPlaces(
  { blockBytes: lunBlockBytes, capacityBytes }: ReadySession,
  id: number,
  options: LoadOptions,
): Places {
  const { blockBytes, connections } = options;
  const wanted = options.spanBytes === 0 ? capacityBytes : options.spanBytes;
  const spanBytes = Math.min(wanted, capacityBytes);
  const blocks = Math.floor(spanBytes / blockBytes);
  const blocksEach = Math.floor(blocks / connections);
  if (blockBytes % lunBlockBytes !== 0 || blocksEach === 0) {
    throw new RangeError(
      `Data of ${blockBytes} bytes does not fit the LUN: ` +
        `${capacityBytes} bytes in blocks of ${lunBlockBytes}`,
    );
  }
  const isLast = id === connections - 1;
  return new Places({
    startBytes: id * blocksEach * blockBytes,
    endBytes: (isLast ? blocks : (id + 1) * blocksEach) * blockBytes,
    spanBytes,
    blockBytes,
    sequential: options.sequential,
    readPercent: options.fill ? 0 : options.readPercent,
  });
}

/** Command line; the exit code tells whether all commands ended well. */
async function main(): Promise<number> {
  if (Deno.args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const result = await runLoad(parseLoadOptions(Deno.args));
  console.log(JSON.stringify(result));
  return result.errors === 0 ? 0 : 1;
}

if (import.meta.main) await exitWith(main);
