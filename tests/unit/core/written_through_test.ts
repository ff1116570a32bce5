/**
 * A unit whose medium another machine writes, too: what a command has given
 * to the store is on the medium when the command is over, aborted or not.
 */

import { assertEquals } from "@std/assert";
import { settle, targetTest } from "../../support/core_target.ts";
import { FUNCTION } from "../../support/local_initiator.ts";

const WRITE_10 = [0x2a, 0, 0, 0, 0, 7, 0, 0, 1, 0];
const BLOCK = new Uint8Array(512).fill(0x5a);

const CALLS = [[true, ["write 7 1", "flush"]], [false, ["write 7 1"]]] as const;

for (const [through, calls] of CALLS) {
  const what = through ? "is flushed" : "may stay in the cache";
  targetTest(`an aborted write ${what}`, async (test) => {
    const unit = await test.addLun({
      backend: "controlled",
      options: { cache: "on" },
    });
    unit.setWritesThrough(through);
    const initiator = await test.connectReady("a");
    const { store } = test.driver;
    store.holding = true;
    store.calls.length = 0;
    const tag = initiator.nextTag;
    const written = initiator.command(0, WRITE_10, { write: BLOCK });
    await settle();
    const aborted = initiator.manage(FUNCTION.ABORT_TASK, 0, tag);
    await settle();
    store.answerHeld();
    await settle();
    store.answerHeld();
    await aborted;
    await written;
    assertEquals(store.calls, [...calls]);
  });
}
