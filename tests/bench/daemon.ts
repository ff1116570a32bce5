/**
 * Daemons that the benchmark starts, waits for and stops.
 *
 * @module
 */

import { delay } from "../support/command.ts";
import { listenerOf, startTimeOf } from "./proc.ts";

const POLL_MS = 20;
const LOG_CHARACTERS_MAX = 4000;

/** What to start, and when it is up. */
export interface DaemonPlan {
  /** Program to start. */
  readonly program: string;
  /** Its words. */
  readonly words: readonly string[];
  /** Folder that it starts in. */
  readonly folder: string;
  /** Environment beside our own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Port of 127.0.0.1 that accepts connections when it is up. */
  readonly port: number;
  /** File that then holds its pid; without one it is the child's. */
  readonly pidPath?: string;
  /** Time that it may take to come up in milliseconds. */
  readonly readyMsMax: number;
  /** Time that it may take to end in milliseconds; then it is killed. */
  readonly stopMsMax: number;
}

/** A running daemon; disposing of it stops it. */
export interface Daemon extends AsyncDisposable {
  /** Its process. */
  readonly pid: number;
}

/**
 * Starts a daemon and waits until it accepts connections.
 *
 * @throws with the end of its log when it does not come up
 */
export async function startDaemon(plan: DaemonPlan): Promise<Daemon> {
  const child = new Deno.Command(plan.program, {
    args: [...plan.words],
    cwd: plan.folder,
    env: { NO_COLOR: "1", ...plan.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log = new LogTail();
  void log.follow(child.stdout);
  void log.follow(child.stderr);
  const childStart = startTimeOf(child.pid);
  let failed = false;
  void child.status.then(({ success }) => failed = !success);
  const pid = await waitUntilReady(plan, child.pid, () => failed);
  const startTime = pid === undefined ? undefined : startTimeOf(pid);
  if (pid === undefined || startTime === undefined) {
    await stopProcess(child.pid, childStart, plan.stopMsMax);
    await child.status;
    throw new Error(`${plan.program} did not come up: ${log.text()}`);
  }
  return {
    pid,
    [Symbol.asyncDispose]: () => stopProcess(pid, startTime, plan.stopMsMax),
  };
}

/**
 * A port of 127.0.0.1 that nobody listens on now. Another may take it before
 * the daemon does; the daemon then fails, loudly.
 */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The last words of a daemon, for when it fails. */
class LogTail {
  #text = "";

  /** Takes what comes, up to the end. */
  async follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      const text = this.#text + decoder.decode(bytes, { stream: true });
      this.#text = text.slice(-LOG_CHARACTERS_MAX);
    }
  }

  text(): string {
    return this.#text.trim() === "" ? "it printed nothing" : this.#text.trim();
  }
}

/**
 * The kernel's tables tell who listens; a connection only to find out would
 * already be load, and would not tell whose port it is.
 */
async function waitUntilReady(
  plan: DaemonPlan,
  childPid: number,
  hasFailed: () => boolean,
): Promise<number | undefined> {
  for (let waited = 0; waited < plan.readyMsMax; waited += POLL_MS) {
    const pid = plan.pidPath === undefined ? childPid : readPid(plan.pidPath);
    if (pid !== undefined && listenerOf(plan.port) === pid) return pid;
    // One that ends well may have left a daemon behind.
    if (hasFailed()) return undefined;
    await delay(POLL_MS);
  }
  return undefined;
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(Deno.readTextFileSync(path), 10);
    return pid > 0 ? pid : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The start time makes sure that the pid still names what we started. */
async function stopProcess(
  pid: number,
  startTime: number | undefined,
  timeMsMax: number,
): Promise<void> {
  const runs = (): boolean =>
    startTime !== undefined && startTimeOf(pid) === startTime;
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (runs()) Deno.kill(pid, signal);
    for (let waited = 0; waited < timeMsMax && runs(); waited += POLL_MS) {
      await delay(POLL_MS);
    }
  }
}
