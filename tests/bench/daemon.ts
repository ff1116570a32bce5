/**
 * Daemons that the benchmark starts, waits for and stops.
 *
 * @module
 */

import { delay } from "./command.ts";
import { startTimeOf } from "./proc.ts";

const POLL_MS = 50;
const STOP_POLLS_MAX = 100;
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
  /** Time that it may take in milliseconds. */
  readonly readyMsMax: number;
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
    env: { ...plan.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log = new LogTail();
  void log.follow(child.stdout);
  void log.follow(child.stderr);
  const childStart = startTimeOf(child.pid);
  const pid = await waitUntilReady(plan, child.pid);
  const startTime = pid === undefined ? undefined : startTimeOf(pid);
  if (pid === undefined || startTime === undefined) {
    await stopProcess(child.pid, childStart);
    await child.status;
    throw new Error(`${plan.program} did not come up: ${log.text()}`);
  }
  return { pid, [Symbol.asyncDispose]: () => stopProcess(pid, startTime) };
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

async function waitUntilReady(
  plan: DaemonPlan,
  childPid: number,
): Promise<number | undefined> {
  for (let waited = 0; waited < plan.readyMsMax; waited += POLL_MS) {
    const pid = plan.pidPath === undefined ? childPid : readPid(plan.pidPath);
    if (pid !== undefined && await accepts(plan.port)) return pid;
    // A daemon with a pid file may have detached itself from its child.
    const mayCome = plan.pidPath !== undefined ||
      startTimeOf(childPid) !== undefined;
    if (!mayCome) return undefined;
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

async function accepts(port: number): Promise<boolean> {
  try {
    using _conn = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch {
    return false;
  }
}

/** The start time makes sure that the pid still names what we started. */
async function stopProcess(
  pid: number,
  startTime: number | undefined,
): Promise<void> {
  const runs = (): boolean =>
    startTime !== undefined && startTimeOf(pid) === startTime;
  if (runs()) Deno.kill(pid, "SIGTERM");
  for (let poll = 0; poll < STOP_POLLS_MAX && runs(); poll += 1) {
    await delay(POLL_MS);
  }
  if (runs()) Deno.kill(pid, "SIGKILL");
}
