/**
 * `ctladm top`: what the target is doing now, the busiest first.
 *
 * @module
 */

import type { ActivityResource } from "../api/resources.ts";
import { has } from "../getopt.ts";
import {
  type Activity,
  activityBetween,
  type ActivityRates,
  type LunRates,
  type SessionRates,
} from "../statistics/activity.ts";
import {
  type Command,
  type CommandContext,
  numberOption,
  UsageError,
} from "./command.ts";

const WAIT_SECONDS = 2;
/** Rows of LUNs, and of sessions, that a display has at the most. */
const ROWS_MAX = 10;

/** The subcommand. */
export const top: Command = {
  name: "top",
  beyondCtl: true,
  leavesAlone: true,
  letters: "n:w:",
  summary: "watch LUNs and sessions: queues, rates, latencies",
  synopsis: "top [-n displays] [-w seconds] [--json]",
  example: "ctladm top -n 1",
  run: watch,
};

async function watch(context: CommandContext): Promise<void> {
  const { client, options, json, surroundings } = context;
  const { pause, clearScreen } = surroundings;
  const waitSeconds = numberOption(options, "w", "wait time") ?? WAIT_SECONDS;
  if (waitSeconds === 0) throw new UsageError("-w takes at least one second");
  // Whoever wants JSON wants one object, unless he says otherwise.
  const displays = json && !has(options, "n")
    ? 1
    : numberOption(options, "n", "number of displays") ?? Infinity;
  let before = await client.get<ActivityResource>("/v1/activity");
  for (let shown = 0; shown < displays; shown += 1) {
    await pause(waitSeconds * 1000);
    const after = await client.get<ActivityResource>("/v1/activity");
    const activity = activityBetween(before, after);
    before = after;
    if (json) context.printJson(activity);
    else {
      if (displays > 1) clearScreen?.();
      context.print(formatActivity(activity));
    }
  }
}

const RATE_HEADER = "Queue      tps  MB/s in MB/s out     p50     p99 fail/s";

/** A display. */
export function formatActivity(activity: Activity): string {
  const { luns, sessions } = activity;
  return [
    `up ${formatUptime(activity.uptimeMs)}   ` +
    `cpu ${activity.cpuPercent.toFixed(0)}%   ` +
    `memory ${(activity.residentBytes / 2 ** 20).toFixed(0)} MB   ` +
    `LUNs ${luns.length}   sessions ${sessions.length}`,
    "",
    ` LUN Backend        Wait ${RATE_HEADER}`,
    ...rowsOf(luns, lunRow),
    "",
    `  ID Initiator           ${RATE_HEADER}`,
    ...rowsOf(sessions, sessionRow),
  ].join("\n");
}

function rowsOf<Item>(
  items: readonly Item[],
  format: (item: Item) => string,
): string[] {
  const rows = items.slice(0, ROWS_MAX).map(format);
  const left = items.length - rows.length;
  return left > 0 ? [...rows, `     and ${left} more`] : rows;
}

function lunRow(lun: LunRates): string {
  return `${String(lun.id).padStart(4)} ${fit(lun.backend, 13)} ` +
    `${String(lun.blocked).padStart(5)} ${rateColumns(lun, lun.tasks)}`;
}

function sessionRow(session: SessionRates): string {
  return `${String(session.id).padStart(4)} ${fit(session.initiator, 19)} ` +
    rateColumns(session, session.tasks);
}

function rateColumns(rates: ActivityRates, tasks: number): string {
  return [
    String(tasks).padStart(5),
    rates.commandsPerSecond.toFixed(0).padStart(8),
    mebibytes(rates.bytesInPerSecond).padStart(8),
    mebibytes(rates.bytesOutPerSecond).padStart(8),
    formatLatency(rates.p50Us).padStart(7),
    formatLatency(rates.p99Us).padStart(7),
    rates.failuresPerSecond.toFixed(0).padStart(6),
  ].join(" ");
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** Microseconds in the unit that suits; `-`: there are none. */
export function formatLatency(timeUs: number | null): string {
  if (timeUs === null) return "-";
  if (timeUs < 1000) return `${timeUs.toFixed(0)}us`;
  return timeUs < 1e6
    ? `${(timeUs / 1000).toFixed(1)}ms`
    : `${(timeUs / 1e6).toFixed(1)}s`;
}

// The end of a name is what tells it from others.
function fit(text: string, width: number): string {
  return text.length <= width
    ? text.padEnd(width)
    : `..${text.slice(text.length - width + 2)}`;
}

function formatUptime(uptimeMs: number): string {
  const seconds = Math.floor(uptimeMs / 1000);
  const two = (value: number) => String(value % 60).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours}:${two(Math.floor(seconds / 60))}:${two(seconds)}`;
}
