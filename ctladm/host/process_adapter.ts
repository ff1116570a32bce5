/**
 * The process: its id, its signals, its pid file.
 *
 * @module
 */

import process from "node:process";
import { ManagementError } from "../../mod.ts";

/** Id of this process. */
export function processId(): number {
  return Deno.pid;
}

/** Milliseconds of processor time that this process has used. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Bytes of memory that this process has resident. */
export function residentBytes(): number {
  return Deno.memoryUsage().rss;
}

/** Calls back on a signal. @returns what stops it */
export function onSignal(
  signal: "SIGTERM" | "SIGINT" | "SIGHUP",
  callback: () => void,
): () => void {
  Deno.addSignalListener(signal, callback);
  return () => Deno.removeSignalListener(signal, callback);
}

/**
 * Calls back for each exception and rejection that nobody has caught, which
 * then does not end the process. @returns what stops it
 */
export function onUncaught(callback: (error: unknown) => void): () => void {
  const thrown = (event: ErrorEvent) => {
    event.preventDefault();
    callback(event.error);
  };
  const rejected = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    callback(event.reason);
  };
  globalThis.addEventListener("error", thrown);
  globalThis.addEventListener("unhandledrejection", rejected);
  return () => {
    globalThis.removeEventListener("error", thrown);
    globalThis.removeEventListener("unhandledrejection", rejected);
  };
}

/** A pid file, locked as long as the process lives. */
export interface PidFile {
  /** Where it is. */
  readonly path: string;
  /** Removes it. */
  remove(): void;
}

/** Milliseconds to wait for the lock of a pid file. */
const LOCK_MS = 300;

/** Writes the pid file; refused while another daemon holds its lock. */
export async function writePidFile(path: string): Promise<PidFile> {
  const file = await openPidFile(path);
  if (!await lockInTime(file)) {
    const pid = (await Deno.readTextFile(path)).trim();
    throw new ManagementError(
      "request",
      `daemon already running, pid: ${pid}.`,
    );
  }
  await file.truncate(0);
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return {
    path,
    remove: () => {
      try {
        Deno.removeSync(path);
      } catch {
        // Somebody else has tidied up already.
      }
      file.close();
    },
  };
}

async function openPidFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, {
      read: true,
      write: true,
      create: true,
      mode: 0o600,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ManagementError(
      "request",
      `cannot write the pid file ${path}: ${reason}. Name another with ` +
        `"pidfile" in ctl.conf`,
    );
  }
}

// There is no attempt at a lock that does not wait, so the wait is cut short.
async function lockInTime(file: Deno.FsFile): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), LOCK_MS);
  const locked = file.lock(true).then(() => true);
  const outcome = await Promise.race([locked, late.promise]);
  clearTimeout(timer);
  return outcome;
}
