/**
 * Local ports through real sockets: two of them are two initiators.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type DaemonFolder, daemonFolder } from "../../support/daemon.ts";
import { printed } from "./ctladm_support.ts";

function localTest(
  name: string,
  body: (folder: DaemonFolder) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    await folder.ctld(`pidfile "${folder.pidFile}"`);
    const disk = "create -b ramdisk -s 64m -o capacity=64m";
    await printed(folder, ...disk.split(" "));
    await body(folder);
  });
}

function otherSocket(folder: DaemonFolder): string {
  return folder.socket.replace(/\.sock$/, "101.102.sock");
}

localTest("two local ports are two I_T nexuses", async (folder) => {
  const port = "port -c -O pp=101 -O vp=102";
  assertMatch(
    await printed(folder, ...port.split(" ")),
    /^port: {5}3$/m,
  );
  const other = otherSocket(folder);
  const mode = (await Deno.stat(other)).mode ?? 0;
  assertEquals(mode & 0o777, 0o600);

  await printed(folder, ..."tur 0 -C 1".split(" "));
  const there = await printed(folder, "tur", "0", "-C", "1", "-D", other);
  assertEquals(there, "(7:3:0/0): Unit is ready\n");

  await printed(folder, ..."prout 0 -a 0 -s 0x1".split(" "));
  await printed(folder, ..."prout 0 -a 1 -k 0x1 -r 1".split(" "));
  const words = "read 0 -l 0 -d 1 -b 512 -N";
  assertEquals(await printed(folder, ...words.split(" ")), "");
  const { stderr } = await folder.ctladm(...words.split(" "), "-D", other);
  assertMatch(stderr, /SCSI Status: Reservation Conflict$/m);
});

localTest("the socket of a local port serves SCSI alone", async (folder) => {
  await printed(folder, ..."port -c -O pp=101 -O vp=102".split(" "));
  const other = otherSocket(folder);
  for (const words of ["devlist", "portlist", "shutdown"]) {
    const { code, stderr } = await folder.ctladm(words, "-D", other);
    assertEquals(code, 1);
    assertMatch(stderr, /^ctladm: No such resource: \/v1\/[a-z\/]+\n$/);
  }
  await printed(folder, "port", "-r", "-p", "3");
  const gone = await Deno.stat(other).then(() => "there", () => "gone");
  assertEquals(gone, "gone");
});

localTest("ctladm moves blocks through a pipe", async (folder) => {
  const data = new Uint8Array(8 * 2 ** 20).map((_, at) => at ^ at >> 8);
  const file = `${folder.path}/data`;
  await Deno.writeFile(file, data);
  const range = "-l 16 -d 16384 -b 512 -f";
  await printed(folder, "tur", "0", "-C", "1");
  assertEquals(
    await printed(folder, "write", "0", ...range.split(" "), file),
    "",
  );
  const back = `${folder.path}/back`;
  await printed(folder, "read", "0", ...range.split(" "), back);
  const read = await Deno.readFile(back);
  assert(read.length === data.length);
  assert(read.every((byte, at) => byte === data[at]));
  assertEquals(((await Deno.stat(back)).mode ?? 0) & 0o777, 0o600);
});
