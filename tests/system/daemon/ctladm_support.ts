/**
 * A daemon to ask, and what ctladm says.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type DaemonFolder, daemonFolder } from "../../support/daemon.ts";
import { openSession, type Session } from "../../support/initiator/mod.ts";
import { freePort } from "../../support/ports.ts";

/** Name of the target. */
export const TARGET = "iqn.2026-01.test.dtl:t0";
/** Name of the initiator. */
export const INITIATOR = "iqn.2026-01.test.dtl:initiator";

/** Registers a test with a daemon that has one target and two LUNs. */
export function ctladmTest(
  name: string,
  body: (folder: DaemonFolder, port: number) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await daemonFolder();
    const port = freePort();
    const disk = `${folder.path}/disk0`;
    await Deno.writeFile(disk, new Uint8Array(0));
    await Deno.truncate(disk, 2 ** 20);
    await folder.ctld(`pidfile "${folder.pidFile}"
      portal-group pg0 {
        discovery-auth-group no-authentication
        listen 127.0.0.1:${port}
      }
      target ${TARGET} {
        alias "Example"
        auth-group no-authentication
        portal-group pg0
        lun 0 { path ${disk} }
        lun 4 {
          backend ramdisk
          serial SERIAL4
          device-id DEVICE4
          size 4M
          option capacity 4M
        }
      }`);
    await body(folder, port);
  });
}

/** Runs ctladm, which should succeed; returns what it prints. */
export async function printed(
  folder: DaemonFolder,
  ...words: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await folder.ctladm(...words);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

/** Lines as a program prints them. */
export function textOf(...lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** Opens a session with the target. */
export async function openTo(port: number): Promise<Session> {
  return await openSession({
    portal: { port },
    targetName: TARGET,
    initiatorAlias: "Tester",
    isid: Uint8Array.of(0x80, 0, 0x7f, 0x3c, 0x1a, 0x2b),
    keys: { HeaderDigest: "CRC32C" },
  });
}
