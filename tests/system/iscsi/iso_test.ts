/**
 * An ISO image, exported as a disc, read by a client that is not ours.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { requireProgram } from "../../support/command.ts";
import { type DaemonFolder, daemonFolder } from "../../support/daemon.ts";
import { openSession, STATUS } from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";
import { runTool } from "../../support/process.ts";

const TARGET = "iqn.2026-01.test.dtl:disc";
const TOOL_MS = 60_000;
const BLOCK_LENGTH = 2048;

async function tool(program: string, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runTool(
    requireProgram(program),
    words,
    { timeoutMs: TOOL_MS },
  );
  assertEquals([program, code, code === 0 ? "" : stderr], [program, 0, ""]);
  return stdout;
}

/** An image of some files, one of them large. */
async function makeImage(folder: DaemonFolder): Promise<string> {
  const content = `${folder.path}/content`;
  const image = `${folder.path}/disc.iso`;
  await Deno.mkdir(content);
  await Deno.writeTextFile(`${content}/readme.txt`, "A disc\n");
  const large = new Uint8Array(8 * 2 ** 20);
  for (let at = 0; at < large.length; at += 1) large[at] = at * 31 >> 3;
  await Deno.writeFile(`${content}/large.bin`, large);
  await tool("xorriso", "-as", "mkisofs", "-quiet", "-o", image, content);
  return image;
}

async function serveImage(folder: DaemonFolder): Promise<number> {
  const port = freePort();
  await folder.ctld(`pidfile "${folder.pidFile}"
    portal-group pg0 {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${port}
    }
    target ${TARGET} {
      auth-group no-authentication
      portal-group pg0
      lun 0 {
        path ${folder.path}/disc.iso
        device-type cd
      }
    }`);
  return port;
}

Deno.test("an ISO image is a disc that clients read whole", async () => {
  await using folder = await daemonFolder();
  const image = await makeImage(folder);
  const port = await serveImage(folder);
  const url = `iscsi://127.0.0.1:${port}/${TARGET}/0`;
  const copy = `${folder.path}/copy.iso`;
  await tool("qemu-img", "convert", "-f", "raw", "-O", "raw", url, copy);
  const wanted = await Deno.readFile(image);
  const read = await Deno.readFile(copy);
  assertEquals(read.length, wanted.length);
  assertEquals(read.findIndex((byte, at) => byte !== wanted[at]), -1);
  const inquiry = await tool("iscsi-inq", url);
  assertMatch(inquiry, /Peripheral Device Type:MMC/);
});

Deno.test("READ CD sends whole sectors of an ISO image", async () => {
  await using folder = await daemonFolder();
  const image = await makeImage(folder);
  const port = await serveImage(folder);
  await using session = await openSession({
    portal: { port },
    targetName: TARGET,
  });
  await session.command(0, new Uint8Array(6));
  // The volume descriptors begin at block 16.
  const count = 100;
  const cdb = Uint8Array.of(0xbe, 0, 0, 0, 0, 16, 0, 0, count, 0xf8, 0, 0);
  const { status, data } = await session
    .command(0, cdb, { read: count * 2352 });
  assertEquals([status, data.length], [STATUS.GOOD, count * 2352]);
  const wanted = await Deno.readFile(image);
  for (let index = 0; index < count; index += 1) {
    const at = (16 + index) * BLOCK_LENGTH;
    const start = index * 2352 + 16;
    assertEquals(
      data.slice(start, start + BLOCK_LENGTH),
      wanted.slice(at, at + BLOCK_LENGTH),
    );
  }
});
