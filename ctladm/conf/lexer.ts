/**
 * Words of a classic ctl.conf: comments, quoted and unquoted words, blocks.
 *
 * @module
 */

import { NEAR_LENGTH_MAX, WORD_LENGTH_MAX } from "./limits.ts";

/** What a token is. */
export type TokenKind =
  | "keyword"
  | "word"
  | "open"
  | "close"
  | "separator"
  | "end"
  | "invalid";

/** One token of the file. */
export interface Token {
  /** What it is; a quoted word is never a keyword. */
  readonly kind: TokenKind;
  /** The word without quotes, or the character. */
  readonly text: string;
  /** How an error message shows it. */
  readonly near: string;
  /** Line on which it begins, from 1. */
  readonly line: number;
  /** Why it is no token, when the kind is `invalid`. */
  readonly problem: string;
}

const SYNTAX_ERROR = "syntax error";
const BLANK = /[ \t\r\f\v]+|#[^\n]*/y;
const WORD = /[a-z0-9.\-@_/:[\]]+/iy;
const PUNCTUATION: ReadonlyMap<string, TokenKind> = new Map([
  ["{", "open"],
  ["}", "close"],
  [";", "separator"],
]);

/** Cuts a text into tokens, one at a time. */
export class Lexer {
  readonly #text: string;
  readonly #keywords: ReadonlySet<string>;
  #at = 0;
  #line = 1;
  #ahead: Token | undefined;

  /** Starts at the beginning of a text. */
  constructor(text: string, keywords: ReadonlySet<string>) {
    this.#text = text;
    this.#keywords = keywords;
  }

  /** The next token, left in place. */
  peek(): Token {
    return this.#ahead ??= this.#read();
  }

  /** Takes the next token; at the end of the text always the same one. */
  next(): Token {
    const token = this.peek();
    this.#ahead = token.kind === "end" ? token : undefined;
    return token;
  }

  #read(): Token {
    this.#skipBlanks();
    const first = this.#text.charAt(this.#at);
    if (first === "") return this.#token("end", "");
    if (first === '"') return this.#readQuoted();
    const word = matchAt(WORD, this.#text, this.#at);
    if (word !== "") return this.#readWord(word);
    this.#at++;
    return this.#token(PUNCTUATION.get(first) ?? "invalid", first);
  }

  #skipBlanks(): void {
    for (;;) {
      const blank = matchAt(BLANK, this.#text, this.#at);
      this.#at += blank.length;
      if (this.#text.charAt(this.#at) === "\n") {
        this.#at++;
        this.#line++;
      } else if (blank === "") {
        return;
      }
    }
  }

  #readWord(word: string): Token {
    this.#at += word.length;
    if (word.length > WORD_LENGTH_MAX) return this.#tooLong(word);
    return this.#token(this.#keywords.has(word) ? "keyword" : "word", word);
  }

  /** There are no escapes; a quoted word may hold newlines, but not nothing. */
  #readQuoted(): Token {
    const end = this.#text.indexOf('"', this.#at + 1);
    const word = end < 0 ? "" : this.#text.slice(this.#at + 1, end);
    const token = this.#quotedToken(word);
    this.#at += word === "" ? 1 : word.length + 2;
    this.#line += word.split("\n").length - 1;
    return token;
  }

  /** A NUL ends a value on the wire: no name may hold one. */
  #quotedToken(word: string): Token {
    if (word === "" || word.includes("\0")) return this.#token("invalid", '"');
    if (word.length > WORD_LENGTH_MAX) return this.#tooLong(word);
    return this.#token("word", word, `"${word}"`);
  }

  #tooLong(word: string): Token {
    const problem = `word is longer than ${WORD_LENGTH_MAX} characters`;
    return { ...this.#token("invalid", word), problem };
  }

  #token(kind: TokenKind, text: string, near = text): Token {
    const problem = kind === "invalid" ? SYNTAX_ERROR : "";
    return { kind, text, near: printable(near), line: this.#line, problem };
  }
}

/** What a token in the wrong place is called. */
export function misplaced(token: Token): string {
  return token.kind === "invalid" ? token.problem : SYNTAX_ERROR;
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/** A text of the file in one short line, so that a message stays one. */
export function printable(text: string): string {
  const cut = text.length > NEAR_LENGTH_MAX
    ? `${text.slice(0, NEAR_LENGTH_MAX)}...`
    : text;
  return oneLine(cut);
}

/** A text without line ends and the like, which quoted words may hold. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}
