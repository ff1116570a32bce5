import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Lexer, misplaced, type Token } from "../../../../ctladm/conf/lexer.ts";
import { WORD_LENGTH_MAX } from "../../../../ctladm/conf/limits.ts";

const KEYWORDS = new Set(["lun", "target"]);

function tokens(text: string): Token[] {
  const lexer = new Lexer(text, KEYWORDS);
  const found = [lexer.next()];
  while (found.at(-1)?.kind !== "end") found.push(lexer.next());
  return found;
}

/** Tokens as `kind:text`, the end left out. */
function summary(text: string): string[] {
  return tokens(text).slice(0, -1).map((token) =>
    `${token.kind}:${token.text}`
  );
}

Deno.test("Lexer tells keywords, words and punctuation apart", () => {
  assertEquals(summary("target t { lun 0 ; }"), [
    "keyword:target",
    "word:t",
    "open:{",
    "keyword:lun",
    "word:0",
    "separator:;",
    "close:}",
  ]);
});

Deno.test("Lexer takes a quoted keyword for a word", () => {
  assertEquals(summary('"lun" lun LUN lunar'), [
    "word:lun",
    "keyword:lun",
    "word:LUN",
    "word:lunar",
  ]);
});

Deno.test("Lexer takes all characters of unquoted words", () => {
  const words = ["iqn.2012-06.com.example:t0", "[::]:3260", "a@b_c/d"];
  assertEquals(summary(words.join("\t")), words.map((word) => `word:${word}`));
  assertEquals(summary("a{b;c}"), [
    "word:a",
    "open:{",
    "word:b",
    "separator:;",
    "word:c",
    "close:}",
  ]);
});

Deno.test("Lexer leaves comments out, but not in quotes", () => {
  assertEquals(summary('a# b "\nc'), ["word:a", "word:c"]);
  assertEquals(summary('"a # b"'), ["word:a # b"]);
  assertEquals(summary("# only"), []);
});

Deno.test("Lexer knows no escape sequences", () => {
  assertEquals(summary('"a\\" b'), ["word:a\\", "word:b"]);
});

Deno.test("Lexer counts lines, also within quotes", () => {
  const lines = tokens('a\r\n# c\n"b\nb" c\n\nd').map(({ line }) => line);
  assertEquals(lines, [1, 3, 4, 6, 6]);
});

Deno.test("Lexer says what is no token", () => {
  for (const text of ["=", "$", "é", "\0", '"', '""', '"open', '"a\0b"']) {
    const [token] = tokens(text);
    assertEquals(token?.kind, "invalid", text);
    assertEquals(token && misplaced(token), "syntax error", text);
  }
});

Deno.test("Lexer bounds the length of words", () => {
  const longest = "a".repeat(WORD_LENGTH_MAX);
  assertEquals(tokens(longest)[0]?.kind, "word");
  assertEquals(tokens(`"${longest}"`)[0]?.kind, "word");
  for (const text of [`${longest}a`, `"${longest}a"`]) {
    const [token] = tokens(text);
    const expected = `word is longer than ${WORD_LENGTH_MAX} characters`;
    assertEquals(token && misplaced(token), expected);
    assertEquals(token?.near.length, 67);
  }
});

Deno.test("Lexer shows a token on one short line", () => {
  assertEquals(tokens('"a\nb"')[0]?.near, '"a b"');
  assertEquals(tokens("lun")[0]?.near, "lun");
  assertEquals(tokens("")[0]?.near, "");
});

Deno.test("Lexer stays at the end", () => {
  const lexer = new Lexer("a", KEYWORDS);
  assertEquals(lexer.peek(), lexer.next());
  assertEquals(lexer.next().kind, "end");
  assertEquals(lexer.peek().kind, "end");
  assertEquals(lexer.next().kind, "end");
});

Deno.test("Lexer ends on every text, within its length", () => {
  fc.assert(fc.property(
    fc.string({ unit: "binary", maxLength: 200 }),
    (text) => tokens(text).length <= text.length + 1,
  ));
});
