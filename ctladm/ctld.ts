/**
 * ctld: the daemon that exports what ctl.conf says.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Log, ManagementError, StateDatabase } from "../mod.ts";
import { type ApiAddress, parseApiAddress } from "./api/bearer.ts";
import { refuseSecond } from "./api/socket_adapter.ts";
import type { Configuration } from "./conf/model.ts";
import { parseSource, type SourceOutcome } from "./conf/source.ts";
import { ISER, notSupported } from "./conf/statement.ts";
import { Daemon } from "./daemon/daemon.ts";
import { serveDaemon } from "./daemon/serve.ts";
import { systemClock } from "./host/clock_adapter.ts";
import { detach } from "./host/detach_adapter.ts";
import {
  controlSocketPath,
  stateDirectory,
} from "./host/environment_adapter.ts";
import {
  modeWarnings,
  readText,
  realPath,
  tryReadText,
} from "./host/file_adapter.ts";
import { configureLog, logOf } from "./host/log_adapter.ts";
import {
  allowedLibc,
  giveUpRunning,
  missingPermissions,
  requireLibc,
} from "./host/permission_adapter.ts";
import { type PidFile, writePidFile } from "./host/process_adapter.ts";
import {
  printError,
  printLine,
  programWords,
  runProgram,
} from "./host/terminal_adapter.ts";
import {
  CTLD_DEFAULTS,
  missingText,
  OPTIONAL_SYS,
  type PermissionRequest,
  permissionsOf,
  startsPrograms,
} from "./permissions.ts";

const { file: DEFAULT_FILE, state: DEFAULT_STATE } = CTLD_DEFAULTS;

const USAGE = `usage: ctld [-d][-u][-f config-file]
       ctld -t [-u][-f config-file]

  -d              log more
  -t              check the configuration and exit
  -u              the configuration is in UCL
  -f config-file  configuration (default ${DEFAULT_FILE})
  --api address:port
                  serve the control API on a loopback address, too; its token
                  is made in the state directory: api.token
  --detach        go to the background as soon as the targets are served
  --log file      log to the end of this file, too
  --native        refuse to start without the C library (--allow-ffi)
  -h, --help      this text

CTL_SOCKET names the control socket, DTL_STATE_DIR the folder of the state
database (default ${DEFAULT_STATE}). SIGHUP reads the configuration again;
SIGTERM and "ctladm shutdown" end the daemon.`;

interface Settings {
  readonly file: string;
  readonly isUcl: boolean;
  readonly verbose: boolean;
  readonly api: ApiAddress | undefined;
  /** File that the log goes to, too. */
  readonly logFile: string | undefined;
  /** The C library must be there. */
  readonly isNative: boolean;
  /** Another process waits to hear that the targets are served. */
  readonly isAwaited: boolean;
}

/** Word that ctld gives to itself when it goes to the background. */
const AWAITED = "awaited";

/** What a reload changes, besides the daemon itself. */
interface Running {
  readonly settings: Settings;
  readonly log: Log;
  /** Another one when the configuration names another. */
  pidFile: PidFile;
  /** Ends when the configuration is in force that came last. */
  settled: Promise<unknown>;
}

/** Runs ctld with the words behind its name. @returns the exit code */
export async function ctld(words: readonly string[]): Promise<number> {
  const unknown: string[] = [];
  const given = parseArgs(words, {
    boolean: ["R", "d", "t", "u", "help", "h", "detach", "native", AWAITED],
    string: ["f", "api", "log"],
    default: { f: DEFAULT_FILE },
    unknown: (word) => {
      unknown.push(word);
      return false;
    },
  });
  if (given.help === true || given.h === true) {
    printLine(USAGE);
    return 0;
  }
  const [wrong] = unknown;
  if (wrong !== undefined) return misused(`unknown word "${wrong}"`);
  if (given.R === true) return misused(notSupported("-R", ISER));
  const settings = {
    file: String(given.f),
    isUcl: given.u === true,
    verbose: given.d === true,
    api: given.api === undefined
      ? undefined
      : parseApiAddress(String(given.api)),
    logFile: given.log === undefined ? undefined : String(given.log),
    isNative: given.native === true,
    isAwaited: given[AWAITED] === true,
  };
  configureLog(settings.verbose ? "debug" : "warning", settings.logFile);
  if (given.t === true) return check(settings);
  if (given.detach === true) return await goToBackground(words, settings);
  return await serve(settings);
}

function misused(reason: string): number {
  printError(`ctld: ${reason}`);
  printError(USAGE);
  return 1;
}

function check(settings: Settings): number {
  if (readConfiguration(settings, logOf("ctld")) !== null) return 0;
  printError("configuration error; exiting");
  return 1;
}

async function serve(settings: Settings): Promise<number> {
  const log = logOf("ctld");
  const found = readConfiguration(settings, log);
  if (found === null) {
    log.error("configuration error; exiting");
    return 1;
  }
  if (!startsPrograms(found.configuration)) giveUpRunning();
  if (settings.isNative) requireLibc();
  if (!isPermitted(settings, found, log)) {
    log.error('permissions are missing, "ctladm permissions" names all');
    return 1;
  }
  const { configuration } = found;
  setLogLevel(settings, configuration);
  const pidFile = await writePidFile(configuration.pidfile);
  const settled = Promise.resolve();
  const running: Running = { settings, log, pidFile, settled };
  try {
    return await serveConfiguration(running, configuration);
  } finally {
    running.pidFile.remove();
  }
}

async function serveConfiguration(
  running: Running,
  configuration: Configuration,
): Promise<number> {
  const { log } = running;
  await refuseSecond(controlSocketPath());
  using state = new StateDatabase(stateDirectory(DEFAULT_STATE));
  const daemon = new Daemon({
    host: { log: logOf("target"), state },
    log,
  });
  try {
    await daemon.enterPair(configuration);
  } catch (error) {
    log.error(`ha: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  const { api } = running.settings;
  const directory = stateDirectory(DEFAULT_STATE);
  const served = await serveDaemon({
    daemon,
    socketPath: controlSocketPath(),
    api: api && { ...api, stateDirectory: directory },
    nowMs: systemClock.nowMs,
    reload: () => reload(running, daemon),
    applyConfiguration: async (wanted) => {
      const failures = await putInForce(running, daemon, wanted);
      log.info("configuration of ctladm applied", { errors: failures.length });
      return failures;
    },
  });
  try {
    const failed = await daemon.apply(configuration);
    if (failed.length > 0) {
      log.error("failed to apply configuration; exiting");
      return 1;
    }
    if (served.apiNotice !== undefined) log.info(served.apiNotice);
    log.info("serving", {
      targets: configuration.targets.size,
      portals: daemon.portals.length,
    });
    if (running.settings.isAwaited) printLine("serving");
    log.info(`exiting on ${await served.ending}`);
    return 0;
  } finally {
    await served.end();
  }
}

async function reload(running: Running, daemon: Daemon): Promise<void> {
  try {
    await reloadConfiguration(running, daemon);
  } catch (error) {
    // A defect; what runs goes on.
    const told = error instanceof Error ? error.stack : String(error);
    running.log.error("reload failed", { error: told });
  }
}

async function reloadConfiguration(
  running: Running,
  daemon: Daemon,
): Promise<void> {
  const { settings, log } = running;
  const found = readConfiguration(settings, log);
  if (found === null) {
    log.error("configuration error, continuing with old configuration");
    return;
  }
  // What can be done without them is done; steps that need them will fail.
  isPermitted(settings, found, log);
  const { configuration } = found;
  const failures = await putInForce(running, daemon, configuration);
  log.info("configuration reloaded", { errors: failures.length });
}

/** One after the other, whoever asks. @returns what failed */
function putInForce(
  running: Running,
  daemon: Daemon,
  wanted: Configuration,
): Promise<string[]> {
  const done = running.settled.then(async () => {
    setLogLevel(running.settings, wanted);
    const problem = await movePidFile(running, wanted.pidfile);
    const failed = await daemon.apply(wanted);
    const reasons = failed.map(({ reason }) => reason);
    return problem === undefined ? reasons : [problem, ...reasons];
  });
  running.settled = done.catch(() => {});
  return done;
}

// The old file stays when there can be no new one. @returns what is wrong
async function movePidFile(
  running: Running,
  path: string,
): Promise<string | undefined> {
  const old = running.pidFile;
  if (old.path === path) return undefined;
  try {
    running.pidFile = await writePidFile(path);
    old.remove();
    return undefined;
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
    running.log.error(error.message);
    return error.message;
  }
}

function setLogLevel(settings: Settings, configuration: Configuration): void {
  const debug = settings.verbose || configuration.debug > 0;
  configureLog(debug ? "debug" : "info", settings.logFile);
}

/** A configuration that was read, and its files. */
interface Found {
  readonly configuration: Configuration;
  readonly paths: readonly string[];
}

function permissionRequest(
  { file, isUcl, isNative, logFile, api }: Settings,
  { configuration, paths }: Found,
): PermissionRequest {
  return {
    configuration,
    file,
    included: paths.slice(1),
    isUcl,
    api,
    logFile,
    realPath,
    program: import.meta.url,
    socket: controlSocketPath(),
    state: stateDirectory(DEFAULT_STATE),
    libc: isNative ? allowedLibc() : undefined,
  };
}

// Names what is missing. @returns whether the daemon can do without
function isPermitted(settings: Settings, found: Found, log: Log): boolean {
  const { permissions } = permissionsOf(permissionRequest(settings, found));
  const missing = missingPermissions(permissions);
  const needed = missing.filter(({ kind, value }) =>
    kind !== "sys" || !OPTIONAL_SYS.has(value)
  );
  for (const each of missing) {
    const told = missingText(each);
    if (needed.includes(each)) log.error(told);
    else log.warn(told);
  }
  return needed.length === 0;
}

async function goToBackground(
  words: readonly string[],
  settings: Settings,
): Promise<number> {
  const found = readConfiguration(settings, logOf("ctld"));
  if (found === null) {
    printError("configuration error; exiting");
    return 1;
  }
  return await detach({
    ...permissionRequest(settings, found),
    words: [
      ...words.filter((word) => word !== "--detach"),
      `--${AWAITED}`,
    ],
  });
}

// What is wrong is logged; null: it cannot be used.
function readConfiguration(
  settings: Settings,
  log: Log,
): Found | null {
  const { file } = settings;
  try {
    const { outcome, paths } = parseFile(settings);
    if ("error" in outcome) {
      log.error(outcome.error, { file });
      return null;
    }
    const warnings = [...paths.flatMap(modeWarnings), ...outcome.warnings];
    for (const warning of warnings) log.warn(warning);
    return { configuration: outcome.configuration, paths };
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
    log.error(error.message);
    return null;
  }
}

function parseFile({ file, isUcl }: Settings): SourceOutcome {
  return parseSource({ path: file, isUcl }, readText(file), tryReadText);
}

if (import.meta.main) await runProgram(() => ctld(programWords()));
