import { assertEquals } from "@std/assert";
import {
  decodeSavedPages,
  encodeSavedPages,
  type SavedPage,
} from "../../../../core/wire/saved_pages.ts";

const PAGES: readonly SavedPage[] = [
  {
    code: 0x08,
    subcode: 0,
    values: Uint8Array.of(8, 1, 4),
    defaults: Uint8Array.of(8, 1, 0),
  },
  {
    code: 0x0a,
    subcode: 1,
    values: Uint8Array.of(0x4a, 1, 0, 1, 9),
    defaults: Uint8Array.of(0x4a, 1, 0, 1, 0),
  },
];
const GOLDEN = "01 02 08 00 0003 080104 080100" +
  "0a 01 0005 4a01000109 4a01000100";

Deno.test("saved pages have a form that does not change", () => {
  const bytes = Uint8Array.fromHex(GOLDEN.replaceAll(" ", ""));
  assertEquals(encodeSavedPages(PAGES), bytes);
  assertEquals(decodeSavedPages(bytes), [...PAGES]);
  assertEquals(decodeSavedPages(encodeSavedPages([])), []);
});

Deno.test("saved pages cut at any length are not understood", () => {
  const bytes = encodeSavedPages(PAGES);
  for (let length = 0; length < bytes.length; length += 1) {
    assertEquals(decodeSavedPages(bytes.subarray(0, length)), null);
  }
  assertEquals(decodeSavedPages(Uint8Array.of(...bytes, 0)), null);
  assertEquals(decodeSavedPages(bytes.with(0, 2)), null);
});
