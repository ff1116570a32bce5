/**
 * ctld in the background: it serves when the command returns, or says why it
 * does not; and what it may do there.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { within } from "../../support/deadline.ts";
import {
  type DaemonFolder,
  daemonFolder,
  exists,
} from "../../support/daemon.ts";
import {
  openTarget,
  pidFileLine,
  portalGroup,
  ramLun,
} from "../../support/ctl_conf.ts";
import { openSession } from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";

const TARGET = "iqn.2026-01.test.dtl:away";

/** Time after which a process that was told to end is given up. */
const END_MS = 10_000;
const LOOK_MS = 20;

function textOf(folder: DaemonFolder, port: number, luns: string): string {
  return pidFileLine(folder) + portalGroup("pg0", port) +
    openTarget(TARGET, luns);
}

/** A daemon in the background of a folder; the test's end ends it. */
async function inBackground(
  body: (folder: DaemonFolder, port: number) => Promise<void>,
): Promise<void> {
  await using folder = await daemonFolder();
  const port = freePort();
  await folder.configure(textOf(folder, port, ramLun(0)));
  const { code, stderr } = await folder
    .runCtld("--detach", "-f", folder.configuration);
  assertEquals(code, 0, stderr);
  const pid = Number(await Deno.readTextFile(folder.pidFile));
  try {
    await body(folder, port);
  } finally {
    await endOf(pid);
  }
}

function isAlive(pid: number): boolean {
  try {
    // A signal that every process survives.
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

async function endOf(pid: number): Promise<void> {
  if (isAlive(pid)) Deno.kill(pid, "SIGTERM");
  await ended(pid);
}

async function ended(pid: number): Promise<void> {
  const gone = async () => {
    while (isAlive(pid)) {
      // Nobody tells of the end of a process that is not a child.
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  await within(gone(), END_MS, () => `the end of process ${pid}`);
}

Deno.test("ctld --detach serves when it returns", async () => {
  await inBackground(async (folder, port) => {
    await using session = await openSession({
      portal: { port },
      targetName: TARGET,
    });
    assert(session !== undefined);
    assert(await exists(folder.socket));
    const pid = Number(await Deno.readTextFile(folder.pidFile));
    const { stdout } = await folder.ctladm("islist");
    assertMatch(stdout, new RegExp(TARGET));
    const again = await folder.runCtld("--detach", "-f", folder.configuration);
    assertEquals(again.code, 1);
    assertMatch(again.stderr, new RegExp(`already running, pid: ${pid}`));
    assert(isAlive(pid));
  });
});

Deno.test("ctladm shutdown ends a ctld in the background", async () => {
  await inBackground(async (folder) => {
    const pid = Number(await Deno.readTextFile(folder.pidFile));
    assertEquals((await folder.ctladm("shutdown")).code, 0);
    // A signal now would end it before it has tidied up.
    await ended(pid);
    assert(!await exists(folder.pidFile) && !await exists(folder.socket));
  });
});

Deno.test("SIGHUP reloads a ctld in the background; its log tells", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  const log = `${folder.path}/log`;
  await folder.configure(textOf(folder, port, ramLun(0)));
  const words = ["--detach", "--log", log, "-f", folder.configuration];
  assertEquals((await folder.runCtld(...words)).code, 0);
  const pid = Number(await Deno.readTextFile(folder.pidFile));
  try {
    assertMatch(await Deno.readTextFile(log), /serving targets=1 portals=1\n$/);
    assertEquals(((await Deno.stat(log)).mode ?? 0) & 0o777, 0o600);
    await folder.configure(textOf(folder, port, ramLun(0) + ramLun(1)));
    Deno.kill(pid, "SIGHUP");
    const reloaded = async () => {
      while (!/reloaded errors=0/.test(await Deno.readTextFile(log))) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    };
    await within(reloaded(), END_MS, () => "a reload in the log");
    const { stdout } = await folder.ctladm("devlist", "--json");
    assertEquals(JSON.parse(stdout).length, 2);
  } finally {
    await endOf(pid);
  }
  assertMatch(await Deno.readTextFile(log), /exiting on SIGTERM\n$/);
});

Deno.test("ctld --detach tells why it does not serve", async () => {
  await using folder = await daemonFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const cases = [
    [textOf(folder, port, ramLun(0)), /open-portal 127\.0\.0\.1:/],
    ["target {", /configuration error; exiting/],
  ] as const;
  for (const [text, message] of cases) {
    await folder.configure(text);
    const { code, stderr } = await folder
      .runCtld("--detach", "-f", folder.configuration);
    assertEquals(code, 1);
    assertMatch(stderr, message);
    assert(!await exists(folder.pidFile) && !await exists(folder.socket));
  }
});

Deno.test("ctld beside a daemon of ctladm says how to end that", async () => {
  await using folder = await daemonFolder();
  const { code } = await folder
    .ctladm("create", "-b", "ramdisk", "-s", "1m", "-o", "capacity=1m");
  assertEquals(code, 0);
  await folder.configure(textOf(folder, freePort(), ramLun(0)));
  const refused = await folder.runCtld("-f", folder.configuration);
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /^A daemon is running already .*ctladm shutdown/);
  assert(!await exists(folder.pidFile));
  assertEquals((await folder.ctladm("shutdown")).code, 0);
});

const CURIOUS = `import { definePlugin, PLUGIN_API } from "dtl";
  export const plugin = definePlugin({
    name: "curious", api: PLUGIN_API, options: {}, requires: {}, optional: {},
    setup() {
      const { state } = Deno.permissions.querySync({ name: "run" });
      throw new TypeError("to start programs is " + state);
    },
  });`;

Deno.test("ctld gives the permission to start programs up", async () => {
  await using folder = await daemonFolder();
  await folder.ctld(pidFileLine(folder));
  const path = `${folder.path}/curious.ts`;
  await Deno.writeTextFile(path, CURIOUS);
  const { code, stderr } = await folder.ctladm("load", path);
  assertEquals(code, 1);
  assertMatch(stderr, /to start programs is (prompt|denied)/);
});
