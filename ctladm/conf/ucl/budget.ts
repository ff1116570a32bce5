/**
 * What a file may include: how much in all, and from where.
 *
 * @module
 */

import {
  FILE_LENGTH_MAX,
  INCLUDE_DEPTH_MAX,
  INCLUDE_PATH_LENGTH_MAX,
  INCLUDES_MAX,
} from "../limits.ts";

/** A file that was read, or that was not. */
export type IncludedFile =
  | {
    /** The whole file. */
    readonly text: string;
  }
  | {
    /** Why it cannot be read. */
    readonly problem: string;
    /** There is no such file, which an optional one may be. */
    readonly isMissing: boolean;
  };

/** Reads a file that is included. */
export type IncludeReader = (path: string) => IncludedFile;

/** What is told when there is no more room. */
export const TOO_LARGE: string =
  `the file is larger than ${FILE_LENGTH_MAX} characters with all that it ` +
  `includes`;

/** Reads included files as long as there is room for them. */
export class Budget {
  readonly #read: IncludeReader;
  #length: number;
  #includes = 0;

  /** Starts with the length of the first file. */
  constructor(read: IncludeReader, length: number) {
    this.#read = read;
    this.#length = length;
  }

  /**
   * Reads one more.
   *
   * @param depth files that include the one that asks, one within the other
   */
  read(path: string, depth: number): IncludedFile {
    if (depth >= INCLUDE_DEPTH_MAX) {
      return refused(
        `maximum include nesting limit is reached: ${INCLUDE_DEPTH_MAX}`,
      );
    }
    if (this.#includes >= INCLUDES_MAX) {
      return refused(`more than ${INCLUDES_MAX} files are included`);
    }
    if (path.length > INCLUDE_PATH_LENGTH_MAX) {
      return refused(
        `the path is longer than ${INCLUDE_PATH_LENGTH_MAX} characters`,
      );
    }
    this.#includes++;
    const file = this.#read(path);
    const isSmall = !("text" in file) || this.take(file.text.length);
    return isSmall ? file : refused(TOO_LARGE);
  }

  /** Takes room for some characters; false when there is not enough. */
  take(length: number): boolean {
    this.#length += length;
    return this.#length <= FILE_LENGTH_MAX;
  }
}

function refused(problem: string): IncludedFile {
  return { problem, isMissing: false };
}

/** A path in a file is relative to the folder of that file. */
export function resolvePath(path: string, file: string): string {
  return path.startsWith("/") ? path : `${folderOf(file)}/${path}`;
}

/** The folder of a file; `.` when its path names none. */
export function folderOf(file: string): string {
  const slash = file.lastIndexOf("/");
  return slash < 0 ? "." : file.slice(0, slash);
}
