import { assertEquals } from "@std/assert";
import { XtsCipher } from "../../../../backends/block/aes_xts.ts";

// IEEE 1619 annex B, vector 10; the others by OpenSSL.
const KEY = Uint8Array.fromHex(
  "2718281828459045235360287471352662497757247093699959574966967627" +
    "3141592653589793238462643383279502884197169399375105820974944592",
);

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes.slice());
  return new Uint8Array(digest).toHex();
}

Deno.test("XtsCipher does what IEEE 1619 says", async () => {
  const units = Uint8Array.from({ length: 512 }, (_, at) => at & 0xff);
  const cipher = new XtsCipher(KEY, 512);
  const encrypted = cipher.encrypt(0xff, units);
  assertEquals(
    encrypted.subarray(0, 16).toHex(),
    "1c3b3a102f770386e4836c99e370cf9b",
  );
  assertEquals(
    await digestOf(encrypted),
    "e97e974fa393af794f7a4684395814cf820de60a01eaec677d87b452e316b364",
  );
  assertEquals(cipher.decrypt(0xff, encrypted), units);
});

Deno.test("XtsCipher numbers each unit, beyond 2^32, too", async () => {
  const cipher = new XtsCipher(KEY, 4096);
  const units = new Uint8Array(8192).fill(1);
  const encrypted = cipher.encrypt(2 ** 40, units);
  assertEquals(
    await digestOf(encrypted),
    "7540c7ad186ae64abbd158ea520ca585e3d967c7034b7c423a8a90c13851b659",
  );
  const second = encrypted.subarray(4096);
  assertEquals(
    cipher.decrypt(2 ** 40 + 1, second),
    units.subarray(4096),
  );
});

Deno.test("XtsCipher takes units out of the middle of a buffer", () => {
  const cipher = new XtsCipher(KEY, 512);
  const buffer = Uint8Array.from({ length: 1031 }, (_, at) => at & 0xff);
  const units = buffer.subarray(3, 1027);
  assertEquals(cipher.decrypt(9, cipher.encrypt(9, units)), units);
  assertEquals(buffer[3], 3);
});
