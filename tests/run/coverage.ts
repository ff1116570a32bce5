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
  readonly percentMin: number;
}

/** The goals. */
export const COVERAGE_GOALS: readonly CoverageGoal[] = [
  { folder: "core/", percentMin: 90 },
  { folder: "frontends/iscsi/", percentMin: 90 },
];

/** Lines of one file. */
export interface CoveredFile {
  /** Path, relative to the tree. */
  readonly path: string;
  /** Lines with code. */
  readonly lines: number;
  /** Those of them that ran. */
  readonly hit: number;
}

/** deno coverage may have much to read. */
const COVERAGE_MS_MAX = 120_000;

/** Reads the raw data in a folder; one row a file, the worst first. */
export async function readCoverage(
  dataFolder: string,
  { folder }: CoverageGoal,
): Promise<CoveredFile[]> {
  const words = ["coverage", "--lcov", `--include=^file://${ROOT}${folder}`];
  const text = await run(Deno.execPath(), [...words, dataFolder], {
    timeMsMax: COVERAGE_MS_MAX,
  });
  return parseLcov(text).sort((one, other) => missed(other) - missed(one));
}

/** Reads the records SF, LF and LH of an lcov report. */
export function parseLcov(text: string): CoveredFile[] {
  return text.split("end_of_record").slice(0, -1).map((record) => ({
    path: (/^SF:(.*)$/m.exec(record)?.[1] ?? "").replace(ROOT, ""),
    lines: Number(/^LF:(\d+)$/m.exec(record)?.[1]),
    hit: Number(/^LH:(\d+)$/m.exec(record)?.[1]),
  }));
}

/** Share of the lines that ran, in percent; of no lines, none did. */
export function percentOf(files: readonly CoveredFile[]): number {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const hit = files.reduce((sum, file) => sum + file.hit, 0);
  return lines === 0 ? 0 : 100 * hit / lines;
}

function missed({ lines, hit }: CoveredFile): number {
  return lines - hit;
}
