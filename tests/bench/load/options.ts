/**
 * Command line of the load client.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";

/** Where the LUN is. */
export interface LunAddress {
  /** Host name or address. */
  readonly hostname: string;
  /** TCP port. */
  readonly port: number;
  /** Name of the target. */
  readonly targetName: string;
  /** Number of the LUN. */
  readonly lun: number;
}

/** What to do, and how long. */
export interface LoadOptions {
  /** The LUN that takes the load. */
  readonly address: LunAddress;
  /** Part of the commands that read, in percent. */
  readonly readPercent: number;
  /** Whether the commands follow each other on the LUN. */
  readonly sequential: boolean;
  /** Length of each command's data in bytes. */
  readonly blockBytes: number;
  /** Commands in flight on each connection. */
  readonly depth: number;
  /** LUNs, from the first on, that take commands in turn. */
  readonly luns: number;
  /** Commands that each of them takes at a time. */
  readonly burst: number;
  /** Sessions, of one connection each. */
  readonly connections: number;
  /** Length of the measured window in milliseconds. */
  readonly timeMs: number;
  /** Unmeasured time before it in milliseconds. */
  readonly warmupMs: number;
  /** Part of the LUN that is used in bytes; 0 for all of it. */
  readonly spanBytes: number;
  /** Ask for header digests. */
  readonly headerDigest: boolean;
  /** Ask for data digests. */
  readonly dataDigest: boolean;
  /** Compare what is read with the pattern, and write nothing else. */
  readonly verify: boolean;
  /** Write the pattern over the span once, then end. */
  readonly fill: boolean;
  /** The process whose CPU time is measured; 0 for none. */
  readonly targetPid: number;
  /** A name for the result. */
  readonly label: string;
}

/** How to call the client. */
export const USAGE = `usage: load_client.ts --url iscsi://HOST:PORT/IQN/LUN
  [--rw read|write|mix:PERCENT] [--order rand|seq] [--bs 4k] [--qd 32]
  [--time SECONDS] [--warmup SECONDS] [--conns N] [--luns N] [--burst N]
  [--span 1g] [--header-digest] [--data-digest]
  [--verify | --fill] [--pid PID] [--label TEXT]
All data in the span is lost, but for reads and --verify.`;

const TEXT_OPTIONS = [
  "url",
  "rw",
  "order",
  "bs",
  "qd",
  "time",
  "warmup",
  "conns",
  "luns",
  "burst",
  "span",
  "pid",
  "label",
] as const;

/** Reads a number of bytes: `4k`, `1g`, `512`. */
export function parseBytes(text: string): number {
  const match = /^(\d+)([kmgt]?)$/i.exec(text);
  if (match === null) throw new RangeError(`Not a number of bytes: "${text}"`);
  const exponent = "kmgt".indexOf((match[2] ?? "").toLowerCase()) + 1;
  return Number(match[1]) * 1024 ** (match[2] === "" ? 0 : exponent);
}

/** Takes an `iscsi://HOST:PORT/IQN/LUN` apart. */
export function parseLunUrl(url: string): LunAddress {
  const match = /^iscsi:\/\/(\[[^\]]+\]|[^:/]+):(\d+)\/([^/]+)\/(\d+)$/
    .exec(url);
  if (match === null) {
    throw new TypeError(
      `Not a LUN: "${url}", expected iscsi://HOST:PORT/IQN/LUN`,
    );
  }
  const [, host = "", port, targetName = "", lun] = match;
  return {
    hostname: host.replace(/^\[|\]$/g, ""),
    port: Number(port),
    targetName,
    lun: Number(lun),
  };
}

/**
 * Reads the words of the command line.
 *
 * @throws when an option is unknown or its value makes no sense
 */
export function parseLoadOptions(words: readonly string[]): LoadOptions {
  const given = parseArgs(words, {
    string: [...TEXT_OPTIONS],
    boolean: ["verify", "fill", "header-digest", "data-digest"],
    default: DEFAULTS,
    unknown: refuse,
  });
  const text = (name: string): string => String(given[name]);
  return checked({
    address: parseLunUrl(text("url")),
    readPercent: parseReadPercent(text("rw")),
    sequential: text("order") === "seq" || given["fill"] === true,
    blockBytes: parseBytes(text("bs")),
    depth: Number(text("qd")),
    connections: Number(text("conns")),
    luns: Number(text("luns")),
    burst: Number(text("burst")),
    timeMs: Number(text("time")) * 1000,
    warmupMs: Number(text("warmup")) * 1000,
    spanBytes: parseBytes(text("span")),
    headerDigest: given["header-digest"] === true,
    dataDigest: given["data-digest"] === true,
    verify: given["verify"] === true,
    fill: given["fill"] === true,
    targetPid: Number(text("pid")),
    label: text("label"),
  });
}

const DEFAULTS: Readonly<Record<string, string>> = {
  rw: "read",
  order: "rand",
  bs: "4k",
  qd: "1",
  time: "5",
  warmup: "0.5",
  conns: "1",
  luns: "1",
  burst: "1",
  span: "0",
  pid: "0",
  label: "",
};

function refuse(word: string): never {
  throw new TypeError(`Unknown argument: "${word}"`);
}

function parseReadPercent(text: string): number {
  if (text === "read") return 100;
  if (text === "write") return 0;
  const match = /^mix:(\d{1,3})$/.exec(text);
  const percent = match === null ? NaN : Number(match[1]);
  if (!(percent <= 100)) {
    throw new RangeError(`Not a kind of load: "${text}"`);
  }
  return percent;
}

/** Limits keep every table and buffer of the client small. */
function checked(options: LoadOptions): LoadOptions {
  requireRange("--qd", options.depth, 1, 1024);
  requireRange("--conns", options.connections, 1, 1024);
  requireRange("--luns", options.luns, 1, 1024);
  requireRange("--burst", options.burst, 1, 1024);
  requireRange("--bs", options.blockBytes, 512, 16 << 20);
  requireRange("--time", options.timeMs, 1, 3_600_000);
  requireRange("--warmup", options.warmupMs, 0, 3_600_000);
  requireRange("--pid", options.targetPid, 0, 2 ** 31);
  if (options.blockBytes % 512 !== 0) {
    throw new RangeError("--bs must be a multiple of 512");
  }
  return options;
}

function requireRange(
  name: string,
  value: number,
  low: number,
  high: number,
): void {
  if (!(value >= low && value <= high)) {
    throw new RangeError(
      `${name} must be from ${low} to ${high}, not ${value}`,
    );
  }
}
