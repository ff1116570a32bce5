import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { SequentialMode } from "../../core/mod.ts";
import { ORDER_SEQUENCE, orderRig } from "../support/media_order_rig.ts";
import { fuzzTest, IS_LONG } from "./settings.ts";

const MODES: readonly SequentialMode[] = ["off", "soft", "read", "on"];
const SEQUENCES_OF_RUN = 25;

/** A sequence takes milliseconds: all cases of a long run, few of a short. */
const SHARE = IS_LONG ? 1 / MODES.length : 0.005;

const SEQUENCES = fc.array(ORDER_SEQUENCE, {
  minLength: SEQUENCES_OF_RUN,
  maxLength: SEQUENCES_OF_RUN,
  size: "max",
});

for (const serseq of MODES) {
  fuzzTest(
    `serseq ${serseq} keeps the order of media, whatever comes`,
    { share: SHARE, casesPerRun: SEQUENCES_OF_RUN },
    fc.asyncProperty(SEQUENCES, async (sequences) => {
      const rig = await orderRig(serseq);
      for (const steps of sequences) await rig.run(steps);
      await rig.end();
      assertEquals(rig.order.violations, []);
    }),
  );
}
