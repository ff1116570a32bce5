/**
 * Runs the conformance suite against one LUN of any target:
 *
 * ```sh
 * deno task conformance --portal 127.0.0.1:3260 \
 *   --iqn iqn.2026-01.org.example:disk --lun 0 --out results.tsv
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { compareWithList, updateList } from "./pass_list.ts";
import { formatComparison, formatSummary, formatTsv } from "./report.ts";
import {
  type ConformanceOptions,
  type ConformanceResult,
  runConformance,
} from "./run_conformance.ts";

/** Its words. */
export const ONE_LUN_HELP =
  `With --portal, one LUN of any target; all its data is lost:

  --portal HOST:PORT  where the target listens
  --iqn NAME          name of the target
  --lun N             logical unit, 0 by default
  --url2 URL          second path for the MultipathIO family
  --family REGEX      only these families
  --exclude REGEX     not these tests (Family.Test)
  --timeout SECONDS   for a family
  --parallel N        families at once
  --logdir DIR        keep the raw output of every process
  --out FILE          write the TSV here as well
  --list FILE         compare with this list; exit 1 when something got worse
  --kind NAME         column of the list
  --update            write the results into the list
`;

const TEXT_OPTIONS = [
  "portal",
  "iqn",
  "lun",
  "url2",
  "family",
  "exclude",
  "timeout",
  "parallel",
  "logdir",
  "out",
  "list",
  "kind",
] as const;

type Arguments = ReadonlyMap<string, string>;

function readArguments(words: readonly string[]): Arguments {
  const parsed = parseArgs(words, {
    string: TEXT_OPTIONS,
    boolean: ["update"],
    unknown: (word) => {
      throw new TypeError(`Unknown option ${word}`);
    },
  });
  const given = Object.entries(parsed).filter(([, value]) =>
    typeof value === "string" || value === true
  );
  return new Map(given.map(([name, value]) => [name, String(value)]));
}

function optionsOf(args: Arguments): ConformanceOptions {
  const timeout = numberOf(args, "timeout");
  return {
    portal: required(args, "portal"),
    iqn: required(args, "iqn"),
    lun: args.get("lun") ?? 0,
    url2: args.get("url2"),
    families: patternOf(args, "family"),
    exclude: patternOf(args, "exclude"),
    perFamilyTimeoutMs: timeout === undefined ? undefined : timeout * 1000,
    parallel: numberOf(args, "parallel"),
    logDir: args.get("logdir"),
  };
}

function patternOf(args: Arguments, name: string): RegExp | undefined {
  const text = args.get(name);
  return text === undefined ? undefined : new RegExp(text);
}

function numberOf(args: Arguments, name: string): number | undefined {
  const text = args.get(name);
  return text === undefined ? undefined : Number(text);
}

function required(args: Arguments, name: string): string {
  const value = args.get(name);
  if (value === undefined) throw new TypeError(`--${name} is missing`);
  return value;
}

async function compare(
  results: readonly ConformanceResult[],
  args: Arguments,
): Promise<boolean> {
  const file = args.get("list");
  if (file === undefined) return true;
  const text = await Deno.readTextFile(file).catch(() => "");
  const kind = args.get("kind") ?? "result";
  const comparison = compareWithList(results, text, kind);
  const differences = formatComparison(comparison);
  if (differences !== "") console.log(differences);
  if (args.has("update")) {
    await Deno.writeTextFile(file, updateList(results, text, kind));
  }
  return comparison.regressions.length === 0;
}

/** Runs it as words say. @returns the exit code */
export async function testOneLun(words: readonly string[]): Promise<number> {
  const args = readArguments(words);
  const results = await runConformance(optionsOf(args));
  const table = formatTsv(results);
  console.log(table);
  const out = args.get("out");
  const summary = formatSummary(results);
  if (out !== undefined) {
    await Deno.writeTextFile(out, `${table}\n# ${summary}\n`);
  }
  const isGood = await compare(results, args);
  console.log(summary);
  return isGood ? 0 : 1;
}
