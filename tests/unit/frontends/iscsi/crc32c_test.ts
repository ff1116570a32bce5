import { assertEquals } from "@std/assert";
import { crc32c } from "../../../../frontends/iscsi/wire/crc32c.ts";
import { crc32c as byteByByte } from "../../../support/initiator/crc32c.ts";

const START = 3;
const PIECE = 65536;

/** Bytes without a pattern of a length that digests work in. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  let state = 12345;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1103515245) + 12345 | 0;
    return state >>> 16;
  });
}

const BYTES = noise(START + 5 * PIECE);

function assertDigest(length: number): void {
  const view = new DataView(BYTES.buffer, 1);
  const digest = crc32c(view, START - 1, length);
  const wanted = byteByByte(BYTES.subarray(START, START + length));
  assertEquals(digest, wanted, `${length} bytes`);
}

Deno.test("crc32c() of data of any short length", () => {
  for (let length = 0; length < 700; length += 1) assertDigest(length);
});

Deno.test("crc32c() of data around whole blocks and whole pieces", () => {
  const lengths = [4096, PIECE, 2 * PIECE, 4 * PIECE];
  for (const length of lengths) {
    for (const more of [-65, -64, -1, 0, 1, 63, 64, 65]) {
      assertDigest(length + more);
    }
  }
});

Deno.test("crc32c() of one piece does not depend on the one before", () => {
  const zeroes = new DataView(new ArrayBuffer(2 * PIECE));
  const first = crc32c(zeroes, 0, PIECE + 100);
  assertDigest(3 * PIECE + 17);
  assertEquals(crc32c(zeroes, 0, PIECE + 100), first);
});
