/**
 * A daemon under load: what is read is what was written, clients may be
 * killed, and nothing is left of them.
 */

import { assert, assertEquals } from "@std/assert";
import { type DaemonFolder, daemonFolder, ROOT } from "../../support/daemon.ts";
import {
  connect,
  openSession,
  type Session,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";
import {
  type RunningProgram,
  runTool,
  startProgram,
} from "../../support/process.ts";

const TARGET = "iqn.2026-01.test.dtl:load";
const TOOL_MS = 60_000;

/** Registers a test with a daemon: LUN 0 in memory, LUN 1 a file. */
function loadTest(
  name: string,
  body: (
    daemon: RunningProgram,
    port: number,
    folder: DaemonFolder,
  ) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    const port = freePort();
    await Deno.writeFile(`${folder.path}/disk`, new Uint8Array(2 ** 25));
    const daemon = await folder.ctld(`pidfile "${folder.pidFile}"
      portal-group pg0 {
        discovery-auth-group no-authentication
        listen 127.0.0.1:${port}
      }
      target ${TARGET} {
        auth-group no-authentication
        portal-group pg0
        lun 0 {
          backend ramdisk
          size 32M
          option capacity 32M
        }
        lun 1 { path ${folder.path}/disk }
      }`);
    await body(daemon, port, folder);
    assertEquals((await daemon.stop()).code, 0);
    assert(!/\[ERR\]|defect/i.test(daemon.stderr.text), daemon.describe());
  });
}

function urlOf(port: number, lun: number): string {
  return `iscsi://127.0.0.1:${port}/${TARGET}/${lun}`;
}

async function load(...words: readonly string[]): Promise<{
  readonly ios: number;
  readonly errors: number;
  readonly verify_bad: number;
}> {
  const client = `${ROOT}tests/bench/load_client.ts`;
  const { code, stdout, stderr } = await runTool(
    Deno.execPath(),
    ["run", "-A", "--no-prompt", client, ...words],
    { timeoutMs: TOOL_MS },
  );
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

for (const [lun, kind] of ["memory", "a file"].entries()) {
  loadTest(`data in ${kind} are what was written`, async (_, port) => {
    const url = ["--url", urlOf(port, lun)];
    await load(...url, "--fill", "--bs", "64k", "--qd", "8");
    for (const bs of ["512", "8k", "1m"]) {
      const words = ["--verify", "--rw", "mix:50", "--bs", bs, "--qd", "16"];
      const conns = ["--conns", "2", "--time", "0.5", "--warmup", "0"];
      const result = await load(...url, ...words, ...conns);
      assertEquals([result.errors, result.verify_bad], [0, 0]);
      assert(result.ios > 0);
    }
  });
}

loadTest("data under digests are what was written", async (_, port) => {
  const url = ["--url", urlOf(port, 0), "--header-digest", "--data-digest"];
  await load(...url, "--fill", "--bs", "64k", "--qd", "8");
  for (const bs of ["512", "8k", "1m"]) {
    const words = ["--verify", "--rw", "mix:50", "--bs", bs, "--qd", "16"];
    const result = await load(...url, ...words, "--time", "0.5");
    assertEquals([result.errors, result.verify_bad], [0, 0]);
    assert(result.ios > 0);
  }
});

/** Sockets that a process has open. */
function socketsOf({ pid }: RunningProgram): number {
  const folder = `/proc/${pid}/fd`;
  return [...Deno.readDirSync(folder)]
    .map(({ name }) => linkOf(`${folder}/${name}`))
    .filter((link) => link.startsWith("socket:")).length;
}

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    // It was closed since the folder was read.
    return "";
  }
}

/** Lets the daemon have turns until it has as few sockets as before. */
async function untilClosed(
  daemon: RunningProgram,
  witness: Session,
  before: number,
): Promise<void> {
  for (let turn = 0; turn < 5000; turn += 1) {
    if (socketsOf(daemon) <= before) return;
    await witness.ping();
  }
  assertEquals(socketsOf(daemon), before);
}

loadTest(
  "killed clients leave nothing behind",
  async (daemon, port, folder) => {
    const options = { portal: { port }, targetName: TARGET };
    await using witness = await openSession(options);
    const before = socketsOf(daemon);
    const clients = await Promise.all(
      [0, 1, 0, 1].map((lun) =>
        startProgram("iscsi-perf", ["-m", "64", "-b", "128", urlOf(port, lun)])
      ),
    );
    for (const client of clients) {
      await client.waitForLine(/capacity|iops/i);
    }
    for (const client of clients) client.kill("SIGKILL");
    for (const client of clients) await client.waitForExit();
    await untilClosed(daemon, witness, before);
    const { stdout } = await folder.ctladm("islist", "--json");
    assertEquals(JSON.parse(stdout).length, 1);
    await witness.command(0, testUnitReady());
    assertEquals((await witness.command(0, testUnitReady())).status, 0);
  },
);

loadTest("connections that end leave nothing behind", async (daemon, port) => {
  const options = { portal: { port }, targetName: TARGET };
  await using witness = await openSession(options);
  const before = socketsOf(daemon);
  for (let count = 0; count < 50; count += 1) {
    const session = await openSession(options);
    if (count % 2 === 0) await session.logout();
    await session.abort();
    (await connect(options.portal)).close();
  }
  await untilClosed(daemon, witness, before);
});

loadTest("qemu-io reads back what it wrote", async (_, port) => {
  for (const lun of [0, 1]) {
    const words = [
      ...["write -P 17 1536 12800", "write -z 65536 65536", "flush"],
      ...["read -P 17 1536 12800", "read -P 0 65536 65536"],
    ].flatMap((command) => ["-c", command]);
    const { code, stdout, stderr } = await runTool(
      "qemu-io",
      ["-f", "raw", ...words, urlOf(port, lun)],
      { timeoutMs: TOOL_MS },
    );
    assertEquals(code, 0, stderr);
    assert(!/verification failed/i.test(stdout), stdout);
  }
});

Deno.test("a redirected login ends where it was sent", async () => {
  await using folder = await daemonFolder();
  const [from, to] = [freePort(), freePort()];
  await folder.ctld(`pidfile "${folder.pidFile}"
    portal-group front {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${from}
      redirect 127.0.0.1:${to}
    }
    portal-group back {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${to}
    }
    target ${TARGET} {
      auth-group no-authentication
      portal-group back
      lun 0 {
        backend ramdisk
        size 1M
      }
    }`);
  const { code, stdout, stderr } = await runTool(
    "iscsi-inq",
    [urlOf(from, 0)],
    { timeoutMs: TOOL_MS },
  );
  assertEquals(code, 0, stderr);
  assert(/FREEBSD/.test(stdout), stdout);
  await using session = await openSession({
    portal: { port: from },
    targetName: TARGET,
    redirects: 1,
  });
  assertEquals(session.login.keys.get("TargetPortalGroupTag"), "258");
});
