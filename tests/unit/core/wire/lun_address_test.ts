import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  decodeLun,
  encodeLun,
  LUN_FIELD_LENGTH,
  LUN_REPORT_LUNS,
  LUN_UNSUPPORTED,
} from "../../../../core/mod.ts";

const GOLDEN: readonly [lun: number, hex: string][] = [
  [0, "0000000000000000"],
  [1, "0001000000000000"],
  [255, "00ff000000000000"],
  [256, "4100000000000000"],
  [16383, "7fff000000000000"],
  [16384, "d200400000000000"],
  [2 ** 24 - 1, "d2ffffff00000000"],
  [2 ** 24, "e200010000000000"],
  [2 ** 40 - 1, "e2ffffffffff0000"],
];

function decode(hex: string): number {
  const bytes = Uint8Array.fromHex(`a5a5${hex}`);
  return decodeLun(new DataView(bytes.buffer), 2);
}

function encode(lun: number): string {
  const bytes = new Uint8Array(LUN_FIELD_LENGTH + 4).fill(0xa5);
  encodeLun(new DataView(bytes.buffer), 2, lun);
  assertEquals([bytes[0], bytes[1], bytes[10], bytes[11]], [
    0xa5,
    0xa5,
    0xa5,
    0xa5,
  ]);
  return bytes.subarray(2, 10).toHex();
}

for (const [lun, hex] of GOLDEN) {
  Deno.test(`LUN ${lun} is ${hex} both ways`, () => {
    assertEquals(decode(hex), lun);
    assertEquals(encode(lun), hex);
  });
}

Deno.test("the LUN of REPORT LUNS is well known both ways", () => {
  assertEquals(decode("c101000000000000"), LUN_REPORT_LUNS);
  assertEquals(encode(LUN_REPORT_LUNS), "c101000000000000");
});

const FOREIGN: readonly [what: string, hex: string][] = [
  ["on another bus", "0105000000000000"],
  ["of a second level", "0001000100000000"],
  ["flat, of a second level", "4001000100000000"],
  ["by logical unit addressing", "8000000000000000"],
  ["that is well known, of access controls", "c102000000000000"],
  ["that is well known, of a second level", "c101000000000001"],
  ["not specified", "ffffffffffffffff"],
  ["extended flat with stray bytes", "d200000100000001"],
  ["longer extended flat with stray bytes", "e200000000010001"],
  ["extended flat of one byte", "c200000000000000"],
];

for (const [what, hex] of FOREIGN) {
  Deno.test(`decodeLun() has no unit for an address ${what}`, () => {
    assertEquals(decode(hex), LUN_UNSUPPORTED);
  });
}

Deno.test("decodeLun() takes small numbers in longer forms", () => {
  assertEquals(decode("4005000000000000"), 5);
  assertEquals(decode("d200000500000000"), 5);
  assertEquals(decode("e200000000050000"), 5);
});

Deno.test("decodeLun() gets back what encodeLun() wrote", () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      (wide) => {
        const lun = wide % 2 ** 40;
        assertEquals(decode(encode(lun)), lun);
      },
    ),
    { seed: 1 },
  );
});

Deno.test("decodeLun() needs eight bytes", () => {
  for (let length = 0; length < LUN_FIELD_LENGTH; length += 1) {
    assertThrows(() => decodeLun(new DataView(new ArrayBuffer(length)), 0));
  }
});
