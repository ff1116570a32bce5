/**
 * Prints what is unusually large, and what no test loads, so that it is
 * chosen and not overlooked. It judges nothing.
 *
 * @module
 */

import { MANAGEMENT_ERRORS } from "../../core/mod.ts";
import { toText } from "../bench/table.ts";
import { type FileFacts, type Outlier, readFacts } from "./facts.ts";
import { notLoaded } from "./loaded.ts";
import { isSource, listFiles, readText } from "./tree.ts";

/** Kinds of outliers, and what each is. */
const KINDS: readonly (readonly [kind: string, title: string])[] = [
  ["file", "Files of more than 500 lines"],
  ["function", "Functions of more than 70 lines"],
  ["parameters", "More than four parameters"],
  ["line", "Lines of more than 80 columns"],
];

/** Writes the report. */
export async function report(): Promise<string> {
  const files = await listFiles();
  const facts = await readFacts(files.filter(isSource));
  const sections = KINDS.map(([kind, title]) =>
    section(title, outlierRows(facts.values(), kind))
  );
  sections.push(
    section(
      "Shipped files that no test imports",
      notLoaded(facts).map((path) => [path]),
    ),
    section(
      "Codes of ManagementError that no document names",
      unnamedCodes(files).map((code) => [code]),
    ),
  );
  return sections.join("\n");
}

function section(
  title: string,
  rows: readonly (readonly string[])[],
): string {
  const head = rows[0]?.map(() => "") ?? [];
  const table = toText({ head, rows }).split("\n").slice(2);
  return [`${title}: ${rows.length}`, ...table.map((row) => `  ${row}`), ""]
    .join("\n");
}

function outlierRows(facts: Iterable<FileFacts>, wanted: string): string[][] {
  const found: [string, Outlier][] = [];
  for (const { path, outliers } of facts) {
    for (const outlier of outliers) {
      if (outlier.kind === wanted) found.push([path, outlier]);
    }
  }
  return found
    .sort(([, one], [, other]) => other.size - one.size)
    .map(([path, { line, size, name }]) => [
      String(size),
      `${path}:${line}`,
      name,
    ]);
}

function unnamedCodes(files: readonly string[]): string[] {
  const documents = files.filter((path) => path.endsWith(".md"))
    .map((path) => readText(path)).join("\n");
  return Object.keys(MANAGEMENT_ERRORS)
    .filter((code) => !documents.includes(`\`${code}\``));
}

if (import.meta.main) console.log(await report());
