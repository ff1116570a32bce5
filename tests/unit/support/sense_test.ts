import { assertEquals } from "@std/assert";
import { parseSense } from "../../support/initiator/sense.ts";

function parse(hex: string) {
  return parseSense(Uint8Array.fromHex(hex));
}

const TEXTS: readonly [name: string, hex: string, text: string | undefined][] =
  [
    [
      "fixed",
      "70000600000000" + "0a" + "00000000" + "2900" + "00000000",
      "6/29/00",
    ],
    ["fixed, deferred", "71000b000000000a000000000c0d00000000", "b/0c/0d"],
    ["fixed, cut after 13 bytes", "7000050000000000000000" + "0024", "5/24/00"],
    ["fixed, cut after 3 bytes", "700005", "5/00/00"],
    ["descriptor", "7205240000000000", "5/24/00"],
    ["descriptor, deferred", "73030c0200000000", "3/0c/02"],
    ["nothing", "", undefined],
    ["something else", "00112233", undefined],
  ];

for (const [name, hex, text] of TEXTS) {
  Deno.test(`parseSense() reads ${name}`, () => {
    assertEquals(parse(hex)?.text, text);
  });
}

Deno.test("parseSense() finds the fields of the fixed format", () => {
  const sense = parse(
    "f0002500000102" + "0a" + "00000003" + "2400" + "00ca0007",
  );
  assertEquals(sense?.information, 0x102);
  assertEquals(sense?.commandSpecific, 3);
  assertEquals(sense?.incorrectLength, true);
  assertEquals(sense?.fieldPointer, { inCdb: true, bit: 2, byte: 7 });
});

Deno.test("parseSense() finds the fields of descriptors", () => {
  const sense = parse(
    "7205210000000014" + "000a80000000000100000002" + "0206000080001a00",
  );
  assertEquals(sense?.information, 2 ** 32 + 2);
  assertEquals(sense?.commandSpecific, undefined);
  assertEquals(sense?.fieldPointer, {
    inCdb: false,
    bit: undefined,
    byte: 0x1a,
  });
});

Deno.test("parseSense() survives descriptors cut at every length", () => {
  const whole = Uint8Array.fromHex(
    "72052100000000" + "18" + "000a80000000000100000002" + "0206000080001a00" +
      "05020020",
  );
  for (let end = 0; end <= whole.length; end++) {
    parseSense(whole.subarray(0, end));
  }
  assertEquals(parseSense(whole)?.incorrectLength, true);
});
