/**
 * Our own target as the benchmark measures it: `ctld` with one RAM LUN.
 *
 * @module
 */

import { freePort, startDaemon } from "./daemon.ts";
import type { BenchTarget } from "./target.ts";

/** Root of the repository: the daemon starts there. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** The daemon loads, and at first compiles, its modules. */
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 5000;

const TARGET_NAME = "iqn.2026-01.bench.dtl:ram";

/** What the daemon may do: no more than in real use. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--no-prompt",
] as const;

/**
 * Starts the daemon on a free port of 127.0.0.1, with its state in a folder
 * of its own.
 *
 * @param lunCount LUNs of this size, from number 0 on
 */
export async function startDtl(
  sizeBytes: number,
  lunCount = 1,
): Promise<BenchTarget> {
  const port = freePort();
  const folder = await Deno.makeTempDir({ prefix: "dtl-bench-" });
  try {
    return await startIn(folder, port, lunsOf(sizeBytes, lunCount));
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

async function startIn(
  folder: string,
  port: number,
  luns: string,
): Promise<BenchTarget> {
  const confPath = `${folder}/ctl.conf`;
  const pidPath = `${folder}/ctld.pid`;
  await Deno.mkdir(`${folder}/state`);
  await Deno.writeTextFile(confPath, configuration(pidPath, port, luns), {
    mode: 0o600,
  });
  const daemon = await startDaemon({
    program: Deno.execPath(),
    words: ["run", ...PERMISSIONS, "ctladm/ctld.ts", "-f", confPath],
    folder: ROOT,
    env: {
      CTL_SOCKET: `${folder}/ctl.sock`,
      DTL_STATE_DIR: `${folder}/state`,
    },
    port,
    pidPath,
    readyMsMax: READY_MS_MAX,
    stopMsMax: STOP_MS_MAX,
  });
  return {
    name: "dtl",
    group: "dtl",
    isRival: false,
    url: `iscsi://127.0.0.1:${port}/${TARGET_NAME}/0`,
    pid: daemon.pid,
    takesMixes: true,
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** LUNs of a target in the classic syntax. */
function lunsOf(sizeBytes: number, count: number): string {
  const size = `${sizeBytes / 2 ** 20}M`;
  return Array.from({ length: count }, (_, number) =>
    `	lun ${number} {
		backend ramdisk
		size ${size}
		option capacity ${size}
	}
`).join("");
}

/** A ctl.conf in the classic syntax. */
function configuration(pidPath: string, port: number, luns: string): string {
  return `pidfile "${pidPath}"

portal-group bench {
	discovery-auth-group no-authentication
	listen 127.0.0.1:${port}
}

target ${TARGET_NAME} {
	auth-group no-authentication
	portal-group bench
${luns}}
`;
}
