/** A pair that has the permissions of `ctladm permissions`, and no others. */

import { assertEquals } from "@std/assert";
import { patternBytes } from "../../support/bytes.ts";
import { type DaemonFolder, waitForLog } from "../../support/daemon.ts";
import { DaemonPair } from "../../support/ha/daemon_pair.ts";
import { read10, write10 } from "../../support/initiator/mod.ts";
import { type RunningProgram, startProgram } from "../../support/process.ts";

/** Runs ctld by the line that is printed. */
async function byLine(
  folder: DaemonFolder,
  text: string,
): Promise<RunningProgram> {
  await folder.configure(text);
  const { stdout } = await folder
    .ctladm("permissions", "-f", folder.configuration);
  const line = stdout.trim().replace(" deno run", ` ${Deno.execPath()} run`);
  const program = await startProgram("sh", ["-c", `exec env ${line}`]);
  await waitForLog(program, /serving targets=1/);
  return program;
}

Deno.test("A pair works with the lines of ctladm permissions", async () => {
  const ha = () => "fencer lock";
  await using pair = await DaemonPair.make({ mode: "proxy", tls: true, ha });
  await Promise.all([pair.one.start(byLine), pair.two.start(byLine)]);
  await Promise.all([
    pair.one.serves("primary"),
    pair.two.serves("secondary"),
  ]);
  const session = await pair.two.openReady();
  const data = patternBytes(4096);
  const { sense } = await session.command(0, write10(8, 8), { write: data });
  assertEquals(sense, "");
  await pair.two.order("primary");
  await pair.two.serves("primary");
  const other = await pair.one.openReady();
  const read = await other.command(0, read10(8, 8), { read: 4096 });
  assertEquals(read.data, data);
});
