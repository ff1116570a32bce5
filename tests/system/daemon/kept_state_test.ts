/**
 * What initiators asked to be kept is there when a killed daemon comes back:
 * reservations with APTPL, saved mode pages. A state database that cannot be
 * used is told, and stays as it is.
 */

import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type DaemonFolder,
  daemonFolder,
  endBy,
} from "../../support/daemon.ts";
import {
  type CommandOptions,
  iscsiTransportId,
  modeSelect6,
  modeSense6,
  openSession,
  persistentReserveIn,
  persistentReserveList,
  persistentReserveOut,
  PR_IN,
  PR_OUT,
  PR_TYPE,
  read10,
  type Session,
  STATUS,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";

const ONE = { initiatorName: "iqn.2026-01.test.dtl:one", isid: isid(1) };
const OTHER = { initiatorName: "iqn.2026-01.test.dtl:other", isid: isid(2) };
const { GOOD, RESERVATION_CONFLICT: CONFLICT } = STATUS;
const BLOCK = new Uint8Array(512);

function isid(last: number): Uint8Array {
  return Uint8Array.of(0x80, 0, 0, 0, 0, last);
}

function targetOf(name: string, group: string): string {
  return `target iqn.2026-01.test.dtl:${name} {
    auth-group no-authentication
    portal-group ${group}
    lun 0 disk
  }`;
}

interface Portals {
  readonly one: number;
  readonly two: number;
}

/** One disk behind two targets, on a portal each, in an order. */
function configurationOf(
  folder: DaemonFolder,
  { one, two }: Portals,
  targets: readonly string[] = ["t1", "t2"],
  option = "",
): string {
  const groups = targets.map((name) =>
    `portal-group pg${name.slice(1)} {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${name === "t1" ? one : two}
    }`
  );
  return `pidfile "${folder.pidFile}"
    ${groups.join("\n")}
    lun disk { path ${folder.path}/disk
      ${option} }
    ${targets.map((name) => targetOf(name, `pg${name.slice(1)}`)).join("\n")}`;
}

/** Registers a test with a folder in which there is a disk. */
function folderTest(
  name: string,
  body: (folder: DaemonFolder, portals: Portals) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    await Deno.writeFile(`${folder.path}/disk`, new Uint8Array(2 ** 20));
    await body(folder, { one: freePort(), two: freePort() });
  });
}

async function ready(
  port: number,
  who: typeof ONE,
  target = "t1",
): Promise<Session> {
  const targetName = `iqn.2026-01.test.dtl:${target}`;
  const session = await openSession({ portal: { port }, targetName, ...who });
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(0, testUnitReady()));
  }
  return session;
}

async function statusOf(
  session: Session,
  cdb: Uint8Array,
  options?: CommandOptions,
): Promise<number> {
  return (await session.command(0, cdb, options)).status;
}

interface Fields {
  readonly type?: number;
  readonly key?: bigint;
  readonly actionKey?: bigint;
  readonly persist?: boolean;
}

async function reserveOut(
  session: Session,
  action: number,
  fields: Fields,
): Promise<number> {
  const write = persistentReserveList(fields);
  return await statusOf(session, persistentReserveOut(action, fields.type), {
    write,
  });
}

async function inquire(session: Session, action: number): Promise<string> {
  const { data } = await session
    .command(0, persistentReserveIn(action), { read: 4096 });
  return data.toHex();
}

/** Whether a session may read and write: `GOOD GOOD`, as numbers. */
async function mayDo(session: Session): Promise<readonly number[]> {
  return [
    await statusOf(session, read10(0, 1), { read: 512 }),
    await statusOf(session, write10(0, 1), { write: BLOCK }),
  ];
}

async function registerAndReserve(
  session: Session,
  persist: boolean,
): Promise<void> {
  const registered = await reserveOut(session, PR_OUT.REGISTER, {
    actionKey: 0xa1n,
    persist,
  });
  assertEquals(registered, GOOD);
  const type = PR_TYPE.EXCLUSIVE_ACCESS;
  assertEquals(
    await reserveOut(session, PR_OUT.RESERVE, { type, key: 0xa1n }),
    GOOD,
  );
}

const KEY = "00000000000000a1";

folderTest("APTPL outlives kill -9", async (folder, portals) => {
  const text = configurationOf(folder, portals);
  const daemon = await folder.ctld(text);
  const one = await ready(portals.one, ONE);
  await ready(portals.one, OTHER);
  await registerAndReserve(one, true);
  await endBy(daemon, "SIGKILL");

  const again = await folder.ctld(text);
  await using other = await ready(portals.one, OTHER);
  assertEquals(await mayDo(other), [CONFLICT, CONFLICT]);
  assertEquals(await inquire(other, PR_IN.READ_KEYS), `0000000000000008${KEY}`);
  assertEquals(
    await inquire(other, PR_IN.READ_RESERVATION),
    `0000000000000010${KEY}0000000000030000`,
  );
  assertEquals(await inquire(other, PR_IN.REPORT_CAPABILITIES), CAPABLE_ACTIVE);
  const full = await inquire(other, PR_IN.READ_FULL_STATUS);
  const id = iscsiTransportId(ONE.initiatorName, ONE.isid).toHex();
  assert(full.endsWith(id), full);
  await using back = await ready(portals.one, ONE);
  assertEquals(await mayDo(back), [GOOD, GOOD]);
  // It persists as long as nobody says otherwise.
  await endBy(again, "SIGKILL");
  const third = await folder.ctld(text);
  await using last = await ready(portals.one, ONE);
  assertEquals(await mayDo(last), [GOOD, GOOD]);
  const type = PR_TYPE.EXCLUSIVE_ACCESS;
  assertEquals(
    await reserveOut(last, PR_OUT.RELEASE, { type, key: 0xa1n }),
    GOOD,
  );
  await endBy(third, "SIGKILL");
  await folder.ctld(text);
  await using free = await ready(portals.one, OTHER);
  assertEquals(await mayDo(free), [GOOD, GOOD]);
  assertEquals(await inquire(free, PR_IN.READ_KEYS), `0000000000000008${KEY}`);
});

const CAPABLE_ACTIVE = "00081dd1ea010000";

folderTest("without APTPL kill -9 ends it all", async (folder, portals) => {
  const text = configurationOf(folder, portals);
  const daemon = await folder.ctld(text);
  const one = await ready(portals.one, ONE);
  await registerAndReserve(one, false);
  await endBy(daemon, "SIGKILL");
  await folder.ctld(text);
  await using other = await ready(portals.one, OTHER);
  assertEquals(await inquire(other, PR_IN.READ_KEYS), "0000000000000000");
  assertEquals(await mayDo(other), [GOOD, GOOD]);
});

folderTest("a later APTPL=0 ends the persistence", async (folder, portals) => {
  const text = configurationOf(folder, portals);
  const daemon = await folder.ctld(text);
  const one = await ready(portals.one, ONE);
  const other = await ready(portals.one, OTHER);
  await registerAndReserve(one, true);
  assertEquals(
    await reserveOut(other, PR_OUT.REGISTER, { actionKey: 2n }),
    GOOD,
  );
  await endBy(daemon, "SIGKILL");
  await folder.ctld(text);
  await using after = await ready(portals.one, OTHER);
  assertEquals(await inquire(after, PR_IN.READ_KEYS), "0000000000000000");
});

folderTest(
  "ports are found again in another order",
  async (folder, portals) => {
    const daemon = await folder.ctld(configurationOf(folder, portals));
    const one = await ready(portals.two, ONE, "t2");
    await registerAndReserve(one, true);
    await endBy(daemon, "SIGKILL");
    const reordered = configurationOf(folder, portals, ["t2", "t1"]);
    await folder.ctld(reordered);
    await using there = await ready(portals.two, ONE, "t2");
    assertEquals(await mayDo(there), [GOOD, GOOD]);
    // The same initiator at another port is another nexus.
    await using elsewhere = await ready(portals.one, ONE, "t1");
    assertEquals(await mayDo(elsewhere), [CONFLICT, CONFLICT]);
  },
);

/** Writes a page that MODE SENSE has told, with one byte changed. */
async function select(
  session: Session,
  page: number,
  at: number,
  value: number,
  save: boolean,
): Promise<void> {
  const sense = modeSense6({ page, noBlockDescriptors: true });
  const { data } = await session.command(0, sense, { read: 255 });
  const list = Uint8Array.from(data);
  list.fill(0, 0, 4);
  list[4] = (list[4] ?? 0) & 0x7f;
  list[4 + at] = value;
  const cdb = modeSelect6(list.length, save);
  assertEquals(await statusOf(session, cdb, { write: list }), GOOD);
}

async function byteOf(
  session: Session,
  page: number,
  at: number,
  pageControl = 0,
): Promise<number | undefined> {
  const { data } = await session.command(
    0,
    modeSense6({ page, control: pageControl, noBlockDescriptors: true }),
    { read: 255 },
  );
  return data[4 + at];
}

folderTest("saved mode pages outlive kill -9", async (folder, portals) => {
  const text = configurationOf(folder, portals);
  const daemon = await folder.ctld(text);
  const one = await ready(portals.one, ONE);
  assertEquals(await byteOf(one, 8, 2), 0x14);
  await select(one, 8, 2, 0x10, true); // WCE
  await select(one, 0x0a, 4, 0x08, true); // SWP
  await select(one, 0x0a, 2, 0x04, false); // D_SENSE, not saved
  await endBy(daemon, "SIGKILL");
  const again = await folder.ctld(text);
  const after = await ready(portals.one, OTHER);
  assertEquals(await byteOf(after, 8, 2), 0x10);
  assertEquals(await byteOf(after, 8, 2, 2), 0x14);
  assertEquals(await byteOf(after, 8, 2, 3), 0x10);
  assertEquals(await byteOf(after, 0x0a, 2), 0);
  assertEquals(await byteOf(after, 0x0a, 0), 0x8a);
  const { sense } = await after.command(0, write10(0, 1), { write: BLOCK });
  assertEquals(sense, "7/27/02");
  await endBy(again, "SIGKILL");
  // What nobody changed follows the options of the administrator.
  await folder.ctld(
    configurationOf(folder, portals, ["t1", "t2"], "option readcache off"),
  );
  await using last = await ready(portals.one, ONE);
  assertEquals(await byteOf(last, 8, 2), 0x11);
  assertEquals(await byteOf(last, 8, 2, 2), 0x15);
});

/** Changes the state database of a daemon that does not run. */
function alterState(folder: DaemonFolder, statements: string): void {
  const database = new DatabaseSync(`${folder.path}/state/state.db`);
  database.exec(statements);
  database.close();
}

folderTest("a full state database changes nothing", async (folder, portals) => {
  const text = configurationOf(folder, portals);
  const daemon = await folder.ctld(text);
  const one = await ready(portals.one, ONE);
  await registerAndReserve(one, true);
  await endBy(daemon, "SIGKILL");
  alterState(
    folder,
    `CREATE TRIGGER full BEFORE INSERT ON state
       BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`,
  );
  const crowded = await folder.ctld(text);
  const other = await ready(portals.one, OTHER);
  const refused = await other.command(
    0,
    persistentReserveOut(PR_OUT.REGISTER),
    { write: persistentReserveList({ actionKey: 2n, persist: true }) },
  );
  assertEquals(refused.sense, "4/44/00");
  assertEquals(await inquire(other, PR_IN.READ_KEYS), `0000000000000008${KEY}`);
  assertEquals(await mayDo(other), [CONFLICT, CONFLICT]);
  const log = crowded.stderr.text;
  assertMatch(log, /State of a LUN was not kept.*database or disk is full/);
  await endBy(crowded, "SIGKILL");
  alterState(folder, "DROP TRIGGER full");
  await folder.ctld(text);
  await using last = await ready(portals.one, ONE);
  assertEquals(await inquire(last, PR_IN.READ_KEYS), `0000000000000008${KEY}`);
  assertEquals(await mayDo(last), [GOOD, GOOD]);
});

folderTest("two daemons do not share a state", async (folder, portals) => {
  const text = configurationOf(folder, portals);
  await folder.ctld(text);
  const path = `${folder.path}/second.conf`;
  const second = text.replaceAll(folder.pidFile, `${folder.path}/second.pid`);
  await Deno.writeTextFile(path, second, { mode: 0o600 });
  const refused = await folder.runIn(
    { CTL_SOCKET: `${folder.path}/second.sock` },
    "ctld",
    "-f",
    path,
  );
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /state\.db: database is locked.*end the program/);
});
