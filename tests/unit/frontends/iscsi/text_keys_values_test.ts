import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeBinary,
  encodeBoolean,
  isLabel,
  parseBinary,
  parseBoolean,
  parseList,
  parseNumber,
} from "../../../../frontends/iscsi/wire/text_values.ts";

const NUMBERS: [string, number | undefined][] = [
  ["0", 0],
  ["8192", 8192],
  ["0x2000", 8192],
  ["0XfF", 255],
  ["999999999999999", 999999999999999],
  ["9999999999999999", undefined],
  ["0xfffffffffffff", 0xfffffffffffff],
  ["0xfffffffffffffff", undefined],
  ["", undefined],
  ["-1", undefined],
  ["+1", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["012", undefined],
  [" 1", undefined],
  ["1 ", undefined],
  ["0x", undefined],
  ["0b11", undefined],
  ["Yes", undefined],
];

for (const [text, number] of NUMBERS) {
  Deno.test(`parseNumber() reads "${text}" as ${number} (RFC 7143 6.1)`, () => {
    assertEquals(parseNumber(text), number);
  });
}

Deno.test("parseBoolean() knows Yes and No alone (RFC 7143 6.1)", () => {
  for (const value of [true, false]) {
    assertEquals(parseBoolean(encodeBoolean(value)), value);
  }
  for (const text of ["", "yes", "NO", "1", "True", "Yes "]) {
    assertEquals(parseBoolean(text), undefined);
  }
});

Deno.test("parseList() keeps the order", () => {
  assertEquals(parseList("CRC32C,None"), ["CRC32C", "None"]);
  assertEquals(parseList("None"), ["None"]);
  assertEquals(parseList("A,,B"), ["A", "", "B"]);
});

const BINARIES: [string, string | undefined][] = [
  ["0x00", "00"],
  ["0X0aFf", "0aff"],
  ["0xabc", "0abc"],
  ["0bAQID", "010203"],
  ["0BAQI=", "0102"],
  ["0bAQI", "0102"],
  ["0bAQ==", "01"],
  ["0bAQ", "01"],
  ["0b+/8=", "fbff"],
  ["0x", undefined],
  ["0b", undefined],
  ["", undefined],
  ["0xzz", undefined],
  ["0bA", undefined],
  ["0bAQ=", undefined],
  ["0bAQI==", undefined],
  ["0bAQ ID", undefined],
  ["0b-_8=", undefined],
  ["abcd", undefined],
  ["1234", undefined],
  ["0x01020304", "01020304"],
  ["0x0102030405", undefined],
  ["0bAQIDBAU=", undefined],
];

for (const [text, hex] of BINARIES) {
  Deno.test(`parseBinary() reads "${text}" as ${hex} (RFC 7143 6.1)`, () => {
    assertEquals(parseBinary(text, 4)?.toHex(), hex);
  });
}

Deno.test("parseBinary() reads back hex and base64 of any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 99 }), (bytes) => {
      assertEquals(parseBinary(encodeBinary(bytes), 99), bytes);
      assertEquals(parseBinary(`0b${bytes.toBase64()}`, 99), bytes);
    }),
  );
});

Deno.test("parseBinary() takes any text without an exception", () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^0[xXbB][0-9a-zA-Z+/=]*$/),
  );
  fc.assert(fc.property(text, (value) => {
    const length = parseBinary(value, 8)?.length ?? 1;
    assertEquals(length >= 1 && length <= 8, true);
  }));
});

Deno.test("isLabel() wants short text without control characters", () => {
  assertEquals(isLabel("", 4), true);
  assertEquals(isLabel("\u00e9\u00e9", 4), true);
  assertEquals(isLabel("\u00e9\u00e9a", 4), false);
  assertEquals(isLabel("a\nb", 4), false);
  assertEquals(isLabel("a\u007f", 4), false);
});
