/**
 * Texts of UCL: in double quotes, in single quotes, bare, and of many lines.
 *
 * @module
 */

import type { Cursor } from "./cursor.ts";

/** Control characters of ASCII come as escapes, as in JSON. */
const PLAIN = /(?:[^"\\\p{Cc}]|[\t\u007f-\u009f])+/yu;
const WITHIN_SINGLE_QUOTES = /[^'\\]+/y;
const WITHIN_BARE = /[^\\,;{}[\]\r\n#/]+/y;
const HEREDOC = /<<[A-Z]{1,64}\r?\n/y;
const UNICODE_ESCAPE = /\\u[0-9a-f]{4}/yi;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ['"', '"'],
  ["'", "'"],
  ["/", "/"],
  ["\\", "\\"],
]);

const CLOSERS: ReadonlyMap<string, string> = new Map([["{", "}"], ["[", "]"]]);

/**
 * Reads a text in double quotes, with the escapes of JSON.
 *
 * @param convert what to make of the parts that are no escapes
 */
export function readQuoted(
  cursor: Cursor,
  convert: (part: string) => string = unchanged,
): string {
  const start = cursor.position;
  const parts: string[] = [];
  cursor.advance(1);
  while (cursor.char() !== '"') {
    if (cursor.isAtEnd) throw cursor.unfinished("quotes", start);
    const part = cursor.take(PLAIN);
    parts.push(part === "" ? readEscape(cursor) : convert(part));
  }
  cursor.advance(1);
  return parts.join("");
}

function unchanged(text: string): string {
  return text;
}

function readEscape(cursor: Cursor): string {
  const first = cursor.char();
  if (first === "\n") throw cursor.fault("unexpected newline");
  if (first !== "\\") throw cursor.fault("unexpected control character");
  const code = cursor.take(UNICODE_ESCAPE);
  if (code !== "") return String.fromCharCode(parseInt(code.slice(2), 16));
  const character = ESCAPES.get(cursor.char(1));
  if (character === undefined) throw cursor.fault("invalid escape character");
  cursor.advance(2);
  return character;
}

/** Reads a text in single quotes: a quote in it has a backslash before it. */
export function readSingleQuoted(cursor: Cursor): string {
  const start = cursor.position;
  const parts: string[] = [];
  cursor.advance(1);
  while (cursor.char() !== "'") {
    if (cursor.isAtEnd) throw cursor.unfinished("quotes", start);
    const part = cursor.take(WITHIN_SINGLE_QUOTES);
    parts.push(part === "" ? readSingleEscape(cursor) : part);
  }
  cursor.advance(1);
  return parts.join("");
}

/** Any other backslash is one. */
function readSingleEscape(cursor: Cursor): string {
  const isQuote = cursor.char(1) === "'";
  cursor.advance(isQuote ? 2 : 1);
  return isQuote ? "'" : "\\";
}

/**
 * Reads a text of many lines: `<<EOD`, lines, and a line that is `EOD` alone.
 *
 * @returns undefined when no such text begins here
 */
export function readHeredoc(cursor: Cursor): string | undefined {
  const place = cursor.position;
  const opening = cursor.take(HEREDOC);
  if (opening === "") return undefined;
  const end = `\n${opening.slice(2).trimEnd()}`;
  const start = cursor.at;
  let found = cursor.find(end, start - 1);
  while (found >= 0 && !endsLine(cursor, found + end.length)) {
    found = cursor.find(end, found + 1);
  }
  if (found < 0) throw cursor.unfinished("multiline value", place);
  cursor.advance(found + end.length - start);
  return cursor.slice(start, Math.max(start, found)).replace(/\r$/, "");
}

function endsLine(cursor: Cursor, at: number): boolean {
  return ["", "\r", "\n", ";", ","].includes(cursor.slice(at, at + 1));
}

/**
 * Reads a text without quotes: it ends at a comma, semicolon, line end,
 * comment, or the brace or bracket that closes what is around it. Braces that
 * open within have to be closed within.
 */
export function readBare(cursor: Cursor): string {
  const start = cursor.at;
  const closers: string[] = [];
  while (!isEndOfBare(cursor, closers.at(-1))) {
    const part = cursor.take(WITHIN_BARE);
    if (part !== "") continue;
    const character = cursor.char();
    const closer = CLOSERS.get(character);
    if (closer !== undefined) closers.push(closer);
    else if (character === closers.at(-1)) closers.pop();
    cursor.advance(character === "\\" && /\S/.test(cursor.char(1)) ? 2 : 1);
  }
  if (closers.length > 0) {
    throw cursor.fault(
      "unbalanced braces in a value; what holds braces or is the name of a " +
        "section with a colon needs quotes",
    );
  }
  return unescapeBare(cursor.slice(start, cursor.at).trimEnd());
}

function isEndOfBare(cursor: Cursor, closer: string | undefined): boolean {
  const character = cursor.char();
  if (character === "}" || character === "]") return character !== closer;
  if (character === "/") return cursor.char(1) === "*";
  return character === "" || ",;\r\n#".includes(character);
}

function unescapeBare(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-f]{4})|(\S))/gi,
    (_, code?: string, character = "") =>
      code === undefined
        ? ESCAPES.get(character) ?? character
        : String.fromCharCode(parseInt(code, 16)),
  );
}
