/**
 * `ctladm trace`: what commands do, as they do it, and what they wait for.
 *
 * @module
 */

import type {
  TraceRecordsResource,
  TraceResource,
  TraceWaitsResource,
} from "../api/trace_resources.ts";
import { has, valueOf } from "../getopt.ts";
import { TRACE_HEADER, traceLine } from "../trace/lines.ts";
import { rankingLines } from "../trace/ranking.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  numberOption,
  UsageError,
} from "./command.ts";

/** Between two looks at a trace. */
const POLL_MS = 200;
/** A trace whose reader was killed ends by itself. */
const IDLE_MS = 10_000;

/** The subcommand. */
export const trace: Command = {
  name: "trace",
  beyondCtl: true,
  letters: "bc:l:n:t:",
  longOptions: { blocked: "b", chrome: "c" },
  summary: "show what commands do and what they wait for",
  synopsis: "trace [-l lun] [-n records] [-t seconds] " +
    "[--blocked | --chrome file] [--json]",
  example: "ctladm trace -l 0 -t 5 --blocked",
  run: async (context) => {
    const { options } = context;
    if (options.rest.length > 0) {
      throw new UsageError(`cannot use "${options.rest[0]}" here`);
    }
    const file = valueOf(options, "c");
    if (has(options, "b")) await rank(context);
    else if (file !== undefined) await writeChrome(context, file);
    else await follow(context);
  },
};

/** Shows records as they come. */
async function follow(context: CommandContext): Promise<void> {
  const { print, json } = context;
  const show = json
    ? (records: TraceRecordsResource["records"]) =>
      records.map((record) => JSON.stringify(record))
    : (records: TraceRecordsResource["records"]) => records.map(traceLine);
  const started = await begin(context);
  if (!json) print(TRACE_HEADER);
  await watch(context, started, ({ records }, lost) => {
    if (lost > 0 && !json) print(`... ${lost} records were overwritten`);
    if (records.length > 0) print(show(records).join("\n"));
  });
}

/** Tells who blocked whom: in the last trace, or in one of `-t` seconds. */
async function rank(context: CommandContext): Promise<void> {
  const { client, json, print, printJson } = context;
  await traceFor(context);
  const waits = await client.get<TraceWaitsResource>("/v1/trace/blocked");
  if (json) printJson(waits);
  else print(rankingLines(waits).join("\n"));
}

/** Writes a trace for chrome://tracing: the last one, or one of `-t`. */
async function writeChrome(
  context: CommandContext,
  file: string,
): Promise<void> {
  const { client, surroundings } = context;
  await traceFor(context);
  const chrome = await client.get<unknown>("/v1/trace/chrome");
  using sink = await surroundings.openSink(file);
  const text = `${JSON.stringify(chrome)}\n`;
  await sink.write(new TextEncoder().encode(text));
}

async function traceFor(context: CommandContext): Promise<void> {
  if (!has(context.options, "t")) return;
  await watch(context, await begin(context), () => {});
}

/** A trace that was begun. */
interface Begun {
  /** Its number. */
  readonly id: number;
  /** How long it is to last. */
  readonly limitMs: number;
}

// All options are read first: a wrong one must not leave a trace behind.
async function begin({ client, options }: CommandContext): Promise<Begun> {
  const lun = numberOption(options, "l", "lun");
  const records = numberOption(options, "n", "number of records");
  const seconds = numberOption(options, "t", "number of seconds");
  const body = { lun, records, idleMs: IDLE_MS };
  const { id } = await client.post<TraceResource>("/v1/trace/start", body);
  return { id, limitMs: seconds === undefined ? Infinity : 1000 * seconds };
}

/** Reads a trace until its time is over; then it is stopped, and read out. */
async function watch(
  context: CommandContext,
  { id, limitMs }: Begun,
  take: (read: TraceRecordsResource, lost: number) => void,
): Promise<void> {
  const { client, surroundings } = context;
  let leftMs = limitMs;
  let from = 0;
  while (true) {
    if (leftMs <= 0) await client.post("/v1/trace/stop");
    const read = await client
      .get<TraceRecordsResource>(`/v1/trace?from=${from}`);
    if (read.id !== id) throw new CommandError("another trace has begun");
    take(read, (read.records[0]?.seq ?? from) - from);
    from = read.next;
    if (from < read.end) continue;
    if (!read.running) return;
    const pauseMs = Math.min(POLL_MS, leftMs);
    await surroundings.pause(pauseMs);
    leftMs -= pauseMs;
  }
}
