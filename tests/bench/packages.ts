/**
 * The Debian packages that the benchmark measures against.
 *
 * @module
 */

import { findProgram, run } from "../support/command.ts";
import { installPackages } from "../support/debian.ts";

/** A program, and the package that brings it. */
export interface NeededProgram {
  /** The program. */
  readonly program: string;
  /** Its package. */
  readonly package: string;
}

/** Programs by rival, and the cross-check's. */
export const PROGRAMS: Readonly<Record<string, NeededProgram>> = {
  tgt: { program: "tgtd", package: "tgt" },
  istgt: { program: "istgt", package: "istgt" },
  "iscsi-perf": { program: "iscsi-perf", package: "libiscsi-bin" },
  taskset: { program: "taskset", package: "util-linux" },
};

/**
 * Sees to it that programs are there.
 *
 * @throws with the line to run, when we cannot install what is missing
 */
export async function providePrograms(
  needed: readonly NeededProgram[],
): Promise<void> {
  const missing = needed.filter((one) => findProgram(one.program) === undefined)
    .map((one) => one.package);
  await installPackages(missing);
}

/** Version of each package that is installed. */
export async function packageVersions(
  needed: readonly NeededProgram[],
): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const { package: name } of needed) {
    versions[name] = await packageVersion(name);
  }
  return versions;
}

async function packageVersion(name: string): Promise<string> {
  try {
    return await run("dpkg-query", ["-W", "-f", "${Version}", name]);
  } catch {
    return "of unknown version";
  }
}
