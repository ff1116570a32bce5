import { assertEquals } from "@std/assert";
import { parseNumber } from "../../../../ctladm/conf/numbers.ts";

Deno.test("parseNumber() knows binary suffixes of any case", () => {
  const rows: [string, number][] = [
    ["0", 0],
    ["512", 512],
    ["1k", 1024],
    ["1K", 1024],
    ["3m", 3 * 1024 ** 2],
    ["4G", 4 * 1024 ** 3],
    ["2t", 2 * 1024 ** 4],
    ["1P", 1024 ** 5],
    ["0E", 0],
    ["0009", 9],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, value] of rows) {
    assertEquals(parseNumber(text), value, text);
  }
});

Deno.test("parseNumber() refuses what is none or is too high", () => {
  const wrong = [
    "",
    "k",
    "-1",
    "+1",
    "1.5k",
    "0x10",
    "1kb",
    "1 k",
    "1z",
    "9007199254740992",
    "8p",
    "1E",
    "8E",
    "1".repeat(20),
  ];
  for (const text of wrong) assertEquals(parseNumber(text), undefined, text);
  assertEquals(parseNumber("64", 63), undefined);
  assertEquals(parseNumber("63", 63), 63);
});
