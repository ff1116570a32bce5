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
import { parseConfiguration, type ParseOutcome } from "./conf/parser.ts";
import { ISER, notSupported } from "./conf/statement.ts";
import { parseUclConfiguration } from "./conf/ucl/configuration.ts";
import { Daemon } from "./daemon/daemon.ts";
import { serveDaemon } from "./daemon/serve.ts";
import { systemClock } from "./host/clock_adapter.ts";
import {
  controlSocketPath,
  stateDirectory,
} from "./host/environment_adapter.ts";
import { modeWarnings, readText, tryReadText } from "./host/file_adapter.ts";
import { configureLog, logOf } from "./host/log_adapter.ts";
import { type PidFile, writePidFile } from "./host/process_adapter.ts";
import {
  exit,
  printError,
  printLine,
  programWords,
} from "./host/terminal_adapter.ts";

const DEFAULT_FILE = "/etc/ctl.conf";
const DEFAULT_STATE = "/var/lib/dtl";

const USAGE = `usage: ctld [-d][-u][-f config-file]
       ctld -t [-u][-f config-file]

  -d              log more
  -t              check the configuration and exit
  -u              the configuration is in UCL
  -f config-file  configuration (default ${DEFAULT_FILE})
  --api address:port
                  serve the control API on a loopback address, too; its token
                  is made in the state directory: api.token
  -h, --help      this text

CTL_SOCKET names the control socket, DTL_STATE_DIR the folder of the state
database (default ${DEFAULT_STATE}). SIGHUP reads the configuration again;
SIGTERM and "ctladm shutdown" end the daemon.`;

interface Settings {
  readonly file: string;
  readonly isUcl: boolean;
  readonly verbose: boolean;
  readonly api: ApiAddress | undefined;
}

/** What a reload changes, besides the daemon itself. */
interface Running {
  readonly settings: Settings;
  readonly log: Log;
  /** Another one when the configuration names another. */
  pidFile: PidFile;
}

/** Runs ctld with the words behind its name. @returns the exit code */
export async function ctld(words: readonly string[]): Promise<number> {
  const unknown: string[] = [];
  const given = parseArgs(words, {
    boolean: ["R", "d", "t", "u", "help", "h"],
    string: ["f", "api"],
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
  };
  configureLog(settings.verbose ? "debug" : "warning");
  return given.t === true ? check(settings) : await serve(settings);
}

function misused(reason: string): number {
  printError(`ctld: ${reason}`);
  printError(USAGE);
  return 1;
}

function check(settings: Settings): number {
  const configuration = readConfiguration(settings, logOf("ctld"));
  if (configuration !== null) return 0;
  printError("configuration error; exiting");
  return 1;
}

async function serve(settings: Settings): Promise<number> {
  const log = logOf("ctld");
  const configuration = readConfiguration(settings, log);
  if (configuration === null) {
    log.error("configuration error; exiting");
    return 1;
  }
  setLogLevel(settings, configuration);
  const pidFile = await writePidFile(configuration.pidfile);
  const running = { settings, log, pidFile };
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
  const { api } = running.settings;
  const directory = stateDirectory(DEFAULT_STATE);
  const served = await serveDaemon({
    daemon,
    socketPath: controlSocketPath(),
    api: api && { ...api, stateDirectory: directory },
    nowMs: systemClock.nowMs,
    reload: () => reload(running, daemon),
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
  const configuration = readConfiguration(settings, log);
  if (configuration === null) {
    log.error("configuration error, continuing with old configuration");
    return;
  }
  setLogLevel(settings, configuration);
  const moved = await movePidFile(running, configuration.pidfile);
  const failed = await daemon.apply(configuration);
  log.info("configuration reloaded", {
    errors: failed.length + (moved ? 0 : 1),
  });
}

// The old file stays when there can be no new one.
async function movePidFile(running: Running, path: string): Promise<boolean> {
  const old = running.pidFile;
  if (old.path === path) return true;
  try {
    running.pidFile = await writePidFile(path);
    old.remove();
    return true;
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
    running.log.error(error.message);
    return false;
  }
}

function setLogLevel(settings: Settings, configuration: Configuration): void {
  const debug = settings.verbose || configuration.debug > 0;
  configureLog(debug ? "debug" : "info");
}

// What is wrong is logged; null: it cannot be used.
function readConfiguration(
  settings: Settings,
  log: Log,
): Configuration | null {
  const { file } = settings;
  try {
    const files = [file];
    const outcome = parseFile(settings, files);
    if ("error" in outcome) {
      log.error(outcome.error, { file });
      return null;
    }
    const warnings = [...files.flatMap(modeWarnings), ...outcome.warnings];
    for (const warning of warnings) log.warn(warning);
    return outcome.configuration;
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
    log.error(error.message);
    return null;
  }
}

// Files that it includes are added to the list.
function parseFile({ file, isUcl }: Settings, files: string[]): ParseOutcome {
  const text = readText(file);
  if (!isUcl) return parseConfiguration(text);
  const include = (path: string) => {
    files.push(path);
    return tryReadText(path);
  };
  return parseUclConfiguration({ path: file, text, include });
}

/** Runs a program; an operator's mistake is one line, not a stack. */
export async function main(program: () => Promise<number>): Promise<never> {
  try {
    exit(await program());
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
    printError(error.message);
    exit(1);
  }
}

if (import.meta.main) await main(() => ctld(programWords()));
