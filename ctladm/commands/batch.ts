/**
 * `ctladm batch`: many commands by one program, which starts once.
 *
 * @module
 */

import type { ByteSource, Surroundings } from "../surroundings.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  UsageError,
} from "./command.ts";

/** Runs one line of words. @returns the exit code */
export type RunWords = (
  words: readonly string[],
  surroundings: Surroundings,
) => Promise<number>;

/** Bytes that are read at a time. */
const PIECE_BYTES = 65536;
/** Bytes of the longest input. */
const INPUT_BYTES_MAX: number = 16 * 2 ** 20;

/** The subcommand, given what runs the others. */
export function batchCommand(runWords: () => RunWords): Command {
  return {
    name: "batch",
    beyondCtl: true,
    letters: "",
    summary: "run commands from a file or standard input, one a line",
    synopsis: "batch [file]",
    example: "ctladm batch commands.txt",
    run: (context) => runLines(context, runWords()),
  };
}

async function runLines(
  { options, surroundings, client }: CommandContext,
  runWords: RunWords,
): Promise<void> {
  const [file = "-", ...more] = options.rest;
  if (more.length > 0) throw new UsageError("name one file: batch [file]");
  const lines = (await readAll(file, surroundings)).split("\n");
  // The connection and the daemon are there: each line uses them.
  const shared: Surroundings = {
    ...surroundings,
    ensureDaemon: () => Promise.resolve(null),
    connect: (path) =>
      path === undefined
        ? { client, [Symbol.dispose]() {} }
        : surroundings.connect(path),
  };
  for (const [index, line] of lines.entries()) {
    const words = wordsOf(line);
    if (words === undefined) {
      throw new CommandError(`line ${index + 1}: a quote is not closed`);
    }
    if (words.length === 0) continue;
    if (words[0] === "batch") {
      throw new CommandError(`line ${index + 1}: a batch runs no batch`);
    }
    if (await runWords(words, shared) !== 0) {
      throw new CommandError(`line ${index + 1} failed: ${line.trim()}`);
    }
  }
}

async function readAll(
  file: string,
  { openSource }: Surroundings,
): Promise<string> {
  using source = await opened(file, openSource(file));
  const decoder = new TextDecoder();
  const piece = new Uint8Array(PIECE_BYTES);
  let text = "";
  for (let length = piece.length; length === piece.length;) {
    length = await source.read(piece);
    text += decoder.decode(piece.subarray(0, length), { stream: true });
    if (text.length > INPUT_BYTES_MAX) {
      throw new CommandError(`${file} is longer than ${INPUT_BYTES_MAX} bytes`);
    }
  }
  return text + decoder.decode();
}

async function opened(
  file: string,
  opening: Promise<ByteSource>,
): Promise<ByteSource> {
  try {
    return await opening;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`unable to open file ${file}: ${reason}`);
  }
}

// A comment, or pieces: bare characters, an escaped one, quotes.
const QUOTED = `\\\\.|"(?:[^"\\\\]|\\\\.)*"|'[^']*'`;
const WORD = new RegExp(
  `\\s*(?:#.*|((?:[^\\s"'\\\\#]|${QUOTED})(?:[^\\s"'\\\\]|${QUOTED})*))`,
  "y",
);

/**
 * The words of a line, as a shell has them: quotes, backslashes, comments.
 *
 * @returns undefined when a quote is not closed
 */
export function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  WORD.lastIndex = 0;
  for (let at = 0; line.slice(at).trim() !== "";) {
    WORD.lastIndex = at;
    const match = WORD.exec(line);
    if (match === null) return undefined;
    const [whole, word] = match;
    if (word === undefined) break;
    words.push(unquoted(word));
    at += whole.length;
  }
  return words;
}

function unquoted(word: string): string {
  return word.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
    (_, double?: string, single?: string, escaped?: string) =>
      double?.replace(/\\(.)/g, "$1") ?? single ?? escaped ?? "",
  );
}
