/**
 * Who may import whom.
 *
 * @module
 */

import type { FileFacts, Import } from "./facts.ts";

/** The rule that an import breaks, or undefined. */
export function brokenRule(from: string, use: Import): string | undefined {
  if (isTest(from)) return undefined;
  if (use.file === undefined) return packageRule(from, use);
  if (isTest(use.file)) return "nothing but tests imports tests";
  return leafRule(from, use.file, use.kind === "type") ??
    folderRule(from, use.file);
}

/** What every broken import of some files is told as. */
export function brokenImports(files: Iterable<FileFacts>): string[] {
  const told: string[] = [];
  for (const { path, imports } of files) {
    for (const use of imports) {
      const rule = brokenRule(path, use);
      if (rule === undefined) continue;
      told.push(`${path}:${use.line} imports ${use.specifier}: ${rule}`);
    }
  }
  return told.sort();
}

function isTest(path: string): boolean {
  return path.startsWith("tests/");
}

function packageRule(from: string, { specifier }: Import): string | undefined {
  if (from.startsWith("core/")) return "core/ has no dependency";
  const isAdapter = from.endsWith("_adapter.ts");
  return specifier.startsWith("node:") && !isAdapter
    ? "only adapters import from node:"
    : undefined;
}

/** Leaves: `core/ports/` and every `wire/` folder. */
function leafRule(
  from: string,
  to: string,
  isType: boolean,
): string | undefined {
  if (!isLeaf(from) || isLeaf(to) || isType) return undefined;
  return "a leaf imports types and leaves alone";
}

function isLeaf(path: string): boolean {
  return path.startsWith("core/ports/") || /\/wire\//.test(path);
}

function folderRule(from: string, to: string): string | undefined {
  if (from.startsWith("core/")) {
    return to.startsWith("core/")
      ? undefined
      : "core/ imports nothing outside core/";
  }
  const own = pluginFolder(from);
  if (own !== undefined) {
    return to.startsWith(own) || to === "core/mod.ts"
      ? undefined
      : "a plugin imports core/mod.ts and its own folder";
  }
  return from.startsWith("ctladm/") ? controlRule(from, to) : undefined;
}

function pluginFolder(path: string): string | undefined {
  return /^(?:(?:backends|frontends)\/[^/]+|ha)\//.exec(path)?.[0];
}

/** What mod.ts itself is made of cannot go through it: it takes the core. */
function controlRule(from: string, to: string): string | undefined {
  if (to.startsWith("ctladm/") || to === "mod.ts") return undefined;
  if (to === "deno.json") return undefined;
  return from.startsWith("ctladm/host/") && to === "core/mod.ts"
    ? undefined
    : "ctladm/ imports through mod.ts";
}
