/**
 * Files that the programs read and make.
 *
 * @module
 */

import { ManagementError } from "../../mod.ts";

/** Reads a text file. */
export function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new ManagementError(
      "request",
      `unable to open configuration file ${path}: ${reasonOf(error)}`,
    );
  }
}

/** A file that one may do without. */
export type OptionalText =
  | {
    /** The whole file. */
    readonly text: string;
  }
  | {
    /** Why it cannot be read. */
    readonly problem: string;
    /** There is no such file. */
    readonly isMissing: boolean;
  };

/** Reads a text file, or says why not. */
export function tryReadText(path: string): OptionalText {
  try {
    return { text: Deno.readTextFileSync(path) };
  } catch (error) {
    const problem = `unable to open ${path}: ${reasonOf(error)}`;
    return { problem, isMissing: error instanceof Deno.errors.NotFound };
  }
}

/** What is wrong with the mode of a file that holds secrets. */
export function modeWarnings(path: string): string[] {
  const mode = modeOf(path);
  const rights = [
    [0o004, "readable"],
    [0o002, "writable"],
    [0o001, "executable"],
  ] as const;
  return rights
    .filter(([bit]) => (mode & bit) !== 0)
    .map(([, word]) => `${path} is world-${word}`);
}

// The file may have gone since it was read.
function modeOf(path: string): number {
  try {
    return Deno.statSync(path).mode ?? 0;
  } catch {
    return 0;
  }
}

/** Whether a path exists. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Where a path leads, links resolved; undefined where that is unknown. */
export function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}

/** Makes a sparse file of a size, and the folders above it. */
export function makeSparseFile(path: string, sizeBytes: number): void {
  try {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (folder !== "") Deno.mkdirSync(folder, { recursive: true });
    using file = Deno.openSync(path, { write: true, createNew: true });
    file.truncateSync(sizeBytes);
  } catch (error) {
    throw new ManagementError(
      "store",
      `cannot make the file ${path}: ${reasonOf(error)}`,
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
