import { assertEquals } from "@std/assert";
import { FIELD, TraceRing } from "../../../../core/tracing/trace_ring.ts";

function ringOf(capacity: number, times: readonly number[]): TraceRing {
  const ring = new TraceRing(capacity);
  for (const timeMs of times) {
    ring.append();
    ring.put(FIELD.TIME_MS, timeMs);
    ring.put(FIELD.D, -timeMs);
  }
  return ring;
}

function timesOf(ring: TraceRing): number[] {
  const times: number[] = [];
  for (let at = ring.begin; at < ring.end; at += 1) {
    times.push(ring.get(at, FIELD.TIME_MS));
  }
  return times;
}

Deno.test("TraceRing keeps records in their order", () => {
  const ring = ringOf(4, [1, 2, 3]);
  assertEquals([ring.begin, ring.end], [0, 3]);
  assertEquals(timesOf(ring), [1, 2, 3]);
  assertEquals(ring.get(1, FIELD.D), -2);
});

Deno.test("TraceRing overwrites the oldest, and its numbers go on", () => {
  const ring = ringOf(3, [1, 2, 3, 4, 5, 6, 7]);
  assertEquals([ring.begin, ring.end], [4, 7]);
  assertEquals(timesOf(ring), [5, 6, 7]);
});

Deno.test("TraceRing of one record has the last one", () => {
  assertEquals(timesOf(ringOf(1, [1, 2])), [2]);
});
