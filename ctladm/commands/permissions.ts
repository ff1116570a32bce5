/**
 * `ctladm permissions`: the line that runs ctld with the permissions that a
 * configuration needs and no others.
 *
 * @module
 */

import { parseApiAddress } from "../api/bearer.ts";
import { has, valueOf } from "../getopt.ts";
import {
  CTLD_DEFAULTS,
  flagsOf,
  permissionsOf,
  runLine,
  runVariables,
} from "../permissions.ts";
import { type Command, type CommandContext, CommandError } from "./command.ts";
import { readConfiguration } from "./configuration.ts";

const NATIVE = "--native";

/** The subcommand. */
export const permissions: Command = {
  name: "permissions",
  beyondCtl: true,
  leavesAlone: true,
  letters: "uf:L:A:",
  longOptions: { api: "A", log: "L" },
  longWords: [NATIVE],
  summary: "print the line that runs ctld with the fewest permissions",
  synopsis: "permissions [-u] [-f ctl.conf] [--log logfile] " +
    "[--api address:port] [--native] [--json]",
  example: "ctladm permissions -f /etc/ctl.conf",
  run: (context) => {
    printPermissions(context);
    return Promise.resolve();
  },
};

function printPermissions(context: CommandContext): void {
  const { options, surroundings, json, print, printJson } = context;
  const { printError } = surroundings;
  const isUcl = has(options, "u");
  const file = valueOf(options, "f") ?? CTLD_DEFAULTS.file;
  const found = readConfiguration(surroundings, file, isUcl);
  for (const warning of found.warnings) printError(`warning: ${warning}`);
  const api = valueOf(options, "A");
  const { ctld, socket, state } = surroundings.places();
  const request = {
    configuration: found.configuration,
    file: found.path,
    included: found.paths.slice(1),
    isUcl,
    api: api === undefined ? undefined : parseApiAddress(api),
    logFile: valueOf(options, "L"),
    program: ctld,
    socket,
    state,
    libc: libcFor(context),
    realPath: surroundings.realPath,
  };
  const answer = permissionsOf(request);
  if (json) {
    return printJson({
      ...answer,
      flags: flagsOf(answer.permissions),
      variables: runVariables(request),
    });
  }
  for (const note of answer.notes) printError(`note: ${note}`);
  print(runLine(request, answer.permissions));
}

function libcFor(
  { longWords, surroundings }: CommandContext,
): string | undefined {
  if (!longWords.has(NATIVE)) return undefined;
  const { libc } = surroundings.places();
  if (libc !== undefined) return libc;
  throw new CommandError("--native: no C library was found on this machine");
}
