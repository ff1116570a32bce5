/**
 * From samples to medians, ratios and verdicts.
 *
 * @module
 */

import { isWell } from "./campaign.ts";
import type { Load, Wanted } from "./loads.ts";
import { OTHERS_MAX, type Sample } from "./sampling.ts";
import type { BenchTarget } from "./target.ts";

/** A number that was measured several times. */
export interface Spread {
  /** Its median. */
  readonly median: number;
  /** The least. */
  readonly min: number;
  /** The greatest. */
  readonly max: number;
}

/** One target under one load. */
export interface Cell {
  /** The target. */
  readonly target: string;
  /** Commands a second, or 10^6 bytes a second, as the load tells. */
  readonly rate: Spread;
  /** Median of the 99th percentiles of the latency in microseconds. */
  readonly p99Us: number;
  /** Median CPU time of the target for a command in microseconds. */
  readonly cpuUs: number;
  /** Median CPU time of the client for a command in microseconds. */
  readonly clientUs: number;
  /** Samples that were taken. */
  readonly taken: number;
  /** Samples in the medians: the undisturbed ones, if there are any. */
  readonly used: number;
  /** Samples that failed. */
  readonly failed: number;
}

/** A thing that was wanted, and whether it came. */
export interface Verdict {
  /** What was wanted. */
  readonly wanted: string;
  /** Whether it came. */
  readonly pass: boolean;
}

/** One of our targets under one load, against the rivals. */
export interface SummaryRow {
  /** The load. */
  readonly load: string;
  /** Unit of the rates. */
  readonly unit: "IOPS" | "MB/s";
  /** Our target; undefined when only rivals were measured. */
  readonly own: Cell | undefined;
  /** The fastest variant of each rival. */
  readonly rivals: Readonly<Record<string, Cell>>;
  /** The fastest of those. */
  readonly base: Cell | undefined;
  /** Rate of ours to that of the base. */
  readonly rateRatio: number | undefined;
  /** CPU time of ours to that of the base. */
  readonly cpuRatio: number | undefined;
  /** The 99th percentile of ours to the least one of the rivals. */
  readonly p99Ratio: number | undefined;
  /** What was wanted. */
  readonly verdicts: readonly Verdict[];
}

/** Sums all samples up: a row for each load and each of our targets. */
export function summarize(
  samples: readonly Sample[],
  loads: readonly Load[],
  targets: readonly BenchTarget[],
): SummaryRow[] {
  return loads.flatMap((load) => {
    const cells = new Map<BenchTarget, Cell>();
    for (const target of targets) {
      const taken = samples.filter((sample) =>
        sample.load === load.name && sample.target === target.name
      );
      if (taken.length > 0) cells.set(target, cellOf(taken, target, load));
    }
    return rowsOf(load, cells);
  });
}

function rowsOf(
  load: Load,
  cells: ReadonlyMap<BenchTarget, Cell>,
): SummaryRow[] {
  const rivals: Record<string, Cell> = {};
  const owns: [Cell, Wanted][] = [];
  for (const [{ isRival, group, wanted }, cell] of cells) {
    if (isRival) rivals[group] = faster(rivals[group], cell);
    else owns.push([cell, wanted ?? load.wanted]);
  }
  if (owns.length === 0) return [rowOf(load, undefined, {}, rivals)];
  return owns.map(([own, wanted]) => rowOf(load, own, wanted, rivals));
}

function rowOf(
  load: Load,
  own: Cell | undefined,
  wanted: Wanted,
  rivals: Readonly<Record<string, Cell>>,
): SummaryRow {
  const cells = Object.values(rivals);
  const base = cells.reduce(faster, undefined);
  const ratios = {
    rateRatio: ratio(own?.rate.median, base?.rate.median),
    cpuRatio: ratio(own?.cpuUs, base?.cpuUs),
    p99Ratio: ratio(own?.p99Us, leastP99(cells)),
  };
  const unit = load.inMegabytes ? "MB/s" : "IOPS";
  const verdicts = verdictsOf(wanted, ratios);
  return { load: load.name, unit, own, rivals, base, ...ratios, verdicts };
}

function leastP99(cells: readonly Cell[]): number | undefined {
  return cells.length === 0
    ? undefined
    : Math.min(...cells.map(({ p99Us }) => p99Us));
}

/** Nothing can be said where one of the two was not measured. */
function verdictsOf(
  { rateRatioMin, cpuRatioMax, p99RatioMax }: Wanted,
  { rateRatio, cpuRatio, p99Ratio }: Pick<
    SummaryRow,
    "rateRatio" | "cpuRatio" | "p99Ratio"
  >,
): Verdict[] {
  const verdicts: Verdict[] = [];
  if (rateRatioMin !== undefined && rateRatio !== undefined) {
    const wanted = `rate >= ${rateRatioMin.toFixed(1)}`;
    verdicts.push({ wanted, pass: rateRatio >= rateRatioMin });
  }
  if (cpuRatioMax !== undefined && cpuRatio !== undefined) {
    const wanted = `cpu <= ${cpuRatioMax.toFixed(1)}`;
    verdicts.push({ wanted, pass: cpuRatio <= cpuRatioMax });
  }
  if (p99RatioMax !== undefined && p99Ratio !== undefined) {
    const wanted = `p99 <= ${p99RatioMax.toFixed(1)}`;
    verdicts.push({ wanted, pass: p99Ratio <= p99RatioMax });
  }
  return verdicts;
}

function cellOf(
  taken: readonly Sample[],
  { name }: BenchTarget,
  load: Load,
): Cell {
  const well = taken.filter(isWell);
  const quiet = well.filter(({ others }) => others <= OTHERS_MAX);
  const used = (quiet.length > 0 ? quiet : well)
    .flatMap(({ result }) => result === undefined ? [] : [result]);
  const rates = used.map(({ iops, MBps }) => load.inMegabytes ? MBps : iops);
  return {
    target: name,
    rate: spreadOf(rates),
    p99Us: medianOf(used.map(({ lat_us }) => lat_us.p99)),
    cpuUs: medianOf(used.map((result) => result.target_us_per_io)),
    clientUs: medianOf(used.map((result) => result.client_us_per_io)),
    taken: taken.length,
    used: used.length,
    failed: taken.length - well.length,
  };
}

function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { median: 0, min: 0, max: 0 };
  return {
    median: medianOf(values),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** The median, or 0 of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  const lower = sorted[half - 1] ?? upper;
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}

function faster(one: Cell | undefined, other: Cell): Cell {
  if (one === undefined) return other;
  return other.rate.median > one.rate.median ? other : one;
}

/** Undefined where there is nothing to compare with. */
function ratio(
  own: number | undefined,
  base: number | undefined,
): number | undefined {
  if (own === undefined || base === undefined || base === 0) return undefined;
  return own / base;
}
