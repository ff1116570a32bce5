/**
 * What was acknowledged is in the file when the daemon is killed, and a
 * daemon that comes back is the same one.
 *
 * A killed process keeps the page cache: that a sync stands between a write
 * and its GOOD is shown by the contract tests of the backend. Here it is
 * shown that nothing is held back in the daemon.
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { assertBytes, patternBytes } from "../../support/bytes.ts";
import {
  type DaemonFolder,
  daemonFolder,
  endBy,
} from "../../support/daemon.ts";
import {
  type CommandOptions,
  inquiryVpd,
  modeSense6,
  openSession,
  read10,
  type Session,
  STATUS,
  synchronizeCache10,
  testUnitReady,
  write10,
} from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";

const TARGET = "iqn.2026-01.test.dtl:t0";
const BLOCK = 512;

function configurationOf(
  folder: DaemonFolder,
  port: number,
  option = "",
): string {
  return `pidfile "${folder.pidFile}"
    portal-group pg0 {
      discovery-auth-group no-authentication
      listen 127.0.0.1:${port}
    }
    target ${TARGET} {
      auth-group no-authentication
      portal-group pg0
      lun 0 { path ${folder.path}/disk
        ${option} }
      lun 1 {
        backend ramdisk
        size 1M
        option capacity 1M
      }
    }`;
}

async function makeDisk(folder: DaemonFolder): Promise<string> {
  const path = `${folder.path}/disk`;
  await Deno.writeFile(path, new Uint8Array(2 ** 20));
  return path;
}

async function ready(port: number, lun = 0): Promise<Session> {
  const session = await openSession({ portal: { port }, targetName: TARGET });
  for (let sense = "6/"; sense.startsWith("6/");) {
    ({ sense } = await session.command(lun, testUnitReady()));
  }
  return session;
}

async function good(
  session: Session,
  cdb: Uint8Array,
  options?: CommandOptions,
): Promise<Uint8Array> {
  const { status, sense, data } = await session.command(0, cdb, options);
  assertEquals([status, sense], [STATUS.GOOD, ""]);
  return data;
}

interface Way {
  readonly option?: string;
  readonly fua?: boolean;
  readonly sync?: boolean;
}

const WAYS: Readonly<Record<string, Way>> = {
  "with FUA": { fua: true },
  "with writecache off": { option: "option writecache off" },
  "before SYNCHRONIZE CACHE": { sync: true },
};

for (const [name, way] of Object.entries(WAYS)) {
  Deno.test(`what was written ${name} outlives kill -9`, async () => {
    await using folder = await daemonFolder();
    const port = freePort();
    const disk = await makeDisk(folder);
    const text = configurationOf(folder, port, way.option);
    const daemon = await folder.ctld(text);
    const session = await ready(port);
    const flags = { fua: way.fua ?? false };
    const writes = Array.from(
      { length: 64 },
      (_, index) =>
        good(session, write10(index * 8, 8, flags), {
          write: patternBytes(8 * BLOCK, index),
        }),
    );
    await Promise.all(writes);
    if (way.sync) await good(session, synchronizeCache10(0, 0));
    await endBy(daemon, "SIGKILL");
    await session.expectClose();
    const file = await Deno.readFile(disk);
    for (let index = 0; index < 64; index += 1) {
      const at = index * 8 * BLOCK;
      const written = patternBytes(8 * BLOCK, index);
      assertBytes(file.subarray(at, at + 8 * BLOCK), written);
    }
  });
}

Deno.test("a write killed on its way is not half acknowledged", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  const disk = await makeDisk(folder);
  const daemon = await folder.ctld(configurationOf(folder, port));
  const session = await ready(port);
  const writes = Array.from(
    { length: 200 },
    (_, index) =>
      session.start(0, write10(index * 8, 8, { fua: true }), {
        write: patternBytes(8 * BLOCK, index),
      }),
  );
  await writes[20]?.result();
  await endBy(daemon, "SIGKILL");
  await session.expectClose();
  const file = await Deno.readFile(disk);
  let acknowledged = 0;
  for (const [index, write] of writes.entries()) {
    const isGood = await write.result()
      .then(({ status }) => status === STATUS.GOOD, () => false);
    if (!isGood) continue;
    acknowledged += 1;
    const at = index * 8 * BLOCK;
    const written = patternBytes(8 * BLOCK, index);
    assertBytes(file.subarray(at, at + 8 * BLOCK), written);
  }
  assert(acknowledged >= 1);
});

Deno.test("the caching page tells the truth", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  await makeDisk(folder);
  const off = configurationOf(folder, port, "option writecache off");
  const daemon = await folder.ctld(off);
  const bitOf = async (): Promise<number> => {
    await using session = await ready(port);
    const data = await good(session, modeSense6({ page: 8 }), { read: 255 });
    return (data[4 + (data[3] ?? 0) + 2] ?? 0) & 0x04;
  };
  assertEquals(await bitOf(), 0);
  await daemon.stop();
  await folder.ctld(configurationOf(folder, port));
  assertEquals(await bitOf(), 4);
});

/** Designators of VPD page 83h that belong to a unit, in hexadecimal. */
async function namesOf(port: number, lun: number): Promise<string[]> {
  await using session = await ready(port, lun);
  const { data } = await session
    .command(lun, inquiryVpd(0x83), { read: 1024 });
  const names: string[] = [];
  for (let at = 4; at + 4 <= data.length;) {
    const length = data[at + 3] ?? 0;
    const ofUnit = ((data[at + 1] ?? 0) >> 4 & 3) === 0;
    if (ofUnit) names.push(data.slice(at, at + 4 + length).toHex());
    at += 4 + length;
  }
  return names;
}

/** The NAA designator among the names of a unit. */
async function naaOf(port: number, lun: number): Promise<string> {
  const naa = (await namesOf(port, lun)).find((name) => name[3] === "3");
  assert(naa !== undefined);
  return naa;
}

Deno.test("units have the same names after kill -9", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  await makeDisk(folder);
  const text = configurationOf(folder, port);
  const daemon = await folder.ctld(text);
  const before = [await namesOf(port, 0), await namesOf(port, 1)];
  assert(before.every((names) => names.length > 0));
  await endBy(daemon, "SIGKILL");
  await folder.ctld(text);
  assertEquals([await namesOf(port, 0), await namesOf(port, 1)], before);
});

Deno.test("units of two daemons have different names", async () => {
  await using one = await daemonFolder();
  await using other = await daemonFolder();
  const ports = [freePort(), freePort()];
  const [first = 0, second = 0] = ports;
  await makeDisk(one);
  await makeDisk(other);
  await one.ctld(configurationOf(one, first));
  await other.ctld(configurationOf(other, second));
  for (const lun of [0, 1]) {
    assertNotEquals(await naaOf(first, lun), await naaOf(second, lun));
  }
  assertNotEquals(await naaOf(first, 0), await naaOf(first, 1));
});

Deno.test("data are where they were after a restart", async () => {
  await using folder = await daemonFolder();
  const port = freePort();
  await makeDisk(folder);
  const text = configurationOf(folder, port);
  const daemon = await folder.ctld(text);
  const before = await ready(port);
  const data = patternBytes(4096);
  await good(before, write10(7, 8), { write: data });
  // A clean end flushes by itself.
  assertEquals((await daemon.stop()).code, 0);
  await before.expectClose();
  await folder.ctld(text);
  await using after = await ready(port);
  assertBytes(await good(after, read10(7, 8), { read: 4096 }), data);
});
