/**
 * `ctladm apply`: a configuration for the daemon that runs.
 *
 * @module
 */

import type { ApiClient } from "../api/client.ts";
import type {
  ConfigurationAppliedResource,
  ConfigurationBody,
  ConfigurationPlanResource,
} from "../api/resources.ts";
import { has } from "../getopt.ts";
import {
  asking,
  type Command,
  type CommandContext,
  CommandError,
  UsageError,
} from "./command.ts";
import { readConfiguration } from "./configuration.ts";

const DRY_RUN = "--dry-run";

/** The subcommand. */
export const apply: Command = {
  name: "apply",
  beyondCtl: true,
  letters: "u",
  longWords: [DRY_RUN],
  summary: "put a ctl.conf in force, or show what that would change",
  synopsis: "apply [--dry-run] [-u] [--json] ctl.conf",
  example: "ctladm apply --dry-run /etc/ctl.conf",
  run: applyFile,
};

async function applyFile(context: CommandContext): Promise<void> {
  const { client, options, surroundings, longWords } = context;
  const [file, ...more] = options.rest;
  if (file === undefined || more.length > 0) {
    throw new UsageError("name one file: apply [--dry-run] [-u] ctl.conf");
  }
  const isUcl = has(options, "u");
  const { path, text, includes } = readConfiguration(surroundings, file, isUcl);
  const body: ConfigurationBody = {
    text,
    syntax: isUcl ? "ucl" : "classic",
    path,
    includes: Object.fromEntries(includes),
  };
  if (longWords.has(DRY_RUN)) await showPlan(context, client, body);
  else await applyBody(context, client, body);
}

async function showPlan(
  context: CommandContext,
  client: ApiClient,
  body: ConfigurationBody,
): Promise<void> {
  const plan = await asking(
    "configuration error",
    client.post<ConfigurationPlanResource>("/v1/configuration/plan", body),
  );
  if (context.json) return context.printJson(plan);
  tellWarnings(context, plan);
  const { changes, sessions } = plan;
  if (changes.length === 0) return context.print("Nothing would change");
  context.print("Would change:");
  context.print(tableOf(changeRows(plan)));
  if (sessions.length === 0) return context.print("No session is touched");
  context.print("Sessions that are touched:");
  context.print(tableOf(sessionRows(plan)));
}

async function applyBody(
  context: CommandContext,
  client: ApiClient,
  body: ConfigurationBody,
): Promise<void> {
  const applied = await asking(
    "configuration error",
    client.post<ConfigurationAppliedResource>("/v1/configuration", body),
  );
  const { changes, failures } = applied;
  if (context.json) context.printJson(applied);
  else tellChanges(context, applied);
  if (failures.length === 0) return;
  for (const reason of failures) {
    context.surroundings.printError(`ctladm: failed: ${reason}`);
  }
  throw new CommandError(
    `${failures.length} of ${changes.length} changes failed; apply the ` +
      "configuration again when the reasons are gone",
  );
}

function tellChanges(
  context: CommandContext,
  applied: ConfigurationAppliedResource,
): void {
  const { changes, failures } = applied;
  tellWarnings(context, applied);
  if (changes.length === 0) return context.print("Nothing has changed");
  context.print(tableOf(changeRows(applied)));
  if (failures.length === 0) context.print("Configuration applied");
}

function tellWarnings(
  { surroundings }: CommandContext,
  { warnings }: ConfigurationPlanResource,
): void {
  for (const warning of warnings) {
    surroundings.printError(`warning: ${warning}`);
  }
}

function changeRows({ changes }: ConfigurationPlanResource): string[][] {
  return changes.map(({ action, subject, detail }) => [
    action,
    subject,
    detail,
  ]);
}

function sessionRows({ sessions }: ConfigurationPlanResource): string[][] {
  return sessions.map(({ ends, notices, ...session }) => [
    String(session.id),
    session.initiator,
    session.initiatorAddress,
    session.target,
    ends ? "ends" : notices.join(", "),
  ]);
}

/** Rows with their columns under each other, two blanks in front. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) =>
    "  " + row.map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ").trimEnd()
  ).join("\n");
}
