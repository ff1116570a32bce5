import { assertEquals } from "@std/assert";
import { orderOf, SERIALIZATION } from "../../../core/mod.ts";
import { cellOf, CLASSES, ORDERS } from "../../support/core_order.ts";

for (const [newer, newerClass] of Object.entries(CLASSES)) {
  Deno.test(`orderOf() has the row of ${newer}`, () => {
    for (const [older, olderClass] of Object.entries(CLASSES)) {
      const expected = ORDERS[cellOf(newer, older)];
      const cell = `${newer} after ${older}`;
      assertEquals(orderOf(newerClass, olderClass), expected, cell);
    }
  });
}

Deno.test("orderOf() knows fourteen classes", () => {
  assertEquals(Object.keys(CLASSES).length, 14);
  assertEquals(Object.keys(SERIALIZATION).length, 14);
});
