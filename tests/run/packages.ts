/**
 * The real clients that tests use, from Debian's packages: what is missing is
 * installed where we may, and told where we may not.
 *
 * @module
 */

import { findProgram, run } from "../bench/command.ts";

/** A package, and how to see that it is there. */
interface NeededPackage {
  readonly name: string;
  readonly isThere: () => boolean | Promise<boolean>;
}

const NEEDED: readonly NeededPackage[] = [
  needPrograms("libiscsi-bin", [
    "iscsi-inq",
    "iscsi-ls",
    "iscsi-perf",
    "iscsi-test-cu",
  ]),
  needPrograms("qemu-utils", ["qemu-img", "qemu-io"]),
  { name: "qemu-block-extra", isThere: qemuKnowsIscsi },
  needPrograms("sg3-utils", ["sg_inq", "sg_raw"]),
];

/** apt-get may have much to fetch. */
const INSTALL_MS_MAX = 600_000;

/** Asked by Debian's packages whether they may start their services. */
const POLICY_PATH = "/usr/sbin/policy-rc.d";

/**
 * Sees to it that the clients are there.
 *
 * @throws with the line to run, when we cannot install what is missing
 */
export async function providePackages(): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  const words = ["install", "-y", "--no-install-recommends", ...missing];
  if (Deno.uid() !== 0 || findProgram("apt-get") === undefined) {
    throw new Error(`Missing programs: run apt-get ${words.join(" ")} as root`);
  }
  console.error(`# apt-get ${words.join(" ")}`);
  await withoutServices(() => install(words));
  const left = await missingPackages();
  if (left.length > 0) throw new Error(`Cannot install ${left.join(", ")}`);
}

/** Names of the packages that are not there. */
export async function missingPackages(): Promise<string[]> {
  const missing: string[] = [];
  for (const { name, isThere } of NEEDED) {
    if (!await isThere()) missing.push(name);
  }
  return missing;
}

function needPrograms(
  name: string,
  programs: readonly string[],
): NeededPackage {
  const isThere = () =>
    programs.every((program) => findProgram(program) !== undefined);
  return { name, isThere };
}

// The driver is a module of its own that no program list shows. Nobody listens
// on port 1: with the driver, connecting fails; without it, the protocol.
async function qemuKnowsIscsi(): Promise<boolean> {
  if (findProgram("qemu-img") === undefined) return false;
  const { stderr } = await new Deno.Command("qemu-img", {
    args: ["info", "iscsi://127.0.0.1:1/iqn.2026-01.test:none/0"],
    stdin: "null",
    stdout: "null",
  }).output();
  return !new TextDecoder().decode(stderr).includes("Unknown protocol");
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
