/**
 * Macros of UCL, of which there is one here: `.include "path"`, which with
 * `.include(try=true)` or as `.try_include` does without the file.
 *
 * @module
 */

import { type Cursor, UclSyntaxError } from "./cursor.ts";

const NAME = /\.[\w-]*/y;
const ARGUMENTS = /\([^()\n]*\)/y;
const TRY = /^\s*try\s*[=:]?\s*(true|yes|on|false|no|off)[\s,;]*$/;

/**
 * Reads the name and the arguments of a macro; its value follows.
 *
 * @returns whether the file may be missing
 */
export function readMacro(cursor: Cursor): boolean {
  const at = cursor.position;
  const name = cursor.take(NAME);
  if (name !== ".include" && name !== ".try_include") {
    const message = `unsupported macro "${name}"; there is .include alone`;
    throw new UclSyntaxError(message, at, ".");
  }
  cursor.skipSpaces();
  if (cursor.char() !== "(") return name === ".try_include";
  const words = cursor.take(ARGUMENTS).slice(1, -1);
  const value = TRY.exec(words)?.[1];
  if (value === undefined) {
    const message = `unsupported arguments of ${name}; ` +
      `there is (try=true) alone`;
    throw new UclSyntaxError(message, at, ".");
  }
  return ["true", "yes", "on"].includes(value);
}
