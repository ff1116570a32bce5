/**
 * A configuration as text, with the files that it includes.
 *
 * @module
 */

import { parseConfiguration, type ParseOutcome } from "./parser.ts";
import type { IncludeReader } from "./ucl/budget.ts";
import { parseUclConfiguration } from "./ucl/configuration.ts";

/** A file that holds a configuration. */
export interface ConfigurationFile {
  /** Its path. */
  readonly path: string;
  /** It is in UCL; else it is in the classic syntax. */
  readonly isUcl: boolean;
}

/** What became of a file and those that it includes. */
export interface SourceOutcome {
  /** What they say. */
  readonly outcome: ParseOutcome;
  /** Their paths, in the order of reading. */
  readonly paths: readonly string[];
  /** Texts of the files that were included and could be read, by path. */
  readonly includes: ReadonlyMap<string, string>;
}

/** Parses the text of a file; `read` reads what it includes. */
export function parseSource(
  { path, isUcl }: ConfigurationFile,
  text: string,
  read: IncludeReader,
): SourceOutcome {
  const paths = [path];
  const includes = new Map<string, string>();
  const include: IncludeReader = (included) => {
    const file = read(included);
    paths.push(included);
    if ("text" in file) includes.set(included, file.text);
    return file;
  };
  const outcome = isUcl
    ? parseUclConfiguration({ path, text, include })
    : parseConfiguration(text);
  return { outcome, paths, includes };
}
