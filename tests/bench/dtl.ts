/**
 * Our own target as the benchmark measures it: `ctld` with RAM LUNs, and
 * files where they are asked for.
 *
 * @module
 */

import { LIBC_PATHS } from "../../mod.ts";
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

/** What is not usual about a daemon. */
export interface DtlHow {
  /** LUNs in files, sparse at first, behind those in memory (none). */
  readonly fileLuns?: number;
  /** With the native adapter. */
  readonly native?: boolean;
}

/** Our target. */
export interface DtlTarget extends BenchTarget {
  /** Address of a LUN. */
  urlOf(lun: number): string;
  /** The files behind the LUNs in files. */
  readonly files: readonly string[];
}

/**
 * Starts the daemon on a free port of 127.0.0.1, with its state and its files
 * in a folder of its own.
 *
 * @param luns RAM LUNs of that size, from LUN 0 on
 */
export async function startDtl(
  sizeBytes: number,
  luns = 1,
  how: DtlHow = {},
): Promise<DtlTarget> {
  const port = freePort();
  const folder = await Deno.makeTempDir({ prefix: "dtl-bench-" });
  try {
    const ramLuns = Array.from({ length: luns }, () => ramLun(sizeBytes));
    const files = await makeFiles(folder, sizeBytes, how.fileLuns ?? 0);
    const units = [...ramLuns, ...files.map((path) => `path ${path}`)];
    const target = await startIn(folder, port, units, how.native === true);
    return { ...target, files };
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

async function makeFiles(
  folder: string,
  sizeBytes: number,
  count: number,
): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, at) => `${folder}/disk${at}`);
  for (const path of paths) {
    await Deno.writeFile(path, new Uint8Array());
    await Deno.truncate(path, sizeBytes);
  }
  return paths;
}

async function startIn(
  folder: string,
  port: number,
  units: readonly string[],
  native: boolean,
): Promise<Omit<DtlTarget, "files">> {
  const confPath = `${folder}/ctl.conf`;
  const pidPath = `${folder}/ctld.pid`;
  await Deno.mkdir(`${folder}/state`);
  const text = configuration(pidPath, port, units);
  await Deno.writeTextFile(confPath, text, { mode: 0o600 });
  const allowed = native
    ? [...PERMISSIONS, `--allow-ffi=${LIBC_PATHS.join(",")}`]
    : PERMISSIONS;
  const words = ["run", ...allowed, "ctladm/ctld.ts", "-f", confPath];
  const urlOf = (lun: number): string =>
    `iscsi://127.0.0.1:${port}/${TARGET_NAME}/${lun}`;
  const daemon = await startDaemon({
    program: Deno.execPath(),
    words: native ? [...words, "--native"] : words,
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
    url: urlOf(0),
    urlOf,
    pid: daemon.pid,
    takesMixes: true,
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** A ctl.conf in the classic syntax. */
function configuration(
  pidPath: string,
  port: number,
  units: readonly string[],
): string {
  const luns = units.map((words, lun) => `lun ${lun} { ${words} }`);
  return `pidfile "${pidPath}"

portal-group bench {
	discovery-auth-group no-authentication
	listen 127.0.0.1:${port}
}

target ${TARGET_NAME} {
	auth-group no-authentication
	portal-group bench
	${luns.join("\n\t")}
}
`;
}

function ramLun(sizeBytes: number): string {
  const size = `${sizeBytes / 2 ** 20}M`;
  return `backend ramdisk
    size ${size}
    option capacity ${size}`;
}
