/**
 * A place that moves through a UCL text, and knows its line and column.
 *
 * @module
 */

import type { Position } from "./tree.ts";

const SPACE = /[^\S\r\n]+/y;
const BLANK = /\s+/y;
const SEPARATOR = /[\s,;]+/y;
const LINE = /[^\n]+/y;
const WITHIN_COMMENT = /[^*/]+/y;
const BYTE_ORDER_MARK = "\ufeff";

/** A text that is no UCL; it never leaves {@link ./parse.ts}. */
export class UclSyntaxError extends Error {
  /** Class name. */
  override readonly name = "UclSyntaxError";
  /** Where the text stops being UCL. */
  readonly at: Position;
  /** The character there; nothing at the end of the text. */
  readonly character: string;

  /** Says what is wrong where. */
  constructor(message: string, at: Position, character: string) {
    super(message);
    this.at = at;
    this.character = character;
  }
}

/** Moves through a text. */
export class Cursor {
  /** Path of the file. */
  readonly file: string;
  readonly #text: string;
  #at = 0;
  /** Where this line ends: looked for once, however short the steps. */
  #newline: number;
  #line = 1;
  #lineStart = 0;

  /** Starts at the beginning of a text. */
  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    this.#newline = this.#newlineFrom(0);
    if (text.startsWith(BYTE_ORDER_MARK)) this.#at = this.#lineStart = 1;
  }

  /** Characters before this place. */
  get at(): number {
    return this.#at;
  }

  /** Whether nothing follows. */
  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The place for people. */
  get position(): Position {
    const column = this.#at - this.#lineStart + 1;
    return { file: this.file, line: this.#line, column };
  }

  /** The character here, or some characters ahead; nothing at the end. */
  char(ahead = 0): string {
    return this.#text.charAt(this.#at + ahead);
  }

  /** Tells whether a text follows. */
  isAhead(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  /** Where a text comes next, or -1. */
  find(text: string, from: number): number {
    return this.#text.indexOf(text, from);
  }

  /** The text from one place to another. */
  slice(from: number, to: number): string {
    return this.#text.slice(from, to);
  }

  /** Moves on. */
  advance(count: number): void {
    const end = Math.min(this.#at + count, this.#text.length);
    while (this.#newline < end) {
      this.#lineStart = this.#newline + 1;
      this.#line++;
      this.#newline = this.#newlineFrom(this.#lineStart);
    }
    this.#at = end;
  }

  /** What a sticky pattern matches here, passed over; perhaps nothing. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.advance(found.length);
    return found;
  }

  /**
   * Passes over blanks and comments of this line.
   *
   * @returns whether there was a comment, which parts statements as a
   * semicolon does
   */
  skipSpaces(): boolean {
    return this.#skip(SPACE);
  }

  /** Passes over blanks, comments and line ends. */
  skipBlanks(): void {
    this.#skip(BLANK);
  }

  /** Passes over all that may stand between statements. */
  skipSeparators(): void {
    this.#skip(SEPARATOR);
  }

  /** The error that says what is wrong here. */
  fault(message: string): UclSyntaxError {
    return new UclSyntaxError(message, this.position, this.char());
  }

  /** The error that what began at a place has no end. */
  unfinished(what: string, at: Position): UclSyntaxError {
    return new UclSyntaxError(`unfinished ${what}`, at, "");
  }

  #newlineFrom(at: number): number {
    const newline = this.#text.indexOf("\n", at);
    return newline < 0 ? Infinity : newline;
  }

  #skip(pattern: RegExp): boolean {
    let hasComment = false;
    for (;; hasComment = true) {
      this.take(pattern);
      if (this.char() === "#") this.take(LINE);
      else if (this.isAhead("/*")) this.#skipComment();
      else return hasComment;
    }
  }

  /** Comments of this kind nest. */
  #skipComment(): void {
    const start = this.position;
    let depth = 0;
    do {
      const step = this.isAhead("/*") ? 1 : this.isAhead("*/") ? -1 : 0;
      depth += step;
      this.advance(step === 0 ? 1 : 2);
      if (depth > 0) this.take(WITHIN_COMMENT);
      if (depth > 0 && this.isAtEnd) {
        throw this.unfinished("comment", start);
      }
    } while (depth > 0);
  }
}
