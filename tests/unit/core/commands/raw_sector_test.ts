import { assertEquals } from "@std/assert";
import {
  completeSector,
  lbaAt,
  msfOf,
  RAW_SECTOR_LENGTH,
  SECTOR_FIELD,
} from "../../../../core/commands/raw_sector.ts";

function sector(lba: number): Uint8Array {
  const bytes = new Uint8Array(RAW_SECTOR_LENGTH);
  for (let at = 0; at < 2048; at += 1) {
    bytes[SECTOR_FIELD.USER_DATA + at] = (at * 7 + 3) & 0xff;
  }
  completeSector(bytes, lba);
  return bytes;
}

Deno.test("completeSector() adds what ECMA-130 says", async () => {
  // Worked out elsewhere, by the definitions: bit by bit, and by matrices.
  const bytes = sector(16);
  const { EDC, P_PARITY, Q_PARITY } = SECTOR_FIELD;
  const digest = await crypto.subtle.digest("SHA-256", bytes.slice());
  assertEquals(
    [
      bytes.subarray(0, 16).toHex(),
      bytes.subarray(EDC, P_PARITY).toHex(),
      bytes.subarray(P_PARITY, P_PARITY + 8).toHex(),
      bytes.subarray(Q_PARITY, Q_PARITY + 8).toHex(),
      new Uint8Array(digest).toHex(),
    ],
    [
      "00ffffffffffffffffffff0000021601",
      "4cf0861c0000000000000000",
      "296301530d6d074a",
      "daa85533462a66bc",
      "2b6f6487a6cc20fef6f310c1bb92d8b82dc2259b9c7fa1b5f06bf9f94ad34fea",
    ],
  );
});

Deno.test("completeSector() does not depend on what was there", () => {
  const bytes = sector(16);
  completeSector(bytes, 17);
  assertEquals(bytes, sector(17));
});

Deno.test("lbaAt() is the inverse of msfOf()", () => {
  for (const lba of [0, 1, 74, 75, 4350, 359_999]) {
    assertEquals(lbaAt(...msfOf(lba)), lba);
  }
  assertEquals(lbaAt(0, 0, 0), -150);
  // Beyond the last address that fits.
  assertEquals(msfOf(2 ** 31), [255, 59, 74]);
});
