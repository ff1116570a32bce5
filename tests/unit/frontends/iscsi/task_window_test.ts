/**
 * The command window (RFC 7143 4.2.2.1).
 */

import { assertEquals } from "@std/assert";
import {
  TaskWindow,
  WINDOW_SIZE,
} from "../../../../frontends/iscsi/task_window.ts";

const LAST = 0xffffffff;

for (const first of [0, 1, LAST, LAST - 100, 0x7fffffff]) {
  const at = (distance: number) => (first + distance) >>> 0;

  Deno.test(`a window from ${first} on: where numbers stand`, () => {
    const window = new TaskWindow(first);
    const rows = [
      [0, "next"],
      [1, "early"],
      [WINDOW_SIZE - 1, "early"],
      [WINDOW_SIZE, "outside"],
      [-1, "outside"],
      [0x7fffffff, "outside"],
    ] as const;
    for (const [distance, expected] of rows) {
      assertEquals(window.arrival(at(distance)), expected, String(distance));
    }
  });

  Deno.test(`a window from ${first} on: closes and opens`, () => {
    const window = new TaskWindow(first);
    for (let count = 0; count < WINDOW_SIZE; count += 1) {
      window.advance();
      window.begin();
    }
    assertEquals(window.outstanding, WINDOW_SIZE);
    const before = window.maxCmdSn;
    window.end();
    window.end();
    assertEquals(window.maxCmdSn, (window.expCmdSn + 1) >>> 0);
    assertEquals((window.maxCmdSn - before) >>> 0 <= 2, true);
  });

  Deno.test(`a window from ${first} on: numbers that never come`, () => {
    const window = new TaskWindow(first);
    window.markReceived(at(1));
    window.markReceived(at(2));
    assertEquals(window.expCmdSn, at(0));
    assertEquals(window.arrival(at(1)), "outside");
    window.advance();
    assertEquals(window.expCmdSn, at(3));
    window.markReceived(at(3));
    assertEquals(window.expCmdSn, at(4));
  });
}
