/**
 * UCL, the language of libucl, as far as files of ours use it: objects with or
 * without `=` and `:`, named sections, arrays, texts in all four forms,
 * numbers, times and booleans, nested comments, `.include`, and the variables
 * `CURDIR` and `FILENAME`.
 *
 * @module
 */

import { oneLine } from "../lexer.ts";
import { NESTING_DEPTH_MAX, WORD_LENGTH_MAX } from "../limits.ts";
import {
  Budget,
  type IncludeReader,
  resolvePath,
  TOO_LARGE,
} from "./budget.ts";
import { Cursor, UclSyntaxError } from "./cursor.ts";
import { readMacro } from "./macros.ts";
import { scalarOf } from "./scalars.ts";
import {
  readBare,
  readHeredoc,
  readQuoted,
  readSingleQuoted,
} from "./strings.ts";
import type {
  UclEntry,
  UclObject,
  UclScalar,
  UclString,
  UclValue,
} from "./tree.ts";
import { expandVariables } from "./variables.ts";

/** A file, and how to get those that it includes. */
export interface UclSource {
  /** Path of the file: it is told in errors, and is `FILENAME`. */
  readonly path: string;
  /** The whole file. */
  readonly text: string;
  /** Reads a file that is included; its text, or why there is none. */
  readonly include: IncludeReader;
}

/** A file that is no UCL. */
export interface UclFailure {
  /** What libucl's users know: file, line, column and reason. */
  readonly error: string;
}

const KEY = /[\w/\u0080-\uffff-][\w./\u0080-\uffff-]*/y;
/** A name before a brace needs no quotes for the colons in it. */
const SECTION_NAME =
  /[\w/\u0080-\uffff-](?:[\w.@/\u0080-\uffff-]|:(?![\s{[]))*/y;

/** Reads a file and all that it includes. */
export function parseUcl(source: UclSource): UclObject | UclFailure {
  try {
    const budget = new Budget(source.include, source.text.length);
    const entries = new Reader(source, budget, 0).readFile(0);
    return { kind: "object", entries };
  } catch (error) {
    if (!(error instanceof UclSyntaxError)) throw error;
    return { error: describe(source.path, error) };
  }
}

function describe(path: string, error: UclSyntaxError): string {
  const { at: { file, line, column }, message, character } = error;
  const shown = character === "" ? "" : `, character: '${written(character)}'`;
  return oneLine(
    `unable to parse configuration file ${path}: ` +
      `error while parsing ${file}: line: ${line}, column: ${column} - ` +
      `'${message}'${shown}`,
  );
}

function written(character: string): string {
  if (/[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(character)) return character;
  return `0x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** Reads one file; those that it includes have readers of their own. */
class Reader {
  readonly #cursor: Cursor;
  readonly #budget: Budget;
  readonly #includeDepth: number;

  constructor(
    { path, text }: { readonly path: string; readonly text: string },
    budget: Budget,
    includeDepth: number,
  ) {
    this.#cursor = new Cursor(path, text);
    this.#budget = budget;
    this.#includeDepth = includeDepth;
  }

  /** Reads all of it; braces around all of it are as good as none. */
  readFile(depth: number): UclEntry[] {
    const cursor = this.#cursor;
    cursor.skipSeparators();
    if (cursor.char() !== "{") return this.#readEntries("", depth);
    cursor.advance(1);
    const entries = this.#readEntries("}", depth);
    cursor.skipSeparators();
    if (!cursor.isAtEnd) throw cursor.fault("text behind the closing brace");
    return entries;
  }

  /** Reads entries up to a brace, or to the end of the file. */
  #readEntries(end: "}" | "", depth: number): UclEntry[] {
    const cursor = this.#cursor;
    const start = cursor.position;
    if (depth > NESTING_DEPTH_MAX) throw tooDeep(cursor);
    const entries: UclEntry[] = [];
    for (;;) {
      cursor.skipSeparators();
      if (cursor.isAtEnd && end === "") return entries;
      if (cursor.isAtEnd) throw cursor.unfinished("section", start);
      if (cursor.char() === end) {
        cursor.advance(1);
        return entries;
      }
      if (cursor.char() !== ".") entries.push(this.#readEntry(depth, KEY));
      else entries.push(...this.#readInclude(depth));
    }
  }

  #readEntry(depth: number, pattern: RegExp): UclEntry {
    const cursor = this.#cursor;
    if (depth > NESTING_DEPTH_MAX) throw tooDeep(cursor);
    const at = cursor.position;
    const key = readKey(cursor, pattern);
    const { line } = cursor.position;
    cursor.skipBlanks();
    const isSeparated = isOneOf(cursor, "=:");
    if (isSeparated) cursor.advance(1);
    // Else the next statement would be taken for the value of this one.
    else if (cursor.position.line !== line && !isOneOf(cursor, "{[")) {
      throw new UclSyntaxError("a value is missing", at, key.charAt(0));
    }
    if (isSeparated || !isSectionNamed(cursor)) {
      return { key, at, value: this.#readValue(depth) };
    }
    const inner = this.#readEntry(depth + 1, SECTION_NAME);
    return { key, at, value: { kind: "object", entries: [inner] } };
  }

  /** Reads a value, and makes sure that it ends there. */
  #readValue(depth: number): UclValue {
    const cursor = this.#cursor;
    cursor.skipBlanks();
    const character = cursor.char();
    if (character === "{") return this.#readObject(depth);
    if (character === "[") return this.#readArray(depth);
    const scalar = this.#readScalar(character);
    const isParted = cursor.skipSpaces() || cursor.isAtEnd ||
      isOneOf(cursor, ",;\r\n}]");
    if (!isParted) throw cursor.fault("delimiter is missing");
    return scalar;
  }

  #readObject(depth: number): UclValue {
    this.#cursor.advance(1);
    const entries = this.#readEntries("}", depth + 1);
    return { kind: "object", entries };
  }

  #readArray(depth: number): UclValue {
    const cursor = this.#cursor;
    const start = cursor.position;
    if (depth > NESTING_DEPTH_MAX) throw tooDeep(cursor);
    cursor.advance(1);
    const items: UclValue[] = [];
    for (;;) {
      cursor.skipSeparators();
      if (cursor.isAtEnd) throw cursor.unfinished("array", start);
      if (cursor.char() === "]") break;
      items.push(this.#readValue(depth + 1));
    }
    cursor.advance(1);
    return { kind: "array", items };
  }

  #readScalar(first: string): UclScalar {
    const cursor = this.#cursor;
    const expand = (text: string) => this.#expand(text);
    if (first === '"') return stringOf(readQuoted(cursor, expand));
    if (first === "'") return stringOf(readSingleQuoted(cursor));
    const lines = readHeredoc(cursor);
    if (lines !== undefined) return stringOf(expand(lines));
    const start = cursor.position;
    const text = readBare(cursor);
    if (text === "") {
      throw new UclSyntaxError("a value is missing", start, cursor.char());
    }
    const expanded = expand(text);
    return expanded === text ? scalarOf(text) : stringOf(expanded);
  }

  /** A word that is too long is refused later: it is not made longer. */
  #expand(text: string): string {
    if (text.length > WORD_LENGTH_MAX) return text;
    const expanded = expandVariables(text, this.#cursor.file);
    if (expanded === text) return text;
    if (this.#budget.take(expanded.length)) return expanded;
    throw this.#cursor.fault(TOO_LARGE);
  }

  #readInclude(depth: number): UclEntry[] {
    const cursor = this.#cursor;
    const at = cursor.position;
    const isOptional = readMacro(cursor);
    const value = this.#readValue(depth);
    if (value.kind !== "string") {
      throw new UclSyntaxError("the path of .include is missing", at, ".");
    }
    const path = resolvePath(value.text, cursor.file);
    const file = this.#budget.read(path, this.#includeDepth);
    if ("text" in file) {
      const source = { path, text: file.text };
      return new Reader(source, this.#budget, this.#includeDepth + 1)
        .readFile(depth);
    }
    if (isOptional && file.isMissing) return [];
    throw new UclSyntaxError(file.problem, at, ".");
  }
}

function stringOf(text: string): UclString {
  return { kind: "string", text };
}

function readKey(cursor: Cursor, pattern: RegExp): string {
  const first = cursor.char();
  const key = first === '"'
    ? readQuoted(cursor)
    : first === "'"
    ? readSingleQuoted(cursor)
    : cursor.take(pattern);
  if (key !== "") return key;
  const isKey = first === '"' || first === "'";
  throw cursor.fault(isKey ? "a key is empty" : "invalid character in a key");
}

function isOneOf(cursor: Cursor, characters: string): boolean {
  return !cursor.isAtEnd && characters.includes(cursor.char());
}

/** Tells whether names follow on this line, and then a brace. */
function isSectionNamed(cursor: Cursor): boolean {
  if (isOneOf(cursor, "{[")) return false;
  for (let ahead = 0;; ahead++) {
    const character = cursor.char(ahead);
    if (character === "" || ",;\r\n#<}]".includes(character)) return false;
    if (character === "/" && cursor.char(ahead + 1) === "*") return false;
    if (character === "{" || character === "[") return true;
    if (character === '"' || character === "'") {
      ahead = closingQuote(cursor, ahead, character);
    }
  }
}

/** How far ahead the quote that opens here is closed, at the farthest. */
function closingQuote(cursor: Cursor, from: number, quote: string): number {
  for (let ahead = from + 1;; ahead++) {
    const character = cursor.char(ahead);
    if (character === quote || character === "" || character === "\n") {
      return character === quote ? ahead : ahead - 1;
    }
    if (character === "\\") ahead++;
  }
}

function tooDeep(cursor: Cursor): UclSyntaxError {
  return cursor.fault(
    `sections and arrays are nested deeper than ${NESTING_DEPTH_MAX} levels`,
  );
}
