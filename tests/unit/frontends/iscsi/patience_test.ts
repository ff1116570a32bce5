import { assertEquals } from "@std/assert";
import {
  Patience,
  WASTED_PDUS_MAX,
} from "../../../../frontends/iscsi/patience.ts";

Deno.test("Patience ends after so many PDUs, and is renewed", async () => {
  const patience = new Patience();
  for (let count = 1; count < WASTED_PDUS_MAX; count += 1) patience.waste();
  assertEquals(patience.exhausted, false);
  patience.waste();
  assertEquals(patience.exhausted, true);
  const renewal = patience.renewal();
  patience.renew();
  assertEquals(patience.exhausted, false);
  assertEquals(await renewal, undefined);
});
