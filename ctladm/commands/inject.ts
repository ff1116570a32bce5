/**
 * `ctladm inject`: errors for commands that have done their work.
 *
 * @module
 */

import type {
  InjectedResource,
  InjectionBody,
  InjectionPattern,
} from "../api/resources.ts";
import { has, type Options, valueOf, valuesOf } from "../getopt.ts";
import {
  argumentCount,
  encodeFormat,
  FormatProblem,
  parseFormat,
} from "../scsi/cdb_format.ts";
import type { Surroundings } from "../surroundings.ts";
import {
  asking,
  type Command,
  type CommandContext,
  parseNumber,
  scsiCommand,
  UsageError,
} from "./command.ts";

/** `ctladm inject`. */
export const inject: Command = scsiCommand({
  name: "inject",
  letters: "i:p:r:s:cd:",
  takesMore: (letter, behind) => letter === "s" ? wordsOfSense(behind) : 0,
  summary: "let commands of a LUN end with an error",
  synopsis: "inject lun -i aborted|mediumerr|ua|custom " +
    "-p read|write|rw|readcap|tur|any [-r lba,len] [-s len fmt [args]] [-c] " +
    "  (or -d serial: delete it)",
  example: "ctladm inject 0 -i mediumerr -p read -r 100,8 -c",
  run: async (context) => {
    const { client, lun, print, printJson, json, options } = context;
    const serial = valueOf(options, "d");
    if (serial !== undefined) return await deleteError(context, serial);
    const body = await bodyOf(context);
    const done = await asking(
      "error issuing CTL_ERROR_INJECT ioctl",
      client.post<InjectedResource>(`/v1/luns/${lun}/injections`, body),
    );
    if (json) return printJson(done);
    print(`Error injection succeeded, serial number is ${done.serial}`);
  },
});

/** Longest sense data that are sent (SPC-5 4.4.1). */
const SENSE_BYTES_MAX = 252;

const KINDS = ["aborted", "mediumerr", "ua", "custom"] as const;

const PATTERNS: ReadonlyMap<string, readonly InjectionPattern[]> = new Map([
  ["read", ["read"]],
  ["write", ["write"]],
  ["rw", ["read", "write"]],
  ["readwrite", ["read", "write"]],
  ["readcap", ["readcap"]],
  ["tur", ["tur"]],
  ["any", ["any"]],
]);

async function deleteError(
  { client, lun }: CommandContext,
  serial: string,
): Promise<void> {
  const number = parseNumber("serial number", serial);
  await asking(
    "error issuing CTL_ERROR_INJECT_DELETE ioctl",
    client.delete(`/v1/luns/${lun}/injections/${number}`),
  );
}

async function bodyOf(context: CommandContext): Promise<InjectionBody> {
  const { options, surroundings } = context;
  const kind = kindOf(valuesOf(options, "i"));
  const patterns = patternsOf(valuesOf(options, "p"));
  const range = rangeOf(valueOf(options, "r"));
  const sense = await senseOf(options, surroundings);
  if (kind === "custom" && sense === undefined) {
    throw new UsageError("custom error requires -s");
  }
  const continuous = has(options, "c");
  return { kind, patterns, range, sense: sense?.toHex(), continuous };
}

function kindOf(words: readonly string[]): InjectionBody["kind"] {
  const [first] = words;
  if (first === undefined) {
    throw new UsageError("error injection command (-i) needed");
  }
  if (words.length > 1) {
    throw new UsageError("only one error injection command (-i) may be given");
  }
  return chosen("i", first, KINDS);
}

function patternsOf(words: readonly string[]): InjectionPattern[] {
  if (words.length === 0) throw new UsageError("command pattern (-p) needed");
  const names = [...PATTERNS.keys()];
  const patterns = words
    .flatMap((word) => PATTERNS.get(chosen("p", word, names)) ?? []);
  return [...new Set(patterns)];
}

// A word, or the beginning of one alone.
function chosen<Word extends string>(
  letter: string,
  word: string,
  words: readonly Word[],
): Word {
  const exact = words.find((each) => each === word.toLowerCase());
  if (exact !== undefined) return exact;
  const fits = words.filter((each) => each.startsWith(word.toLowerCase()));
  const [only, other] = fits;
  if (only !== undefined && other === undefined) return only;
  const what = only === undefined ? "invalid" : "ambiguous";
  throw new UsageError(
    `${what} argument ${word} for -${letter}: expected ${words.join(", ")}`,
  );
}

function rangeOf(text: string | undefined): InjectionBody["range"] {
  if (text === undefined) return undefined;
  const [lba = "", blocks] = text.split(",", 2);
  if (blocks === undefined) {
    throw new UsageError("no len argument for -r lba,len");
  }
  return { lba: parseNumber("lba", lba), blocks: parseNumber("len", blocks) };
}

/** Words behind `-s len`: the format, and as many as it takes. */
function wordsOfSense([format]: readonly string[]): number {
  if (format === undefined) return 0;
  const fields = format === "-" ? [] : parseFormat(format);
  return 1 + (fields instanceof FormatProblem ? 0 : argumentCount(fields));
}

async function senseOf(
  options: Options,
  surroundings: Surroundings,
): Promise<Uint8Array | undefined> {
  const [lengthText, format, ...words] = valuesOf(options, "s");
  if (lengthText === undefined) return undefined;
  const length = Number(lengthText);
  if (!Number.isSafeInteger(length) || length <= 0) {
    throw new UsageError(`invalid number of sense bytes ${lengthText}`);
  }
  const clipped = Math.min(length, SENSE_BYTES_MAX);
  if (format === undefined) {
    throw new UsageError("no format for -s len fmt [args]");
  }
  if (format === "-") return await readSense(surroundings, clipped);
  const fields = parseFormat(format);
  if (fields instanceof FormatProblem) {
    throw new UsageError(`invalid format "${format}": ${fields.message}`);
  }
  if (words.includes("") || words.length < argumentCount(fields)) {
    throw new UsageError(
      `not enough arguments for "${format}": it takes ${argumentCount(fields)}`,
    );
  }
  const values = words.map((word) => parseNumber("sense argument", word));
  return encodeFormat(fields, values, clipped);
}

async function readSense(
  surroundings: Surroundings,
  length: number,
): Promise<Uint8Array> {
  using source = await surroundings.openSource("-");
  const bytes = new Uint8Array(length);
  const count = await source.read(bytes);
  if (count < length) {
    throw new UsageError(
      `only read ${count} of ${length} sense bytes from standard input`,
    );
  }
  return bytes;
}
