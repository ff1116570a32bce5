import { assertEquals } from "@std/assert";
import {
  copyExtendedCdb,
  extendedCdbLength,
} from "../../../../frontends/iscsi/wire/ahs.ts";

const START = 3;

/** A view of segments that begin at `START`, other bytes around them. */
function viewOf(hex: string): DataView {
  const bytes = Uint8Array.fromHex(hex);
  const around = new Uint8Array(START + bytes.length + 5).fill(0xa5);
  around.set(bytes, START);
  return new DataView(around.buffer);
}

function lengthOf(hex: string): number {
  return extendedCdbLength(viewOf(hex), START, hex.length / 2);
}

const SIXTEEN = "000102030405060708090a0b0c0d0e0f";

const SEGMENTS: readonly (readonly [string, string, number])[] = [
  ["16 bytes more", `00110100${SIXTEEN}`, 32],
  ["one byte more, padded", "0002010077000000", 17],
  ["four bytes more", "0005010011223344", 20],
  ["no byte more", "00010100", 0],
  ["no length", "0000010000000000", 0],
  ["another type", "0005020000000200", 0],
  ["a length beyond its segment", "0006010011223344", 0],
  ["a segment beyond its length", "000501001122334400000000", 0],
  ["two segments", "00050100112233440005020000000200", 0],
];

for (const [name, hex, length] of SEGMENTS) {
  Deno.test(`extendedCdbLength() knows ${name}`, () => {
    assertEquals(lengthOf(hex), length);
  });
}

Deno.test("extendedCdbLength() knows a segment that is cut", () => {
  const hex = `00110100${SIXTEEN}`;
  for (let bytes = 0; bytes < hex.length / 2; bytes += 4) {
    assertEquals(extendedCdbLength(viewOf(hex), START, bytes), 0);
  }
});

Deno.test("copyExtendedCdb() writes what lies behind the header", () => {
  const cdb = new DataView(new ArrayBuffer(32));
  new Uint8Array(cdb.buffer).fill(0xa5);
  copyExtendedCdb(viewOf(`00110100${SIXTEEN}`), START, cdb, 32);
  const bytes = new Uint8Array(cdb.buffer);
  assertEquals(bytes.toHex(), "a5".repeat(16) + SIXTEEN);
  copyExtendedCdb(viewOf("0002010077000000"), START, cdb, 17);
  assertEquals(bytes.toHex(), "a5".repeat(16) + "77" + SIXTEEN.slice(2));
});
