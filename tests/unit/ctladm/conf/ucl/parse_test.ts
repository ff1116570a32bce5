import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  FILE_LENGTH_MAX,
  INCLUDE_DEPTH_MAX,
  INCLUDES_MAX,
  NESTING_DEPTH_MAX,
  WORD_LENGTH_MAX,
} from "../../../../../ctladm/conf/limits.ts";
import { parseUcl } from "../../../../../ctladm/conf/ucl/parse.ts";
import { PATH, plain, readFrom, syntaxError } from "./support.ts";

function checkPlain(rows: readonly (readonly [string, unknown])[]): void {
  for (const [text, expected] of rows) {
    assertEquals(plain(text), expected, text);
  }
}

Deno.test("parseUcl() reads pairs with all separators", () => {
  checkPlain([
    ["", {}],
    ["{}", {}],
    ["  # nothing\n", {}],
    ["\ufeffa = b", { a: "b" }],
    ["a = b", { a: "b" }],
    ["a: b", { a: "b" }],
    ["a b", { a: "b" }],
    ["a=b;c=d,e=f\ng=h;;,\n", { a: "b", c: "d", e: "f", g: "h" }],
    ["a =\n  b", { a: "b" }],
    ["a\n{ b c }", { a: { b: "c" } }],
    ["{ a = b }", { a: "b" }],
    ['{"a": "b", "c": [1, "2"], "d": {"e": true}}', {
      a: "b",
      c: [1, "2"],
      d: { e: { boolean: "true" } },
    }],
    ["a = b\r\nc = d\r\n", { a: "b", c: "d" }],
    ["a { b = c } d = e", { a: { b: "c" }, d: "e" }],
    ["a { b c } d { e f }", { a: { b: "c" }, d: { e: "f" } }],
    ["'it''s' = x".replace("''", "\\'"), { "it's": "x" }],
    ["é-1 = ü", { "é-1": "ü" }],
    ["a = b = c", { a: "b = c" }],
  ]);
});

Deno.test("parseUcl() makes arrays of keys that repeat", () => {
  checkPlain([
    ["a = 1; a = 2", { a: [1, 2] }],
    ["a { b = 1 }\na { b = 2 }", { a: [{ b: 1 }, { b: 2 }] }],
    ["a = [1, 2, [3]; x y\n z,]", { a: [1, 2, [3], "x y", "z"] }],
    ["a [ b c ]", { a: ["b c"] }],
    ["a = []", { a: [] }],
    ["a = [{ b = c }, { d = e }]", { a: [{ b: "c" }, { d: "e" }] }],
  ]);
});

Deno.test("parseUcl() nests named sections", () => {
  checkPlain([
    ["section blah { a = b }", { section: { blah: { a: "b" } } }],
    ['section "blah" = { a = b }', { section: { blah: { a: "b" } } }],
    ["section 'x' \"y\" z { a b }", {
      section: { x: { y: { z: { a: "b" } } } },
    }],
    ["section a { } section b: { }", { section: [{ a: {} }, { b: {} }] }],
    ["list name [ 1 ]", { list: { name: [1] } }],
    ["target iqn.2012-06.com.example:t:0 { lun 0 { path /a } }", {
      target: { "iqn.2012-06.com.example:t:0": { lun: { 0: { path: "/a" } } } },
    }],
    ["a { name pg0 } lun { }", { a: { name: "pg0" }, lun: {} }],
    ['a "b{c"', { a: "b{c" }],
    ["a b # {\n", { a: "b" }],
    ["a b /* { */\n", { a: "b" }],
    ['a "b\\"{" { }', { a: { 'b"{': {} } }],
  ]);
});

Deno.test("parseUcl() knows comments, also within one another", () => {
  checkPlain([
    ["a = b # c\n", { a: "b" }],
    ["a = b#c", { a: "b" }],
    ["/* a = b /* c = d */ e = f */ g = h", { g: "h" }],
    ["a /* x */ = /* y\n */ b /* z */; c = d", { a: "b", c: "d" }],
    ["/***/a = b/**/", { a: "b" }],
    ['a = "b" /* x */ c = d/**/e f', { a: "b", c: "d", e: "f" }],
    ["a = b//c", { a: "b//c" }],
    ["a = 'x # y'; b = \"/* z */\"", { a: "x # y", b: "/* z */" }],
  ]);
});

Deno.test("parseUcl() reads texts of all forms", () => {
  checkPlain([
    ['a = "b\\n\\t\\"\\\\\\/\\u00e9\\\'\\b\\f\\r"', {
      a: "b\n\t\"\\/é'\b\f\r",
    }],
    ["a = 'b\\n\\' '", { a: "b\\n' " }],
    ["a = 'b\nc'", { a: "b\nc" }],
    ["a = some words here ; b = c", { a: "some words here", b: "c" }],
    ["a = x{y}z[w]", { a: "x{y}z[w]" }],
    ["a = a\\;b\\u0041\\q", { a: "a;bAq" }],
    ["a = b\\\nc = d", { a: "b\\", c: "d" }],
    ["{ a = b }", { a: "b" }],
    ["a = <<EOD\nsome\n EOD\nEODX\ntext\nEOD\nb = c", {
      a: "some\n EOD\nEODX\ntext",
      b: "c",
    }],
    ["a <<EOD\nEOD", { a: "" }],
    ["a = <<EOD\n\nx\n\nEOD;\n", { a: "\nx\n" }],
    ["a = <<E\r\nx\r\nE\r\nb = c", { a: "x", b: "c" }],
    ["a = <<eod", { a: "<<eod" }],
    ["a = tab\there", { a: "tab\there" }],
  ]);
});

Deno.test("parseUcl() reads numbers, times and booleans", () => {
  const rows: [string, unknown][] = [
    ["0", 0],
    ["-7", -7],
    ["0x1F", 31],
    ["-0x10", -16],
    ["10k", 10_000],
    ["10K", 10_000],
    ["2m", 2_000_000],
    ["2g", 2_000_000_000],
    ["10kb", 10_240],
    ["4MB", 4 * 1024 ** 2],
    ["4Gb", 4 * 1024 ** 3],
    ["1.5kb", 1536],
    [".5k", 500],
    ["1.5", { float: "1.5" }],
    ["1e3", { float: "1e3" }],
    ["10s", { seconds: 10 }],
    ["10min", { seconds: 600 }],
    ["2h", { seconds: 7200 }],
    ["1d", { seconds: 86_400 }],
    ["1w", { seconds: 604_800 }],
    ["1y", { seconds: 31_536_000 }],
    ["500ms", { seconds: 0.5 }],
    ...["true", "False", "yes", "NO", "on", "off"].map((
      word,
    ): [string, unknown] => [word, { boolean: word }]),
    ["null", { null: "null" }],
    ["10t", "10t"],
    ["10.0.0.1", "10.0.0.1"],
    ["1a", "1a"],
    ["0x", "0x"],
    ["-", "-"],
    ["12 34", "12 34"],
    ['"10"', "10"],
    ["'yes'", "yes"],
  ];
  checkPlain(rows.map(([word, value]) => [`a = ${word}`, { a: value }]));
});

Deno.test("parseUcl() keeps a number that is too high as it is", () => {
  const include = readFrom({});
  for (const text of ["9007199254740993", "0xffffffffffffffff", "9999999tb"]) {
    const tree = parseUcl({ path: PATH, text: `a = ${text}`, include });
    assert("entries" in tree);
    const value = tree.entries[0]?.value;
    assert(value?.kind === "integer" || value?.kind === "string");
    assertEquals(value.kind === "integer" ? value.digits : value.text, text);
  }
});

Deno.test("parseUcl() puts values in the place of variables", () => {
  checkPlain([
    ["a = $CURDIR/x", { a: "/etc/x" }],
    ['a = "${CURDIR}/x"', { a: "/etc/x" }],
    ["a = ${FILENAME}", { a: "/etc/ctl.conf" }],
    ["a = <<E\n$FILENAME\nE\n", { a: "/etc/ctl.conf" }],
    ["a = '$CURDIR'", { a: "$CURDIR" }],
    ['a = "\\u0024CURDIR"', { a: "$CURDIR" }],
    ["a = $$CURDIR", { a: "$$CURDIR" }],
    ["a = $OTHER-${OTHER}", { a: "$OTHER-${OTHER}" }],
    ["a = $", { a: "$" }],
  ]);
  const tree = parseUcl({
    path: "ctl.conf",
    text: "a = $CURDIR",
    include: readFrom({}),
  });
  assert("entries" in tree);
  assertEquals(tree.entries[0]?.value, { kind: "string", text: "." });
});

Deno.test("parseUcl() tells where keys stand", () => {
  const tree = parseUcl({
    path: PATH,
    text: "a = 1\n  b {\n\tc = <<E\nx\nE\n d = 1 }",
    include: readFrom({}),
  });
  assert("entries" in tree);
  const [, b] = tree.entries;
  assert(b?.value.kind === "object");
  assertEquals(b.at, { file: PATH, line: 2, column: 3 });
  assertEquals(
    b.value.entries.map(({ at: { line, column } }) => [line, column]),
    [
      [3, 2],
      [6, 2],
    ],
  );
});

Deno.test("parseUcl() includes files in the object that it reads", () => {
  const files = {
    "/etc/a.conf": "x = $FILENAME\n.include inner/b.conf",
    "/etc/inner/b.conf": "{ y = $CURDIR }",
    "/abs.conf": "z = 1",
  };
  const rows: [string, unknown][] = [
    [".include a.conf", { x: "/etc/a.conf", y: "/etc/inner" }],
    [".include '/abs.conf'; b = 2", { z: 1, b: 2 }],
    ["s { .include /abs.conf\n}", { s: { z: 1 } }],
    [".try_include none.conf\na = 1", { a: 1 }],
    [".include(try=true) none.conf", {}],
    [".include( try : yes ; ) /abs.conf", { z: 1 }],
    [".include(try=false) /abs.conf", { z: 1 }],
  ];
  for (const [text, expected] of rows) {
    assertEquals(plain(text, files), expected, text);
  }
  const failure = "unable to parse configuration file /etc/ctl.conf: " +
    "error while parsing /etc/ctl.conf: line: 1, column: 5 - " +
    "'no /etc/../abs.conf', character: '.'";
  assertEquals(syntaxError('s { .include "$CURDIR/../abs.conf" }'), failure);
});

/** A text, the line and column of its error, the reason and character. */
type ErrorRow = readonly [string, string, string, string];

const ERRORS: readonly ErrorRow[] = [
  ["a", "1:2", "a value is missing", ""],
  ["a ", "1:3", "a value is missing", ""],
  ["a\nb = c", "1:1", "a value is missing", "a"],
  ["a =", "1:4", "a value is missing", ""],
  ["a = ;", "1:5", "a value is missing", ";"],
  ["a = }", "1:5", "a value is missing", "}"],
  ["a = 1\n}", "2:1", "invalid character in a key", "}"],
  ["= b", "1:1", "invalid character in a key", "="],
  ["\u0001 = b", "1:1", "invalid character in a key", "0x01"],
  ['"" = b', "1:3", "a key is empty", " "],
  ["'' = b", "1:3", "a key is empty", " "],
  ["a {", "1:4", "unfinished section", ""],
  ["a { b = {}\n", "1:4", "unfinished section", ""],
  ["a = [1, 2", "1:5", "unfinished array", ""],
  ["a = [1}", "1:7", "a value is missing", "}"],
  ['a = "b', "1:5", "unfinished quotes", ""],
  ["a = 'b", "1:5", "unfinished quotes", ""],
  ['a = "b\nc"', "1:7", "unexpected newline", "0x0a"],
  ['a = "b\u0007"', "1:7", "unexpected control character", "0x07"],
  ['a = "\\x"', "1:6", "invalid escape character", "\\"],
  ['a = "\\u12"', "1:6", "invalid escape character", "\\"],
  ['a = "b" c', "1:9", "delimiter is missing", "c"],
  ["a = <<EOD\nb", "1:5", "unfinished multiline value", ""],
  ["a /* b", "1:3", "unfinished comment", ""],
  ["/* /* */ a = b", "1:1", "unfinished comment", ""],
  ["{ a = b } c = d", "1:11", "text behind the closing brace", "c"],
  [
    "target { iqn.2012-06.com.example:t { lun 0",
    "1:43",
    "unbalanced braces in a value; what holds braces or is the name of a " +
    "section with a colon needs quotes",
    "",
  ],
  [
    ".load x",
    "1:1",
    'unsupported macro ".load"; there is .include alone',
    ".",
  ],
  [". x", "1:1", 'unsupported macro "."; there is .include alone', "."],
  [
    ".include(glob=true) x",
    "1:1",
    "unsupported arguments of .include; there is (try=true) alone",
    ".",
  ],
  [
    ".include(try=true",
    "1:1",
    "unsupported arguments of .include; there is (try=true) alone",
    ".",
  ],
  [".include { }", "1:1", "the path of .include is missing", "."],
  ["a = 1\n.include x.conf", "2:1", "no /etc/x.conf", "."],
  // A file that is there but cannot be read is worth an error always.
  [".try_include /secret", "1:1", "no /secret", "."],
];

Deno.test("parseUcl() tells where and why a text is no UCL", () => {
  for (const [text, place, reason, character] of ERRORS) {
    const [line, column] = place.split(":");
    const shown = character === "" ? "" : `, character: '${character}'`;
    assertEquals(
      syntaxError(text),
      `unable to parse configuration file ${PATH}: error while parsing ` +
        `${PATH}: line: ${line}, column: ${column} - '${reason}'${shown}`,
      text,
    );
  }
});

Deno.test("parseUcl() names the included file that is wrong", () => {
  assertEquals(
    syntaxError(".include a.conf", { "/etc/a.conf": "\n a = ]" }),
    "unable to parse configuration file /etc/ctl.conf: error while parsing " +
      "/etc/a.conf: line: 2, column: 6 - 'a value is missing', character: ']'",
  );
});

Deno.test("parseUcl() bounds the nesting", () => {
  const opened = (open: string, depth: number) => open.repeat(depth);
  const closed = (depth: number) => opened("a {", depth) + opened("}", depth);
  plain(closed(NESTING_DEPTH_MAX));
  const reason = `nested deeper than ${NESTING_DEPTH_MAX} levels`;
  const hostile = [
    closed(NESTING_DEPTH_MAX + 1),
    opened("a {", 100_000),
    `a = ${opened("[", 100_000)}`,
    `${opened("a ", 100_000)}{`,
  ];
  for (const text of hostile) assert(syntaxError(text).includes(reason));
});

Deno.test("parseUcl() bounds what is included", () => {
  const self = { "/etc/ctl.conf": ".include ctl.conf" };
  assert(
    syntaxError(".include ctl.conf", self)
      .includes(
        `maximum include nesting limit is reached: ${INCLUDE_DEPTH_MAX}`,
      ),
  );
  const one = { "/etc/a": "x = 1" };
  const many = ".include a\n".repeat(INCLUDES_MAX);
  plain(many, one);
  assert(
    syntaxError(`${many}.include a`, one)
      .includes(`more than ${INCLUDES_MAX} files are included`),
  );
  const large = { "/etc/a": "#".repeat(FILE_LENGTH_MAX / 2) };
  plain(".include a", large);
  const tooLarge = `the file is larger than ${FILE_LENGTH_MAX} characters`;
  assert(syntaxError(".include a\n.include a", large).includes(tooLarge));
  const variables = `a = ${"$CURDIR".repeat(WORD_LENGTH_MAX / 8)}\n`;
  const path = `/${"d".repeat(900)}/ctl.conf`;
  const long = parseUcl({ path, text: variables, include: readFrom({}) });
  assert("error" in long && long.error.includes(tooLarge));
  assertEquals(plain(`a = ${"$CURDIR".repeat(WORD_LENGTH_MAX)}`), {
    a: "$CURDIR".repeat(WORD_LENGTH_MAX),
  });
  assert(
    syntaxError(`.include ${"x".repeat(1100)}`)
      .includes("the path is longer than 1024 characters"),
  );
});

Deno.test("parseUcl() reads the largest files in one go", () => {
  const pieces = [
    "{",
    "}",
    "a=[",
    "a b ",
    "a=1;",
    "a{}",
    "a{b c}",
    '"a" ',
    '"a":"b",',
    "/*",
    "/**/",
    "a=<<E\nE\n",
    "a=<<E\n",
    "\\",
    "a=\\",
    "'",
    "$",
    "a=x{",
    "#\n",
    "\n",
  ];
  for (const piece of pieces) {
    const text = piece.repeat(FILE_LENGTH_MAX / piece.length);
    const start = performance.now();
    assert(parseUcl({ path: PATH, text, include: readFrom({}) }) !== undefined);
    assert(performance.now() - start < 10_000, piece);
  }
});

const FRAGMENTS = [
  ...["{", "}", "[", "]", "=", ":", ";", ",", "\n", " ", '"', "'", "\\", "#"],
  ...["/*", "*/", "<<E\n", "\nE\n", ".include ", "(try=true)", "a", "b.conf"],
  ...["$CURDIR", "0x1", "10k", "yes", "\0", "é", "\ud800", "\r", "\\u0041"],
];

Deno.test("parseUcl() answers all texts, within their length", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 80, size: "max" })
      .map((parts) => parts.join("")),
  );
  const include = readFrom({ "/etc/b.conf": "x = [1" });
  fc.assert(
    fc.property(text, (text) => {
      const tree = parseUcl({ path: PATH, text, include });
      if ("error" in tree) {
        assert(/^unable to parse configuration file [^\n]*$/.test(tree.error));
      } else {
        assert(tree.entries.length <= text.length);
      }
    }),
    { numRuns: 3000 },
  );
});
