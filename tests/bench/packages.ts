/**
 * The Debian packages that the benchmark measures against.
 *
 * @module
 */

import { findProgram, run } from "./command.ts";

/** apt-get may have much to fetch. */
const INSTALL_MS_MAX = 300_000;

/** Asked by Debian's packages whether they may start their services. */
const POLICY_PATH = "/usr/sbin/policy-rc.d";

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
  if (missing.length === 0) return;
  const words = ["install", "-y", "--no-install-recommends", ...missing];
  if (Deno.uid() !== 0 || findProgram("apt-get") === undefined) {
    throw new Error(`Missing programs: run apt-get ${words.join(" ")} as root`);
  }
  console.error(`# apt-get ${words.join(" ")}`);
  await withoutServices(() => install(words));
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

async function install(words: readonly string[]): Promise<void> {
  const options = {
    env: { DEBIAN_FRONTEND: "noninteractive" },
    timeMsMax: INSTALL_MS_MAX,
  };
  await run("apt-get", ["update"], options);
  await run("apt-get", words, options);
}

/** Both rivals' packages would start a daemon on all addresses. */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  if (findProgram("policy-rc.d") !== undefined) return await work();
  await Deno.writeTextFile(POLICY_PATH, "#!/bin/sh\nexit 101\n", {
    createNew: true,
    mode: 0o755,
  });
  try {
    await work();
  } finally {
    await Deno.remove(POLICY_PATH);
  }
}
