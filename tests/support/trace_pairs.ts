/**
 * Looks at a trace whose target has come to rest.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Tracer, TraceRecord } from "../../core/mod.ts";

/** Events that begin what others end, by task. */
const PAIRS = [
  ["arrive", "status"],
  ["store-begin", "store-end"],
  ["move-begin", "move-end"],
] as const;

/** Fails unless all that has begun in a trace has ended in it, once. */
export function assertPairs(trace: Tracer): void {
  assertEquals(trace.begin, 0, "records are missing");
  const records = trace.records(0, trace.end);
  assertEquals(waitsOf(records, "release"), waitsOf(records, "acquire"));
  for (const [begin, end] of PAIRS) {
    assertEquals(tasksOf(records, end), tasksOf(records, begin), end);
  }
  for (const { wait, acquired, released } of trace.waitRows()) {
    assertEquals(released, acquired, wait);
    const ofKind = records
      .filter((each) => each.event === "acquire" && each.wait === wait);
    assertEquals(acquired, ofKind.length, wait);
  }
}

// Kind and number of each wait, in the order of their numbers.
function waitsOf(
  records: readonly TraceRecord[],
  event: "acquire" | "release",
): string[] {
  return records
    .flatMap((each) => each.event === event ? [[each.waitId, each.wait]] : [])
    .map((words) => words.join(" "))
    .sort();
}

function tasksOf(
  records: readonly TraceRecord[],
  event: TraceRecord["event"],
): number[] {
  return records.filter((each) => each.event === event)
    .map(({ task }) => task)
    .sort((one, other) => one - other);
}
