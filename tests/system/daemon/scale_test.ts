/**
 * Many LUNs, made and removed while others are under load.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  openTarget,
  pidFileLine,
  portalGroup,
  ramLun,
} from "../../support/ctl_conf.ts";
import { type DaemonFolder, daemonFolder } from "../../support/daemon.ts";
import {
  openSession,
  type Session,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";
import { runTool } from "../../support/process.ts";

const BUSY = "iqn.2026-01.test.dtl:busy";
const CHANGING = "iqn.2026-01.test.dtl:changing";
const LUNS = 1000;

function textOf(folder: DaemonFolder, port: number, luns: string): string {
  return pidFileLine(folder) + portalGroup("pg0", port) +
    openTarget(BUSY, luns);
}

async function said(
  folder: DaemonFolder,
  ...words: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await folder.ctladm(...words);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

async function heard(session: Session, lun: number): Promise<string[]> {
  const senses: string[] = [];
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(lun, testUnitReady()));
    if (sense !== "") senses.push(sense);
  }
  return senses;
}

Deno.test("a thousand LUNs by one ctl.conf, and by ctladm batch", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  await folder.ctld(textOf(folder, port, ramLun(0)));
  const many = Array.from({ length: LUNS }, (_, lun) => ramLun(lun)).join("");
  await folder.configure(textOf(folder, port, many));
  const applied = await said(folder, "apply", folder.configuration);
  assertStringIncludes(applied, "Configuration applied");
  assertEquals(
    JSON.parse(await said(folder, "devlist", "--json")).length,
    LUNS,
  );
  await folder.configure(textOf(folder, port, ramLun(0)));
  await said(folder, "apply", folder.configuration);
  const commands = `${folder.path}/commands`;
  const create = "create -b ramdisk -s 1m -o capacity=1m\n";
  await Deno.writeTextFile(commands, create.repeat(LUNS - 1));
  await said(folder, "batch", commands);
  const luns = JSON.parse(await said(folder, "devlist", "--json"));
  assertEquals(luns.length, LUNS);
  const names = new Set(luns.map(({ naa }: { naa: string }) => naa));
  assertEquals(names.size, LUNS);
});

const BATCH = `create -b ramdisk -s 4m -o capacity=4m -l 100
  create -b ramdisk -s 4m -o capacity=4m -l 101
  modify -b ramdisk -l 2 -s 8m -o capacity=8m
  lunmap -p 3 -l 9 -L 100
  remove -b ramdisk -l 101\n`;

// That the inventory has changed is told once, by whichever LUN is asked.
async function hearsChanges(session: Session): Promise<void> {
  const size = await heard(session, 1);
  assert(size.includes("6/2a/09"), `${size}`);
  const all = [...size, ...await heard(session, 0)];
  assert(all.includes("6/3f/0e"), `${all}`);
}

Deno.test("LUNs come, change and go while another is under load", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  const daemon = await folder
    .ctld(
      textOf(folder, port, ramLun(0, "64M")) +
        openTarget(CHANGING, ramLun(0) + ramLun(1)),
    );
  await using session = await openSession({
    portal: { port },
    targetName: CHANGING,
  });
  await heard(session, 0);
  await heard(session, 1);
  const ports: { id: number; target: string | null }[] = JSON.parse(
    await said(folder, "portlist", "--json"),
  );
  const id = ports.find(({ target }) => target === CHANGING)?.id;
  const load = runTool("iscsi-perf", [
    ...["-b", "8", "-m", "32", "-r", "-t", "4"],
    `iscsi://127.0.0.1:${port}/${BUSY}/0`,
  ], { timeoutMs: 60_000 });
  const commands = `${folder.path}/commands`;
  await Deno.writeTextFile(commands, BATCH.replace("-p 3", `-p ${id}`));
  await said(folder, "batch", commands);
  await hearsChanges(session);
  const more = "modify -b ramdisk -l 2 -s 2m -o capacity=8m\n";
  await Deno.writeTextFile(commands, `${more}remove -b ramdisk -l 100\n`);
  await said(folder, "batch", commands);
  await hearsChanges(session);
  const { code, stdout, stderr } = await load;
  assertEquals(code, 0, stdout + stderr);
  assert(!/error|fail/i.test(stdout + stderr), stdout + stderr);
  assert(!/\[ERR\]/.test(daemon.stderr.text), daemon.stderr.text);
});
