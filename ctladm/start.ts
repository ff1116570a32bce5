/**
 * The quick target: one command, and something to connect to.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { format as formatBytes } from "@std/fmt/bytes";
import {
  type AuthGroup,
  type IscsiService,
  type LogicalUnit,
  ManagementError,
  parseSize,
  StateDatabase,
} from "../mod.ts";
import { type ApiAddress, parseApiAddress } from "./api/bearer.ts";
import { refuseSecond } from "./api/socket_adapter.ts";
import { Daemon } from "./daemon/daemon.ts";
import { serveDaemon } from "./daemon/serve.ts";
import { systemClock } from "./host/clock_adapter.ts";
import {
  controlSocketPath,
  stateDirectory,
} from "./host/environment_adapter.ts";
import { exists, makeSparseFile } from "./host/file_adapter.ts";
import { configureLog, logOf } from "./host/log_adapter.ts";
import { missingPermissions, requireLibc } from "./host/permission_adapter.ts";
import {
  printError,
  printLine,
  programWords,
  runProgram,
} from "./host/terminal_adapter.ts";
import { missingText, sysPermission } from "./permissions.ts";
import { VERSION } from "./version.ts";

const TARGET = "iqn.2026-01.local.dtl:demo";
const PORTAL_GROUP = "start";
const TAG = 1;
const DEMO_RAM_BYTES = 2 ** 30;
const DEMO_FILE_BYTES = 10 * 2 ** 30;
const DEFAULT_STATE = "./.dtl";

const USAGE =
  `usage: start [FILE] [--size SIZE] [--address ADDRESS] [--port PORT]
             [--target NAME] [--read-only] [--verbose] [--api ADDRESS:PORT]
             [--native]

Exports FILE as an iSCSI LUN, or without FILE a demo: a RAM disk and a sparse
file. Nobody has to log in with a password: keep it on 127.0.0.1.

  --size SIZE        size of the LUNs; makes FILE when it does not exist
  --address ADDRESS  where to listen (default 127.0.0.1)
  --port PORT        TCP port (default 3260; 0: any free one)
  --target NAME      iSCSI name (default ${TARGET})
  --read-only        refuse writes
  --verbose          log more
  --api ADDRESS:PORT serve the control API on a loopback address, too; its
                     token is made in the state folder: api.token
  --native           refuse to start without the C library (--allow-ffi)

DTL_STATE_DIR names the folder of the demo file and of generated names
(default ${DEFAULT_STATE}), CTL_SOCKET the control socket.`;

interface Settings {
  readonly file: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly address: string;
  readonly port: number;
  readonly target: string;
  readonly readOnly: boolean;
  readonly verbose: boolean;
  readonly api: ApiAddress | undefined;
  readonly isNative: boolean;
}

const EVERYBODY: AuthGroup = {
  type: "none",
  credentials: new Map(),
  initiatorNames: new Set(),
  admitsAddress: () => true,
};

/** Runs the quick target. @returns the exit code */
export async function start(words: readonly string[]): Promise<number> {
  const settings = readWords(words);
  if (typeof settings === "number") return settings;
  configureLog(settings.verbose ? "debug" : "warning");
  checkPermissions(settings);
  const state = stateDirectory(DEFAULT_STATE);
  const socketPath = controlSocketPath();
  // A daemon that runs has the state locked: it is the better thing to tell.
  await refuseSecond(socketPath);
  using database = new StateDatabase(state);
  const log = logOf("start");
  const daemon = new Daemon({
    host: { log: logOf("target"), state: database },
    log,
  });
  const served = await serveDaemon({
    daemon,
    socketPath,
    api: settings.api && { ...settings.api, stateDirectory: state },
    nowMs: systemClock.nowMs,
  });
  try {
    const units = await makeLuns(daemon, settings, state);
    const port = openTarget(await daemon.iscsi(), settings);
    if (served.apiNotice !== undefined) printLine(served.apiNotice);
    printLine(greeting(settings, port, units));
    const reason = await served.ending;
    printLine(`Stopping (${reason})`);
    return 0;
  } finally {
    await served.end();
  }
}

// LUNs in files can do without statfs, but then nobody is told of full disks.
function checkPermissions({ isNative }: Settings): void {
  if (isNative) requireLibc();
  const log = logOf("start");
  for (const each of missingPermissions([sysPermission("statfs")])) {
    log.warn(missingText(each));
  }
}

function readWords(words: readonly string[]): Settings | number {
  const unknown: string[] = [];
  const given = parseArgs(words, {
    boolean: ["help", "h", "read-only", "verbose", "native"],
    string: ["size", "address", "port", "target", "api"],
    default: { address: "127.0.0.1", port: "3260", target: TARGET },
    unknown: (word) => {
      if (word.startsWith("-")) unknown.push(word);
      return !word.startsWith("-");
    },
  });
  if (given.help === true || given.h === true) {
    printLine(USAGE);
    return 0;
  }
  const [wrong] = unknown;
  if (wrong !== undefined || given._.length > 1) {
    printError(`start: unknown word "${wrong ?? given._[1]}"\n\n${USAGE}`);
    return 1;
  }
  const [file] = given._;
  return {
    file: file === undefined ? undefined : String(file),
    sizeBytes: sizeOf(given.size),
    address: String(given.address),
    port: portOf(String(given.port)),
    target: String(given.target).toLowerCase(),
    readOnly: given["read-only"] === true,
    verbose: given.verbose === true,
    api: given.api === undefined
      ? undefined
      : parseApiAddress(String(given.api)),
    isNative: given.native === true,
  };
}

function sizeOf(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSize(String(text));
  if (bytes !== undefined && bytes >= 512) return bytes;
  throw new ManagementError(
    "request",
    `Invalid size "${text}": expected a number of bytes, at least 512, or ` +
      `one with k, m, g or t`,
  );
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new ManagementError(
    "request",
    `Invalid port "${text}": expected a number from 0 to 65535`,
  );
}

async function makeLuns(
  daemon: Daemon,
  settings: Settings,
  state: string,
): Promise<LogicalUnit[]> {
  const { file, sizeBytes, readOnly } = settings;
  if (file !== undefined) {
    if (sizeBytes !== undefined && !exists(file)) {
      makeSparseFile(file, sizeBytes);
    }
    return [await makeFileLun(daemon, file, readOnly)];
  }
  const ramBytes = sizeBytes ?? DEMO_RAM_BYTES;
  const { unit } = await daemon.target.luns.create({
    backend: "ramdisk",
    sizeBytes: ramBytes,
    options: new Map([["capacity", String(ramBytes)]]),
  });
  const demoFile = `${state}/demo.img`;
  if (!exists(demoFile)) makeSparseFile(demoFile, sizeBytes ?? DEMO_FILE_BYTES);
  return [unit, await makeFileLun(daemon, demoFile, readOnly)];
}

async function makeFileLun(
  daemon: Daemon,
  file: string,
  readOnly: boolean,
): Promise<LogicalUnit> {
  const options = new Map([["file", file]]);
  if (readOnly) options.set("readonly", "on");
  const { unit, warning } = await daemon.target.luns.create({
    backend: "block",
    options,
  });
  if (warning !== undefined) throw new ManagementError("store", warning);
  return unit;
}

/** Makes the target port and listens. @returns the TCP port */
function openTarget(iscsi: IscsiService, settings: Settings): number {
  const { address, port, target } = settings;
  const portal = { address, port, wildcard: isWildcard(address) };
  iscsi.setPortalGroup({
    name: PORTAL_GROUP,
    tag: TAG,
    discoveryAuthGroup: EVERYBODY,
    discoveryFilter: "none",
    portals: [portal],
  });
  const targetPort = iscsi.createPort({
    target,
    portalGroup: PORTAL_GROUP,
    tag: TAG,
    access: {
      authGroup: EVERYBODY,
      alias: "DTL quick target",
      portalGroups: [PORTAL_GROUP],
    },
  });
  targetPort.setOnline(true);
  try {
    return iscsi.openPortal(PORTAL_GROUP, portal).portal.port;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ManagementError(
      "request",
      `Cannot listen on ${address}, port ${port}: ${reason}. Choose another ` +
        `with --port or --address`,
    );
  }
}

function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

function greeting(
  settings: Settings,
  port: number,
  units: readonly LogicalUnit[],
): string {
  const { address, target } = settings;
  // A wildcard is no address to connect to.
  const reached = isWildcard(address) ? "127.0.0.1" : address;
  const portal = `${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
  const url = `iscsi://${portal}/${target}`;
  return [
    `DTL ${VERSION} serves ${target} on ${portal}`,
    ...units.map(describeUnit),
    "",
    "Paste a line into another terminal:",
    `  iscsi-ls -s iscsi://${portal}`,
    `  iscsi-inq ${url}/0`,
    `  qemu-img info ${url}/0`,
    `  iscsiadm -m discovery -t sendtargets -p ${portal}`,
    `  iscsiadm -m node -T ${target} -p ${portal} --login`,
    "",
    `Manage it with "deno task ctladm devlist"; Ctrl-C or "deno task ctladm ` +
    `shutdown" stops it.`,
  ].join("\n");
}

function describeUnit(unit: LogicalUnit): string {
  const { blockCount, blockLength } = unit.geometry;
  const size = formatBytes(blockCount * blockLength, { binary: true });
  const file = unit.rawOptions.get("file");
  const what = file === undefined ? "RAM disk, lost at the end" : file;
  return `  LUN ${unit.number}: ${size}, ${what}` +
    (unit.readOnly ? ", read-only" : "");
}

if (import.meta.main) await runProgram(() => start(programWords()));
