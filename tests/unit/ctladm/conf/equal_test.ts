import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { sameValue } from "../../../../ctladm/conf/equal.ts";

Deno.test("sameValue() compares by content", () => {
  const rows: [unknown, unknown, boolean][] = [
    [1, 1, true],
    [1, "1", false],
    [undefined, null, false],
    [{}, null, false],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[1], [1, undefined], false],
    [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
    [{ a: undefined }, {}, false],
    [{ a: undefined }, { b: undefined }, false],
    [new Set([1, 2]), new Set([2, 1]), true],
    [new Set([1]), new Set([2]), false],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]]), true],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]]), false],
    [new Map([[1, 1]]), new Map([[2, 1]]), false],
    [new Map([[1, 1]]), new Map(), false],
    [new Map([[1, undefined]]), new Map([[2, undefined]]), false],
    [new Map(), new Set(), false],
    [new Map(), {}, false],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2), true],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 3), false],
  ];
  for (const [a, b, expected] of rows) {
    assertEquals(sameValue(a, b), expected);
    assertEquals(sameValue(b, a), expected);
  }
});

Deno.test("sameValue() agrees with a clone of anything plain", () => {
  fc.assert(fc.property(
    fc.object({ withTypedArray: true }),
    (value) => sameValue(value, structuredClone(value)),
  ));
});
