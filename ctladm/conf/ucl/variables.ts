/**
 * Variables of UCL in texts: `$NAME` and `${NAME}`. What is no variable stays
 * as it is, and so does what has a second dollar sign before it, what stands in
 * single quotes, and a dollar sign that is written as an escape.
 *
 * @module
 */

import { folderOf } from "./budget.ts";

const VARIABLE = /\$\$|\$(?:(CURDIR|FILENAME)|\{(CURDIR|FILENAME)\})/g;

/**
 * Puts values in the place of variables.
 *
 * @param file path of the file in which the text stands
 */
export function expandVariables(text: string, file: string): string {
  return text.replace(VARIABLE, (written, name?: string, braced?: string) => {
    switch (name ?? braced) {
      case "CURDIR":
        return folderOf(file);
      case "FILENAME":
        return file;
      default:
        return written;
    }
  });
}
