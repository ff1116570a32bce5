import { assert, assertEquals } from "@std/assert";
import { PROVISIONING } from "../../../../core/mod.ts";
import { Slab, SLAB_BYTES } from "../../../../backends/ramdisk/slab.ts";
import { SlabMap } from "../../../../backends/ramdisk/slab_map.ts";

const PAGE = 4096;
const SLAB_PAGES = SLAB_BYTES / PAGE;
const { MAPPED, DEALLOCATED, ANCHORED } = PROVISIONING;

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function readAt(map: SlabMap, position: number, length: number): Uint8Array {
  const into = filled(length, 0xa5);
  map.read(position, length, into, 0);
  return into;
}

Deno.test("SlabMap charges a page for its first byte, once", () => {
  const map = new SlabMap(PAGE, 100);
  assert(map.write(10 * PAGE + 5, 1, filled(1, 7), 0));
  assert(map.write(10 * PAGE + 9, 1, filled(1, 8), 0));
  assertEquals(map.usedPages, 1);
  assertEquals(map.statusOf(10), MAPPED);
  assertEquals(map.statusOf(11), DEALLOCATED);
  assertEquals([...readAt(map, 10 * PAGE + 4, 3)], [0, 7, 0]);
});

Deno.test("SlabMap reads and writes across slabs", () => {
  const map = new SlabMap(PAGE, 10_000);
  const bytes = new Uint8Array(3 * SLAB_BYTES).map((_, at) => at * 7 & 255);
  assert(map.write(SLAB_BYTES - 1000, bytes.length, bytes, 0));
  assertEquals(map.usedPages, 3 * SLAB_PAGES + 1);
  const back = readAt(map, SLAB_BYTES - 1000, bytes.length);
  assert(back.every((byte, at) => byte === bytes[at]));
});

Deno.test("SlabMap.write without room stores nothing", () => {
  const map = new SlabMap(PAGE, 3);
  assert(map.write(PAGE, PAGE, filled(PAGE, 1), 0));
  assertEquals(map.write(0, 4 * PAGE, filled(4 * PAGE, 2), 0), false);
  assertEquals(map.usedPages, 1);
  assertEquals(readAt(map, PAGE, 1)[0], 1);
  assertEquals(map.statusOf(0), DEALLOCATED);
});

Deno.test("SlabMap.write uses the last page", () => {
  const map = new SlabMap(PAGE, 3);
  assert(map.write(0, 3 * PAGE, filled(3 * PAGE, 2), 0));
  assert(map.write(PAGE, PAGE, filled(PAGE, 3), 0));
  assertEquals(map.write(3 * PAGE, 1, filled(1, 2), 0), false);
});

Deno.test("SlabMap.write finds room in anchored pages", () => {
  const map = new SlabMap(PAGE, 4);
  assert(map.anchor(100, 104));
  assertEquals(map.usedPages, 4);
  assert(map.write(100 * PAGE, 4 * PAGE, filled(4 * PAGE, 5), 0));
  assertEquals(map.usedPages, 4);
  assertEquals(map.statusOf(103), MAPPED);
});

Deno.test("SlabMap.anchor without room reserves nothing", () => {
  const map = new SlabMap(PAGE, 4);
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

Deno.test("SlabMap.release deallocates what was anchored", () => {
  const map = new SlabMap(PAGE, 1000);
  assert(map.anchor(0, 600));
  for (const _ of map.release(0, 600, DEALLOCATED));
  assertEquals(map.usedPages, 0);
  assertEquals(map.statusOf(0), DEALLOCATED);
});

Deno.test("SlabMap.release with anchor zeroes and keeps the charge", () => {
  const map = new SlabMap(PAGE, 1000);
  assert(map.write(0, 10 * PAGE, filled(10 * PAGE, 9), 0));
  for (const _ of map.release(2, 4, ANCHORED));
  assertEquals(map.usedPages, 10);
  assertEquals(map.statusOf(2), ANCHORED);
  assertEquals([...readAt(map, 2 * PAGE - 1, 2)], [9, 0]);
  assertEquals([...readAt(map, 4 * PAGE - 1, 2)], [0, 9]);
});

Deno.test("SlabMap.release yields after every eight slabs given back", () => {
  const map = new SlabMap(PAGE, 100_000);
  for (let slab = 0; slab < 20; slab++) {
    assert(map.write(slab * SLAB_BYTES, PAGE, filled(PAGE, 1), 0));
  }
  let turns = 0;
  for (const _ of map.release(0, 20 * SLAB_PAGES, DEALLOCATED)) turns++;
  assertEquals(turns, 2);
  assertEquals(map.usedPages, 0);
});

Deno.test("SlabMap walks what is used of petabytes, not the petabytes", () => {
  const map = new SlabMap(PAGE, 1000);
  const far = 2 ** 52;
  assert(map.write(far, PAGE, filled(PAGE, 1), 0));
  assertEquals(map.runEnd(0, 2 ** 41), far / PAGE);
  assertEquals(map.runEnd(far / PAGE, 2 ** 41), far / PAGE + 1);
  for (const _ of map.release(0, 2 ** 41, DEALLOCATED));
  assertEquals(map.usedPages, 0);
});

Deno.test("SlabMap.runEnd joins equal pages of neighbouring slabs", () => {
  const map = new SlabMap(PAGE, 10_000);
  const bytes = filled(3 * SLAB_BYTES, 1);
  assert(map.write(SLAB_BYTES / 2, 2 * SLAB_BYTES, bytes, 0));
  const first = SLAB_PAGES / 2;
  assertEquals(map.runEnd(0, 10_000), first);
  assertEquals(map.runEnd(first, 10_000), first + 2 * SLAB_PAGES);
  assertEquals(map.runEnd(first, first + 9), first + 9);
});

Deno.test("Slab gives memory back when most of it is unmapped", () => {
  const slab = new Slab(PAGE);
  assert(slab.materialise());
  slab.map(0, SLAB_PAGES);
  slab.bytes.fill(3);
  const buffer = slab.bytes.buffer;
  assertEquals(slab.release(0, SLAB_PAGES / 2, DEALLOCATED), false);
  assertEquals(slab.bytes.buffer === buffer, true);
  assertEquals(slab.release(SLAB_PAGES / 2, 200, DEALLOCATED), true);
  assertEquals(buffer.byteLength, 0);
  assertEquals(slab.bytes[200 * PAGE - 1], 0);
  assert(slab.bytes.subarray(200 * PAGE).every((byte) => byte === 3));
  assertEquals(slab.mappedPages, SLAB_PAGES - 200);
});

Deno.test("Slab gives all memory back with its last page", () => {
  const slab = new Slab(PAGE);
  assert(slab.materialise());
  slab.map(7, 8);
  const buffer = slab.bytes.buffer;
  assertEquals(slab.release(0, SLAB_PAGES, ANCHORED), true);
  assertEquals(buffer.byteLength, 0);
  assertEquals([slab.mappedPages, slab.usedPages], [0, 1]);
  assertEquals(slab.statusOf(7), ANCHORED);
});
