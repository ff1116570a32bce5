/**
 * The conformance matrix: `iscsi-test-cu` against every kind of logical unit,
 * and what the target offers.
 *
 * ```sh
 * deno task conformance                  # all kinds, and the features
 * deno task conformance --kinds ram,4kn --json
 * deno task conformance --portal …       # one LUN of any target
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { exitWith } from "../run/program.ts";
import { features, formatFeatures } from "./features.ts";
import { LUN_KINDS, type LunKind } from "./lun_kinds.ts";
import {
  faultsOf,
  formatMatrix,
  type KindRun,
  type Lists,
  matrixRows,
  newsOf,
  readLists,
  runMatrix,
  writePasses,
} from "./matrix.ts";
import { ONE_LUN_HELP, testOneLun } from "./one_lun.ts";
import { updateList } from "./pass_list.ts";
import { formatSummary } from "./report.ts";

const PARALLEL = 4;

const HELP = `Runs iscsi-test-cu against targets with LUNs of these kinds:

${
  LUN_KINDS.map(({ name, about }) => `  ${name.padEnd(18)}  ${about}`).join(
    "\n",
  )
}

and prints what passes, and the features from the command table. Exit code 1
when a test of passes.tsv does not pass, or one fails without an exception.

  --kinds A,B         only these; "daily": those of deno task test
  --family REGEX      only these families
  --parallel N        kinds at once, ${PARALLEL} by default
  --json              machine-readable, on standard output
  --features          only the features
  --logdir DIR        keep the raw output of every process
  --update            write what passes now into passes.tsv

${ONE_LUN_HELP}`;

interface Settings {
  readonly kinds: readonly LunKind[];
  readonly families: RegExp | undefined;
  readonly parallel: number;
  readonly json: boolean;
  readonly featuresOnly: boolean;
  readonly logDir: string | undefined;
  readonly update: boolean;
}

function readWords(words: readonly string[]): Settings {
  const given = parseArgs(words, {
    string: ["kinds", "family", "parallel", "logdir"],
    boolean: ["json", "features", "update"],
    unknown: (word) => {
      throw new TypeError(`Unknown option ${word}`);
    },
  });
  const { kinds, family, parallel, logdir } = given;
  return {
    kinds: chooseKinds(kinds),
    families: family === undefined ? undefined : new RegExp(String(family)),
    parallel: Number(parallel ?? PARALLEL),
    json: given.json === true,
    featuresOnly: given.features === true,
    logDir: logdir === undefined ? undefined : String(logdir),
    update: given.update === true,
  };
}

function chooseKinds(text: unknown): readonly LunKind[] {
  if (text === undefined) return LUN_KINDS;
  if (text === "daily") return LUN_KINDS.filter(({ daily }) => daily);
  return String(text).split(",").map((word) => {
    const kind = LUN_KINDS.find(({ name }) => name === word);
    if (kind !== undefined) return kind;
    throw new TypeError(`There is no kind "${word}"`);
  });
}

function toJson(runs: readonly KindRun[], lists: Lists): string {
  return JSON.stringify(
    {
      kinds: runs.map(({ kind, seconds, results }) => ({
        ...kind,
        seconds: Math.round(seconds),
        summary: formatSummary(results),
      })),
      tests: matrixRows(runs, lists).map(({ test, results }) => ({
        test,
        results: Object.fromEntries(
          results.map((result, at) => [runs[at]?.kind.name, result]),
        ),
      })),
      features: features(),
    },
    null,
    1,
  );
}

async function testAll(settings: Settings): Promise<number> {
  const { kinds, families, parallel, logDir } = settings;
  const runs = await runMatrix(kinds, {
    parallel,
    families,
    logDir,
    onKind: ({ kind, seconds }) =>
      console.error(`${kind.name} is done after ${seconds.toFixed(0)} s`),
  });
  const lists = await readLists();
  console.log(
    settings.json
      ? toJson(runs, lists)
      : `${formatMatrix(runs, lists)}\n\n${formatFeatures(features())}`,
  );
  const isWhole = families === undefined;
  const faults = runs.flatMap((run) => faultsOf(run, lists, isWhole));
  const news = runs.flatMap((run) => newsOf(run, lists));
  for (const line of [...news, ...faults]) console.error(line);
  if (settings.update) await writePasses(withRuns(runs, lists));
  return faults.length === 0 ? 0 : 1;
}

function withRuns(runs: readonly KindRun[], { passes }: Lists): string {
  return runs.reduce(
    (text, { kind, results }) => updateList(results, text, kind.name),
    passes,
  );
}

async function main(words: readonly string[]): Promise<number> {
  if (words.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  if (words.some((word) => word.startsWith("--portal"))) {
    return await testOneLun(words);
  }
  const settings = readWords(words);
  if (!settings.featuresOnly) return await testAll(settings);
  const rows = features();
  console.log(settings.json ? JSON.stringify(rows) : formatFeatures(rows));
  return 0;
}

if (import.meta.main) await exitWith(() => main(Deno.args));
