import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PROVISIONING } from "../../../../core/mod.ts";
import { LEAF_PAGES, LeafMap } from "../../../../backends/ramdisk/leaf_map.ts";

Deno.test("LeafMap finds what lies in a range, however long", () => {
  const property = fc.property(
    fc.uniqueArray(fc.nat(30)),
    fc.nat(31 * LEAF_PAGES),
    fc.nat(31 * LEAF_PAGES),
    (indices, one, other) => {
      const map = new LeafMap();
      for (const index of indices) {
        map.make(index * LEAF_PAGES + 7).mappedPages++;
      }
      const [first, end] = [Math.min(one, other), Math.max(one, other)];
      const expected = indices.sort((one, other) => one - other)
        .map((index) => ({ index, begin: index * LEAF_PAGES }))
        .filter(({ begin }) => begin < end && begin + LEAF_PAGES > first)
        .filter(() => first < end);
      const found = map.between(first, end);
      assertEquals(
        found.map(({ index }) => index),
        expected.map(({ index }) => index),
      );
      for (const { index, first: from, end: to } of found) {
        assertEquals(from, Math.max(0, first - index * LEAF_PAGES));
        assertEquals(to, Math.min(LEAF_PAGES, end - index * LEAF_PAGES));
      }
      const leaf = Math.floor(first / LEAF_PAGES);
      const next = indices.find((index) => index >= leaf) ?? Infinity;
      assertEquals(map.nextFrom(first), next * LEAF_PAGES);
    },
  );
  fc.assert(property, { numRuns: 300, seed: 11 });
});

Deno.test("LeafMap drops a leaf only when no page is in use", () => {
  const map = new LeafMap();
  const leaf = map.make(3 * LEAF_PAGES);
  leaf.anchoredPages = 1;
  const [range] = map.between(0, 10 * LEAF_PAGES);
  assert(range !== undefined);
  map.dropIfUnused(range);
  assertEquals(map.of(3 * LEAF_PAGES), leaf);
  leaf.anchoredPages = 0;
  map.dropIfUnused(range);
  assertEquals(map.of(3 * LEAF_PAGES), undefined);
  assertEquals(map.nextFrom(0), Infinity);
});

Deno.test("LeafMap does not drop a leaf in place of another", () => {
  const map = new LeafMap();
  map.make(0);
  const [range] = map.between(0, 1);
  assert(range !== undefined);
  map.dropIfUnused(range);
  const other = map.make(5);
  map.dropIfUnused(range);
  assertEquals(map.of(5) === other, true);
});

Deno.test("Leaf.isAll is true of uniform leaves in use", () => {
  const leaf = new LeafMap().make(0);
  const { MAPPED, ANCHORED, DEALLOCATED } = PROVISIONING;
  assertEquals(leaf.isAll(DEALLOCATED), false);
  leaf.mappedPages = LEAF_PAGES;
  assertEquals([leaf.isAll(MAPPED), leaf.isAll(ANCHORED)], [true, false]);
});
