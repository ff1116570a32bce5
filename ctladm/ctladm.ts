/**
 * ctladm: the control client, compatible with ctladm(8).
 *
 * @module
 */

import { ApiError } from "./api/client.ts";
import { type Command, CommandError, UsageError } from "./commands/command.ts";
import { devlist } from "./commands/devlist.ts";
import { islist } from "./commands/islist.ts";
import { create, modify, remove } from "./commands/luns.ts";
import { portlist } from "./commands/portlist.ts";
import { shutdown } from "./commands/shutdown.ts";
import { getopt, valueOf } from "./getopt.ts";
import { systemSurroundings } from "./host/surroundings_adapter.ts";
import { exit, programWords } from "./host/terminal_adapter.ts";
import type { Surroundings } from "./surroundings.ts";

/** Subcommands in the order in which abbreviations are looked up. */
const COMMANDS: readonly Command[] = [
  create,
  devlist,
  islist,
  modify,
  portlist,
  remove,
  shutdown,
];

/** Options that every subcommand takes. */
const GENERAL_LETTERS = "C:D:I:";

/** Runs ctladm with the words behind its name. @returns the exit code */
export async function ctladm(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { print, printError } = surroundings;
  const [word, ...rest] = words;
  if (word === undefined) {
    printError(usage());
    return 1;
  }
  if (word === "help" || word === "-h" || word === "-?") {
    print(usage());
    return 0;
  }
  const found = findCommand(word);
  if (typeof found === "string") {
    printError(`ctladm: ${found}`);
    print(usage());
    return 1;
  }
  return await run(found, rest, surroundings);
}

async function run(
  command: Command,
  words: readonly string[],
  { print, printError, connect }: Surroundings,
): Promise<number> {
  const json = words.includes("--json");
  const options = getopt(
    words.filter((word) => word !== "--json"),
    GENERAL_LETTERS + command.letters,
  );
  for (const problem of options.problems) printError(`ctladm: ${problem}`);
  using connection = connect(valueOf(options, "D"));
  const { client } = connection;
  try {
    await command.run({ client, options, json, print });
    return 0;
  } catch (error) {
    if (!isExpected(error)) throw error;
    printError(`ctladm: ${error.message}`);
    return 1;
  }
}

function isExpected(error: unknown): error is Error {
  return error instanceof ApiError || error instanceof CommandError ||
    error instanceof UsageError;
}

/**
 * The command for a word: an exact match wins, one that begins with the word
 * is fine.
 *
 * @returns the command, or what is wrong with the word
 */
export function findCommand(word: string): Command | string {
  const exact = COMMANDS.find((command) => command.name === word);
  if (exact !== undefined) return exact;
  const [first, second] = COMMANDS
    .filter((command) => command.name.startsWith(word));
  if (first === undefined) return `option ${word} not found`;
  return second === undefined ? first : `ambiguous option ${word}`;
}

/** The usage text. */
export function usage(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    "Usage:",
    "Primary commands:",
    ...COMMANDS.map(({ name, summary }) =>
      `         ctladm ${name.padEnd(width)}  ${summary}`
    ),
    "General Options:",
    "         -C retries    retries of a failing SCSI command",
    "         -D path       control socket (default: CTL_SOCKET)",
    "         -I initiator  initiator number (default: 7)",
    ...COMMANDS.flatMap(({ name, synopsis, example }) => [
      `${name}:`,
      `         ctladm ${synopsis}`,
      `         example: ${example}`,
    ]),
  ].join("\n");
}

if (import.meta.main) {
  exit(await ctladm(programWords(), systemSurroundings));
}
