/**
 * What a subcommand of ctladm is.
 *
 * @module
 */

import { type ApiClient, ApiError } from "../api/client.ts";
import { type Options, type TakesMore, valueOf, valuesOf } from "../getopt.ts";
import { type Answer, errorBlock, type ScsiDevice } from "../scsi/device.ts";
import type { Surroundings } from "../surroundings.ts";

/** What a subcommand works with. */
export interface CommandContext {
  /** The daemon. */
  readonly client: ApiClient;
  /** Its options. */
  readonly options: Options;
  /** `--json` was given. */
  readonly json: boolean;
  /** Words of {@linkcode Command.longWords} that were given. */
  readonly longWords: ReadonlySet<string>;
  /** The LUN that was named, else LUN 0, through the local port. */
  readonly device: ScsiDevice;
  /** Number of that LUN. */
  readonly lun: number;
  /** What the program runs in. */
  readonly surroundings: Surroundings;
  /** Prints on standard output; a newline is added. */
  readonly print: (text: string) => void;
  /** Prints a value as JSON. */
  readonly printJson: (value: unknown) => void;
}

/** One subcommand. */
export interface Command {
  /** Its word. */
  readonly name: string;
  /** Options of its own in the form of getopt. */
  readonly letters: string;
  /** Words such as `--blocked`, without dashes, for letters of its own. */
  readonly longOptions?: Readonly<Record<string, string>>;
  /** Words that options take beyond their value; absent: none. */
  readonly takesMore?: TakesMore;
  /** Options that are words: `--dry-run`. */
  readonly longWords?: readonly string[];
  /** CTL does not have it: it gives way to abbreviations of CTL's own. */
  readonly beyondCtl?: boolean;
  /** Its second word is a LUN. */
  readonly needsLun?: boolean;
  /** It starts no daemon where none runs. */
  readonly leavesAlone?: boolean;
  /** One line for people. */
  readonly summary: string;
  /** Its words and options, as the usage text shows them. */
  readonly synopsis: string;
  /** A line that works when it is pasted. */
  readonly example: string;
  /** Runs it. Throws {@linkcode UsageError} or what the client throws. */
  run(context: CommandContext): Promise<void>;
}

/** The words of a command line do not make sense. */
export class UsageError extends Error {
  /** Names the class in logs. */
  override readonly name: string = "UsageError";
}

/** A command whose second word is a LUN. */
export function scsiCommand(command: Command): Command {
  return { ...command, needsLun: true };
}

/** Tells of a SCSI command that failed; the exit code stays 0, as in CTL. */
export function tellFailure(context: CommandContext, answer: Answer): void {
  context.surroundings.printError(errorBlock(answer));
}

/** A request failed; the message goes behind `ctladm: `. */
export class CommandError extends Error {
  /** Names the class in logs. */
  override readonly name: string = "CommandError";
}

/** The number of an option, or undefined when it was not given. */
export function numberOption(
  options: Options,
  letter: string,
  what: string,
): number | undefined {
  const text = valueOf(options, letter);
  return text === undefined ? undefined : parseNumber(what, text);
}

/** The values of `-o name=value`, by name. */
export function namedOptions(
  options: Options,
  letter: string,
): Record<string, string> {
  const named: Record<string, string> = {};
  for (const text of valuesOf(options, letter)) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`-${letter} takes "name=value"argument`);
    named[text.slice(0, at)] = text.slice(at + 1);
  }
  return named;
}

/** Puts words in front of what the daemon says of a request it refuses. */
export async function asking<Answer>(
  failure: string,
  answer: Promise<Answer>,
): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    const refused = error instanceof ApiError && error.code !== "unreachable";
    throw refused ? new CommandError(`${failure}: ${error.message}`) : error;
  }
}

/** Reads a whole number as strtoul(3) with base 0 does. */
export function parseNumber(what: string, text: string): number {
  const value = /^0[0-7]+$/.test(text) ? parseInt(text, 8) : Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new UsageError(`invalid ${what} "${text}": expected a number`);
  }
  return value;
}

/** Escapes text for XML as CTL does. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
