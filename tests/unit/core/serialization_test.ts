import { assertEquals } from "@std/assert";
import { orderOf, SERIALIZATION } from "../../../core/mod.ts";
import { classesInTheWay, ORDER } from "../../../core/serialization.ts";
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

for (const [newer, newerClass] of Object.entries(CLASSES)) {
  Deno.test(`classesInTheWay() of ${newer} are all but those it passes`, () => {
    for (const [older, olderClass] of Object.entries(CLASSES)) {
      const order = orderOf(newerClass, olderClass);
      const inTheWay = (inSequence: boolean): boolean =>
        (classesInTheWay(newerClass, inSequence) >> olderClass & 1) === 1;
      const cell = `${newer} after ${older}`;
      assertEquals(inTheWay(true), order !== ORDER.PASS, cell);
      const sequential = order === ORDER.SEQUENTIAL;
      assertEquals(inTheWay(false), inTheWay(true) && !sequential, cell);
    }
  });
}

Deno.test("orderOf() knows fourteen classes", () => {
  assertEquals(Object.keys(CLASSES).length, 14);
  assertEquals(Object.keys(SERIALIZATION).length, 14);
});
