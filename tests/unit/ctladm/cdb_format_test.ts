import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  argumentCount,
  encodeFormat,
  FormatProblem,
  parseFormat,
} from "../../../ctladm/scsi/cdb_format.ts";

const ROWS: readonly (readonly [
  format: string,
  values: readonly number[],
  bytes: string,
])[] = [
  ["70 0 3", [], "7000030000000000"],
  ["0x70 00 0b", [], "70000b0000000000"],
  ["{response code} 70 {obsolete} 0 {key} v", [6], "7000060000000000"],
  ["70 0 v:b4 v:4 v", [0xf, 5, 1], "7000f50100000000"],
  ["v:i2 v:i3", [0x1234, 0x56789a], "123456789a000000"],
  ["i4 i1", [0xdeadbeef, 7], "deadbeef07000000"],
  ["1:b1 0:b3 a:b4", [], "8a00000000000000"],
  ["t1 t7 1", [1, 1], "8101000000000000"],
  ["v:b4 v:i1", [0xc, 0x55], "c055000000000000"],
  ["70 s4 a", [], "700000000a000000"],
  ["70 sv a", [6], "7000000000000a00"],
  ["s7 v:i4", [0x01020304], "0000000000000001"],
  ["# a comment\n72", [], "7200000000000000"],
  ["", [], "0000000000000000"],
];

for (const [format, values, bytes] of ROWS) {
  Deno.test(`encodeFormat() reads ${JSON.stringify(format)}`, () => {
    const fields = parseFormat(format);
    assert(!(fields instanceof FormatProblem));
    assertEquals(argumentCount(fields), values.length);
    assertEquals(encodeFormat(fields, values, 8).toHex(), bytes);
  });
}

for (const format of ["70 x", "v:i5", "v:b9", "v:b", "70 s+1", "-"]) {
  Deno.test(`parseFormat() refuses ${JSON.stringify(format)}`, () => {
    assertInstanceOf(parseFormat(format), FormatProblem);
  });
}
