import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PROVISIONING } from "../../../../core/mod.ts";
import { PageMap } from "../../../../backends/ramdisk/page_map.ts";

const PAGE = 4096;
const LEAF_PAGES = 256;
const LEAF_BYTES = LEAF_PAGES * PAGE;
const { MAPPED, DEALLOCATED, ANCHORED } = PROVISIONING;

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function readAt(map: PageMap, position: number, length: number): Uint8Array {
  const into = filled(length, 0xa5);
  map.read(position, length, into, 0);
  return into;
}

Deno.test("PageMap charges a page for its first byte, once", () => {
  const map = new PageMap(PAGE, 100);
  assert(map.write(10 * PAGE + 5, 1, filled(1, 7), 0));
  assert(map.write(10 * PAGE + 9, 1, filled(1, 8), 0));
  assertEquals(map.usedPages, 1);
  assertEquals(map.statusOf(10), MAPPED);
  assertEquals(map.statusOf(11), DEALLOCATED);
  assertEquals([...readAt(map, 10 * PAGE + 4, 3)], [0, 7, 0]);
});

Deno.test("PageMap reads and writes across leaves", () => {
  const map = new PageMap(PAGE, 10_000);
  const bytes = new Uint8Array(3 * LEAF_BYTES).map((_, at) => at * 7 & 255);
  assert(map.write(LEAF_BYTES - 1000, bytes.length, bytes, 0));
  assertEquals(map.usedPages, 3 * LEAF_PAGES + 1);
  const back = readAt(map, LEAF_BYTES - 1000, bytes.length);
  assert(back.every((byte, at) => byte === bytes[at]));
});

Deno.test("PageMap.write without room stores nothing", () => {
  const map = new PageMap(PAGE, 3);
  assert(map.write(PAGE, PAGE, filled(PAGE, 1), 0));
  assertEquals(map.write(0, 4 * PAGE, filled(4 * PAGE, 2), 0), false);
  assertEquals(map.usedPages, 1);
  assertEquals(readAt(map, PAGE, 1)[0], 1);
  assertEquals(map.statusOf(0), DEALLOCATED);
});

Deno.test("PageMap.write uses the last page", () => {
  const map = new PageMap(PAGE, 3);
  assert(map.write(0, 3 * PAGE, filled(3 * PAGE, 2), 0));
  assert(map.write(PAGE, PAGE, filled(PAGE, 3), 0));
  assertEquals(map.write(3 * PAGE, 1, filled(1, 2), 0), false);
});

Deno.test("PageMap.write finds room in anchored pages", () => {
  const map = new PageMap(PAGE, 4);
  assert(map.anchor(100, 104));
  assertEquals(map.usedPages, 4);
  assert(map.write(100 * PAGE, 4 * PAGE, filled(4 * PAGE, 5), 0));
  assertEquals(map.usedPages, 4);
  assertEquals(map.statusOf(103), MAPPED);
});

Deno.test("PageMap.anchor without room reserves nothing", () => {
  const map = new PageMap(PAGE, 4);
  assert(map.write(2 * PAGE, PAGE, filled(PAGE, 5), 0));
  assertEquals(map.anchor(0, 5), false);
  assertEquals(map.usedPages, 1);
  assert(map.anchor(0, 4));
  assertEquals([0, 1, 2, 3].map((page) => map.statusOf(page)), [
    ANCHORED,
    ANCHORED,
    MAPPED,
    ANCHORED,
  ]);
});

Deno.test("PageMap.release deallocates what was anchored", () => {
  const map = new PageMap(PAGE, 1000);
  assert(map.anchor(0, 600));
  for (const _ of map.release(0, 600, DEALLOCATED));
  assertEquals(map.usedPages, 0);
  assertEquals(map.statusOf(0), DEALLOCATED);
});

Deno.test("PageMap.release with anchor zeroes and keeps the charge", () => {
  const map = new PageMap(PAGE, 1000);
  assert(map.write(0, 10 * PAGE, filled(10 * PAGE, 9), 0));
  for (const _ of map.release(2, 4, ANCHORED));
  assertEquals(map.usedPages, 10);
  assertEquals(map.statusOf(2), ANCHORED);
  assertEquals([...readAt(map, 2 * PAGE - 1, 2)], [9, 0]);
  assertEquals([...readAt(map, 4 * PAGE - 1, 2)], [0, 9]);
});

Deno.test("PageMap.release yields, and then goes on", () => {
  const map = new PageMap(PAGE, 100_000);
  for (let leaf = 0; leaf < 1100; leaf++) {
    assert(map.write(leaf * LEAF_BYTES, PAGE, filled(PAGE, 1), 0));
  }
  let turns = 0;
  for (const _ of map.release(0, 1100 * LEAF_PAGES, DEALLOCATED)) turns++;
  assertEquals(turns, 2);
  assertEquals(map.usedPages, 0);
});

Deno.test("PageMap walks what is used of petabytes, not the petabytes", () => {
  const map = new PageMap(PAGE, 1000);
  const far = 2 ** 52;
  assert(map.write(far, PAGE, filled(PAGE, 1), 0));
  assertEquals(map.runEnd(0, 2 ** 41), far / PAGE);
  assertEquals(map.runEnd(far / PAGE, 2 ** 41), far / PAGE + 1);
  for (const _ of map.release(0, 2 ** 41, DEALLOCATED));
  assertEquals(map.usedPages, 0);
});

Deno.test("PageMap.runEnd joins equal pages of neighbouring leaves", () => {
  const map = new PageMap(PAGE, 10_000);
  const bytes = filled(3 * LEAF_BYTES, 1);
  assert(map.write(LEAF_BYTES / 2, 2 * LEAF_BYTES, bytes, 0));
  const first = LEAF_PAGES / 2;
  assertEquals(map.runEnd(0, 10_000), first);
  assertEquals(map.runEnd(first, 10_000), first + 2 * LEAF_PAGES);
  assertEquals(map.runEnd(first, first + 9), first + 9);
});

Deno.test("PageMap reads pages in whatever order they were written", () => {
  const map = new PageMap(PAGE, 100);
  for (const page of [3, 0, 2, 1]) {
    assert(map.write(page * PAGE, PAGE, filled(PAGE, page + 1), 0));
  }
  const bytes = readAt(map, 100, 5 * PAGE);
  assertEquals([0, 1, 2, 3, 4].map((page) => bytes[page * PAGE]), [
    1,
    2,
    3,
    4,
    0,
  ]);
  assert(map.write(PAGE / 2, 3 * PAGE, filled(3 * PAGE, 9), 0));
  const edges = [PAGE / 2 - 1, PAGE / 2, PAGE * 3.5 - 1, PAGE * 3.5];
  assertEquals(edges.map((at) => readAt(map, at, 1)[0]), [1, 9, 9, 4]);
});

Deno.test("PageMap shows nothing of a page's former life", () => {
  const map = new PageMap(PAGE, 100);
  assert(map.write(0, 2 * PAGE, filled(2 * PAGE, 7), 0));
  for (const _ of map.release(1, 2, DEALLOCATED));
  assert(map.write(50 * PAGE + 10, 5, filled(5, 8), 0));
  const bytes = readAt(map, 50 * PAGE, PAGE);
  assert(bytes.every((byte, at) => byte === (at >= 10 && at < 15 ? 8 : 0)));
});

Deno.test("PageMap.runEnd sees the one page that was written", () => {
  const map = new PageMap(PAGE, 10_000);
  assert(map.anchor(0, 3 * LEAF_PAGES));
  assertEquals(map.runEnd(0, 10_000), 3 * LEAF_PAGES);
  assert(map.write((LEAF_PAGES + 9) * PAGE, 1, filled(1, 1), 0));
  assertEquals(map.runEnd(0, 10_000), LEAF_PAGES + 9);
  for (const _ of map.release(LEAF_PAGES, LEAF_PAGES + 20, ANCHORED));
  assertEquals(map.runEnd(0, 10_000), 3 * LEAF_PAGES);
});

Deno.test("PageMap reads across chunks of memory", () => {
  const pageBytes = 131072;
  const map = new PageMap(pageBytes, 1000);
  // A chunk has 512 of these pages; the border lies within a leaf.
  for (let page = 100; page < 620; page++) {
    assert(map.write(page * pageBytes, 1, filled(1, page), 0));
  }
  const bytes = readAt(map, 100 * pageBytes, 520 * pageBytes);
  for (let page = 100; page < 620; page++) {
    assertEquals(bytes[(page - 100) * pageBytes], page & 255);
  }
});

/** Few pages around the border of two leaves. */
const PAGES = 20;
const FIRST = LEAF_PAGES - 10;
const ROOM = 14;

Deno.test("PageMap keeps its books like a list of statuses", () => {
  const operation = fc.record({
    kind: fc.constantFrom("write", "anchor", "unmap", "unmap to anchor"),
    page: fc.nat(PAGES - 1),
    count: fc.integer({ min: 1, max: 9 }),
  });
  const property = fc.property(fc.array(operation), (operations) => {
    const map = new PageMap(PAGE, ROOM);
    const model: number[] = new Array(PAGES).fill(DEALLOCATED);
    for (const { kind, page, count } of operations) {
      const end = Math.min(page + count, PAGES);
      apply(map, model, kind, { page, end });
      const statuses = model.map((_, at) => map.statusOf(FIRST + at));
      assertEquals(statuses, model);
      const used = model.filter((status) => status !== DEALLOCATED).length;
      assertEquals(map.usedPages, used);
      assertEquals(map.runEnd(FIRST + page, FIRST + PAGES), runEnd(page));
    }
    function runEnd(page: number): number {
      const next = model.findIndex((status, at) =>
        at > page && status !== model[page]
      );
      return FIRST + (next < 0 ? PAGES : next);
    }
  });
  fc.assert(property, { numRuns: 200, seed: 7 });
});

function apply(
  map: PageMap,
  model: number[],
  kind: string,
  { page, end }: { readonly page: number; readonly end: number },
): void {
  const part = model.slice(page, end);
  const missing = part.filter((status) => status === DEALLOCATED).length;
  const used = model.filter((status) => status !== DEALLOCATED).length;
  const hasRoom = used + missing <= ROOM;
  const [first, last] = [FIRST + page, FIRST + end];
  if (kind === "write") {
    const length = (end - page) * PAGE;
    const done = map.write(first * PAGE, length, filled(length, 1), 0);
    assertEquals(done, hasRoom);
    if (done) model.fill(MAPPED, page, end);
  } else if (kind === "anchor") {
    assertEquals(map.anchor(first, last), hasRoom);
    if (!hasRoom) return;
    const became = (status: number): number =>
      status === DEALLOCATED ? ANCHORED : status;
    model.splice(page, end - page, ...part.map(became));
  } else {
    const to = kind === "unmap" ? DEALLOCATED : ANCHORED;
    for (const _ of map.release(first, last, to));
    const became = (status: number): number =>
      status === DEALLOCATED ? DEALLOCATED : to;
    model.splice(page, end - page, ...part.map(became));
  }
}
