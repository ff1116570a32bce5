/**
 * Counting with a real daemon and clients that are not ours: what ctlstat,
 * /metrics and ctladm top tell is what the clients have seen.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { requireProgram } from "../../support/command.ts";
import { type DaemonFolder, daemonFolder, ROOT } from "../../support/daemon.ts";
import {
  openSession,
  read10,
  type Session,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";
import { wordsOfTask } from "../../support/tasks.ts";
import {
  type RunningProgram,
  runTool,
  startProgram,
} from "../../support/process.ts";
import { type Metrics, parseMetrics } from "../../support/prometheus_text.ts";

const TARGET = "iqn.2026-01.local.dtl:demo";
const PERF_SECONDS = 2;
/** A row of ctlstat has the whole run of iscsi-perf in it. */
const ROW_SECONDS = 4;
const TOOL_MS = 30_000;

/** Registers a test with a quick target. */
function targetTest(
  name: string,
  body: (folder: DaemonFolder, port: number) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    const port = freePort();
    await folder.start("--port", String(port), "--size", "64m");
    await body(folder, port);
  });
}

async function openTo(port: number): Promise<Session> {
  const session = await openSession({ portal: { port }, targetName: TARGET });
  while ((await session.command(0, testUnitReady())).sense !== "");
  return session;
}

/** Runs iscsi-perf. @returns commands that it has seen */
async function perf(port: number): Promise<number> {
  const { code, stdout, stderr } = await runTool(
    requireProgram("iscsi-perf"),
    [
      ...["-t", String(PERF_SECONDS), "-m", "32", "-b", "8", "-r"],
      `iscsi://127.0.0.1:${port}/${TARGET}/0`,
    ],
    { timeoutMs: TOOL_MS },
  );
  assertEquals(code, 0, stderr);
  const averages = [...`${stdout}${stderr}`.matchAll(/iops average (\d+)/g)];
  return Number(averages.at(-1)?.[1]) * PERF_SECONDS;
}

/** READ operations of LUN 0 so far. */
async function readsOf(folder: DaemonFolder): Promise<number> {
  const words = ["-j", "-c", "1", "-l", "0"];
  const { stdout } = await folder.run("ctlstat", ...words);
  return JSON.parse(stdout).luns[0].io[1].operations;
}

function startCtlstat(
  folder: DaemonFolder,
  ...words: readonly string[]
): Promise<RunningProgram> {
  return startProgram(Deno.execPath(), [...wordsOfTask("ctlstat"), ...words], {
    env: folder.env,
    cwd: ROOT,
    readyLine: /\d/,
    timeoutMs: TOOL_MS,
  });
}

/** Within two in a hundred. */
function assertNear(actual: number, expected: number, what: string): void {
  const near = Math.abs(actual - expected) <= expected * 0.02;
  assert(near, `${what}: ${actual}, and iscsi-perf has seen ${expected}`);
}

targetTest("ctlstat counts what iscsi-perf has seen", async (folder, port) => {
  const before = await readsOf(folder);
  const rows = await startCtlstat(
    folder,
    ...["-C", "-h", "-c", "2", "-w", String(ROW_SECONDS), "-l", "0"],
  );
  const beganMs = performance.now();
  const first = rows.stdout.lines[0];
  const seen = await perf(port);
  const row = await rows.waitForLine((line) => line !== first);
  const seconds = (performance.now() - beganMs) / 1000;
  assertEquals((await rows.waitForExit()).code, 0);
  assertNear(await readsOf(folder) - before, seen, "operations");
  assertMatch(row, /^ +\d+\.\d +4 +\d+ +\d+$/);
  assertNear(Number(row.trim().split(/ +/)[2]) * seconds, seen, "tps");
});

async function scrape(folder: DaemonFolder): Promise<Metrics> {
  using client = Deno.createHttpClient({
    proxy: { transport: "unix", path: folder.socket },
  });
  const response = await fetch("http://localhost/metrics", { client });
  return parseMetrics(await response.text());
}

targetTest("/metrics tells of sessions and ports", async (folder, port) => {
  await using session = await openTo(port);
  const before = await scrape(folder);
  const write = new Uint8Array(8192);
  await session.command(0, write10(0, 16), { write });
  await session.command(0, read10(0, 8), { read: 4096 });
  await session.command(0, read10(0xffffff, 8), { read: 4096 });
  const after = await scrape(folder);
  const added = (sample: string) => after.value(sample) - before.value(sample);
  const lun = 'dtl_lun_commands_total{lun="0",opcode=';
  const ofPort = `port="3",target="${TARGET}"`;
  const bytes = "dtl_port_transferred_bytes_total";
  const failed = `status="check_condition",sense_key="illegal_request"`;
  assertEquals(
    [
      added(`${lun}"2a",status="good"}`),
      added(`${lun}"28",status="good"}`),
      added(`${lun}"28",${failed}}`),
      added(`${bytes}{${ofPort},opcode="2a",direction="out"}`),
      added(`${bytes}{${ofPort},opcode="28",direction="in"}`),
      added(
        `dtl_port_command_duration_seconds_count{${ofPort},opcode="28"}`,
      ),
      after.value("dtl_iscsi_sessions"),
      after.value('dtl_iscsi_connections{state="open"}'),
    ],
    [1, 1, 1, 8192, 4096, 2, 1, 1],
  );
  const [[, commands] = ["", 0]] = after
    .with('dtl_iscsi_session_commands_total{session="1",');
  assert(commands >= 4);
  assert(after.value("process_resident_memory_bytes") > 2 ** 24);
  assert(
    Math.abs(
      after.value("process_start_time_seconds") * 1000 -
        Date.now(),
    ) < 600_000,
  );
});

targetTest("/metrics counts refused logins", async (folder, port) => {
  await openSession({ portal: { port }, targetName: `${TARGET}x` })
    .catch(() => {});
  const metrics = await scrape(folder);
  const sample = 'dtl_iscsi_logins_refused_total{status="0203"}';
  assertEquals(metrics.value(sample), 1);
});

targetTest("ctladm top shows a session at work", async (folder, port) => {
  await using session = await openTo(port);
  const top = folder.ctladm("top", "--json", "-w", "1");
  let working = true;
  const done = top.finally(() => working = false);
  while (working) {
    await session.command(0, read10(0, 8), { read: 4096 });
  }
  const { code, stdout } = await done;
  assertEquals(code, 0);
  const { luns, sessions } = JSON.parse(stdout);
  assert(luns[0].commandsPerSecond > 10, stdout);
  assertEquals(luns[0].id, 0);
  assertEquals(sessions[0].target, TARGET);
  assert(sessions[0].p50Us > 0 && sessions[0].p99Us >= sessions[0].p50Us);
  const plain = await folder.ctladm("top", "-n", "1", "-w", "1");
  assertMatch(plain.stdout, /^up 0:\d\d:\d\d {3}cpu \d+% /);
  assert(!plain.stdout.includes("\x1b"), "control characters in a pipe");
});
