/**
 * The classic syntax of ctl.conf: runs the tables of statements over a text.
 *
 * @module
 */

import { AUTH_GROUP_KEYWORDS } from "./auth_groups.ts";
import { createDraft } from "./draft.ts";
import {
  Lexer,
  misplaced,
  oneLine,
  type Token,
  type TokenKind,
} from "./lexer.ts";
import { FILE_LENGTH_MAX } from "./limits.ts";
import { LUN_KEYWORDS } from "./luns.ts";
import type { Configuration } from "./model.ts";
import { PLUGIN_KEYWORDS } from "./plugins.ts";
import { PORTAL_GROUP_KEYWORDS } from "./portal_groups.ts";
import { GLOBAL_KEYWORDS } from "./settings.ts";
import {
  type Block,
  type BoundKeyword,
  notSupported,
  openBlock,
} from "./statement.ts";
import { TARGET_KEYWORDS } from "./targets.ts";
import { finish } from "./validate.ts";

/** A file without errors. */
export interface Parsed {
  /** What it says. */
  readonly configuration: Configuration;
  /** What looks wrong but is allowed, in the order of the file. */
  readonly warnings: readonly string[];
}

/** A file with an error. */
export interface ParseFailure {
  /** The first error, with its line and the word next to it. */
  readonly error: string;
}

/** What became of a file; `"error" in outcome` tells which. */
export type ParseOutcome = Parsed | ParseFailure;

/** A refusal and the token that it is about. */
interface Fault {
  readonly token: Token;
  readonly text: string;
}

/** What is told of a file that is not even read. */
export const FILE_TOO_LARGE: string =
  `configuration file is larger than ${FILE_LENGTH_MAX} characters`;

/** An unquoted word that is one of these is a keyword wherever it stands. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...[...GLOBAL_KEYWORDS.keys()].filter((name) => name !== "ha"),
  ...AUTH_GROUP_KEYWORDS.keys(),
  ...PORTAL_GROUP_KEYWORDS.keys(),
  ...TARGET_KEYWORDS.keys(),
  ...LUN_KEYWORDS.keys(),
  ...PLUGIN_KEYWORDS.keys(),
]);

/**
 * Reads a configuration in the classic syntax.
 *
 * @param text the whole file
 * @returns the configuration with warnings, or the first error
 */
export function parseConfiguration(text: string): ParseOutcome {
  if (text.length > FILE_LENGTH_MAX) return { error: FILE_TOO_LARGE };
  const draft = createDraft();
  const lexer = new Lexer(text, KEYWORDS);
  const fault = readBlock(lexer, openBlock(GLOBAL_KEYWORDS, draft), "end");
  return fault === undefined ? finish(draft) : { error: describe(fault) };
}

function describe({ token, text }: Fault): string {
  return `error in configuration file at line ${token.line} ` +
    `near '${token.near}': ${oneLine(text)}`;
}

function readBlock(
  lexer: Lexer,
  block: Block,
  end: TokenKind,
): Fault | undefined {
  for (;;) {
    const token = lexer.next();
    if (token.kind === end) return undefined;
    if (token.kind === "separator") continue;
    const fault = readStatement(lexer, block, token);
    if (fault !== undefined) return fault;
  }
}

function readStatement(
  lexer: Lexer,
  block: Block,
  token: Token,
): Fault | undefined {
  const keyword = isKeyword(token) ? block.find(token.text) : undefined;
  if (keyword === undefined) return { token, text: misplaced(token) };
  if (keyword.unsupported !== undefined) {
    return { token, text: notSupported(token.text, keyword.unsupported) };
  }
  return runStatement(lexer, keyword, token);
}

/**
 * A keyword that CTL does not have is one where a statement begins, and
 * nowhere else: LUNs and options may have its name.
 */
function isKeyword({ kind, text }: Token): boolean {
  return kind === "keyword" || (kind === "word" && !KEYWORDS.has(text));
}

function runStatement(
  lexer: Lexer,
  keyword: BoundKeyword,
  token: Token,
): Fault | undefined {
  const words = readWords(lexer, keyword);
  const [first] = words;
  const ahead = lexer.peek();
  if (keyword.open && keyword.unnamed && ahead.kind === "open") {
    return readInnerBlock(lexer, keyword.open(""), token);
  }
  if (keyword.open && first && words.length === 1 && ahead.kind === "open") {
    return readInnerBlock(lexer, keyword.open(first.text), first);
  }
  if (keyword.store === undefined || words.length < keyword.words) {
    return { token: ahead, text: misplaced(ahead) };
  }
  const text = keyword.store(words.map((word) => word.text));
  if (text === undefined) return undefined;
  const near = keyword.secret ? token : words.at(-1) ?? token;
  return { token: near, text };
}

/** Takes as many words as the statement may have, or the name of its block. */
function readWords(lexer: Lexer, keyword: BoundKeyword): Token[] {
  const { words, optionalWords, keywordsAsWords, unnamed } = keyword;
  const names = keyword.open && !unnamed ? 1 : 0;
  const max = Math.max(words + optionalWords, names);
  const found: Token[] = [];
  while (found.length < max) {
    const { kind } = lexer.peek();
    const isWord = kind === "word" || (keywordsAsWords && kind === "keyword");
    if (!isWord) break;
    found.push(lexer.next());
  }
  return found;
}

/** What is wrong with a block as a whole is told at its name. */
function readInnerBlock(
  lexer: Lexer,
  block: Block | string,
  name: Token,
): Fault | undefined {
  if (typeof block === "string") return { token: name, text: block };
  lexer.next();
  const fault = readBlock(lexer, block, "close");
  if (fault !== undefined) return fault;
  const text = block.close();
  return text === undefined ? undefined : { token: name, text };
}
