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
  const step = fc.oneof(
    fc.record({ add: fc.array(RANGE, { maxLength: 8 }) }),
    fc.record({ remove: fc.nat(40) }),
    fc.record({ ask: RANGE }),
  );
  const steps = fc.array(step, { maxLength: 60, size: "max" });
  const property = fc.property(steps, (all) => {
    const index = new RangeIndex<number>();
    const model = new Map<number, Range[]>();
    let owners = 0;
    for (const each of all) {
      if ("add" in each) {
        index.add(each.add, owners);
        model.set(owners, each.add);
        owners += 1;
      } else if ("remove" in each) {
        index.remove(each.remove % (owners + 1));
        model.delete(each.remove % (owners + 1));
      } else {
        const expected = [...model]
          .filter(([, ranges]) => ranges.some((one) => touches(one, each.ask)))
          .map(([owner]) => owner);
        assertEquals(index.touched(each.ask), new Set(expected));
      }
      assertEquals(index.touched(null), new Set(model.keys()));
      assertEquals(index.isEmpty, model.size === 0);
    }
  });
  fc.assert(property, { numRuns: 500, seed: 20260 });
});

Deno.test("RangeIndex lets thousands of owners come and go", () => {
  const index = new RangeIndex<number>();
  const ranges = Array.from({ length: 64 }, (_, at) => ({
    lba: at * 100,
    blockCount: 8,
  }));
  for (let owner = 0; owner < 1024; owner += 1) index.add(ranges, owner);
  const asked = { lba: 6300, blockCount: 1 };
  assertEquals(index.touched(asked).size, 1024);
  for (const owner of index.touched(asked)) index.remove(owner);
  assertEquals(index.isEmpty, true);
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
