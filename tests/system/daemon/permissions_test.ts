/**
 * The line that `ctladm permissions` prints: ctld works with it, and without
 * any one of its entries it says which one is missing.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type DaemonFolder,
  daemonFolder,
  ROOT,
  waitForLog,
} from "../../support/daemon.ts";
import { patternBytes } from "../../support/bytes.ts";
import { pidFileLine, portalGroup, ramLun } from "../../support/ctl_conf.ts";
import {
  openSession,
  read10,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { IsnsServer } from "../../support/isns_server.ts";
import { freePort } from "../../support/ports.ts";
import { runTool, startProgram } from "../../support/process.ts";
import {
  entriesOf,
  permissionsOfTask,
  PROGRAM_TASKS,
  type ProgramTask,
  withoutEntry,
  wordsOfTask,
} from "../../support/tasks.ts";

const TARGET = "iqn.2026-01.test.dtl:tight";

/** How long a ctld may take that ends with a message. */
const END_MS = 20_000;

interface Line {
  readonly flags: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

function textOf(folder: DaemonFolder, port: number, more: string): string {
  return `${pidFileLine(folder)}
    ${portalGroup("pg0", port)}
    target ${TARGET} {
      auth-group no-authentication
      portal-group pg0
      ${ramLun(0)}
      ${more}
    }`;
}

async function lineOf(
  folder: DaemonFolder,
  ...words: readonly string[]
): Promise<Line> {
  const { code, stdout } = await folder
    .ctladm("permissions", ...words, "-f", folder.configuration, "--json");
  assertEquals(code, 0);
  return JSON.parse(stdout);
}

function wordsOf(
  flags: readonly string[],
  folder: DaemonFolder,
  ...words: readonly string[]
): string[] {
  return [
    ...["run", "--quiet", "--frozen", "--cached-only", "--no-prompt"],
    ...flags,
    `${ROOT}ctladm/ctld.ts`,
    ...words,
    "-f",
    folder.configuration,
  ];
}

async function diskAt(path: string): Promise<string> {
  await Deno.writeFile(path, new Uint8Array(2 ** 20));
  return `lun 1 { path ${path} }`;
}

async function movesData(port: number, lun: number): Promise<void> {
  await using session = await openSession({
    portal: { port },
    targetName: TARGET,
  });
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(lun, testUnitReady()));
  }
  const data = patternBytes(4096);
  const written = await session.command(lun, write10(8, 8), { write: data });
  assertEquals(written.sense, "");
  const read = await session.command(lun, read10(8, 8), { read: 4096 });
  assertEquals(read.data, data);
}

Deno.test("ctld works with the line of ctladm permissions", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  const disk = await diskAt(`${folder.path}/disk`);
  await folder.configure(textOf(folder, port, disk));
  const { stdout } = await folder
    .ctladm("permissions", "-f", folder.configuration);
  assertMatch(stdout, /^CTL_SOCKET=\S+ DTL_STATE_DIR=\S+ deno run .*\n$/);
  // The line is one for a shell; only the word deno is ours here.
  const line = stdout.trim().replace(" deno run", ` ${Deno.execPath()} run`);
  await using daemon = await startProgram("sh", ["-c", `exec env ${line}`]);
  await waitForLog(daemon, /serving targets=1/);
  await movesData(port, 0);
  await movesData(port, 1);
  await folder.configure(
    textOf(folder, port, `${disk} ${ramLun(2)}`),
  );
  daemon.kill("SIGHUP");
  await waitForLog(daemon, /configuration reloaded errors=0/);
  await movesData(port, 2);
  assertEquals((await folder.ctladm("shutdown")).code, 0);
  assertEquals((await daemon.waitForExit()).code, 0);
});

Deno.test("ctld with too few permissions names what a reload needs", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  await folder.configure(textOf(folder, port, ""));
  const { flags, variables } = await lineOf(folder);
  await using daemon = await startProgram(
    Deno.execPath(),
    wordsOf(flags, folder),
    { env: variables },
  );
  await waitForLog(daemon, /serving targets=1/);
  const path = `${folder.path}/other`;
  await folder.configure(
    textOf(folder, port, await diskAt(path)),
  );
  daemon.kill("SIGHUP");
  await waitForLog(daemon, /configuration reloaded errors=[1-9]/);
  for (const kind of ["read", "write"]) {
    const told = `--allow-${kind}=${path} is not granted: lun`;
    assert(daemon.stderr.text.includes(told), daemon.stderr.text);
  }
  await movesData(port, 0);
});

Deno.test("ctld names each permission that is taken away", async () => {
  await using folder = await daemonFolder();
  await using isns = new IsnsServer();
  const disk = await diskAt(`${folder.path}/disk`);
  const text = `isns-server 127.0.0.1:${isns.port}\n` +
    textOf(folder, freePort(), disk);
  await folder.configure(text);
  const { flags, variables } = await lineOf(folder, "--native");
  const entries = flags.flatMap(entriesOf);
  assertEquals(entries.length, 20);
  for (const entry of entries) {
    const words = wordsOf(flags, folder, "--native");
    await missesEntry(words, entry, variables);
  }
});

/** What a program does without is told by a warning; the rest ends it. */
async function missesEntry(
  words: readonly string[],
  entry: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const left = withoutEntry(words, entry);
  if (/statfs|hostname/.test(entry)) {
    await using program = await startProgram(Deno.execPath(), left, { env });
    const told = `${entry} is not granted`;
    await waitForLog(program, (line) => line.includes(told));
    return;
  }
  const { code, stderr } = await runTool(Deno.execPath(), left, {
    env,
    cwd: ROOT,
    timeoutMs: END_MS,
  });
  assertEquals(code, 1, `${entry}: ${stderr}`);
  const [flag = "", value = flag] = entry.split("=");
  // The C library is looked for in several places.
  assert(stderr.includes(/ffi/.test(flag) ? flag : value), stderr);
  assert(!/Uncaught|at file:/.test(stderr), `${entry}: ${stderr}`);
}

/** A line of a task that needs the entry, given a folder's ctl.conf. */
function wordsFor(
  name: ProgramTask,
  entry: string,
  file: string,
): readonly string[] {
  if (name.startsWith("start")) return ["--port", "0"];
  if (name === "ctlstat") return ["-c", "1"];
  if (name === "ctladm") {
    return entry.endsWith("DTL_STATE_DIR")
      ? ["permissions", "-f", file]
      : ["devlist"];
  }
  return entry === "--allow-run" ? ["--detach", "-f", file] : ["-f", file];
}

// One library is enough: the flag goes as a whole.
function entriesFor(name: ProgramTask): string[] {
  const entries = permissionsOfTask(name)
    .filter((entry) => !entry.startsWith("--allow-ffi"));
  return name.endsWith(":native") ? [...entries, "--allow-ffi"] : entries;
}

for (const name of PROGRAM_TASKS) {
  Deno.test(`the task ${name} needs each of its permissions`, async () => {
    await using folder = await daemonFolder();
    await using isns = new IsnsServer();
    const disk = await diskAt(`${folder.path}/disk`);
    await folder.configure(`isns-server 127.0.0.1:${isns.port}
      ${textOf(folder, freePort(), disk)}`);
    for (const entry of entriesFor(name)) {
      // Without CTL_SOCKET the user decides; it never comes to the default.
      const asksUser = /uid|XDG_RUNTIME_DIR/.test(entry);
      const env = { ...folder.env, ...asksUser ? { CTL_SOCKET: "" } : {} };
      const words = [
        ...wordsOfTask(name),
        ...wordsFor(name, entry, folder.configuration),
      ];
      const whole = entry === "--allow-ffi"
        ? words.filter((word) => !word.startsWith(entry))
        : words;
      await missesEntry(whole, entry, env);
    }
  });
}

Deno.test("what lies under /dev is served by the native line", async () => {
  await using folder = await daemonFolder();
  const path = await Deno.makeTempFile({ dir: "/dev/shm", prefix: "dtl-" });
  try {
    const port = freePort();
    await folder.configure(
      textOf(folder, port, await diskAt(path)),
    );
    const plain = await folder
      .ctladm("permissions", "-f", folder.configuration);
    assert(plain.stderr.includes(`${path} opens only with --allow-all`));
    const { flags, variables } = await lineOf(folder, "--native");
    await using daemon = await startProgram(
      Deno.execPath(),
      wordsOf(flags, folder, "--native"),
      { env: variables },
    );
    await waitForLog(daemon, /serving targets=1/);
    await movesData(port, 1);
  } finally {
    await Deno.remove(path);
  }
});
