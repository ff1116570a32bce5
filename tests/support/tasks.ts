/**
 * The tasks of deno.json that run our programs, and their permissions.
 *
 * @module
 */

import settings from "../../deno.json" with { type: "json" };

/** Programs of ours, by the names of their tasks. */
export const PROGRAM_TASKS = [
  "start",
  "start:native",
  "ctld",
  "ctld:native",
  "ctladm",
  "ctlstat",
] as const;

/** The name of such a task. */
export type ProgramTask = typeof PROGRAM_TASKS[number];

/** Words behind `deno` that a task runs. */
export function wordsOfTask(name: ProgramTask): string[] {
  const [, ...words] = settings.tasks[name].split(" ");
  return words;
}

/** A flag `--allow-…` in parts: one for each entry, or one without any. */
export function entriesOf(flag: string): string[] {
  const [name = "", list] = flag.split("=");
  return list === undefined
    ? [name]
    : list.split(",").map((entry) => `${name}=${entry}`);
}

/** Permissions of a task, one entry each. */
export function permissionsOfTask(name: ProgramTask): string[] {
  return wordsOfTask(name).filter((word) => word.startsWith("--allow-"))
    .flatMap(entriesOf);
}

/** Words without one of their permissions. */
export function withoutEntry(
  words: readonly string[],
  entry: string,
): string[] {
  const [name = ""] = entry.split("=");
  return words.flatMap((word) => {
    if (word !== name && !word.startsWith(`${name}=`)) return [word];
    const left = entriesOf(word).filter((each) => each !== entry)
      .map((each) => each.slice(name.length + 1));
    return left.length === 0 ? [] : [`${name}=${left.join(",")}`];
  });
}
