/**
 * The quick target as a program: what it prints works when it is pasted.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type DaemonFolder,
  daemonFolder,
  endBy,
  exists,
} from "../../support/daemon.ts";
import { freePort } from "../../support/ports.ts";
import {
  type RunningProgram,
  runTool,
  type ToolResult,
} from "../../support/process.ts";
import { wordsOfTask } from "../../support/tasks.ts";

const TOOL_MS = 60_000;

/** Registers a test with a folder that is cleared behind it. */
function folderTest(
  name: string,
  body: (folder: DaemonFolder) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    await body(folder);
  });
}

function runLine(line: string): Promise<ToolResult> {
  const [command = "", ...words] = line.trim().split(" ");
  return runTool(command, words, { timeoutMs: TOOL_MS });
}

/** The line that the target tells us to paste for a program. */
function pasteLine(program: RunningProgram, command: string): string {
  const line = program.stdout.lines
    .find((each) => each.trim().startsWith(`${command} `));
  assert(line !== undefined, `${command} in ${program.stdout.text}`);
  return line;
}

function urlOf(program: RunningProgram, lun: number): string {
  const line = pasteLine(program, "iscsi-inq");
  return line.trim().replace("iscsi-inq ", "").replace(/0$/, String(lun));
}

folderTest("start prints lines that work when pasted", async (folder) => {
  const target = await folder.start("--port", "0");
  const listed = await runLine(pasteLine(target, "iscsi-ls"));
  assertEquals(listed.code, 0, listed.stderr);
  assertMatch(listed.stdout, /Target:iqn\.2026-01\.local\.dtl:demo/);
  assertMatch(listed.stdout, /Lun:0 .*DIRECT_ACCESS/);
  assertMatch(listed.stdout, /Lun:1 .*DIRECT_ACCESS/);
  const inquired = await runLine(pasteLine(target, "iscsi-inq"));
  assertEquals(inquired.code, 0, inquired.stderr);
  assertMatch(inquired.stdout, /Vendor:FREEBSD/);
  const info = await runLine(pasteLine(target, "qemu-img"));
  assertEquals(info.code, 0, info.stderr);
  assertMatch(info.stdout, /virtual size: 1 GiB/);
});

/** 300 MiB: random bytes and holes in turns. */
async function makeImage(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const random = new Uint8Array(2 ** 20);
  for (let mebibyte = 0; mebibyte < 300; mebibyte += 3) {
    for (let at = 0; at < random.length; at += 65536) {
      crypto.getRandomValues(random.subarray(at, at + 65536));
    }
    await file.seek(mebibyte * 2 ** 20, Deno.SeekMode.Start);
    await file.write(random);
  }
  await file.truncate(300 * 2 ** 20);
}

folderTest("an image goes to a LUN and comes back the same", async (folder) => {
  const target = await folder.start("--port", "0", "--size", "300m");
  const image = `${folder.path}/image`;
  await makeImage(image);
  for (const lun of [0, 1]) {
    const url = urlOf(target, lun);
    const convert = "qemu-img convert -f raw -O raw -n";
    const there = await runLine(`${convert} ${image} ${url}`);
    assertEquals(there.code, 0, there.stderr);
    const compared = await runLine(
      `qemu-img compare -f raw -F raw ${image} ${url}`,
    );
    assertEquals(compared.stdout.trim(), "Images are identical.");
    const back = `${folder.path}/back${lun}`;
    const fetched = await runLine(
      `qemu-img convert -f raw -O raw ${url} ${back}`,
    );
    assertEquals(fetched.code, 0, fetched.stderr);
    const same = await runLine(`cmp ${image} ${back}`);
    assertEquals([same.code, same.stdout], [0, ""]);
    await Deno.remove(back);
  }
});

folderTest("start FILE exports that file at its size", async (folder) => {
  const path = `${folder.path}/disk.img`;
  const bytes = new Uint8Array(3 * 512 * 1024).fill(0x5a);
  await Deno.writeFile(path, bytes);
  const target = await folder.start(path, "--port", "0");
  const info = await runLine(pasteLine(target, "qemu-img"));
  assertMatch(info.stdout, /virtual size: 1\.5 MiB \(1572864 bytes\)/);
  const back = `${folder.path}/back`;
  await runLine(`qemu-img convert -f raw -O raw ${urlOf(target, 0)} ${back}`);
  assertEquals((await runLine(`cmp ${path} ${back}`)).code, 0);
  const listed = await folder.ctladm("devlist", "-v");
  assertMatch(listed.stdout, new RegExp(`file=${path}`));
});

folderTest("start FILE --size makes the file", async (folder) => {
  const path = `${folder.path}/made/disk.img`;
  await folder.start(path, "--size", "64m", "--port", "0");
  assertEquals((await Deno.stat(path)).size, 64 * 2 ** 20);
});

folderTest("start FILE --read-only refuses writes", async (folder) => {
  const path = `${folder.path}/disk.img`;
  await Deno.writeFile(path, new Uint8Array(1 << 20));
  const target = await folder.start(path, "--read-only", "--port", "0");
  const wrote = await runTool("qemu-io", [
    ...["-f", "raw", "-c", "write 0 4096", urlOf(target, 0)],
  ], { timeoutMs: TOOL_MS });
  assert(wrote.code !== 0 || /read-only|not permitted/i.test(wrote.stderr));
  assertEquals(await Deno.readFile(path), new Uint8Array(1 << 20));
});

const REFUSED: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["an unknown word", ["--frobnicate"], /unknown word "--frobnicate"/],
  ["two files", ["a", "b"], /unknown word "b"/],
  ["a size that is none", ["--size", "huge"], /Invalid size "huge"/],
  ["a port that is none", ["--port", "70000"], /Invalid port "70000"/],
  ["a file that is not there", ["/nonexistent/disk"], /nonexistent/],
];

for (const [name, words, message] of REFUSED) {
  folderTest(`start refuses ${name} in one line`, async (folder) => {
    const { code, stderr } = await folder.run("start", ...words);
    assertEquals(code, 1);
    assertMatch(stderr, message);
    assert(!/at file:|Uncaught/.test(stderr), stderr);
    assert(!await exists(folder.socket));
  });
}

folderTest("start says in one line that a port is in use", async (folder) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const { code, stderr } = await folder.run("start", "--port", `${port}`);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    new RegExp(`^Cannot listen on 127\\.0\\.0\\.1, port ${port}: .*\\n$`),
  );
  assert(!await exists(folder.socket));
});

folderTest("a second start in the same place is refused", async (folder) => {
  await folder.start("--port", "0");
  const { code, stderr } = await folder.run("start", "--port", "0");
  assertEquals(code, 1);
  assertMatch(stderr, /^A daemon is running already with the control socket/);
  assertEquals((await folder.ctladm("devlist")).code, 0);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  folderTest(`${signal} ends start cleanly`, async (folder) => {
    const port = freePort();
    const target = await folder.start("--port", `${port}`);
    assertEquals((await endBy(target, signal)).code, 0);
    assertMatch(target.stdout.text, new RegExp(`Stopping \\(${signal}\\)`));
    assert(!await exists(folder.socket));
    // The port is free again, at once.
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  });
}

folderTest("ctladm shutdown ends start cleanly", async (folder) => {
  const target = await folder.start("--port", "0");
  const { code, stdout } = await folder.ctladm("shutdown");
  assertEquals([code, stdout], [0, "The daemon is shutting down\n"]);
  assertEquals((await target.waitForExit()).code, 0);
  assert(!await exists(folder.socket));
});

folderTest("SIGHUP does not end start", async (folder) => {
  const target = await folder.start("--port", "0");
  target.kill("SIGHUP");
  assertEquals((await folder.ctladm("devlist")).code, 0);
  assertEquals(target.exit, undefined);
});

folderTest("start keeps its file LUN over a restart", async (folder) => {
  const first = await folder.start("--port", "0", "--size", "8m");
  const url = urlOf(first, 1);
  const wrote = await runTool("qemu-io", [
    ...["-f", "raw", "-c", "write -P 7 0 4096", url],
  ], { timeoutMs: TOOL_MS });
  assertEquals(wrote.code, 0, wrote.stderr);
  await first.stop();
  const second = await folder.start("--port", "0", "--size", "8m");
  const read = await runTool("qemu-io", [
    ...["-f", "raw", "-c", "read -P 7 0 4096", urlOf(second, 1)],
  ], { timeoutMs: TOOL_MS });
  assert(!/verification failed/.test(read.stdout), read.stdout);
  assertEquals(read.code, 0);
});

Deno.test("the tasks hold no more than they need", () => {
  for (const name of ["start", "ctld", "ctladm"] as const) {
    const words = wordsOfTask(name);
    assert(words.includes("--no-prompt") && words.includes("--frozen"));
    // ctladm starts a daemon where none runs, ctld --detach itself.
    const run = words.some((word) => word.startsWith("--allow-run"));
    assertEquals(run, name !== "start");
    assert(!words.some((word) => /^(-A|--allow-(all|ffi))/.test(word)));
  }
});
