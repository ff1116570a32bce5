/**
 * What is in the source files of the tree: imports, and what is unusually
 * large. Deno's linter reads them, with a plugin of ours.
 *
 * @module
 */

import { dirname, normalize } from "node:path/posix";

/** How a file uses another. */
export type ImportKind = "value" | "type" | "dynamic";

/** An import of a file. */
export interface Import {
  /** How it is used; a type leaves nothing to load. */
  readonly kind: ImportKind;
  /** What stands in the source. */
  readonly specifier: string;
  /** The file, relative to the tree; undefined: a package. */
  readonly file: string | undefined;
  /** Line of the import. */
  readonly line: number;
}

/** Something unusually large. */
export interface Outlier {
  /** What: `file`, `function`, `parameters` or `line`. */
  readonly kind: string;
  /** Its size. */
  readonly size: number;
  /** Its name, where it has one. */
  readonly name: string;
  /** Its first line. */
  readonly line: number;
}

/** What is in one file. */
export interface FileFacts {
  /** Path, relative to the tree. */
  readonly path: string;
  /** Whether anything is left of it when the types are erased. */
  hasRuntime: boolean;
  /** What it imports. */
  readonly imports: Import[];
  /** What is large in it. */
  readonly outliers: Outlier[];
}

/** The top folder of the tree, with a slash at its end. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

const CONFIG = new URL("facts.json", import.meta.url).pathname;

/** Short names of the import map that name files of ours. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map([["dtl", "mod.ts"]]);

interface Diagnostic {
  readonly filename: string;
  readonly range: { readonly start: { readonly line: number } };
  readonly message: string;
}

/** Reads source files; paths are relative to the tree. */
export async function readFacts(
  paths: readonly string[],
): Promise<Map<string, FileFacts>> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["lint", "--json", "--config", CONFIG, ...paths],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  try {
    const { diagnostics } = JSON.parse(decoder.decode(stdout));
    return collect(diagnostics);
  } catch {
    throw new Error(`Cannot read the sources: ${decoder.decode(stderr)}`);
  }
}

function collect(
  diagnostics: readonly Diagnostic[],
): Map<string, FileFacts> {
  const files = new Map<string, FileFacts>();
  for (const { filename, range, message } of diagnostics) {
    const path = new URL(filename).pathname.slice(ROOT.length);
    const facts = files.get(path) ?? emptyFacts(path);
    files.set(path, facts);
    addFact(facts, message.split(" "), range.start.line);
  }
  return files;
}

function emptyFacts(path: string): FileFacts {
  return { path, hasRuntime: false, imports: [], outliers: [] };
}

function addFact(
  facts: FileFacts,
  [what, first = "", second = "", ...rest]: readonly string[],
  line: number,
): void {
  const { path, imports, outliers } = facts;
  if (what === "runtime") facts.hasRuntime = first === "yes";
  if (what === "outlier") {
    const name = rest.join(" ");
    outliers.push({ kind: first, size: Number(second), name, line });
  }
  if (what === "import") {
    const file = resolve(path, second);
    imports.push({ kind: first as ImportKind, specifier: second, file, line });
  }
}

/** The file that a specifier names; undefined: a package. */
export function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return OWN_NAMES.get(specifier);
  return normalize(`${dirname(from)}/${specifier}`);
}
