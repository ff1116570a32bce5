/**
 * Runs a program in a process group of its own, with a limit of time: when
 * that is over, or when we are stopped, it ends with all its children.
 *
 * @module
 */

/** How to run it. */
export interface ChildOptions {
  /** The program. */
  readonly program: string;
  /** Its words. */
  readonly args: readonly string[];
  /** Folder that it runs in. */
  readonly cwd: string;
  /** Milliseconds that it may take. */
  readonly timeMsMax: number;
  /** Milliseconds that it may write nothing; absent: as long as it runs. */
  readonly silenceMsMax?: number;
  /** Variables beside ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told of all that it writes, as it comes. */
  readonly onOutput: (bytes: Uint8Array, isError: boolean) => void;
}

/** How it ended. */
export interface ChildResult {
  /** Exit code. */
  readonly code: number;
  /** It took too long, or was silent for too long. */
  readonly timedOut: boolean;
  /** What it wrote to standard output. */
  readonly stdout: string;
}

const running: Set<number> = new Set();

/** Runs a program to its end, or to its limit. */
export async function runChild(options: ChildOptions): Promise<ChildResult> {
  const child = spawn(options);
  running.add(child.pid);
  let timedOut = false;
  const end = () => {
    timedOut = true;
    endGroup(child.pid);
  };
  const { timeMsMax, silenceMsMax = timeMsMax } = options;
  const timer = setTimeout(end, timeMsMax);
  let silence = setTimeout(end, silenceMsMax);
  const tell = (bytes: Uint8Array, isError: boolean) => {
    clearTimeout(silence);
    silence = setTimeout(end, silenceMsMax);
    options.onOutput(bytes, isError);
  };
  const [stdout, , { code }] = await Promise.all([
    readAll(child.stdout, (bytes) => tell(bytes, false)),
    readAll(child.stderr, (bytes) => tell(bytes, true)),
    child.status,
  ]);
  clearTimeout(timer);
  clearTimeout(silence);
  running.delete(child.pid);
  return { code, timedOut, stdout };
}

function spawn(options: ChildOptions): Deno.ChildProcess {
  return new Deno.Command(options.program, {
    args: [...options.args],
    cwd: options.cwd,
    env: { ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
}

async function readAll(
  stream: ReadableStream<Uint8Array>,
  tell: (bytes: Uint8Array) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    tell(bytes);
    text += decoder.decode(bytes, { stream: true });
  }
  return text;
}

/** Ends what runs when we are asked to end: it is no part of our group. */
export function endWithUs(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      for (const pid of running) endGroup(pid);
      Deno.exit(130);
    });
  }
}

function endGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Passes output on. */
export function passOn(bytes: Uint8Array, isError: boolean): void {
  const stream = isError ? Deno.stderr : Deno.stdout;
  for (let at = 0; at < bytes.length;) {
    at += stream.writeSync(bytes.subarray(at));
  }
}
