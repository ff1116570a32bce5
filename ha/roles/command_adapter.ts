/**
 * Runs the operator's fencing command. Permission: `--allow-run` for that
 * program alone, by its path.
 *
 * @module
 */

import type { CommandOutcome } from "./command_fencer.ts";

const MESSAGE_BYTES_MAX = 512;

/** Runs a command to its end, or to the end of its time. */
export async function runFenceCommand(
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
  timeMsMax: number,
): Promise<CommandOutcome> {
  const [program = "", ...args] = words;
  try {
    const { code, stderr } = await new Deno.Command(program, {
      args,
      env: { ...variables },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(timeMsMax),
    }).output();
    const message = new TextDecoder()
      .decode(stderr.subarray(0, MESSAGE_BYTES_MAX)).trim();
    // Ended by the signal: it has not done its work.
    return { code: code === SIGTERM_CODE ? null : code, message };
  } catch (error) {
    return { code: null, message: String(error) };
  }
}

const SIGTERM_CODE = 128 + 15;
