/**
 * Real daemons for tests: each in a folder of its own, started with the flags
 * of the tasks in deno.json, and stopped by its own number.
 *
 * @module
 */

import { within } from "./deadline.ts";
import {
  type ProgramExit,
  type RunningProgram,
  runTool,
  startProgram,
  type ToolResult,
} from "./process.ts";
import { type ProgramTask, wordsOfTask } from "./tasks.ts";

/** Root of the repository. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** Time that a program of ours may take to do one thing. */
const TOOL_MS = 20_000;
/** Time that a daemon may take to come up on a busy machine. */
const READY_MS = 20_000;

/** A folder with the files of one daemon, and what runs in it. */
export class DaemonFolder implements AsyncDisposable {
  /** Path of the folder. */
  readonly path: string;
  readonly #programs: RunningProgram[] = [];

  /** Takes a folder over; {@linkcode daemonFolder} makes one. */
  constructor(path: string) {
    this.path = path;
  }

  /** Path of the control socket. */
  get socket(): string {
    return `${this.path}/ctl.sock`;
  }

  /** Path of the pid file that the folder's ctl.conf should name. */
  get pidFile(): string {
    return `${this.path}/ctld.pid`;
  }

  /** Path of ctl.conf. */
  get configuration(): string {
    return `${this.path}/ctl.conf`;
  }

  /** Variables that lead programs to this folder. */
  get env(): Readonly<Record<string, string>> {
    return {
      CTL_SOCKET: this.socket,
      DTL_STATE_DIR: `${this.path}/state`,
      NO_COLOR: "1",
    };
  }

  /** Starts the quick target, and waits until it says how to connect. */
  async start(...words: readonly string[]): Promise<RunningProgram> {
    return await this.#run("start", words, /^Manage it with/);
  }

  /** The same with the native adapter. */
  async startNative(...words: readonly string[]): Promise<RunningProgram> {
    return await this.#run("start:native", words, /^Manage it with/);
  }

  /** Writes ctl.conf, for programs that read it later. */
  async configure(text: string): Promise<void> {
    await Deno.writeTextFile(this.configuration, text, { mode: 0o600 });
  }

  /**
   * Starts ctld with its ctl.conf, and waits until it says that it is ready.
   *
   * @param words options besides
   */
  async ctld(
    text: string,
    ...words: readonly string[]
  ): Promise<RunningProgram> {
    return await this.#ctld("ctld", text, words);
  }

  /** The same with the native adapter. */
  async ctldNative(text: string): Promise<RunningProgram> {
    return await this.#ctld("ctld:native", text, []);
  }

  async #ctld(
    name: "ctld" | "ctld:native",
    text: string,
    words: readonly string[],
  ): Promise<RunningProgram> {
    await this.configure(text);
    const all = [...words, "-f", this.configuration];
    const program = await this.#run(name, all);
    await waitForLog(program, /serving targets=/);
    return program;
  }

  /** Runs ctld to its end. */
  runCtld(...words: readonly string[]): Promise<ToolResult> {
    return this.run("ctld", ...words);
  }

  /** Runs ctladm. */
  ctladm(...words: readonly string[]): Promise<ToolResult> {
    return this.run("ctladm", ...words);
  }

  /** Runs a program of ours to its end. */
  run(name: ProgramTask, ...words: readonly string[]): Promise<ToolResult> {
    return this.runIn({}, name, ...words);
  }

  /** The same, with variables that differ. */
  runIn(
    env: Readonly<Record<string, string>>,
    name: ProgramTask,
    ...words: readonly string[]
  ): Promise<ToolResult> {
    return runTool(Deno.execPath(), [...wordsOfTask(name), ...words], {
      env: { ...this.env, ...env },
      cwd: ROOT,
      timeoutMs: TOOL_MS,
    });
  }

  /** Stops what runs, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.stop();
    await Deno.remove(this.path, { recursive: true });
  }

  async #run(
    name: ProgramTask,
    words: readonly string[],
    readyLine?: RegExp,
  ): Promise<RunningProgram> {
    const program = await startProgram(
      Deno.execPath(),
      [...wordsOfTask(name), ...words],
      {
        env: this.env,
        cwd: ROOT,
        timeoutMs: READY_MS,
        ...(readyLine === undefined ? {} : { readyLine }),
      },
    );
    this.#programs.push(program);
    return program;
  }
}

/** Makes a folder for a daemon. */
export async function daemonFolder(): Promise<DaemonFolder> {
  return new DaemonFolder(await Deno.makeTempDir({ prefix: "dtl-test-" }));
}

/**
 * Waits for a line of a daemon's log, or finds one that was written before.
 *
 * @throws {Error} when the daemon or the patience ends first
 */
export async function waitForLog(
  program: RunningProgram,
  matches: RegExp | ((line: string) => boolean),
): Promise<string> {
  const what = () => `the line ${matches} of ${program.describe()}`;
  const line = await within(program.stderr.line(matches), READY_MS, what);
  if (line !== undefined) return line;
  throw new Error(`The log ended before ${what()}`);
}

/** Asks a daemon to end, and waits for that. */
export async function endBy(
  program: RunningProgram,
  signal: Deno.Signal,
): Promise<ProgramExit> {
  program.kill(signal);
  return await program.waitForExit();
}

/** Whether a path exists. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
