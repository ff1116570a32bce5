import { assertEquals, assertStringIncludes } from "@std/assert";
import type { StoreFaultCause } from "../../../../core/mod.ts";
import {
  faultOf,
  isFault,
  systemError,
} from "../../../../backends/block/block_io.ts";

function coded(code: string): Error {
  return Object.assign(new Error("it failed"), { code });
}

const BY_CODE: readonly [string, StoreFaultCause][] = [
  ["ENOSPC", "no-space"],
  ["EDQUOT", "no-space"],
  ["EROFS", "read-only"],
  ["EACCES", "read-only"],
  ["EPERM", "read-only"],
  ["EIO", "medium"],
  ["ENODATA", "medium"],
  ["ENOENT", "offline"],
  ["ENXIO", "offline"],
  ["ENODEV", "offline"],
  ["ENOMEDIUM", "offline"],
  ["EBADF", "hardware"],
  ["EFBIG", "hardware"],
];

for (const [code, cause] of BY_CODE) {
  Deno.test(`faultOf takes ${code} as ${cause}`, () => {
    assertEquals(faultOf(coded(code), "write").cause, cause);
  });
}

const BY_NUMBER: readonly [number, StoreFaultCause][] = [
  [28, "no-space"],
  [122, "no-space"],
  [30, "read-only"],
  [13, "read-only"],
  [1, "read-only"],
  [5, "medium"],
  [61, "medium"],
  [2, "offline"],
  [6, "offline"],
  [19, "offline"],
  [27, "hardware"],
];

for (const [number, cause] of BY_NUMBER) {
  Deno.test(`faultOf takes os error ${number} as ${cause}`, () => {
    const error = new Error(`Something (os error ${number}): open '/x'`);
    assertEquals(faultOf(error, "open").cause, cause);
    assertEquals(faultOf(systemError(number), "open").cause, cause);
  });
}

Deno.test("faultOf believes the code before the number", () => {
  const error = Object.assign(new Error("x (os error 5)"), { code: "ENOSPC" });
  assertEquals(faultOf(error, "write").cause, "no-space");
});

Deno.test("faultOf says what failed, and how", () => {
  const fault = faultOf("no error at all", `read 512 bytes at 0 of "/x"`);
  assertEquals(fault.cause, "hardware");
  assertStringIncludes(fault.message, `Cannot read 512 bytes at 0 of "/x": no`);
});

Deno.test("isFault tells faults from other answers", () => {
  assertEquals(isFault({ cause: "medium", message: "" }), true);
  for (const answer of [0, undefined, null, Symbol("ok"), {}]) {
    assertEquals(isFault(answer), false);
  }
});
