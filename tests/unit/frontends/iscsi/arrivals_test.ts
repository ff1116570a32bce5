import { assertEquals } from "@std/assert";
import {
  Arrivals,
  NEW_CONNECTIONS_MAX,
} from "../../../../frontends/iscsi/arrivals.ts";

/** Asks for many; @returns how many are served, now and later. */
function ask(admission: Arrivals, count: number): () => number {
  let served = 0;
  for (let index = 0; index < count; index += 1) {
    const wait = admission.admit();
    if (wait === null) served += 1;
    else wait.then(() => served += 1);
  }
  return () => served;
}

Deno.test("Arrivals serves so many a second, the others in turn", async () => {
  const admission = new Arrivals();
  const served = ask(admission, 2 * NEW_CONNECTIONS_MAX + 5);
  assertEquals(served(), NEW_CONNECTIONS_MAX);
  for (const more of [NEW_CONNECTIONS_MAX, 5]) {
    const before = served();
    admission.second();
    await Promise.resolve();
    assertEquals(served() - before, more);
  }
  // Five of this second are served already.
  assertEquals(ask(admission, NEW_CONNECTIONS_MAX)(), NEW_CONNECTIONS_MAX - 5);
});

Deno.test("Arrivals lets all go on at its end", async () => {
  const admission = new Arrivals();
  const served = ask(admission, 5 * NEW_CONNECTIONS_MAX);
  admission.end();
  await Promise.resolve();
  assertEquals(served(), 5 * NEW_CONNECTIONS_MAX);
});
