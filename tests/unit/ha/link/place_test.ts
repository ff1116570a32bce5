import { assertEquals } from "@std/assert";
import {
  isLoopback,
  parsePlace,
  placeText,
} from "../../../../ha/link/place.ts";

const PLACES: readonly (readonly [text: string, again: string])[] = [
  ["listen 192.0.2.1:9990", "listen 192.0.2.1:9990"],
  ["connect 192.0.2.1", "connect 192.0.2.1:999"],
  ["listen [2001:db8::1]:9990", "listen [2001:db8::1]:9990"],
  ["connect [::1]", "connect [::1]:999"],
  ["connect ::1", "connect [::1]:999"],
  ["connect node2.example.com:1", "connect node2.example.com:1"],
];

for (const [text, again] of PLACES) {
  Deno.test(`parsePlace() reads "${text}"`, () => {
    const place = parsePlace(text);
    assertEquals(place && placeText(place), again);
    assertEquals(parsePlace(again), place);
  });
}

const WRONG: readonly string[] = [
  ...["", "listen", "dial 192.0.2.1", "listen 192.0.2.1:0"],
  ...["listen 192.0.2.1:65536", "listen [::1", "connect a b", "listen :9"],
];

for (const text of WRONG) {
  Deno.test(`parsePlace() refuses "${text}"`, () => {
    assertEquals(parsePlace(text), undefined);
  });
}

Deno.test("isLoopback() takes no name for this machine's", () => {
  assertEquals(["127.0.0.1", "127.9.9.9", "::1"].map(isLoopback), [
    ...[true, true, true],
  ]);
  assertEquals(
    ["localhost", "127.0.0.1.example.com", "::ffff:127.0.0.1", "10.0.0.1"]
      .map(isLoopback),
    [false, false, false, false],
  );
});
