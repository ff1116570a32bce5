/**
 * What happened between two readings of the activity: rates and latencies.
 *
 * @module
 */

import type {
  ActivityResource,
  CommandCountsResource,
  LunActivity,
  SessionActivity,
} from "../api/resources.ts";

/** Rates of a LUN or a session. */
export interface ActivityRates {
  /** Commands a second. */
  readonly commandsPerSecond: number;
  /** Commands a second that ended otherwise than well. */
  readonly failuresPerSecond: number;
  /** Bytes a second towards initiators. */
  readonly bytesInPerSecond: number;
  /** Bytes a second from initiators. */
  readonly bytesOutPerSecond: number;
  /** Microseconds that half of the commands took at the most; null: none. */
  readonly p50Us: number | null;
  /** Microseconds that 99 of 100 commands took at the most; null: none. */
  readonly p99Us: number | null;
}

/** A LUN in an interval. */
export interface LunRates extends ActivityRates {
  /** LUN number. */
  readonly id: number;
  /** Name of its backend. */
  readonly backend: string;
  /** Tasks under way at the end of the interval. */
  readonly tasks: number;
  /** Of these, tasks that wait for others. */
  readonly blocked: number;
}

/** A session in an interval. */
export interface SessionRates extends ActivityRates {
  /** Session number. */
  readonly id: number;
  /** Name of the initiator. */
  readonly initiator: string;
  /** Address of the initiator. */
  readonly initiatorAddress: string;
  /** Name of the target. */
  readonly target: string;
  /** Tasks under way at the end of the interval. */
  readonly tasks: number;
}

/** An interval. */
export interface Activity {
  /** Milliseconds since the daemon started. */
  readonly uptimeMs: number;
  /** Milliseconds of the interval. */
  readonly intervalMs: number;
  /** Processor time of the daemon, as a part of the interval in percent. */
  readonly cpuPercent: number;
  /** Bytes of memory that the daemon has resident. */
  readonly residentBytes: number;
  /** LUNs, the busiest first. */
  readonly luns: readonly LunRates[];
  /** Sessions, the busiest first. */
  readonly sessions: readonly SessionRates[];
}

const NO_COUNTS: CommandCountsResource = {
  commands: 0,
  failures: 0,
  bytesIn: 0,
  bytesOut: 0,
  latencies: [],
};

/** What happened between two readings. */
export function activityBetween(
  before: ActivityResource,
  after: ActivityResource,
): Activity {
  const intervalMs = after.uptimeMs - before.uptimeMs;
  const cpuMs = after.cpuMs - before.cpuMs;
  const rates = (
    old: readonly (LunActivity | SessionActivity)[],
    now: LunActivity | SessionActivity,
  ) =>
    ratesOf(
      old.find(({ id }) => id === now.id) ?? NO_COUNTS,
      now,
      intervalMs / 1000,
      after.latencyLimitsUs,
    );
  return {
    uptimeMs: after.uptimeMs,
    intervalMs,
    cpuPercent: intervalMs > 0 ? 100 * cpuMs / intervalMs : 0,
    residentBytes: after.residentBytes,
    luns: after.luns.map((lun) => ({
      id: lun.id,
      backend: lun.backend,
      tasks: lun.tasks,
      blocked: lun.blocked,
      ...rates(before.luns, lun),
    })).sort(busiestFirst),
    sessions: after.sessions.map((session) => ({
      id: session.id,
      initiator: session.initiator,
      initiatorAddress: session.initiatorAddress,
      target: session.target,
      tasks: session.tasks,
      ...rates(before.sessions, session),
    })).sort(busiestFirst),
  };
}

function busiestFirst(
  one: { commandsPerSecond: number; id: number },
  other: { commandsPerSecond: number; id: number },
): number {
  return other.commandsPerSecond - one.commandsPerSecond || one.id - other.id;
}

function ratesOf(
  before: CommandCountsResource,
  after: CommandCountsResource,
  seconds: number,
  limitsUs: readonly number[],
): ActivityRates {
  const per = (field: "commands" | "failures" | "bytesIn" | "bytesOut") =>
    seconds > 0 ? (after[field] - before[field]) / seconds : 0;
  const latencies = after.latencies
    .map((count, bucket) => count - (before.latencies[bucket] ?? 0));
  return {
    commandsPerSecond: per("commands"),
    failuresPerSecond: per("failures"),
    bytesInPerSecond: per("bytesIn"),
    bytesOutPerSecond: per("bytesOut"),
    p50Us: percentileUs(latencies, limitsUs, 0.5),
    p99Us: percentileUs(latencies, limitsUs, 0.99),
  };
}

/**
 * The latency that a part of the commands did not exceed. Within a bucket
 * they are taken to lie evenly; beyond the last limit, to take just that.
 *
 * @param limitsUs longest latency of each bucket but the last
 * @returns microseconds; null: there were no commands
 */
export function percentileUs(
  counts: readonly number[],
  limitsUs: readonly number[],
  part: number,
): number | null {
  const wanted = counts.reduce((sum, count) => sum + count, 0) * part;
  if (wanted === 0) return null;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    const lowest = limitsUs[bucket - 1] ?? 0;
    const highest = limitsUs[bucket] ?? lowest;
    if (below + count >= wanted) {
      return lowest + (highest - lowest) * (wanted - below) / count;
    }
    below += count;
  }
  return limitsUs.at(-1) ?? null;
}
