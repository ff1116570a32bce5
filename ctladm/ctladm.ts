/**
 * ctladm: the control client, compatible with ctladm(8).
 *
 * @module
 */

import { ApiError } from "./api/client.ts";
import {
  type Command,
  CommandError,
  numberOption,
  parseNumber,
  UsageError,
} from "./commands/command.ts";
import { apply } from "./commands/apply.ts";
import { batchCommand } from "./commands/batch.ts";
import { completionCommand } from "./commands/completion.ts";
import { copies } from "./commands/copies.ts";
import { delay } from "./commands/delay.ts";
import { devlist } from "./commands/devlist.ts";
import { dumpooa, dumpstructs } from "./commands/dump.ts";
import { events } from "./commands/events.ts";
import { explain } from "./commands/explain.ts";
import { ha, haRole } from "./commands/ha.ts";
import { haInit } from "./commands/ha_init.ts";
import { inject } from "./commands/inject.ts";
import { islist } from "./commands/islist.ts";
import { create, modify, remove } from "./commands/luns.ts";
import { nvlist, nvterminate } from "./commands/nvme.ts";
import { permissions } from "./commands/permissions.ts";
import { load, unload } from "./commands/plugins.ts";
import { portlist } from "./commands/portlist.ts";
import { lunmap, port } from "./commands/ports.ts";
import { reservations } from "./commands/reservations.ts";
import { read, write } from "./commands/scsi_data.ts";
import {
  devid,
  inquiry,
  lunlist,
  reportluns,
} from "./commands/scsi_inquiry.ts";
import { modesense, prin, prout, rtpg } from "./commands/scsi_pages.ts";
import {
  readcapacity,
  reqsense,
  start,
  stop,
  synccache,
  tur,
} from "./commands/scsi_unit.ts";
import { islogout, isterminate } from "./commands/sessions.ts";
import { shutdown } from "./commands/shutdown.ts";
import { top } from "./commands/top.ts";
import { trace } from "./commands/trace.ts";
import { getopt, valueOf } from "./getopt.ts";
import { systemSurroundings } from "./host/surroundings_adapter.ts";
import { programWords, runProgram } from "./host/terminal_adapter.ts";
import { ScsiDevice } from "./scsi/device.ts";
import type { Surroundings } from "./surroundings.ts";

/** In CTL's table, too, it is a word and no more. */
const adddev: Command = {
  name: "adddev",
  leavesAlone: true,
  letters: "",
  summary: "does nothing, as in CTL",
  synopsis: "adddev",
  example: "ctladm adddev",
  run: ({ print }) => {
    print(usage());
    return Promise.reject(new CommandError(""));
  },
};

/** Subcommands in the order in which abbreviations are looked up. */
const COMMANDS: readonly Command[] = [
  adddev,
  apply,
  batchCommand(() => ctladm),
  completionCommand(() => COMMANDS),
  copies,
  create,
  delay,
  devid,
  devlist,
  dumpooa,
  dumpstructs,
  events,
  explain,
  ha,
  haInit,
  haRole,
  inject,
  inquiry,
  islist,
  islogout,
  isterminate,
  load,
  lunlist,
  lunmap,
  modesense,
  modify,
  nvlist,
  nvterminate,
  permissions,
  port,
  portlist,
  prin,
  prout,
  read,
  readcapacity,
  remove,
  reportluns,
  reqsense,
  reservations,
  rtpg,
  shutdown,
  start,
  stop,
  synccache,
  top,
  trace,
  tur,
  unload,
  write,
];

/** Initiator number of ctladm when `-I` names no other. */
const INITIATOR = 7;

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
  if (HELP.test(word)) return help(rest[0], surroundings);
  const found = findCommand(word);
  if (typeof found === "string") {
    printError(`ctladm: ${found}`);
    print(usage());
    return 1;
  }
  return await run(found, rest, surroundings);
}

/** `help` and what abbreviates it, or asks for it as an option. */
const HELP = /^(h|he|hel|help|-h|-\?)$/;

function help(
  word: string | undefined,
  { print, printError }: Surroundings,
): number {
  const found = word === undefined || HELP.test(word)
    ? null
    : findCommand(word);
  if (typeof found === "string") {
    printError(`ctladm: ${found}`);
    print(usage());
    return 1;
  }
  print(found === null ? usage() : usageOf(found));
  return 0;
}

async function run(
  command: Command,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { print, printError, connect } = surroundings;
  const lun = command.needsLun ? lunArgument(words[0]) : 0;
  if (lun === undefined) {
    printError(`ctladm: option ${command.name} requires a lun argument`);
    print(usage());
    return 1;
  }
  const long = ["--json", ...command.longWords ?? []];
  const longWords = new Set(words.filter((word) => long.includes(word)));
  const json = longWords.has("--json");
  const options = getopt(
    words.slice(command.needsLun ? 1 : 0)
      .filter((word) => !longWords.has(word))
      .map((word) => shortOption(command, word)),
    GENERAL_LETTERS + command.letters,
    command.takesMore,
  );
  for (const problem of options.problems) printError(`ctladm: ${problem}`);
  const path = valueOf(options, "D");
  if (path === undefined && !command.leavesAlone) {
    const why = await surroundings.ensureDaemon();
    if (why !== null) {
      printError(`ctladm: no daemon runs, and none can be started: ${why}`);
      return 1;
    }
  }
  using connection = connect(path);
  const { client } = connection;
  try {
    await command.run({
      client,
      options,
      json,
      longWords,
      print,
      printJson: (value) => print(JSON.stringify(value, null, 2)),
      lun,
      device: new ScsiDevice({
        client,
        lun,
        initiator: numberOption(options, "I", "initiator") ?? INITIATOR,
        retries: numberOption(options, "C", "retry count") ?? 0,
      }),
      surroundings,
    });
    return 0;
  } catch (error) {
    if (!isExpected(error)) throw error;
    if (error.message !== "") printError(`ctladm: ${error.message}`);
    return 1;
  }
}

// `--blocked` is a letter, where a command says so.
function shortOption({ longOptions = {} }: Command, word: string): string {
  const name = word.startsWith("--") ? word.slice(2) : "";
  const letter = Object.hasOwn(longOptions, name) ? longOptions[name] : "";
  return letter ? `-${letter}` : word;
}

// A LUN begins with a digit, in whatever base.
function lunArgument(word: string | undefined): number | undefined {
  return word !== undefined && /^[0-9]/.test(word)
    ? parseNumber("lun", word)
    : undefined;
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
  const fits = COMMANDS.filter(({ name }) => name.startsWith(word));
  const ofCtl = fits.filter(({ beyondCtl }) => !beyondCtl);
  const [first, second] = ofCtl.length > 0 ? ofCtl : fits;
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
    ...GENERAL_OPTIONS,
    ...COMMANDS.flatMap(blockOf),
  ].join("\n");
}

const GENERAL_OPTIONS: readonly string[] = [
  "General Options:",
  "         -C retries    retries of a failing SCSI command",
  "         -D path       control socket (default: CTL_SOCKET)",
  "         -I initiator  initiator number (default: 7)",
];

function usageOf(command: Command): string {
  const { name, summary } = command;
  return [`${name}: ${summary}`, ...blockOf(command).slice(1)]
    .concat(GENERAL_OPTIONS).join("\n");
}

function blockOf({ name, synopsis, example }: Command): string[] {
  return [
    `${name}:`,
    `         ctladm ${synopsis}`,
    `         example: ${example}`,
  ];
}

if (import.meta.main) {
  await runProgram(() => ctladm(programWords(), systemSurroundings));
}
