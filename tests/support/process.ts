/**
 * Starts real programs for tests and stops them again: by their own number,
 * never by name, and every wait is bounded.
 *
 * @module
 */

import { PATIENCE_MS, within } from "./deadline.ts";
import { OutputCollector } from "./output_collector.ts";
import { waitForPort } from "./ports.ts";

export { freePort } from "./ports.ts";
export { runTool, type ToolOptions, type ToolResult } from "./run_tool.ts";

/** How to start a program. */
export interface ProgramOptions {
  /** Variables that it gets besides ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that it runs in. */
  readonly cwd?: string;
  /** Ready when a line of its standard output matches. */
  readonly readyLine?: RegExp | ((line: string) => boolean);
  /** Ready when 127.0.0.1 accepts connections on this port. */
  readonly readyPort?: number;
  /** How long to wait until it is ready. */
  readonly timeoutMs?: number;
}

/** How a program ended. */
export interface ProgramExit {
  /** Exit code; 128 + number after a signal. */
  readonly code: number;
  /** The signal that ended it, if one did. */
  readonly signal: string | null;
}

const EXIT_MS = 1000;

/** A program that runs. */
export class RunningProgram {
  /** How it was started, for messages. */
  readonly name: string;
  /** What it wrote to standard output. */
  readonly stdout: OutputCollector;
  /** What it wrote to standard error. */
  readonly stderr: OutputCollector;
  readonly #child: Deno.ChildProcess;
  #exit: ProgramExit | undefined;
  readonly #exited: Promise<ProgramExit>;

  /** Takes over a child whose outputs are piped. */
  constructor(name: string, child: Deno.ChildProcess) {
    this.name = name;
    this.#child = child;
    this.stdout = new OutputCollector(child.stdout);
    this.stderr = new OutputCollector(child.stderr);
    this.#exited = child.status.then(({ code, signal }) => {
      return this.#exit = { code, signal };
    });
  }

  /** Number of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** How it ended; undefined while it runs. */
  get exit(): ProgramExit | undefined {
    return this.#exit;
  }

  /** Waits for its end. */
  async waitForExit(timeoutMs: number = PATIENCE_MS): Promise<ProgramExit> {
    const exit = await within(
      this.#exited,
      timeoutMs,
      () => `the end of ${this.describe()}`,
    );
    await this.#closeOutputs();
    return exit;
  }

  /**
   * Waits for a line of standard output, or finds one that was written before.
   *
   * @throws {Error} when the program or the patience ends first
   */
  async waitForLine(
    matches: RegExp | ((line: string) => boolean),
    timeoutMs: number = PATIENCE_MS,
  ): Promise<string> {
    const what = () => `the line ${matches} of ${this.describe()}`;
    const line = await within(
      this.stdout.line(matches),
      timeoutMs,
      what,
    );
    if (line !== undefined) return line;
    // Its exit code follows its output, and says more.
    await this.waitForExit(EXIT_MS).catch(() => {});
    throw new Error(`Output ended before ${what()}`);
  }

  /** Sends a signal; a program that ended gets none. */
  kill(signal: Deno.Signal): void {
    if (this.#exit === undefined) this.#child.kill(signal);
  }

  /**
   * Stops it: TERM, and KILL when it has not ended in time.
   *
   * @returns how it ended
   */
  async stop(graceMs = 5000): Promise<ProgramExit> {
    this.kill("SIGTERM");
    try {
      return await this.waitForExit(graceMs);
    } catch {
      this.kill("SIGKILL");
      return await this.waitForExit();
    }
  }

  /** Stops it at the end of a test. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What it is and what it said, for error messages. */
  describe(): string {
    const state = this.#exit === undefined
      ? "running"
      : `ended with ${this.#exit.signal ?? this.#exit.code}`;
    return `${this.name} (pid ${this.pid}, ${state})\n` +
      `${this.stdout.text}${this.stderr.text}`;
  }

  // A child of the child may keep a pipe open for ever.
  async #closeOutputs(): Promise<void> {
    await Promise.all([this.stdout.finish(), this.stderr.finish()]);
  }
}

/**
 * Starts a program and waits until it is ready.
 *
 * ```ts ignore
 * await using target = await startProgram("tgtd", ["-f"], { readyPort });
 * ```
 *
 * @throws {Error} when it ends or stays silent instead; it is stopped then
 */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<RunningProgram> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).spawn();
  const name = [command, ...args].join(" ");
  const program = new RunningProgram(name, child);
  try {
    await untilReady(program, options);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return program;
}

async function untilReady(
  program: RunningProgram,
  options: ProgramOptions,
): Promise<void> {
  const { readyLine, readyPort, timeoutMs } = options;
  if (readyLine !== undefined) await program.waitForLine(readyLine, timeoutMs);
  if (readyPort === undefined) return;
  const ended = () => program.exit !== undefined;
  const what = () => `port ${readyPort} of ${program.describe()}`;
  await waitForPort(readyPort, timeoutMs ?? PATIENCE_MS, ended, what);
}
