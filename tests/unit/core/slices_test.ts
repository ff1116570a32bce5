import { assertEquals } from "@std/assert";
import { SLICE_MS, Slices } from "../../../core/slices.ts";
import { ManualClock } from "../../support/memory_host.ts";

Deno.test("Slices tells when the slice is used up", async () => {
  const clock = new ManualClock();
  const slices = new Slices(clock);
  clock.advance(SLICE_MS - 1);
  assertEquals(slices.used, false);
  clock.advance(1);
  assertEquals(slices.used, true);
  await slices.next();
  assertEquals(slices.used, false);
  clock.advance(SLICE_MS);
  assertEquals(slices.used, true);
});
