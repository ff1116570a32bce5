/**
 * What kind of source a file is, by its path in the tree.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url).pathname;

const SHIPPED_FOLDERS = ["core/", "backends/", "frontends/", "ha/", "ctladm/"];

/** The path of a file below the top folder of the tree. */
export function pathInTree(filename: string): string {
  return filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename;
}

/** Whether users get the file: it is neither a test nor a tool of ours. */
export function isShipped(path: string): boolean {
  return path === "mod.ts" ||
    SHIPPED_FOLDERS.some((folder) => path.startsWith(folder));
}

/** Whether the file may use the machine: clock, entropy, sockets, files. */
export function isAdapter(path: string): boolean {
  return path.endsWith("_adapter.ts");
}

/** Whether the file is a plugin of Deno's linter, which has to be a default. */
export function isLintPlugin(path: string): boolean {
  return path.startsWith("tests/") && path.endsWith("plugin.ts");
}
