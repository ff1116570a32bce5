/**
 * The one line of JSON that a run of the load client prints.
 *
 * @module
 */

import { memoryOf } from "../proc.ts";
import type { Measurement } from "./measurement.ts";
import type { LoadOptions } from "./options.ts";
import type { Negotiated } from "./wire.ts";

/** Latencies in microseconds. */
export interface LatencySummary {
  /** Mean. */
  readonly mean: number;
  /** Median. */
  readonly p50: number;
  /** 99th percentile. */
  readonly p99: number;
  /** 99.9th percentile. */
  readonly p999: number;
  /** 99.99th percentile. */
  readonly p9999: number;
  /** Longest. */
  readonly max: number;
}

/** Result of a run. */
export interface LoadResult {
  /** The name that was given. */
  readonly label: string;
  /** Commands a second. */
  readonly iops: number;
  /** Data a second in 10^6 bytes. */
  readonly MBps: number;
  /** Commands that ended well in the window. */
  readonly ios: number;
  /** Reads among them. */
  readonly reads: number;
  /** Writes among them. */
  readonly writes: number;
  /** Length of the window in seconds. */
  readonly secs: number;
  /** From the batch that sent a command to the one that answered it. */
  readonly lat_us: LatencySummary;
  /** Commands that failed. */
  readonly errors: number;
  /** Reads that did not match the pattern. */
  readonly verify_bad: number;
  /** Times that the command window was closed. */
  readonly window_stalls: number;
  /** R2Ts for each command. */
  readonly r2t_per_io: number;
  /** Batches written. */
  readonly sends: number;
  /** Batches read. */
  readonly recvs: number;
  /** NOP-Ins received. */
  readonly nops: number;
  /** CPU time of this client in the window, in seconds. */
  readonly client_cpu_s: number;
  /** The same for each command, in microseconds. */
  readonly client_us_per_io: number;
  /** CPU time of the target in the window, in seconds. */
  readonly target_cpu_s: number;
  /** The same for each command, in microseconds. */
  readonly target_us_per_io: number;
  /** Anonymous memory of the target at the end, in KiB. */
  readonly target_rss_anon_kb: number;
  /** Interrupt time of the machine for each command, in microseconds. */
  readonly softirq_us_per_io: number;
  /** CPU time that neither of the two used, in seconds. */
  readonly other_cpu_s: number;
  /** CPU time that the hypervisor gave to others, in seconds. */
  readonly steal_s: number;
  /** Longest data segment that the target takes. */
  readonly t_mrdsl: number;
  /** Longest unsolicited burst. */
  readonly first_burst: number;
  /** Longest solicited burst. */
  readonly max_burst: number;
  /** Whether writes carried immediate data. */
  readonly immediate: boolean;
  /** Whether the target asked before all further data. */
  readonly initial_r2t: boolean;
  /** The first failure, in words. */
  readonly err: string;
}

/** Sums a run up. */
export function summarizeRun(
  options: LoadOptions,
  measurement: Measurement,
  negotiated: Negotiated,
): LoadResult {
  const ios = measurement.reads + measurement.writes;
  const { targetPid } = options;
  return {
    label: options.label,
    ...rates(options, measurement, ios),
    lat_us: latencies(measurement),
    errors: measurement.errors,
    verify_bad: measurement.verifyBad,
    window_stalls: measurement.windowStalls,
    r2t_per_io: round(measurement.r2ts / Math.max(ios, 1), 3),
    sends: measurement.sends,
    recvs: measurement.receives,
    nops: measurement.nops,
    ...cpuTimes(measurement, ios),
    target_rss_anon_kb: targetPid > 0 ? memoryOf(targetPid).anonymousKib : -1,
    t_mrdsl: negotiated.dataSegmentBytesMax,
    first_burst: negotiated.firstBurstBytesMax,
    max_burst: negotiated.burstBytesMax,
    immediate: negotiated.immediateData,
    initial_r2t: negotiated.initialR2T,
    err: measurement.firstError,
  };
}

function rates(
  options: LoadOptions,
  measurement: Measurement,
  ios: number,
): Pick<LoadResult, "iops" | "MBps" | "ios" | "reads" | "writes" | "secs"> {
  const [opened, closed] = measurement.moments();
  const seconds = (closed.atMs - opened.atMs) / 1000;
  return {
    iops: round(ios / seconds, 1),
    MBps: round(ios * options.blockBytes / seconds / 1e6, 2),
    ios,
    reads: measurement.reads,
    writes: measurement.writes,
    secs: round(seconds, 3),
  };
}

function latencies({ latencies }: Measurement): LatencySummary {
  const at = (part: number): number => round(latencies.percentileUs(part), 1);
  return {
    mean: round(latencies.meanUs(), 1),
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
    p9999: at(0.9999),
    max: round(latencies.maxUs(), 1),
  };
}

function cpuTimes(measurement: Measurement, ios: number): Pick<
  LoadResult,
  | "client_cpu_s"
  | "client_us_per_io"
  | "target_cpu_s"
  | "target_us_per_io"
  | "softirq_us_per_io"
  | "other_cpu_s"
  | "steal_s"
> {
  const [opened, closed] = measurement.moments();
  const client = closed.client - opened.client;
  const target = closed.target - opened.target;
  const busy = closed.machine.busy - opened.machine.busy;
  const interrupts = closed.machine.interrupts - opened.machine.interrupts;
  const perIo = (seconds: number): number =>
    round(seconds / Math.max(ios, 1) * 1e6, 3);
  return {
    client_cpu_s: round(client, 3),
    client_us_per_io: perIo(client),
    target_cpu_s: round(target, 3),
    target_us_per_io: perIo(target),
    softirq_us_per_io: perIo(interrupts),
    other_cpu_s: round(Math.max(busy - client - target, 0), 2),
    steal_s: round(closed.machine.stolen - opened.machine.stolen, 2),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
