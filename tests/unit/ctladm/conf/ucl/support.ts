/**
 * Short ways to read UCL within tests.
 *
 * @module
 */

import { fail } from "@std/assert";
import type { Configuration } from "../../../../../ctladm/conf/model.ts";
import type { Parsed } from "../../../../../ctladm/conf/parser.ts";
import type { IncludedFile } from "../../../../../ctladm/conf/ucl/budget.ts";
import { parseUclConfiguration } from "../../../../../ctladm/conf/ucl/configuration.ts";
import { parseUcl } from "../../../../../ctladm/conf/ucl/parse.ts";
import type {
  UclObject,
  UclValue,
} from "../../../../../ctladm/conf/ucl/tree.ts";

/** Files by path. */
export type Files = Readonly<Record<string, string>>;

/** Path of the file that is read. */
export const PATH = "/etc/ctl.conf";

/** Reads a file that is there, or says that it is missing. */
export function readFrom(files: Files): (path: string) => IncludedFile {
  return (path) => {
    const text = Object.hasOwn(files, path) ? files[path] : undefined;
    return text === undefined
      ? { problem: `no ${path}`, isMissing: !path.includes("secret") }
      : { text };
  };
}

/** What a text says, as plain data; a key that repeats is an array. */
export function plain(text: string, files: Files = {}): unknown {
  const tree = parseUcl({ path: PATH, text, include: readFrom(files) });
  return "error" in tree ? fail(`${tree.error}\n${text}`) : plainObject(tree);
}

/** Why a text is no UCL. */
export function syntaxError(text: string, files: Files = {}): string {
  const tree = parseUcl({ path: PATH, text, include: readFrom(files) });
  return "error" in tree ? tree.error : fail(`Accepted:\n${text}`);
}

/** Parses a text that must be right. */
export function parsedUcl(text: string, files: Files = {}): Parsed {
  const outcome = parseUclConfiguration({
    path: PATH,
    text,
    include: readFrom(files),
  });
  if ("error" in outcome) fail(`${outcome.error}\n${text}`);
  return outcome;
}

/** The configuration of a text that must be right. */
export function configuredUcl(text: string): Configuration {
  return parsedUcl(text).configuration;
}

/** The error of a text that must be wrong. */
export function refusedUcl(text: string, files: Files = {}): string {
  const outcome = parseUclConfiguration({
    path: PATH,
    text,
    include: readFrom(files),
  });
  return "error" in outcome ? outcome.error : fail(`Accepted:\n${text}`);
}

function plainObject({ entries }: UclObject): Record<string, unknown> {
  const found = new Map<string, unknown[]>();
  for (const { key, value } of entries) {
    found.set(key, [...found.get(key) ?? [], plainValue(value)]);
  }
  return Object.fromEntries(
    [...found].map(([key, values]) => [
      key,
      values.length === 1 ? values[0] : values,
    ]),
  );
}

function plainValue(value: UclValue): unknown {
  switch (value.kind) {
    case "object":
      return plainObject(value);
    case "array":
      return value.items.map(plainValue);
    case "string":
      return value.text;
    case "integer":
      return Number(value.digits);
    case "time":
      return { seconds: value.seconds };
    default:
      return { [value.kind]: value.text };
  }
}
