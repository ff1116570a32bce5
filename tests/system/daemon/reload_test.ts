/**
 * SIGHUP: what did not change goes on, what changed is as the file says.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type DaemonFolder,
  daemonFolder,
  exists,
  waitForLog,
} from "../../support/daemon.ts";
import {
  discover,
  login,
  LOGIN_STATUS,
  openSession,
  parseReadCapacity10,
  readCapacity10,
  type Session,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";
import { type RunningProgram, startProgram } from "../../support/process.ts";

const ONE = "iqn.2026-01.test.dtl:one";
const TWO = "iqn.2026-01.test.dtl:two";

/** The parts of a ctl.conf that the tests change. */
interface Parts {
  readonly folder: DaemonFolder;
  readonly port: number;
  readonly one?: string;
  readonly two?: string;
  readonly more?: string;
}

const LUN = `lun 0 {
    backend ramdisk
    size 16M
    option capacity 32M
  }`;

function configurationOf(parts: Parts): string {
  const { folder, port, one = LUN, two = LUN, more = "" } = parts;
  const target = (name: string, body: string) =>
    `target ${name} {
      auth-group no-authentication
      portal-group pg0
      ${body}
    }\n`;
  return `pidfile "${folder.pidFile}"
    portal-group pg0 {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${port}
    }
    ${one === "" ? "" : target(ONE, one)}
    ${two === "" ? "" : target(TWO, two)}
    ${more}`;
}

/** Writes ctl.conf anew and lets the daemon read it. */
async function reload(
  daemon: RunningProgram,
  folder: DaemonFolder,
  text: string,
): Promise<void> {
  await folder.configure(text);
  const before = daemon.stderr.lines.length;
  daemon.kill("SIGHUP");
  await waitForNewLog(daemon, before, /configuration (reloaded|error)/);
}

async function waitForNewLog(
  daemon: RunningProgram,
  before: number,
  matches: RegExp,
): Promise<string> {
  const seen = new Set(daemon.stderr.lines.slice(0, before - 1));
  return await waitForLog(
    daemon,
    (line) => matches.test(line) && !seen.has(line),
  );
}

function reloadTest(
  name: string,
  body: (
    folder: DaemonFolder,
    daemon: RunningProgram,
    port: number,
  ) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    const port = freePort();
    const daemon = await folder.ctld(configurationOf({ folder, port }));
    await body(folder, daemon, port);
  });
}

/** Sessions as `ctladm islist` shows them: number and target. */
async function islist(folder: DaemonFolder): Promise<string[]> {
  const { stdout } = await folder.ctladm("islist", "--json");
  const sessions: { id: number; target: string }[] = JSON.parse(stdout);
  return sessions.map(({ id, target }) => `${id} ${target}`);
}

/** A session that has heard the unit attentions of LUN 0. */
async function ready(port: number, targetName: string): Promise<Session> {
  const session = await openSession({ portal: { port }, targetName });
  await heard(session);
  return session;
}

async function heard(session: Session): Promise<string[]> {
  const senses: string[] = [];
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(0, testUnitReady()));
    if (sense !== "") senses.push(sense);
  }
  return senses;
}

async function lastLba(session: Session): Promise<number> {
  const { data } = await session.command(0, readCapacity10(), { read: 8 });
  return parseReadCapacity10(data).lastLba;
}

reloadTest(
  "a loaded target does not feel a reload",
  async (folder, daemon, port) => {
    const url = `iscsi://127.0.0.1:${port}/${TWO}/0`;
    const words = ["-m", "16", "-b", "8", "-r", url];
    await using load = await startProgram("iscsi-perf", words);
    await using mine = await ready(port, ONE);
    await waitForLoad(load);
    const before = await islist(folder);
    assertEquals(before.length, 2);
    const grown = LUN.replace("16M", "24M");
    await reload(daemon, folder, configurationOf({ folder, port, one: grown }));
    assertEquals(await islist(folder), before);
    assertEquals(await heard(mine), ["6/2a/09"]);
    assertEquals(await lastLba(mine), 24 * 2048 - 1);
    assertEquals(load.exit, undefined, load.describe());
    load.kill("SIGINT");
    assertEquals((await load.waitForExit()).code, 0, load.describe());
    assert(!/fail|error|sense/i.test(load.describe()), load.describe());
  },
);

/** The load generator has logged in and reads. */
async function waitForLoad(load: RunningProgram): Promise<void> {
  await load.waitForLine(/capacity|iops|random|starting/i);
}

reloadTest(
  "a target comes and goes by reload",
  async (folder, daemon, port) => {
    await using staying = await ready(port, ONE);
    const going = await ready(port, TWO);
    await reload(daemon, folder, configurationOf({ folder, port, two: "" }));
    await going.expectClose();
    const names = async () =>
      (await discover({ portal: { port } })).map(({ name }) => name);
    assertEquals(await names(), [ONE]);
    assertEquals((await staying.command(0, testUnitReady())).status, 0);
    await reload(daemon, folder, configurationOf({ folder, port }));
    assertEquals(await names(), [ONE, TWO]);
    await using back = await ready(port, TWO);
    assertEquals((await back.command(0, testUnitReady())).status, 0);
    assertEquals((await islist(folder)).length, 2);
  },
);

reloadTest("a LUN added by reload is told of", async (folder, daemon, port) => {
  await using one = await ready(port, ONE);
  await using two = await ready(port, TWO);
  const more = LUN + LUN.replace("lun 0", "lun 3");
  await reload(daemon, folder, configurationOf({ folder, port, one: more }));
  assertEquals(await heard(one), ["6/3f/0e"]);
  assertEquals(await heard(two), []);
  const { sense } = await one.command(3, testUnitReady());
  assertEquals(sense.slice(0, 4), "6/29");
});

reloadTest(
  "new rules hold for new logins alone",
  async (folder, daemon, port) => {
    await using session = await ready(port, ONE);
    const text = configurationOf({ folder, port })
      .replaceAll(" auth-group no-authentication", " auth-group no-access");
    await reload(daemon, folder, text);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
    const { status, connection } = await login({
      portal: { port },
      targetName: ONE,
    });
    connection.close();
    assertEquals(status, LOGIN_STATUS.AUTHENTICATION_FAILURE);
  },
);

reloadTest("a portal moves by reload", async (folder, daemon, port) => {
  await using session = await ready(port, ONE);
  const other = freePort();
  const text = configurationOf({ folder, port: other });
  await reload(daemon, folder, text);
  const [told] = await discover({ portal: { port: other } });
  assertEquals(told?.addresses, [`127.0.0.1:${other},257`]);
  const old = await Deno.connect({ hostname: "127.0.0.1", port })
    .then((connection) => connection.close(), () => "refused");
  assertEquals(old, "refused");
  assertEquals((await session.command(0, testUnitReady())).status, 0);
});

const BROKEN: Readonly<Record<string, string>> = {
  "a syntax error": "target {",
  "an unknown group": `target ${ONE} { auth-group nobody }`,
  "nothing that fits": "\0\0\0",
};

for (const [name, text] of Object.entries(BROKEN)) {
  reloadTest(`${name} changes nothing`, async (folder, daemon, port) => {
    await using session = await ready(port, ONE);
    await reload(daemon, folder, text);
    assertMatch(
      daemon.stderr.text,
      /configuration error, continuing with old configuration/,
    );
    assertEquals((await session.command(0, testUnitReady())).status, 0);
    const found = await discover({ portal: { port } });
    assertEquals(found.map(({ name }) => name), [ONE, TWO]);
    // The next good file is read as if nothing had been.
    await reload(daemon, folder, configurationOf({ folder, port, two: "" }));
    assertEquals((await discover({ portal: { port } })).length, 1);
  });
}

reloadTest(
  "a file that is gone changes nothing",
  async (folder, daemon, port) => {
    await using session = await ready(port, ONE);
    await Deno.remove(folder.configuration);
    daemon.kill("SIGHUP");
    await waitForLog(daemon, /continuing with old configuration/);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
  },
);

reloadTest(
  "what fails at reload is tried again at the next",
  async (folder, daemon, port) => {
    await using session = await ready(port, ONE);
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const taken = listener.addr.port;
    const wanted = configurationOf({ folder, port })
      .replace("listen ", `listen 127.0.0.1:${taken}\n      listen `);
    await reload(daemon, folder, wanted);
    assertMatch(daemon.stderr.text, /open-portal/);
    assertMatch(daemon.stderr.text, /configuration reloaded errors=1/);
    assertEquals((await session.command(0, testUnitReady())).status, 0);
    listener.close();
    await reload(daemon, folder, wanted);
    assertMatch(daemon.stderr.text, /configuration reloaded errors=0/);
    assertEquals((await discover({ portal: { port: taken } })).length, 2);
  },
);

reloadTest("the pid file moves by reload", async (folder, daemon, port) => {
  const moved = `${folder.path}/moved.pid`;
  const text = configurationOf({ folder, port })
    .replace(folder.pidFile, moved);
  await reload(daemon, folder, text);
  assertEquals(await Deno.readTextFile(moved), `${daemon.pid}\n`);
  assert(!await exists(folder.pidFile));
  const { code, stderr } = await folder.runCtld("-f", folder.configuration);
  assertEquals(code, 1);
  assertMatch(stderr, /daemon already running/);
  assertEquals((await daemon.stop()).code, 0);
  assert(!await exists(moved));
});

reloadTest("SIGHUP again and again is borne", async (folder, daemon, port) => {
  await using session = await ready(port, ONE);
  for (let count = 0; count < 20; count += 1) daemon.kill("SIGHUP");
  await waitForLog(daemon, /configuration reloaded errors=0/);
  const { status } = await session.command(0, testUnitReady());
  assertEquals(status, 0);
  assertEquals((await folder.ctladm("devlist")).code, 0);
  assertEquals(daemon.exit, undefined);
});

reloadTest(
  "ctladm apply and SIGHUP: the last one wins, sessions go on",
  async (folder, daemon, port) => {
    const one = await ready(port, ONE);
    const other = `${folder.path}/other.conf`;
    await Deno.writeTextFile(
      other,
      configurationOf({ folder, port, two: "" }),
      { mode: 0o600 },
    );
    const dry = await folder.ctladm("apply", "--dry-run", other);
    assertMatch(dry.stdout, new RegExp(`remove +target ${TWO}, portal-group`));
    assertMatch(dry.stdout, /^No session is touched$/m);
    assertEquals((await discover({ portal: { port } })).length, 2);
    const applied = await folder.ctladm("apply", other);
    assertEquals([applied.code, applied.stderr], [0, ""]);
    assertEquals((await discover({ portal: { port } })).length, 1);
    daemon.kill("SIGHUP");
    await waitForLog(daemon, /configuration reloaded errors=0/);
    assertEquals((await discover({ portal: { port } })).length, 2);
    assertEquals(await heard(one), []);
    await one[Symbol.asyncDispose]();
  },
);
