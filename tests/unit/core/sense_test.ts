import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  lbaOutOfRange,
  miscompareDuringVerify,
  sense,
  senseOfStoreFault,
  STATUS,
  type StoreFaultCause,
  taggedOverlappedCommands,
} from "../../../core/mod.ts";

function codes(cause: StoreFaultCause, direction: "read" | "write" | "flush") {
  const outcome = senseOfStoreFault({ cause, message: "" }, direction);
  if (typeof outcome === "number") return outcome;
  return [outcome.key, outcome.asc, outcome.ascq];
}

Deno.test("senseOfStoreFault() maps each cause by what was being done", () => {
  const readError = [0x3, 0x11, 0x00];
  const writeError = [0x3, 0x0c, 0x02];
  const failure = [0x4, 0x44, 0x00];
  for (const cause of ["medium", "hardware"] as const) {
    assertEquals(codes(cause, "read"), readError);
    assertEquals(codes(cause, "write"), writeError);
    assertEquals(codes(cause, "flush"), failure);
  }
  for (const direction of ["read", "write", "flush"] as const) {
    assertEquals(codes("no-space", direction), [0x7, 0x27, 0x07]);
    assertEquals(codes("read-only", direction), [0x7, 0x27, 0x01]);
    assertEquals(codes("offline", direction), STATUS.BUSY);
  }
});

Deno.test("sense() is frozen", () => {
  const value = sense(1, 2, 3);
  assert(Object.isFrozen(value));
  assertThrows(() => Object.assign(value, { key: 5 }));
});

Deno.test("taggedOverlappedCommands() has the low byte of the tag", () => {
  assertEquals(taggedOverlappedCommands(0x12345678).ascq, 0x78);
});

Deno.test("lbaOutOfRange() leaves out what a number cannot hold", () => {
  assertEquals(lbaOutOfRange(2 ** 53 - 1).information, 2 ** 53 - 1);
  assertEquals(lbaOutOfRange(2 ** 53).information, undefined);
  assertEquals(lbaOutOfRange(2 ** 64).information, undefined);
});

Deno.test("miscompareDuringVerify() has the offset as INFORMATION", () => {
  assertEquals(miscompareDuringVerify(1024).information, 1024);
});
