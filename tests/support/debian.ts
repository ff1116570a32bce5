/**
 * Installing Debian's packages.
 *
 * @module
 */

import { findProgram, run } from "./command.ts";

/** apt-get may have much to fetch. */
const INSTALL_MS_MAX = 600_000;

/** Asked by Debian's packages whether they may start their services. */
const POLICY_PATH = "/usr/sbin/policy-rc.d";

/**
 * Installs packages, without starting what they serve.
 *
 * @throws with the line to run, when we may not
 */
export async function installPackages(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const words = ["install", "-y", "--no-install-recommends", ...names];
  if (Deno.uid() !== 0 || findProgram("apt-get") === undefined) {
    throw new Error(`Missing programs: run apt-get ${words.join(" ")} as root`);
  }
  console.error(`# apt-get ${words.join(" ")}`);
  await withoutServices(() => install(words));
}

// A failed update may still leave lists that suffice: installing decides.
async function install(words: readonly string[]): Promise<void> {
  const options = {
    env: { DEBIAN_FRONTEND: "noninteractive" },
    timeMsMax: INSTALL_MS_MAX,
  };
  const updated = await run("apt-get", ["update"], options).catch(String);
  try {
    await run("apt-get", words, options);
  } catch (error) {
    throw new Error(`${error}\n${updated}`);
  }
}

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
