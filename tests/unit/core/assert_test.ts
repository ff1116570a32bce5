import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { assert, Defect, ManagementError } from "../../../core/mod.ts";

Deno.test("assert() throws a Defect unless the condition holds", () => {
  assert(true, "fine");
  const error = assertThrows(() => assert(false, "what went wrong"));
  assertInstanceOf(error, Defect);
  assertEquals([error.name, error.message], ["Defect", "what went wrong"]);
});

Deno.test("ManagementError has a code of its table", () => {
  const error = new ManagementError("option", "A sentence");
  assertEquals([error.name, error.code], ["ManagementError", "option"]);
});
