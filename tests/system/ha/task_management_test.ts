/**
 * Task management through either node of a real pair: it reaches the tasks of
 * the other node's initiators, and these hear of it.
 */

import { assertEquals } from "@std/assert";
import { hear, pairOfDaemonsTest } from "../../support/ha/daemon_pair.ts";
import {
  TASK_MANAGEMENT,
  TASK_MANAGEMENT_RESPONSE,
} from "../../support/initiator/mod.ts";
import {
  A,
  ACTIVE_MODES,
  B,
  isProtected,
  protect,
  read,
  write,
} from "./pair_support.ts";

const RESET_OCCURRED = "6/29/00";
const { COMPLETE } = TASK_MANAGEMENT_RESPONSE;

pairOfDaemonsTest(
  "LOGICAL UNIT RESET through either node resets the unit of both",
  ACTIVE_MODES,
  async ({ one, two }) => {
    const a = await one.openReady(A);
    const b = await two.openReady(B);
    for (const [resetter, other] of [[a, b], [b, a]] as const) {
      assertEquals(await protect(resetter, true), "good");
      await hear(other);
      const { response } = await resetter.taskManagement(
        TASK_MANAGEMENT.LOGICAL_UNIT_RESET,
        { lun: 0 },
      );
      assertEquals(response, COMPLETE);
      for (const session of [resetter, other]) {
        const heard = await hear(session);
        assertEquals(heard.filter((sense) => sense.startsWith("6/29")), [
          RESET_OCCURRED,
        ]);
        // What was not saved is gone (SAM-5 6.3.3).
        assertEquals(await isProtected(session), false);
        assertEquals([await read(session), await write(session)], [
          "good",
          "good",
        ]);
      }
    }
  },
);
