import { assert, assertEquals, assertThrows } from "@std/assert";
import { PageArena } from "../../../../backends/ramdisk/page_arena.ts";

const PAGE = 4096;
const CHUNK_SLOTS = 2 ** 26 / PAGE;

function takeMany(arena: PageArena, count: number): number[] {
  assert(arena.reserve(count));
  return Array.from({ length: count }, () => arena.take());
}

function trim(arena: PageArena): number {
  return [...arena.trim()].length;
}

Deno.test("PageArena lends slots in order", () => {
  const arena = new PageArena(PAGE, 100);
  assertEquals(takeMany(arena, 4), [0, 1, 2, 3]);
});

Deno.test("PageArena lends the slot again that came back last", () => {
  const arena = new PageArena(PAGE, 100);
  takeMany(arena, 4);
  arena.give(1);
  arena.give(2);
  assertEquals(takeMany(arena, 3), [2, 1, 4]);
});

Deno.test("PageArena begins anew when all slots came back", () => {
  const arena = new PageArena(PAGE, 100);
  for (const slot of takeMany(arena, 4)) arena.give(slot);
  assertEquals(takeMany(arena, 2), [0, 1]);
});

Deno.test("PageArena adds chunks, and fills the first ones first", () => {
  const arena = new PageArena(PAGE, 10 * CHUNK_SLOTS);
  const slots = takeMany(arena, CHUNK_SLOTS + 5);
  assertEquals(slots.at(-1), CHUNK_SLOTS + 4);
  arena.give(17);
  assertEquals(arena.take(), 17);
  assertEquals(arena.take(), CHUNK_SLOTS + 5);
});

Deno.test("PageArena knows how far a piece of memory goes", () => {
  const arena = new PageArena(PAGE, 10 * CHUNK_SLOTS);
  assertEquals(arena.slotsInPiece(0), CHUNK_SLOTS);
  assertEquals(arena.slotsInPiece(CHUNK_SLOTS - 1), 1);
  assertEquals(arena.slotsInPiece(CHUNK_SLOTS), CHUNK_SLOTS);
});

Deno.test("PageArena.trim frees chunks without used slots", () => {
  const arena = new PageArena(PAGE, 10 * CHUNK_SLOTS);
  const slots = takeMany(arena, CHUNK_SLOTS + 5);
  for (const slot of slots.slice(0, CHUNK_SLOTS)) arena.give(slot);
  assertEquals(trim(arena), 1);
  assertThrows(() => arena.zero(0, 0, 1));
  arena.zero(CHUNK_SLOTS, 0, 1);
  // What is left has free slots; a lower chunk comes only when it is full.
  assertEquals(takeMany(arena, 1), [CHUNK_SLOTS + 5]);
  const [again] = takeMany(arena, CHUNK_SLOTS);
  assertEquals(again, 0);
});

Deno.test("PageArena.trim does not dwell on memory nobody touched", () => {
  const arena = new PageArena(PAGE, 10 * CHUNK_SLOTS);
  for (const slot of takeMany(arena, 9)) arena.give(slot);
  assertEquals(trim(arena), 0);
  assertEquals(takeMany(arena, 1), [0]);
});

Deno.test("PageArena copies within a piece", () => {
  const arena = new PageArena(PAGE, 100);
  takeMany(arena, 3);
  const bytes = new Uint8Array(PAGE + 10).map((_, at) => at & 255);
  arena.copyIn(0, PAGE - 5, PAGE, bytes, 10);
  arena.zero(1, 0, 2);
  const into = new Uint8Array(PAGE + 1);
  arena.copyOut(0, PAGE - 5, PAGE, into, 1);
  assertEquals([...into.subarray(0, 9)], [0, 10, 11, 12, 13, 14, 0, 0, 17]);
});

Deno.test("PageArena.take without a reserved slot is a defect", () => {
  assertThrows(() => new PageArena(PAGE, 100).take());
});
