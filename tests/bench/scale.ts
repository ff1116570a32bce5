/**
 * How ctladm and the control API scale: many LUNs, and data through pipes.
 * `deno run -A tests/bench/scale.ts` prints figures of a daemon of its own.
 *
 * @module
 */

import { ApiClient } from "../../ctladm/api/client.ts";
import { connectApi } from "../../ctladm/api/client_adapter.ts";
import { pidFileLine, ramLun } from "../support/ctl_conf.ts";
import { type DaemonFolder, daemonFolder } from "../support/daemon.ts";
import { wordsOfTask } from "../support/tasks.ts";

const LUNS = 1000;
const MEBIBYTES = 1024;
const SINGLE_RUNS = 20;

/** Seconds that something takes. */
async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function tell(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(44)} ${value.toFixed(2).padStart(9)} ${unit}`);
}

async function ran(
  folder: DaemonFolder,
  ...words: readonly string[]
): Promise<void> {
  const { code, stderr } = await folder.ctladm(...words);
  if (code !== 0) throw new Error(`ctladm ${words.join(" ")}: ${stderr}`);
}

/** Puts a configuration in force; a target shows all its LUNs. */
async function apply(folder: DaemonFolder, luns: string): Promise<void> {
  await folder.configure(`${pidFileLine(folder)}
    portal-group pg0 { foreign
      listen 192.0.2.1 }
    target iqn.2026-01.test.dtl:scale {
      auth-group no-authentication
      portal-group pg0
      ${luns} }`);
  await ran(folder, "apply", folder.configuration);
}

async function luns(folder: DaemonFolder): Promise<void> {
  const all = Array.from({ length: LUNS }, (_, lun) => ramLun(lun)).join("");
  const applied = await secondsOf(() => apply(folder, all));
  tell(`apply a ctl.conf of ${LUNS} new LUNs`, applied, "s");
  tell("apply one without them", await secondsOf(() => apply(folder, "")), "s");
  const commands = `${folder.path}/commands`;
  const create = "create -b ramdisk -s 1m -o capacity=1m\n";
  await Deno.writeTextFile(commands, create.repeat(LUNS));
  const batch = await secondsOf(() => ran(folder, "batch", commands));
  tell(`ctladm batch: create ${LUNS} LUNs`, batch, "s");
  using connection = connectApi(folder.socket);
  tell("API: LUNs removed", LUNS / await removeAll(connection.client), "/s");
  tell("API: LUNs created", LUNS / await createAll(connection.client), "/s");
  await removeAll(connection.client);
  const single = await secondsOf(async () => {
    for (let runs = 0; runs < SINGLE_RUNS; runs += 1) {
      await ran(folder, ...create.trim().split(" "));
    }
  });
  tell("one ctladm create", 1000 * single / SINGLE_RUNS, "ms");
  await removeAll(connection.client);
}

function removeAll(client: ApiClient): Promise<number> {
  return secondsOf(async () => {
    const found = await client.get<{ readonly id: number }[]>("/v1/luns");
    for (const { id } of found) await client.delete(`/v1/luns/${id}`);
  });
}

function createAll(client: ApiClient): Promise<number> {
  return secondsOf(async () => {
    for (let made = 0; made < LUNS; made += 1) {
      await client.post("/v1/luns", {
        backend: "ramdisk",
        sizeBytes: 2 ** 20,
        options: { capacity: "1m" },
      });
    }
  });
}

async function pipes(folder: DaemonFolder): Promise<void> {
  const size = `${MEBIBYTES}m`;
  await ran(
    folder,
    ...["create", "-b", "ramdisk", "-s", size, "-o", `capacity=${size}`],
    ...["-l", "0"],
  );
  await ran(folder, "tur", "0");
  const ctladm = [Deno.execPath(), ...wordsOfTask("ctladm")].join(" ");
  const blocks = `0 -l 0 -d ${MEBIBYTES * 2048} -b 512 -f -`;
  const zeroes = `dd if=/dev/zero bs=1M count=${MEBIBYTES} status=none`;
  const lines = {
    "dd | ctladm write (fresh memory)": `${zeroes} | ${ctladm} write ${blocks}`,
    "dd | ctladm write": `${zeroes} | ${ctladm} write ${blocks}`,
    "ctladm read | cat": `${ctladm} read ${blocks} | cat > /dev/null`,
  };
  for (const [what, line] of Object.entries(lines)) {
    const seconds = await secondsOf(() => shell(folder, line));
    tell(what, MEBIBYTES * 1.048576 / seconds, "MB/s");
  }
}

async function shell(folder: DaemonFolder, line: string): Promise<void> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", line],
    env: { ...folder.env },
    cwd: new URL("../../", import.meta.url).pathname,
  }).output();
  if (!success) throw new Error(line);
}

async function main(): Promise<void> {
  await using folder = await daemonFolder();
  await folder.ctld(pidFileLine(folder));
  await luns(folder);
  await pipes(folder);
}

if (import.meta.main) await main();
