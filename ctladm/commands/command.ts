/**
 * What a subcommand of ctladm is.
 *
 * @module
 */

import type { ApiClient } from "../api/client.ts";
import type { Options } from "../getopt.ts";

/** What a subcommand works with. */
export interface CommandContext {
  /** The daemon. */
  readonly client: ApiClient;
  /** Its options. */
  readonly options: Options;
  /** `--json` was given. */
  readonly json: boolean;
  /** Prints on standard output; a newline is added. */
  readonly print: (text: string) => void;
}

/** One subcommand. */
export interface Command {
  /** Its word. */
  readonly name: string;
  /** Options of its own in the form of getopt. */
  readonly letters: string;
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

/** A request failed; the message goes behind `ctladm: `. */
export class CommandError extends Error {
  /** Names the class in logs. */
  override readonly name: string = "CommandError";
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
