import { assertEquals } from "@std/assert";
import {
  SlowStart,
  START_BYTES,
} from "../../../../frontends/tpc/slow_start.ts";

Deno.test("SlowStart bounds nothing where nobody waits", () => {
  const start = new SlowStart(false);
  start.begin(2 ** 40);
  assertEquals(start.leftBytes, Infinity);
});

Deno.test("SlowStart lets as much again be begun as has been done", () => {
  const start = new SlowStart(true);
  assertEquals(start.leftBytes, START_BYTES);
  start.begin(START_BYTES);
  assertEquals(start.leftBytes, 0);
  start.end(START_BYTES);
  assertEquals(start.leftBytes, 2 * START_BYTES);
  start.begin(START_BYTES);
  assertEquals(start.leftBytes, START_BYTES);
  // What is hardly worth a command waits until something has ended.
  start.begin(1);
  assertEquals(start.leftBytes, 0);
});

Deno.test("SlowStart learns little of bytes that were not moved", () => {
  const start = new SlowStart(true);
  start.begin(2 ** 30);
  start.end(2 ** 30);
  assertEquals(start.leftBytes, START_BYTES + 2 ** 20);
});

Deno.test("SlowStart lets one piece be begun, however large", () => {
  const start = new SlowStart(true);
  start.begin(2 ** 30);
  assertEquals(start.leftBytes, 0);
  start.end(2 ** 30);
  assertEquals(start.leftBytes > 0, true);
});
