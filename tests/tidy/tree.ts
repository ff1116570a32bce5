/**
 * The files of the tree, and what may stand in it.
 *
 * @module
 */

import { ROOT } from "./facts.ts";

/** Names that may stand at the top. */
const TOP_NAMES: ReadonlySet<string> = new Set([
  ...["core", "frontends", "backends", "ha", "ctladm", "tests"],
  ...["mod.ts", "deno.json", "deno.lock", ".ci", ".gitignore"],
  ...["README", "ARCHITECTURE", "CHANGELOG", "CONTRIBUTING", "LICENSE"],
]);

/** Texts that name one machine, and what they are. */
const MACHINE_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\bregistry\.(?:npmjs|npmmirror|yarnpkg)\b/, "a package registry"],
  [/\b(?:npm\.)?jsr\.io\b/, "a package registry"],
  [/\bdeno\.land\/(?:x|std)\b/, "a package registry"],
  [/https?:\/\/[^/\s]*\b(?:artifactory|nexus|mirror|proxy)\b/, "a mirror"],
  [/(?:^|[\s"'`(=:])\/(?:root|work|home\/\w+|Users\/\w+)\//m, "a home path"],
];

const SKIPPED: ReadonlySet<string> = new Set([".git", "node_modules"]);

/**
 * Files of the tree, relative to it: those that git knows or would add, or
 * all where git cannot be asked.
 */
export async function listFiles(): Promise<string[]> {
  return (await askGit() ?? [...walk("")]).sort();
}

async function askGit(): Promise<string[] | undefined> {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", ROOT, ...list],
      stdin: "null",
      stderr: "null",
    }).output();
    if (!success) return undefined;
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    return [...new Set(lines)].filter(isThere);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

// A file that was deleted and not committed is still on git's list.
function isThere(path: string): boolean {
  try {
    return Deno.lstatSync(ROOT + path).isFile;
  } catch {
    return false;
  }
}

function* walk(folder: string): Iterable<string> {
  for (const { name, isDirectory } of Deno.readDirSync(ROOT + folder)) {
    if (SKIPPED.has(name)) continue;
    if (isDirectory) yield* walk(`${folder}${name}/`);
    else yield folder + name;
  }
}

/** Whether a file is a source that we write. */
export function isSource(path: string): boolean {
  return path.endsWith(".ts");
}

/** What stands at the top and does not belong there. */
export function strangersAtTop(files: readonly string[]): string[] {
  const names = files.map((path) => path.split("/", 1)[0] ?? "");
  return [...new Set(names)].filter((name) =>
    !TOP_NAMES.has(name) && !TOP_NAMES.has(name.replace(/\.(?:md|txt)$/, ""))
  );
}

/** Where the text of a file names a machine. */
export function machineTexts(path: string, text: string): string[] {
  return text.split("\n").flatMap((line, index) =>
    MACHINE_TEXTS.filter(([pattern]) => pattern.test(line))
      .map(([, what]) => `${path}:${index + 1} names ${what}`)
  );
}

/** The text of a file; undefined when it is none. */
export function readText(path: string): string | undefined {
  const bytes = Deno.readFileSync(ROOT + path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
