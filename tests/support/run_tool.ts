/**
 * Runs a program to its end, or to its limits: a tool that hangs or floods is
 * killed with all its children.
 *
 * @module
 */

import { OutputCollector } from "./output_collector.ts";

/** How to run a tool. */
export interface ToolOptions {
  /** How long it may take. */
  readonly timeoutMs: number;
  /** Variables that it gets besides ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that it runs in. */
  readonly cwd?: string;
  /** Text for its standard input; none when not given. */
  readonly input?: string;
  /** Most characters that it may write to one output. */
  readonly outputLimit?: number;
}

/** What a tool did. */
export interface ToolResult {
  /** Exit code; 128 + number after a signal. */
  readonly code: number;
  /** The signal that ended it, if one did. */
  readonly signal: string | null;
  /** What it wrote. */
  readonly stdout: string;
  /** What it complained about. */
  readonly stderr: string;
  /** Why it was killed: it took too long, or wrote too much. */
  readonly killed: "timeout" | "output" | undefined;
}

const OUTPUT_LIMIT = 64 << 20;

/** Runs a program; it never throws for what the program does. */
export async function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<ToolResult> {
  const child = spawnGroup(command, args, options);
  const limit = options.outputLimit ?? OUTPUT_LIMIT;
  const stdout = new OutputCollector(child.stdout, limit);
  const stderr = new OutputCollector(child.stderr, limit);
  let killed: ToolResult["killed"];
  const kill = (why: "timeout" | "output") => {
    killed ??= why;
    killGroup(child.pid);
  };
  stdout.onLimit = stderr.onLimit = () => kill("output");
  const timer = setTimeout(() => kill("timeout"), options.timeoutMs);
  const [{ code, signal }] = await Promise.all([
    child.status,
    feed(child, options.input),
  ]);
  clearTimeout(timer);
  // Its children go with it, or they would keep the pipes open.
  killGroup(child.pid);
  await Promise.all([stdout.finish(), stderr.finish()]);
  return { code, signal, stdout: stdout.text, stderr: stderr.text, killed };
}

function spawnGroup(
  command: string,
  args: readonly string[],
  options: ToolOptions,
): Deno.ChildProcess {
  return new Deno.Command(command, {
    args: [...args],
    stdin: options.input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    // A group of its own, so that the children can be killed too.
    detached: true,
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).spawn();
}

async function feed(
  child: Deno.ChildProcess,
  input: string | undefined,
): Promise<void> {
  if (input === undefined) return;
  try {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // The tool ended without reading all of it.
  }
}

function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
