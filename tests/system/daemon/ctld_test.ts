/**
 * ctld as a program: what it refuses, its files, its end.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  openTarget,
  pidFileLine,
  portalGroup,
  ramLun,
} from "../../support/ctl_conf.ts";
import {
  type DaemonFolder,
  daemonFolder,
  endBy,
  exists,
  waitForLog,
} from "../../support/daemon.ts";
import {
  discover,
  openSession,
  parseReadCapacity10,
  readCapacity10,
  testUnitReady,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";

const ONE = "iqn.2026-01.test.dtl:one";

/** Registers a test with a folder and two free ports. */
function ctldTest(
  name: string,
  body: (folder: DaemonFolder, ports: readonly number[]) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    await body(folder, [freePort(), freePort()]);
  });
}

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ["a word that is none", "frobnicate 1", /line 1 near 'frobnicate'/],
  ["an open block", "target iqn.2026-01.a.b:c {", /line \d+/],
  [
    "an unknown auth-group",
    `target ${ONE} { auth-group nobody }`,
    /unknown auth-group "nobody"/,
  ],
  [
    "braces in its words",
    `auth-group "{x}" { auth-type "{y}" }`,
    /invalid auth-type "\{y\}" for .*"\{x\}"/,
  ],
  [
    "a LUN without a path",
    `target ${ONE} { auth-group no-authentication
      lun 0 { size 1M } }`,
    /missing path for lun/,
  ],
];

for (const [name, text, message] of WRONG) {
  ctldTest(`a ctl.conf with ${name} is refused`, async (folder) => {
    await folder.configure(text);
    for (const words of [["-f"], ["-t", "-f"]]) {
      const { code, stderr } = await folder
        .runCtld(...words, folder.configuration);
      assertEquals(code, 1);
      assertMatch(stderr, message);
      assertMatch(stderr, /configuration error; exiting/);
      assert(!/at file:|Uncaught/.test(stderr), stderr);
    }
    assert(!await exists(folder.socket));
  });
}

ctldTest("a ctl.conf that is not there is refused", async (folder) => {
  const { code, stderr } = await folder.runCtld("-f", "/nonexistent/ctl.conf");
  assertEquals(code, 1);
  assertMatch(stderr, /\/nonexistent\/ctl\.conf/);
  assertMatch(stderr, /configuration error; exiting/);
});

/** A ctl.conf in UCL, with its target in a file of its own. */
function uclOf(folder: DaemonFolder, port: number): string {
  return `pidfile = "${folder.pidFile}"
    portal-group pg0 {
      discovery-auth-group = no-authentication
      listen = "127.0.0.1:${port}"
    }
    .include targets.conf`;
}

function uclTarget(name: string, size: string): string {
  return `target ${name} {
    auth-group = no-authentication; portal-group = pg0
    lun 0 { backend = ramdisk; size = ${size}; options { capacity = ${size} } }
  }`;
}

async function writeTargets(folder: DaemonFolder, text: string): Promise<void> {
  const path = `${folder.path}/targets.conf`;
  await Deno.writeTextFile(path, text, { mode: 0o600 });
}

async function blocksOf(port: number, targetName: string): Promise<number> {
  await using session = await openSession({ portal: { port }, targetName });
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(0, testUnitReady()));
  }
  const { data } = await session.command(0, readCapacity10(), { read: 8 });
  return parseReadCapacity10(data).lastLba + 1;
}

ctldTest(
  "-u serves what a ctl.conf in UCL says",
  async (folder, [port = 0]) => {
    await writeTargets(folder, uclTarget(ONE, "4MB"));
    const daemon = await folder.ctld(uclOf(folder, port), "-u");
    const [told] = await discover({ portal: { port } });
    assertEquals(told?.name, ONE);
    assertEquals(await blocksOf(port, ONE), 8192);
    await writeTargets(folder, uclTarget(ONE, "8MB"));
    daemon.kill("SIGHUP");
    await waitForLog(daemon, /configuration reloaded errors=0/);
    assertEquals(await blocksOf(port, ONE), 16_384);
    await writeTargets(folder, "target {");
    daemon.kill("SIGHUP");
    await waitForLog(daemon, /continuing with old configuration/);
    assertMatch(daemon.stderr.text, /unable to parse configuration file/);
    assertEquals(await blocksOf(port, ONE), 16_384);
  },
);

const UCL_WRONG: readonly (readonly [string, string, RegExp])[] = [
  ["a missing brace", "lun { x {", /targets\.conf: line: 1, column: 10 - /],
  [
    "a wrong type",
    "debug = x",
    /targets\.conf at line 1, column 1 near 'debug'/,
  ],
  ["the classic syntax", "debug 1 maxproc 2", /is not an integer/],
];

for (const [name, text, message] of UCL_WRONG) {
  ctldTest(`-t -u refuses ${name}`, async (folder, [port = 0]) => {
    await folder.configure(uclOf(folder, port));
    await writeTargets(folder, text);
    const { code, stderr } = await folder
      .runCtld("-t", "-u", "-f", folder.configuration);
    assertEquals(code, 1);
    assertMatch(stderr, message);
    assertMatch(stderr, /configuration error; exiting/);
    assert(!/at file:|Uncaught/.test(stderr), stderr);
  });
}

ctldTest("-t -u checks included files and their modes", async (folder) => {
  await folder.configure(uclOf(folder, 1));
  const words = ["-tuf", folder.configuration];
  const { code, stderr } = await folder.runCtld(...words);
  assertEquals(code, 1);
  assertMatch(stderr, /unable to open .*targets\.conf/);
  await writeTargets(folder, uclTarget(ONE, "4MB"));
  await Deno.chmod(`${folder.path}/targets.conf`, 0o604);
  const good = await folder.runCtld(...words);
  assertEquals([good.code, good.stdout], [0, ""]);
  assertMatch(good.stderr, /targets\.conf is world-readable/);
  assert(!await exists(folder.pidFile));
});

const MISUSES: readonly (readonly [readonly string[], RegExp])[] = [
  [["-R"], /ctld: "-R" needs iSER, which is not supported by DTL/],
  [["-x"], /ctld: unknown word "-x"/],
  [["more"], /ctld: unknown word "more"/],
];

for (const [words, message] of MISUSES) {
  ctldTest(
    `ctld ${words.join(" ")} is refused with its usage`,
    async (folder) => {
      const { code, stderr } = await folder.runCtld(...words);
      assertEquals(code, 1);
      assertMatch(stderr, message);
      assertMatch(stderr, /^usage: ctld \[-d\]\[-u\]\[-f config-file\]$/m);
      assertMatch(stderr, /^ {7}ctld -t \[-u\]\[-f config-file\]$/m);
    },
  );
}

ctldTest("-t checks and touches nothing", async (folder, [port = 0]) => {
  await folder.configure(`${pidFileLine(folder)}
    ${portalGroup("pg0", port)}
    target ${ONE} { auth-group no-authentication
      portal-group pg0
      lun 0 { path /nonexistent/file } }`);
  const { code, stdout } = await folder
    .runCtld("-t", "-f", folder.configuration);
  assertEquals([code, stdout], [0, ""]);
  for (const path of [folder.socket, folder.pidFile]) {
    assert(!await exists(path), path);
  }
});

ctldTest("what cannot be applied at start is fatal", async (folder, ports) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [free = 0] = ports;
  const numbered = ramLun(0).replace("}", "ctl-lun 5 }");
  const cases = [
    [portalGroup("pg0", listener.addr.port), ramLun(0), /open-portal/],
    [portalGroup("pg0", free), numbered + numbered.replace("0", "1"), /in use/],
  ] as const;
  for (const [portals, lun, message] of cases) {
    await folder.configure(`${pidFileLine(folder)}
      ${portals}
      target ${ONE} { auth-group no-authentication
        portal-group pg0
        ${lun} }`);
    const { code, stderr } = await folder
      .runCtld("-f", folder.configuration);
    assertEquals(code, 1, stderr);
    assertMatch(stderr, message);
    assertMatch(stderr, /failed to apply configuration; exiting/);
    for (const path of [folder.socket, folder.pidFile]) {
      assert(!await exists(path), path);
    }
  }
});

const EMPTY = "debug 0\n";

ctldTest("a second daemon with the pid file is refused", async (folder) => {
  const daemon = await folder.ctld(pidFileLine(folder) + EMPTY);
  assertEquals(await Deno.readTextFile(folder.pidFile), `${daemon.pid}\n`);
  assertEquals(((await Deno.stat(folder.pidFile)).mode ?? 0) & 0o777, 0o600);
  const { code, stderr } = await folder.runCtld("-f", folder.configuration);
  assertEquals(code, 1);
  assertMatch(stderr, new RegExp(`daemon already running, pid: ${daemon.pid}`));
  assertEquals(await Deno.readTextFile(folder.pidFile), `${daemon.pid}\n`);
  assertEquals((await folder.ctladm("devlist")).code, 0);
});

ctldTest("a dead daemon's files do not stop the next", async (folder) => {
  const dead = await folder.ctld(pidFileLine(folder) + EMPTY);
  await endBy(dead, "SIGKILL");
  assert(await exists(folder.pidFile) && await exists(folder.socket));
  const next = await folder.ctld(pidFileLine(folder) + EMPTY);
  assertEquals(await Deno.readTextFile(folder.pidFile), `${next.pid}\n`);
  assertEquals((await folder.ctladm("devlist")).code, 0);
});

const ENDS = {
  "SIGTERM": /exiting on SIGTERM/,
  "SIGINT": /exiting on SIGINT/,
} as const;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  ctldTest(`${signal} ends ctld cleanly`, async (folder, [port = 0]) => {
    const daemon = await folder.ctld(`${pidFileLine(folder)}
      ${portalGroup("pg0", port)}
      ${openTarget(ONE, ramLun(0))}`);
    const session = await openSession({ portal: { port }, targetName: ONE });
    assertEquals((await endBy(daemon, signal)).code, 0);
    assertMatch(daemon.stderr.text, ENDS[signal]);
    assertMatch(
      daemon.stderr.text,
      /^\d\d:\d\d:\d\d\.\d{3} \[INF\] serving targets=1 portals=1$/m,
    );
    await session.expectClose();
    for (const path of [folder.socket, folder.pidFile]) {
      assert(!await exists(path), path);
    }
  });
}

ctldTest("ctladm shutdown ends ctld cleanly", async (folder) => {
  const daemon = await folder.ctld(pidFileLine(folder) + EMPTY);
  assertEquals((await folder.ctladm("shutdown")).code, 0);
  assertEquals((await daemon.waitForExit()).code, 0);
  for (const path of [folder.socket, folder.pidFile]) {
    assert(!await exists(path), path);
  }
});

ctldTest("the control socket is the owner's alone", async (folder) => {
  await folder.ctld(pidFileLine(folder) + EMPTY);
  const { mode } = await Deno.stat(folder.socket);
  assertEquals((mode ?? 0) & 0o777, 0o600);
  const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assertEquals(left.filter((name) => name.startsWith(".ctl")), []);
});

ctldTest("a readable ctl.conf is warned of", async (folder) => {
  await folder.configure(pidFileLine(folder) + EMPTY);
  await Deno.chmod(folder.configuration, 0o644);
  const { code, stderr } = await folder
    .runCtld("-t", "-f", folder.configuration);
  assertEquals(code, 0);
  assertMatch(stderr, /ctl\.conf is world-readable/);
});

const PLACES: readonly (readonly [string, string, RegExp])[] = [
  ["CTL_SOCKET", "/nonexistent/ctl.sock", /control socket \/nonexistent/],
  ["CTL_SOCKET", `/tmp/${"a".repeat(120)}`, /control socket .*101/],
  ["DTL_STATE_DIR", "/dev/null/state", /state database \/dev\/null/],
];

for (const [variable, path, message] of PLACES) {
  const name = path.slice(0, 20);
  ctldTest(`${variable}=${name} is refused in one line`, async (folder) => {
    await folder.configure(pidFileLine(folder) + EMPTY);
    const words = ["-f", folder.configuration];
    const { code, stderr } = await folder
      .runIn({ [variable]: path }, "ctld", ...words);
    assertEquals(code, 1);
    assertMatch(stderr, message);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
    assert(!await exists(folder.pidFile));
  });
}
