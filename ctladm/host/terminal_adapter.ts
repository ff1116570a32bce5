/**
 * What the programs print, and how they end.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";

const encoder = new TextEncoder();

/** Prints a line on standard output. */
export function printLine(text: string): void {
  writeAll(Deno.stdout, `${text}\n`);
}

/** Prints a line on standard error. */
export function printError(text: string): void {
  writeAll(Deno.stderr, `${text}\n`);
}

/** Whether somebody may watch standard error. */
export function isWatched(): boolean {
  return Deno.stderr.isTerminal();
}

/** Shows a text on the last line of the terminal in place of the one before. */
export function showProgress(text: string): void {
  writeAll(Deno.stderr, `\r\x1b[K${text}`);
}

/** Whether somebody may watch standard output. */
export function isScreen(): boolean {
  return Deno.stdout.isTerminal();
}

/** Clears the terminal. */
export function clearScreen(): void {
  writeAll(Deno.stdout, "\x1b[H\x1b[2J");
}

/** Runs a program; an operator's mistake is one line, not a stack. */
export async function runProgram(
  program: () => Promise<number>,
): Promise<never> {
  try {
    exit(await program());
  } catch (error) {
    // A missing permission is one, too: the message names its flag.
    const isMistake = error instanceof ManagementError ||
      error instanceof Deno.errors.NotCapable;
    if (!isMistake) throw error;
    printError(error.message);
    exit(1);
  }
}

/** Ends the program. */
export function exit(code: number): never {
  Deno.exit(code);
}

/** Words behind the name of the program. */
export function programWords(): readonly string[] {
  return Deno.args;
}

// Whoever closed our output does not want the rest: no reason to fail.
function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  const bytes = encoder.encode(text);
  try {
    for (let at = 0; at < bytes.length;) {
      at += stream.writeSync(bytes.subarray(at));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
