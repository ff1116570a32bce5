/**
 * Samples of counters and what they mean between two moments.
 *
 * @module
 */

import type {
  CountersResource,
  ItemStatistics,
  StatisticsResource,
} from "../api/resources.ts";

/** Kinds of transfer in the order of CTL's counters. */
export const KINDS: readonly Kind[] = [
  { key: "none", label: "NO IO" },
  { key: "read", label: "READ" },
  { key: "write", label: "WRITE" },
];

/** A kind of transfer. */
export interface Kind {
  /** Its field in a resource. */
  readonly key: "none" | "read" | "write";
  /** Its name in dumps. */
  readonly label: string;
}

/** Counters that changed within a time. */
export interface Rates {
  /** Milliseconds a command took on average. */
  readonly msPerOperation: number;
  /** Milliseconds a data move took on average. */
  readonly msPerMove: number;
  /** Kibibytes a command moved on average. */
  readonly kibibytesPerOperation: number;
  /** Commands a second. */
  readonly operationsPerSecond: number;
  /** Data moves a second. */
  readonly movesPerSecond: number;
  /** Mebibytes a second. */
  readonly mebibytesPerSecond: number;
}

const NOTHING: CountersResource = {
  bytes: 0,
  operations: 0,
  dmas: 0,
  timeMs: 0,
  dmaTimeMs: 0,
};

/** Which items are shown, and of which class. */
export interface Selection {
  /** LUNs or ports. */
  readonly items: "luns" | "ports";
  /** Numbers that were asked for; empty: the first ones. */
  readonly numbers: readonly number[];
  /** How many are shown. */
  readonly count: number;
}

/** The items of a sample that a selection shows, in its order. */
export function selectItems(
  sample: StatisticsResource,
  selection: Selection,
): ItemStatistics[] {
  const all = sample[selection.items];
  const wanted = selection.numbers.length === 0
    ? all
    : all.filter((item) => selection.numbers.includes(item.id));
  return wanted.slice(0, selection.count);
}

/** Sums kinds of transfer, and items. */
export function sum(
  items: readonly ItemStatistics[],
  kinds: readonly Kind[],
): CountersResource {
  return items
    .flatMap((item) => kinds.map(({ key }) => item[key]))
    .reduce(add, NOTHING);
}

/** What happened between two sums, `seconds` apart. */
export function ratesBetween(
  before: CountersResource,
  after: CountersResource,
  seconds: number,
): Rates {
  const operations = after.operations - before.operations;
  const moves = after.dmas - before.dmas;
  const bytes = after.bytes - before.bytes;
  return {
    msPerOperation: per(after.timeMs - before.timeMs, operations),
    msPerMove: per(after.dmaTimeMs - before.dmaTimeMs, moves),
    kibibytesPerOperation: per(bytes / 2 ** 10, operations),
    operationsPerSecond: per(operations, seconds),
    movesPerSecond: per(moves, seconds),
    mebibytesPerSecond: per(bytes / 2 ** 20, seconds),
  };
}

function add(one: CountersResource, other: CountersResource): CountersResource {
  return {
    bytes: one.bytes + other.bytes,
    operations: one.operations + other.operations,
    dmas: one.dmas + other.dmas,
    timeMs: one.timeMs + other.timeMs,
    dmaTimeMs: one.dmaTimeMs + other.dmaTimeMs,
  };
}

function per(amount: number, divisor: number): number {
  return divisor > 0 ? amount / divisor : 0;
}
