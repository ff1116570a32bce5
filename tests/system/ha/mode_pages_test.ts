/**
 * Mode pages of a pair: changed through either node they are the same on
 * both, and the other node's initiators hear of it once.
 */

import { assertEquals } from "@std/assert";
import { hear, pairOfDaemonsTest } from "../../support/ha/daemon_pair.ts";
import {
  A,
  ALL_MODES,
  B,
  isProtected,
  protect,
  write,
} from "./pair_support.ts";

const C = { initiatorName: "iqn.2026-01.test.dtl:c" };
const MODE_PARAMETERS_CHANGED = "6/2a/01";
const WRITE_PROTECTED = "7/27/02";

pairOfDaemonsTest(
  "MODE SELECT through either node shows on both",
  ALL_MODES,
  async ({ one, two }) => {
    const a = await one.openReady(A);
    const b = await two.openReady(B);
    const sessions = [a, await one.openReady(C), b, await two.openReady(C)];
    for (const changer of [a, b]) {
      for (const on of [true, false]) {
        assertEquals(await protect(changer, on), "good");
        for (const session of sessions) {
          const expected = session === changer ? [] : [MODE_PARAMETERS_CHANGED];
          assertEquals(await hear(session), expected, "once, but the changer");
          assertEquals(await isProtected(session), on);
        }
        assertEquals(await write(a), on ? WRITE_PROTECTED : "good");
      }
    }
  },
);

pairOfDaemonsTest(
  "mode pages outlive the node through which they were changed",
  ALL_MODES,
  async (pair) => {
    const { one, two } = pair;
    assertEquals(await protect(await one.openReady(A), true), "good");
    await pair.failOver(one, two);
    const b = await two.openReady(B);
    assertEquals([await isProtected(b), await write(b)], [
      true,
      WRITE_PROTECTED,
    ]);
    await one.start();
    await one.serves("secondary");
    await hear(b);
    const a = await one.openReady(A);
    assertEquals(await isProtected(a), true, "told to who came later");
    assertEquals(await protect(b, false), "good");
    assertEquals(await hear(a), [MODE_PARAMETERS_CHANGED]);
    assertEquals(await isProtected(a), false);
    await one.order("primary");
    await two.serves("secondary");
    await hear(a);
    assertEquals([await isProtected(a), await write(a)], [false, "good"]);
  },
);

pairOfDaemonsTest(
  "saved pages are saved on both nodes",
  ALL_MODES,
  async (pair) => {
    const { one, two } = pair;
    const b = await two.openReady(B);
    assertEquals(await protect(b, true, true), "good");
    await Promise.all([one.end("SIGKILL"), two.end("SIGKILL")]);
    await pair.startBoth();
    const a = await one.openReady(A);
    assertEquals([await isProtected(a), await write(a)], [
      true,
      WRITE_PROTECTED,
    ]);
    assertEquals(await isProtected(await two.openReady(B)), true);
  },
);
