import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RangeIndex } from "../../../../../frontends/tpc/tokens/range_index.ts";

const RANGE = fc.record({
  lba: fc.integer({ min: 0, max: 60 }),
  blockCount: fc.integer({ min: 1, max: 20 }),
});

type Range = Readonly<{ lba: number; blockCount: number }>;

function touches(one: Range, other: Range): boolean {
  return one.lba < other.lba + other.blockCount &&
    other.lba < one.lba + one.blockCount;
}

Deno.test("RangeIndex finds whom a look at every range finds", () => {
  const sets = fc.array(fc.array(RANGE, { maxLength: 4 }), { maxLength: 8 });
  const property = fc.property(sets, fc.nat(7), RANGE, (all, gone, asked) => {
    const index = new RangeIndex<number>();
    all.forEach((ranges, owner) => index.add(ranges, owner));
    index.remove(gone);
    const expected = all
      .map((ranges, owner) => ({ ranges, owner }))
      .filter(({ ranges, owner }) =>
        owner !== gone && ranges.some((each) => touches(each, asked))
      ).map(({ owner }) => owner);
    assertEquals([...index.touched(asked)].sort(), expected);
  });
  fc.assert(property, { numRuns: 2000, seed: 20260 });
});

Deno.test("RangeIndex finds everybody when it cannot be said where", () => {
  const index = new RangeIndex<string>();
  assertEquals([index.isEmpty, index.touched(null).size], [true, 0]);
  index.add([{ lba: 0, blockCount: 1 }, { lba: 9, blockCount: 1 }], "a");
  index.add([{ lba: 2 ** 50, blockCount: 1 }], "b");
  assertEquals(index.touched(null), new Set(["a", "b"]));
  index.remove("a");
  assertEquals([index.isEmpty, index.touched(null).size], [false, 1]);
});

Deno.test("RangeIndex finds nobody by a range without blocks", () => {
  const index = new RangeIndex<string>();
  index.add([{ lba: 8, blockCount: 8 }], "a");
  assertEquals(index.touched({ lba: 8, blockCount: 0 }).size, 0);
});
