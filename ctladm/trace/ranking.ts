/**
 * What has waited in a trace, as tables for people.
 *
 * @module
 */

import type { BlockingRow, WaitCounts } from "../../mod.ts";
import type { TraceWaitsResource } from "../api/trace_resources.ts";

/** Both tables. */
export function rankingLines(waits: TraceWaitsResource): string[] {
  if (waits.id === 0) return ["Nothing has been traced yet"];
  return [...blockingLines(waits), "", ...waitLines(waits)];
}

function blockingLines(
  { blockings, unlisted }: TraceWaitsResource,
): string[] {
  if (blockings.length === 0) return ["No command has blocked another"];
  const rows = blockings.map((row) =>
    [String(row.lun).padStart(4), ...figures(row), sentence(row)].join(" ")
  );
  const head = ["LUN".padStart(4), ...HEADS, "WHO BLOCKED WHOM"].join(" ");
  const rest = unlisted === 0 ? [] : [`and ${unlisted} waits of other pairs`];
  return [head, ...rows, ...rest];
}

const HEADS = [
  "WAITS".padStart(8),
  "ENDED".padStart(8),
  "TOTAL ms".padStart(12),
  "MAX ms".padStart(12),
];

const WAIT_WIDTH = 18;

function waitLines({ waits }: TraceWaitsResource): string[] {
  const rows = waits
    .filter(({ acquired }) => acquired > 0)
    .map((row) => [row.wait.padEnd(WAIT_WIDTH), ...figures(row)].join(" "));
  if (rows.length === 0) return ["Nothing has waited"];
  return [["WAIT FOR".padEnd(WAIT_WIDTH), ...HEADS].join(" "), ...rows];
}

function figures(counts: WaitCounts): string[] {
  const { acquired, released, totalMs, maxMs } = counts;
  return [
    String(acquired).padStart(8),
    String(released).padStart(8),
    totalMs.toFixed(3).padStart(12),
    maxMs.toFixed(3).padStart(12),
  ];
}

function sentence(row: BlockingRow): string {
  return `${row.blockerCommand} of ${row.blocker} blocked ` +
    `${row.waiterCommand} of ${row.waiter}`;
}
