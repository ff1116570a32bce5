import { assert, assertEquals } from "@std/assert";
import {
  choiceOption,
  describeOptions,
  flagOption,
  integerOption,
  LUN_OPTIONS,
  optionalFlagOption,
  optionalSizeOption,
  optionalTextOption,
  OptionProblem,
  type OptionTable,
  parseOptions,
  parseSize,
  sizeOption,
  textOption,
} from "../../../core/mod.ts";

interface Values {
  readonly name: string;
  readonly nick: string | undefined;
  readonly size: number;
  readonly rest: number | undefined;
  readonly on: boolean;
  readonly maybe: boolean | undefined;
  readonly count: number;
  readonly mode: "a" | "b";
}

const TABLE: OptionTable<Values> = {
  name: textOption("nobody", "a name", 8),
  nick: optionalTextOption("another name"),
  size: sizeOption(4096, "a size"),
  rest: optionalSizeOption("a further size"),
  on: flagOption(true, "a switch"),
  maybe: optionalFlagOption("another switch"),
  count: integerOption(1, { min: 1, max: 10 }, "a number"),
  mode: choiceOption(["a", "b"], "a", "a mode"),
};

function parse(texts: Record<string, string>): Values | OptionProblem {
  return parseOptions(TABLE, new Map(Object.entries(texts)));
}

function problem(texts: Record<string, string>): string {
  const outcome = parse(texts);
  assert(outcome instanceof OptionProblem);
  return outcome.message;
}

Deno.test("parseSize() takes digits and a suffix of any case", () => {
  const sizes = ["0", "512", "1b", "4k", "4K", " 2m ", "1G", "1t", "7p"]
    .map(parseSize);
  assertEquals(sizes, [
    0,
    512,
    1,
    4096,
    4096,
    2 ** 21,
    2 ** 30,
    2 ** 40,
    7 * 2 ** 50,
  ]);
});

Deno.test("parseSize() refuses what is no size below 2^53", () => {
  const texts = ["", "k", "-1", "1.5k", "1kb", "1 k", "0x10", "8p", "1e", "1x"];
  assertEquals(texts.map(parseSize), texts.map(() => undefined));
  assertEquals(parseSize("9007199254740991"), 2 ** 53 - 1);
  assertEquals(parseSize("9007199254740992"), undefined);
});

Deno.test("parseOptions() fills in defaults", () => {
  assertEquals(parse({}), {
    name: "nobody",
    nick: undefined,
    size: 4096,
    rest: undefined,
    on: true,
    maybe: undefined,
    count: 1,
    mode: "a",
  });
});

Deno.test("parseOptions() types what is given and leaves the rest", () => {
  const texts = {
    name: "someone",
    nick: "x",
    size: "1m",
    rest: "2",
    on: "off",
    maybe: "on",
    count: "10",
    mode: "b",
    other: "anything",
  };
  assertEquals(parse(texts), {
    name: "someone",
    nick: "x",
    size: 2 ** 20,
    rest: 2,
    on: false,
    maybe: true,
    count: 10,
    mode: "b",
  });
});

Deno.test("parseOptions() says what is wrong and what is right", () => {
  const invalid = 'Invalid value "';
  assertEquals(
    problem({ name: "far too long" }),
    `${invalid}far too long" for option "name": expected at most 8 characters`,
  );
  assertEquals(
    problem({ size: "big" }),
    `${invalid}big" for option "size": expected a number of bytes, or one ` +
      "with b, k, m, g, t, p or e",
  );
  assertEquals(
    problem({ on: "yes" }),
    `${invalid}yes" for option "on": expected "on" or "off"`,
  );
  assertEquals(
    problem({ count: "11" }),
    `${invalid}11" for option "count": expected a whole number from 1 to 10`,
  );
  assertEquals(
    problem({ mode: "c" }),
    `${invalid}c" for option "mode": expected one of "a", "b"`,
  );
  assertEquals(problem({ count: "x", mode: "c" }).includes("count"), true);
});

Deno.test("describeOptions() has an aligned line for each option", () => {
  assertEquals(
    describeOptions(TABLE).split("\n"),
    [
      "name   text: a name (default nobody)",
      "nick   text: another name",
      "size   size: a size (default 4096)",
      "rest   size: a further size",
      "on     on|off: a switch (default on)",
      "maybe  on|off: another switch",
      "count  number: a number (default 1)",
      "mode   a|b: a mode (default a)",
    ],
  );
});

Deno.test("describeOptions() says none for an empty default", () => {
  const table: OptionTable<{ x: string }> = { x: textOption("", "text") };
  assertEquals(describeOptions(table), "x  text: text (default none)");
  assertEquals(describeOptions({}), "");
});

Deno.test("LUN_OPTIONS has the defaults of CTL", () => {
  const values = parseOptions(LUN_OPTIONS, new Map());
  assert(!(values instanceof OptionProblem));
  assertEquals(
    [values.vendor, values.revision, values.rpm, values.provisioning_type],
    ["FREEBSD", "0001", 1, "thin"],
  );
  assertEquals([values.readcache, values.writecache], [true, true]);
  assertEquals(values.unmap_max_lba, 0xffffffff);
  assertEquals(values.unmap_max_descr, 4095);
  assertEquals([values.reordering, values.serseq, values.unmap], [
    "restricted",
    undefined,
    undefined,
  ]);
});
