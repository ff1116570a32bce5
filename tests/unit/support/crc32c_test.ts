import { assertEquals } from "@std/assert";
import { crc32c, digestBytes } from "../../support/initiator/crc32c.ts";

const READ10_HEADER = Uint8Array.fromHex(
  "01c00000000000000000000000000000140000000000040000000014000000182800" +
    "00000000000002000000" + "00000000",
);

const VECTORS: readonly [name: string, bytes: Uint8Array, digest: string][] = [
  ["32 zeroes", new Uint8Array(32), "aa36918a"],
  ["32 times ff", new Uint8Array(32).fill(0xff), "43aba862"],
  ["00 to 1f", Uint8Array.from({ length: 32 }, (_, at) => at), "4e79dd46"],
  ["1f to 00", Uint8Array.from({ length: 32 }, (_, at) => 31 - at), "5cdb3f11"],
  ["a Read(10) command", READ10_HEADER, "563a96d9"],
];

for (const [name, bytes, digest] of VECTORS) {
  Deno.test(`digestBytes() of ${name} is the RFC's`, () => {
    assertEquals(digestBytes(bytes).toHex(), digest);
  });
}

Deno.test("crc32c() reads parts as one", () => {
  const whole = Uint8Array.from({ length: 100 }, (_, at) => at * 7);
  const parts = crc32c(whole.subarray(0, 33), whole.subarray(33));
  assertEquals(parts, crc32c(whole));
});
