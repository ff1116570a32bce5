/**
 * What the subcommands that read a ctl.conf have in common.
 *
 * @module
 */

import type { Configuration } from "../conf/model.ts";
import { parseSource, type SourceOutcome } from "../conf/source.ts";
import type { Surroundings } from "../surroundings.ts";
import { CommandError } from "./command.ts";

/** A ctl.conf that is right. */
export interface ReadConfiguration
  extends Pick<SourceOutcome, "paths" | "includes"> {
  /** Absolute path. */
  readonly path: string;
  /** The file itself. */
  readonly text: string;
  /** What it says. */
  readonly configuration: Configuration;
  /** What looks wrong but is allowed. */
  readonly warnings: readonly string[];
}

/** Reads a ctl.conf; throws a {@linkcode CommandError} when it is wrong. */
export function readConfiguration(
  { readText, places }: Surroundings,
  file: string,
  isUcl: boolean,
): ReadConfiguration {
  const path = file.startsWith("/") ? file : `${places().folder}/${file}`;
  const read = readText(path);
  if ("problem" in read) throw new CommandError(read.problem);
  const { text } = read;
  const source = parseSource({ path, isUcl }, text, readText);
  const { outcome, paths, includes } = source;
  if ("error" in outcome) throw new CommandError(`${path}: ${outcome.error}`);
  return { ...outcome, path, text, paths, includes };
}
