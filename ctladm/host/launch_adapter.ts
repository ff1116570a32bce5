/**
 * Starts a daemon when a client finds none, as the module of CTL is loaded
 * when its tools first need it.
 *
 * @module
 */

import { isServed } from "../api/socket_adapter.ts";
import { DAEMON_FLAGS } from "../daemon_flags.ts";
import { systemClock } from "./clock_adapter.ts";

const PROGRAM = new URL("../idle.ts", import.meta.url);

/** What the daemon may do: as much as the task `ctld`. */
const FLAGS: readonly string[] = [
  ...DAEMON_FLAGS,
  "--quiet",
  "--frozen",
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env=CTL_SOCKET,DTL_STATE_DIR,XDG_RUNTIME_DIR",
  "--allow-sys=uid,statfs,hostname",
];

/** Time that it may take to answer. */
const READY_MS = 15_000;
const LOOK_MS = 20;
/** How often to look for the daemon of another client. */
const RIVAL_LOOKS = 100;

/**
 * Starts a daemon in the background unless one answers at the socket.
 *
 * @returns why there is none; null: there is one
 */
export async function ensureDaemon(socketPath: string): Promise<string | null> {
  if (await isServed(socketPath)) return null;
  const child = spawn(socketPath);
  if (typeof child === "string") return child;
  child.unref();
  let ended = false;
  void child.status.then(() => ended = true);
  const deadlineMs = systemClock.nowMs() + READY_MS;
  while (!await isServed(socketPath)) {
    if (ended && !await isServedSoon(socketPath)) {
      return (await new Response(child.stderr).text()).trim();
    }
    if (systemClock.nowMs() > deadlineMs) {
      return `the daemon with process id ${child.pid} does not answer`;
    }
    await pause();
  }
  await child.stderr.cancel();
  return null;
}

function spawn(socketPath: string): Deno.ChildProcess | string {
  try {
    return new Deno.Command(Deno.execPath(), {
      args: ["run", ...FLAGS, PROGRAM.href],
      env: { CTL_SOCKET: socketPath },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return error.message;
  }
}

// Another client may have started one at the same time: ours gave way to it.
async function isServedSoon(socketPath: string): Promise<boolean> {
  for (let looks = 0; looks < RIVAL_LOOKS; looks += 1) {
    if (await isServed(socketPath)) return true;
    await pause();
  }
  return false;
}

function pause(): Promise<void> {
  return new Promise((resolve) => systemClock.after(LOOK_MS, resolve));
}
