import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeTextPairs,
  isTextFault,
  parseTextPairs,
  splitText,
  TextCollector,
  type TextLimits,
  type TextPair,
} from "../../../../frontends/iscsi/wire/text_keys.ts";

const LIMITS: TextLimits = {
  keys: 4,
  valueBytes: 10,
  binaryKeys: new Set(["CHAP_C"]),
};
const ENCODER = new TextEncoder();

function read(plain: string): unknown {
  return parseTextPairs(ENCODER.encode(plain), LIMITS);
}

const PAIR: fc.Arbitrary<TextPair> = fc.tuple(
  fc.stringMatching(/^[A-Z][A-Za-z0-9.\-+@_#]{0,62}$/),
  fc.string({ unit: "binary", maxLength: 40 }).map((value) =>
    value.replaceAll("\0", "").replaceAll("\ufffd", "")
  ),
);
const ROOMY: TextLimits = { ...LIMITS, keys: 100, valueBytes: 255 };

Deno.test("encodeTextPairs() writes what parseTextPairs() reads", () => {
  const bytes = Uint8Array.fromHex("413d310058233d590041233d00");
  const pairs: TextPair[] = [["A", "1"], ["X#", "Y"], ["A#", ""]];
  assertEquals(encodeTextPairs(pairs).toHex(), bytes.toHex());
  assertEquals(parseTextPairs(bytes, LIMITS), pairs);
});

const READ: [why: string, plain: string, result: unknown][] = [
  ["nothing", "", []],
  ["a key that comes twice (6.3)", "A=1\0A=1\0", [["A", "1"], ["A", "1"]]],
  ["an equals sign in a value", "A=b=c\0", [["A", "b=c"]]],
  ["other letters (4.2.7)", "A=\u00e9\0", [["A", "\u00e9"]]],
  ["a mark that begins a value", "A=\ufefff\0", [["A", "\ufefff"]]],
  ["a key in small letters (6.1)", "aB=1\0", [["aB", "1"]]],
  ["a long list of short entries", "A=123456789,abcdefghij\0", [
    ["A", "123456789,abcdefghij"],
  ]],
  ["a long binary value (6.1)", `CHAP_C=${"0".repeat(99)}\0`, [
    ["CHAP_C", "0".repeat(99)],
  ]],
  ["no last zero byte (6.1)", "A=1", { field: "terminator", at: 3 }],
  ["no zero byte after the first", "A=1\0B=2", { field: "terminator", at: 7 }],
  ["no equals sign", "A=1\0BC\0", { field: "separator", at: 4 }],
  ["a stray zero byte", "A=1\0\0", { field: "separator", at: 4 }],
  ["an empty key", "=1\0", { field: "key", at: 0 }],
  ["a key with a blank", "A B=1\0", { field: "key", at: 0 }],
  ["63 bytes of key", `${"K".repeat(63)}=\0`, [["K".repeat(63), ""]]],
  ["64 bytes of key (6.1)", `${"K".repeat(64)}=\0`, { field: "key", at: 0 }],
  ["a key of other letters", "\u00c9=1\0", { field: "key", at: 0 }],
  ["a value too long", "A=12345678901\0", { field: "value length", at: 2 }],
  ["a value too long in bytes", "A=\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\0", {
    field: "value length",
    at: 2,
  }],
  ["an entry too long", "A=1,12345678901\0", { field: "value length", at: 2 }],
  ["an entry too long in front", "A=12345678901,1\0", {
    field: "value length",
    at: 2,
  }],
  ["as many keys as allowed", "A=\0B=\0C=\0D=\0", [
    ["A", ""],
    ["B", ""],
    ["C", ""],
    ["D", ""],
  ]],
  ["more keys", "A=\0B=\0C=\0D=\0E=\0", { field: "key count", at: 12 }],
];

for (const [why, plain, result] of READ) {
  Deno.test(`parseTextPairs() judges ${why}`, () => {
    assertEquals(read(plain), result);
  });
}

Deno.test("parseTextPairs() tells bytes that are no text", () => {
  const bytes = Uint8Array.of(0x41, 0x3d, 0xff, 0xfe, 0);
  assertEquals(parseTextPairs(bytes, LIMITS), { field: "encoding", at: 2 });
});

Deno.test("parseTextPairs() reads back what encodeTextPairs() wrote", () => {
  fc.assert(fc.property(fc.array(PAIR, { maxLength: 20 }), (pairs) => {
    assertEquals(parseTextPairs(encodeTextPairs(pairs), ROOMY), pairs);
  }));
});

Deno.test("parseTextPairs() takes any bytes without an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const result = parseTextPairs(bytes, LIMITS);
    if (isTextFault(result)) assert(result.at <= bytes.length);
    else assertEquals(encodeTextPairs(result).toHex(), bytes.toHex());
  }));
});

Deno.test("parseTextPairs() tells that a text was cut", () => {
  const pairs: TextPair[] = [["InitiatorName", "iqn.x"], ["A", ""], ["B", "1"]];
  const bytes = encodeTextPairs(pairs);
  for (let length = 0; length < bytes.length; length++) {
    const result = parseTextPairs(bytes.subarray(0, length), LIMITS);
    if (isTextFault(result)) {
      assertEquals(result, { field: "terminator", at: length });
    } else {
      assertEquals(result, pairs.slice(0, result.length));
    }
  }
});

Deno.test("TextCollector puts together what splitText() cut", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 200 }),
    fc.integer({ min: 1, max: 50 }),
    (bytes, limit) => {
      const collector = new TextCollector(200);
      const parts = splitText(bytes, limit);
      for (const part of parts) {
        assert(part.length <= limit);
        assertEquals(collector.add(part), undefined);
      }
      assertEquals(parts.length, Math.max(1, Math.ceil(bytes.length / limit)));
      assertEquals(collector.take().toHex(), bytes.toHex());
      assertEquals(collector.take().length, 0);
    },
  ));
});

Deno.test("TextCollector keeps a copy of what it takes", () => {
  const collector = new TextCollector(10);
  const buffer = Uint8Array.of(1, 2, 3);
  collector.add(buffer);
  buffer.fill(9);
  assertEquals(collector.take(), Uint8Array.of(1, 2, 3));
});

Deno.test("TextCollector refuses what is too long, over all parts", () => {
  const collector = new TextCollector(10);
  assertEquals(collector.add(new Uint8Array(6)), undefined);
  const fault = { field: "text length", at: 6 } as const;
  assertEquals(collector.add(new Uint8Array(5)), fault);
  assertEquals(collector.add(new Uint8Array(4)), undefined);
  assertEquals(collector.take().length, 10);
});
