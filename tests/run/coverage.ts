/**
 * How much of the code tests ran, from the raw data of many runs.
 *
 * @module
 */

import { run } from "../support/command.ts";
import { ROOT } from "./suites.ts";

/** A part of the tree, and how much of it tests must run. */
export interface CoverageGoal {
  /** Folder, with a slash at its end. */
  readonly folder: string;
  /** Least share of its lines in percent. */
  readonly linesMin: number;
  /** Least share of its branches in percent. */
  readonly branchesMin: number;
}

/** The goals. */
export const COVERAGE_GOALS: readonly CoverageGoal[] = [
  { folder: "core/", linesMin: 92, branchesMin: 85 },
  { folder: "frontends/iscsi/", linesMin: 92, branchesMin: 85 },
  { folder: "ctladm/conf/", linesMin: 92, branchesMin: 85 },
];

/** Parts of a file, and those of them that ran. */
export interface Share {
  /** How many there are. */
  readonly found: number;
  /** How many ran. */
  readonly hit: number;
}

/** What ran of one file. */
export interface CoveredFile {
  /** Path, relative to the tree. */
  readonly path: string;
  /** Lines with code. */
  readonly lines: Share;
  /** Ways that the code may take. */
  readonly branches: Share;
}

/** What a whole file of raw data, an object in JSON, ends with. */
const CLOSING_BRACE = 0x7d;
/** deno coverage may have much to read. */
const COVERAGE_MS_MAX = 120_000;

/** Reads the raw data in a folder; one row a file, the worst first. */
export async function readCoverage(
  dataFolder: string,
  { folder }: CoverageGoal,
): Promise<CoveredFile[]> {
  await dropCutFiles(dataFolder);
  const words = ["coverage", "--lcov", `--include=^file://${ROOT}${folder}`];
  const text = await run(Deno.execPath(), [...words, dataFolder], {
    timeMsMax: COVERAGE_MS_MAX,
  });
  return parseLcov(text).sort((one, other) => missed(other) - missed(one));
}

/** Removes what a program was killed over: `deno coverage` refuses it. */
export async function dropCutFiles(dataFolder: string): Promise<void> {
  for await (const { name } of Deno.readDir(dataFolder)) {
    const path = `${dataFolder}/${name}`;
    if (await lastByteOf(path) !== CLOSING_BRACE) await Deno.remove(path);
  }
}

async function lastByteOf(path: string): Promise<number | undefined> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  if (size === 0) return undefined;
  const byte = new Uint8Array(1);
  await file.seek(size - 1, Deno.SeekMode.Start);
  await file.read(byte);
  return byte[0];
}

/** Reads the records SF, LF, LH, BRF and BRH of an lcov report. */
export function parseLcov(text: string): CoveredFile[] {
  return text.split("end_of_record").slice(0, -1).map((record) => ({
    path: (/^SF:(.*)$/m.exec(record)?.[1] ?? "").replace(ROOT, ""),
    lines: {
      found: numberIn(record, /^LF:(\d+)$/m),
      hit: numberIn(record, /^LH:(\d+)$/m),
    },
    branches: {
      found: numberIn(record, /^BRF:(\d+)$/m),
      hit: numberIn(record, /^BRH:(\d+)$/m),
    },
  }));
}

/** A file without branches has no record of them. */
function numberIn(record: string, pattern: RegExp): number {
  return Number(pattern.exec(record)?.[1] ?? 0);
}

/** Share of what ran, in percent; of nothing, nothing did. */
export function percentOf(shares: readonly Share[]): number {
  const found = shares.reduce((sum, share) => sum + share.found, 0);
  const hit = shares.reduce((sum, share) => sum + share.hit, 0);
  return found === 0 ? 0 : 100 * hit / found;
}

function missed({ lines, branches }: CoveredFile): number {
  return lines.found - lines.hit + branches.found - branches.hit;
}
