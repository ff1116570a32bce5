/**
 * Command line of the benchmark.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { parseBytes } from "./load/options.ts";
import { type Load, LOADS, QUICK_LOADS } from "./loads.ts";
import { RIVAL_VARIANTS, type RivalVariant } from "./rivals.ts";
import type { Pin } from "./sampling.ts";
import { VARIANT_NAMES } from "./variants.ts";

/** What to measure, and where to write it. */
export interface BenchOptions {
  /** The loads. */
  readonly loads: readonly Load[];
  /** The rivals' variants to start. */
  readonly variants: readonly RivalVariant[];
  /** Variants of ours that are held against its RAM LUN; none: rivals are. */
  readonly ours: readonly string[];
  /** Whether to start our own target. */
  readonly startsDtl: boolean;
  /** Targets that run already, as `NAME=URL`. */
  readonly given: readonly string[];
  /** Rounds over all loads. */
  readonly rounds: number;
  /** Measured time of a sample in seconds. */
  readonly seconds: number;
  /** Time before it in seconds. */
  readonly warmupSeconds: number;
  /** Size of each LUN, or the part that is used of a given one. */
  readonly sizeBytes: number;
  /** Where target and client run. */
  readonly pin: Pin;
  /** The target's CPU. */
  readonly cpu: number;
  /** A client that takes our client's words; none for our own. */
  readonly clientPath: string | undefined;
  /** Whether a thing that is wanted and does not come is a failure. */
  readonly strict: boolean;
  /** File for all samples and the summary. */
  readonly jsonPath: string | undefined;
  /** File for the tables. */
  readonly markdownPath: string | undefined;
}

/** How to call the benchmark. */
export const BENCH_USAGE: string = `usage: deno task bench [options]
  --loads A,B        ${LOADS.map(({ name }) => name).slice(0, 4).join(",")},
                     ${LOADS.map(({ name }) => name).slice(4).join(",")}
  --rivals A,B       tgt, istgt, none, or variants:
                     ${RIVAL_VARIANTS.map(({ name }) => name).join(",")}
  --ours A,B         no rivals, but variants of ours against its RAM LUN:
                     all, ${VARIANT_NAMES.slice(0, 3).join(",")},
                     ${VARIANT_NAMES.slice(3).join(",")}
  --rounds N         rounds over all loads (3)
  --time S           measured seconds of a sample (2)
  --warmup S         seconds before it (0.5)
  --size SIZE        size of each LUN (1g)
  --pin same|cross|none   CPUs of target and client (same)
  --cpu N            the target's CPU (0)
  --quick            one round of 1 s, fewer loads, 256m
  --target NAME=URL  measure a target that runs already, too; repeatable
  --only-targets     start nothing
  --no-dtl           do not start our own target
  --client PROGRAM   another client with the same options and output
  --strict           exit 1 when a wanted ratio is missed
  --json FILE        write samples and summary
  --md FILE          write the tables as Markdown
All data on the LUNs is lost.`;

const PLAIN_OPTIONS = ["json", "md", "target", "client", "ours"] as const;
const DEFAULTS = {
  rivals: "tgt,istgt",
  warmup: "0.5",
  pin: "same",
  cpu: "0",
} as const;
const FULL = {
  loads: LOADS.map(({ name }) => name).join(","),
  rounds: "3",
  time: "2",
  size: "1g",
} as const;
const QUICK: Record<keyof typeof FULL, string> = {
  loads: QUICK_LOADS.join(","),
  rounds: "1",
  time: "1",
  size: "256m",
};

/**
 * Reads the words of the command line.
 *
 * @throws when an option is unknown or its value makes no sense
 */
export function parseBenchOptions(words: readonly string[]): BenchOptions {
  const given = parseArgs(words, {
    string: [...Object.keys({ ...DEFAULTS, ...FULL }), ...PLAIN_OPTIONS],
    boolean: ["quick", "only-targets", "no-dtl", "strict"],
    collect: ["target"],
    default: DEFAULTS,
    unknown: refuse,
  });
  const standard = given["quick"] === true ? QUICK : FULL;
  const text = (name: string): string => String(given[name]);
  const textOr = (name: keyof typeof FULL): string =>
    String(given[name] ?? standard[name]);
  const onlyTargets = given["only-targets"] === true;
  const ours = parseOurs(optionalText(given["ours"]));
  const noRivals = onlyTargets || ours.length > 0;
  return {
    loads: parseLoads(textOr("loads")),
    variants: noRivals ? [] : parseRivals(text("rivals")),
    ours,
    startsDtl: !onlyTargets && given["no-dtl"] !== true,
    given: Array.isArray(given["target"]) ? given["target"].map(String) : [],
    rounds: parseNumber("--rounds", textOr("rounds"), 1, 100),
    seconds: parseNumber("--time", textOr("time"), 0.1, 600),
    warmupSeconds: parseNumber("--warmup", text("warmup"), 0, 60),
    sizeBytes: parseSize(textOr("size")),
    pin: parsePin(text("pin")),
    cpu: parseCpu(text("cpu")),
    clientPath: optionalText(given["client"]),
    strict: given["strict"] === true,
    jsonPath: optionalText(given["json"]),
    markdownPath: optionalText(given["md"]),
  };
}

function refuse(word: string): never {
  throw new TypeError(`Unknown argument: "${word}"`);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function parseLoads(text: string): Load[] {
  const names = text.split(",");
  const unknown = names.find((name) => LOADS.every((one) => one.name !== name));
  if (unknown !== undefined) throw new TypeError(`Unknown load: "${unknown}"`);
  return LOADS.filter(({ name }) => names.includes(name));
}

function parseRivals(text: string): RivalVariant[] {
  const names = text === "none" ? [] : text.split(",");
  const isMeant = ({ name, group }: RivalVariant): boolean =>
    names.includes(name) || names.includes(group);
  const known = RIVAL_VARIANTS.flatMap(({ name, group }) => [name, group]);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`Unknown rival: "${unknown}"`);
  return RIVAL_VARIANTS.filter(isMeant);
}

function parseOurs(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  if (text === "all") return VARIANT_NAMES;
  const names = text.split(",");
  const unknown = names.find((name) => !VARIANT_NAMES.includes(name));
  if (unknown === undefined) return names;
  throw new TypeError(`Unknown variant: "${unknown}"`);
}

function parseNumber(
  name: string,
  text: string,
  low: number,
  high: number,
): number {
  const value = Number(text);
  if (text !== "" && value >= low && value <= high) return value;
  throw new RangeError(`${name} must be from ${low} to ${high}, not "${text}"`);
}

function parseSize(text: string): number {
  const sizeBytes = parseBytes(text);
  if (sizeBytes >= 2 ** 24 && sizeBytes % 2 ** 20 === 0) return sizeBytes;
  throw new RangeError(
    `--size must be at least 16m and a multiple of 1m, not "${text}"`,
  );
}

function parsePin(text: string): Pin {
  if (text === "same" || text === "cross" || text === "none") return text;
  throw new TypeError(`--pin must be same, cross or none, not "${text}"`);
}

function parseCpu(text: string): number {
  return parseNumber("--cpu", text, 0, navigator.hardwareConcurrency - 1);
}
