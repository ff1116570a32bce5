/**
 * Resident memory of our daemons: the idle demo, as many LUNs as there may be,
 * and many LUNs and sessions. What is wanted: 90 MiB for the idle demo, 300
 * for 4,096 LUNs, 50 KiB for an idle session.
 *
 * ```sh
 * deno run -A --no-prompt tests/bench/memory.ts [--luns 1000] [--sessions 500]
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type DaemonFolder, daemonFolder } from "../support/daemon.ts";
import {
  openSession,
  read10,
  type Session,
  testUnitReady,
  write10,
} from "../support/initiator/mod.ts";
import { freePort } from "../support/ports.ts";
import { startProgram } from "../support/process.ts";
import { delay } from "../support/command.ts";
import { memoryOf } from "./proc.ts";
import { toText } from "./table.ts";

const TARGET = "iqn.2026-01.bench.dtl:many";
const LUNS = 1000;
const SESSIONS = 500;
const LUNS_MAX = 4096;
const LUNS_OF_TARGET_MAX = 1024;
const DEMO_MIB_MAX = 90;
const LUNS_MIB_MAX = 300;
const SESSION_KIB_MAX = 50;
/** What was allocated to start up has been collected by then. */
const SETTLE_MS = 2000;
/** For a machine that has other things to do. */
const PATIENCE_MS = 120_000;
/** Sessions that do something at the same time. */
const AT_ONCE = 16;

/** The least that a Deno program can be: one socket that listens. */
const BARE =
  `const l = Deno.listen({ hostname: "127.0.0.1", port: 0 }); console.log(1);
   for await (const c of l) c.close();`;

/** Memory at a moment, in KiB. */
interface Row {
  readonly what: string;
  readonly residentKib: number;
  readonly anonymousKib: number;
  /** What is wanted, and whether it came. */
  readonly verdict: string;
}

/** Memory of a process, after it came to rest. */
async function measure(
  what: string,
  pid: number,
  mibMax?: number,
): Promise<Row> {
  await delay(SETTLE_MS);
  const memory = memoryOf(pid);
  const mib = memory.residentKib / 1024;
  const verdict = mibMax === undefined ? "" : verdictOf(mib, mibMax, "MiB");
  console.error(`# ${what}: ${mib.toFixed(1)} MiB ${verdict}`);
  return { what, ...memory, verdict };
}

function verdictOf(value: number, max: number, unit: string): string {
  const outcome = value <= max ? "pass" : "FAIL";
  return `${value.toFixed(1)} <= ${max} ${unit} ${outcome}`;
}

/** What one of the sessions takes that came between two moments. */
function perSession(before: Row, after: Row, count: number): Row {
  const kib = (after.residentKib - before.residentKib) / count;
  return { ...after, verdict: verdictOf(kib, SESSION_KIB_MAX, "KiB each") };
}

function mebibytes(kib: number): string {
  return (kib / 1024).toFixed(1);
}

async function measureBare(): Promise<Row> {
  await using program = await startProgram(
    Deno.execPath(),
    ["eval", "--no-lock", BARE],
    { readyLine: /1/ },
  );
  return await measure("a bare Deno server", program.pid);
}

async function measureDemo(): Promise<Row> {
  await using folder = await daemonFolder();
  const { pid } = await folder.start("--port", "0");
  return await measure("the idle demo", pid, DEMO_MIB_MAX);
}

async function measureLuns(): Promise<Row> {
  await using folder = await daemonFolder();
  const configuration = configurationOf(folder, freePort(), LUNS_MAX);
  const { pid } = await folder.ctld(configuration);
  return await measure(`ctld, ${LUNS_MAX} LUNs`, pid, LUNS_MIB_MAX);
}

/** As many targets as it takes; the first has the first LUNs. */
function configurationOf(
  folder: DaemonFolder,
  port: number,
  luns: number,
): string {
  const targets: string[] = [];
  for (let first = 0; first < luns; first += LUNS_OF_TARGET_MAX) {
    const count = Math.min(luns - first, LUNS_OF_TARGET_MAX);
    const units = Array.from({ length: count }, (_, lun) => ramLun(lun));
    targets.push(`target ${first === 0 ? TARGET : `${TARGET}.${first}`} {
      auth-group no-authentication
      portal-group pg0
      ${units.join("\n")}
    }`);
  }
  return `pidfile "${folder.pidFile}"
    portal-group pg0 {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${port}
    }
    ${targets.join("\n")}`;
}

function ramLun(lun: number): string {
  return `lun ${lun} {
    backend ramdisk
    size 1G
    option capacity 1G
  }`;
}

/** Does something with every session, a few at the same time. */
async function withEach(
  sessions: readonly Session[],
  work: (session: Session, index: number) => Promise<unknown>,
): Promise<void> {
  for (let first = 0; first < sessions.length; first += AT_ONCE) {
    const some = sessions.slice(first, first + AT_ONCE);
    await Promise.all(some.map((each, index) => work(each, first + index)));
  }
}

/** Speaks to every LUN, as an initiator does that scans its target. */
async function scan(session: Session, luns: number): Promise<void> {
  const commands = Array.from(
    { length: luns },
    (_, lun) =>
      session.command(lun, testUnitReady(), { timeoutMs: PATIENCE_MS }),
  );
  await Promise.all(commands);
}

async function measureMany(luns: number, count: number): Promise<Row[]> {
  await using folder = await daemonFolder();
  const port = freePort();
  const { pid } = await folder.ctld(configurationOf(folder, port, luns));
  const begin = await measure(`ctld, ${luns} LUNs`, pid);
  const rows = [begin];
  const sessions: Session[] = [];
  const note = async (what: string) => rows.push(await measure(what, pid));
  for (let index = 0; index < count; index += 1) {
    sessions.push(await openSession({ portal: { port }, targetName: TARGET }));
  }
  const idle = await measure(`+ ${count} idle sessions`, pid);
  rows.push(perSession(begin, idle, count));
  await withEach(sessions, (session) => scan(session, luns));
  await note("+ each has scanned all LUNs");
  const data = new Uint8Array(2 ** 20).fill(1);
  await withEach(sessions, async (session, index) => {
    const lun = index % luns;
    await session.command(lun, write10(0, 2048), { write: data });
    await session.command(lun, read10(0, 2048), { read: data.length });
  });
  await note(`+ each wrote and read 1 MiB (${count} MiB are kept)`);
  await withEach(sessions, (session) => session.logout());
  await note("all have logged out");
  return rows;
}

async function main(words: readonly string[]): Promise<boolean> {
  const given = parseArgs(words, { string: ["luns", "sessions"] });
  const rows = [
    await measureBare(),
    await measureDemo(),
    await measureLuns(),
    ...await measureMany(
      Number(given.luns ?? LUNS),
      Number(given.sessions ?? SESSIONS),
    ),
  ];
  const head = ["", "VmRSS MiB", "of it anonymous", "wanted"];
  const cells = rows.map(({ what, residentKib, anonymousKib, verdict }) => [
    ...[what, mebibytes(residentKib), mebibytes(anonymousKib), verdict],
  ]);
  console.log(toText({ head, rows: cells }));
  return rows.every(({ verdict }) => !verdict.endsWith("FAIL"));
}

if (import.meta.main) Deno.exit(await main(Deno.args) ? 0 : 1);
