import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeTextPairs,
  isTextFault,
  parseTextPairs,
  splitText,
  TextCollector,
  type TextLimits,
} from "../../frontends/iscsi/wire/text_keys.ts";
import {
  encodeBinary,
  parseBinary,
  parseNumber,
} from "../../frontends/iscsi/wire/text_values.ts";
import { LOGIN_TEXT } from "./login_plan.ts";
import { fuzzTest } from "./settings.ts";

const EFFORT = { share: 0.1, casesPerRun: 1 };
const TEXT_BYTES_MAX = 4096;
const BINARY_BYTES_MAX = 64;
const LIMITS: TextLimits = {
  keys: 20,
  valueBytes: 255,
  binaryKeys: new Set(["CHAP_C", "CHAP_R"]),
};

/** Text that is sent, and bytes that somebody changed on the way. */
const TEXT: fc.Arbitrary<Uint8Array> = fc.tuple(
  LOGIN_TEXT,
  fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 2 }),
).map(([text, changes]) => {
  for (const [at, value] of changes) {
    if (at < text.length) text[at] = value;
  }
  return text;
});

fuzzTest(
  "parseTextPairs reads any bytes, or says why not",
  EFFORT,
  fc.property(TEXT, (text) => {
    const pairs = parseTextPairs(text, LIMITS);
    if (isTextFault(pairs)) return;
    assert(pairs.length <= LIMITS.keys, "more keys than the limit");
    const again = parseTextPairs(encodeTextPairs(pairs), LIMITS);
    assertEquals(again, pairs, "pairs survive being written and read");
  }),
);

fuzzTest(
  "TextCollector puts together what splitText cut",
  EFFORT,
  fc.property(TEXT, fc.integer({ min: 1, max: 600 }), (text, partBytes) => {
    const collector = new TextCollector(TEXT_BYTES_MAX);
    for (const part of splitText(text, partBytes)) {
      assert(part.length <= partBytes, "a part is too long");
      assertEquals(collector.add(part), undefined);
    }
    assertEquals(collector.take().toHex(), text.toHex());
  }),
);

const VALUE = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.stringMatching(/^0[xb][0-9a-zA-Z+/=]{0,140}$/),
);

fuzzTest(
  "Values of keys are read, or refused",
  EFFORT,
  fc.property(VALUE, (text) => {
    const number = parseNumber(text) ?? 0;
    assert(Number.isSafeInteger(number) && number >= 0, `${number}`);
    const bytes = parseBinary(text, BINARY_BYTES_MAX);
    if (bytes === undefined) return;
    assert(bytes.length <= BINARY_BYTES_MAX, "more bytes than the limit");
    const again = parseBinary(encodeBinary(bytes), BINARY_BYTES_MAX);
    assertEquals(again, bytes);
  }),
);
