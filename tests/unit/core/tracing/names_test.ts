import { assertEquals } from "@std/assert";
import { Names, NAMES_MAX, OTHERS } from "../../../../core/tracing/names.ts";

Deno.test("Names gives a text the same number each time", () => {
  const names = new Names();
  const number = names.number("iqn.a");
  assertEquals(names.number("iqn.b") === number, false);
  assertEquals(names.number("iqn.a"), number);
  assertEquals(names.text(number), "iqn.a");
  assertEquals(names.text(names.number("")), "");
});

Deno.test("Names is bounded: what finds no room shares a name", () => {
  const names = new Names();
  for (let at = 0; at < NAMES_MAX + 10; at += 1) names.number(`n${at}`);
  assertEquals(names.text(names.number("one more")), OTHERS);
  assertEquals(names.text(names.number("n0")), "n0");
  assertEquals(names.text(NAMES_MAX + 1), OTHERS);
});
