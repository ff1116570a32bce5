/**
 * The real clients that tests use, from Debian's packages: what is missing is
 * installed where we may, and told where we may not.
 *
 * @module
 */

import { findProgram } from "../support/command.ts";
import { installPackages } from "../support/debian.ts";

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
  needPrograms("xorriso", ["xorriso"]),
  needPrograms("etcd-server", ["etcd"]),
];

/**
 * Sees to it that the clients are there.
 *
 * @throws with the line to run, when we cannot install what is missing
 */
export async function providePackages(): Promise<void> {
  await installPackages(await missingPackages());
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
