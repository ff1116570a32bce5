/**
 * Short programs that run to their end.
 *
 * @module
 */

const TIME_MS_MAX = 60_000;

/** How a program is run; all of it may be left out. */
export interface RunOptions {
  /** Environment beside our own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Time after which it is killed. */
  readonly timeMsMax?: number;
}

/**
 * Runs a program.
 *
 * @returns what it printed
 * @throws with its complaint when it fails
 */
export async function run(
  program: string,
  words: readonly string[],
  { env = {}, timeMsMax = TIME_MS_MAX }: RunOptions = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...words],
    env: { ...env },
    stdin: "null",
    signal: AbortSignal.timeout(timeMsMax),
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    const complaint = decoder.decode(stderr).trim();
    throw new Error(`${program} ${words.join(" ")} failed: ${complaint}`);
  }
  return decoder.decode(stdout);
}

/** Finds a program, in the places for administrators' programs too. */
export function findProgram(name: string): string | undefined {
  const path = (Deno.env.get("PATH") ?? "") + ":/usr/sbin:/sbin";
  return path.split(":").filter((folder) => folder !== "")
    .map((folder) => `${folder}/${name}`).find(isFile);
}

/** The same, where the program must be there. */
export function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Waits. */
export function delay(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs));
}
