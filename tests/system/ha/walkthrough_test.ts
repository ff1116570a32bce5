/** The walk-through "Two nodes" of README.md, as it stands there. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { daemonFolder, ROOT } from "../../support/daemon.ts";
import { freePort } from "../../support/ports.ts";
import { runTool } from "../../support/process.ts";

const WALK_MS = 180_000;

/** The lines for a shell of a part of README.md. */
async function shellLines(heading: string): Promise<string> {
  const text = await Deno.readTextFile(`${ROOT}README.md`);
  const [, part = ""] = text.split(`\n## ${heading}\n`);
  const [own = ""] = part.split("\n## ");
  return [...own.matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, code = ""]) => code).join("\n");
}

Deno.test("README.md's two nodes fail over as it says", async () => {
  await using folder = await daemonFolder();
  const bin = `${folder.path}/bin`;
  await Deno.mkdir(bin);
  await Deno.symlink(Deno.execPath(), `${bin}/deno`);
  // Other tests run beside this one: places of its own, nothing else differs.
  let script = await shellLines("Two nodes");
  for (const port of ["3261", "3262", "9990"]) {
    assert(script.includes(port), port);
    script = script.replaceAll(port, String(freePort()));
  }
  assert(script.includes("/tmp/pair/disk"));
  script = script.replaceAll("/tmp/pair", `${folder.path}/pair`);
  await Deno.mkdir(`${folder.path}/pair`);
  try {
    const { code, stdout, stderr } = await runTool("sh", [
      ...["-e", "-c", script],
    ], {
      cwd: ROOT,
      env: { PATH: `${bin}:${Deno.env.get("PATH") ?? ""}`, NO_COLOR: "1" },
      timeoutMs: WALK_MS,
    });
    const told = `${stdout}\n${stderr}`;
    assertEquals(code, 0, told);
    const shown = stdout.match(/^Node [12] of 2: .*$/gm) ?? [];
    assertEquals(
      shown.map((line) => line.replace(/ (\(|mode|epoch).*$/, "")),
      [
        "Node 1 of 2: primary,",
        "Node 2 of 2: primary,",
        "Node 1 of 2: primary,",
      ],
      told,
    );
    const portals = stdout.match(/^Target:\S+:pair Portal:/gm) ?? [];
    assertEquals(portals.length, 2, told);
    assertMatch(stdout, /^This node is primary, epoch \d+$/m);
    assertMatch(stdout, /^\d{3,} commands verified, 0 errors, /m, told);
  } finally {
    await endWhatIsLeft(`${folder.path}/pair`);
  }
});

/** A walk that broke off leaves daemons behind: by their own numbers. */
async function endWhatIsLeft(path: string): Promise<void> {
  for (const node of ["1", "2"]) {
    try {
      const pid = Number(await Deno.readTextFile(`${path}/${node}/ctld.pid`));
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}
