/**
 * A pair that loses its link or one of its daemons: what was answered holds,
 * what cannot be known by both is not answered, and it all comes back.
 */

import { assertEquals } from "@std/assert";
import { hear, pairOfDaemonsTest } from "../../support/ha/daemon_pair.ts";
import { PR_OUT, testUnitReady } from "../../support/initiator/mod.ts";
import {
  A,
  ALL_MODES,
  B,
  heldBy,
  isProtected,
  outcome,
  protect,
  read,
  reserveOut,
  write,
} from "./pair_support.ts";

const TRANSITIONING = "2/04/0a";

pairOfDaemonsTest(
  "a primary that loses its secondary serves on, and tells no lie",
  ALL_MODES,
  async ({ one, two }) => {
    const a = await one.openReady(A);
    await two.end("SIGKILL");
    await one.until("no link", ({ link }) => link.state !== "up");
    await hear(a);
    assertEquals([await write(a), await read(a)], ["good", "good"]);
    // Nobody else knows of it, and the secondary may be primary by now.
    const register = { actionKey: 0xa1n };
    assertEquals(await reserveOut(a, PR_OUT.REGISTER, register), "busy");
    assertEquals(await protect(a, true), "busy");
    await one.order("primary", true);
    assertEquals(await reserveOut(a, PR_OUT.REGISTER, register), "good");
    await two.start();
    await two.serves("secondary");
    const b = await two.openReady(B);
    await hear(a);
    assertEquals((await heldBy(b)).keys, (await heldBy(a)).keys);
    assertEquals(await isProtected(b), await isProtected(a));
  },
);

pairOfDaemonsTest(
  "a secondary that loses its primary says that it does not know",
  ALL_MODES,
  async ({ one, two }) => {
    const b = await two.openReady(B);
    await one.end("SIGKILL");
    await two.until("no link", ({ link }) => link.state !== "up");
    await hear(b);
    for (const attempt of [read, write]) {
      assertEquals(await attempt(b), TRANSITIONING);
    }
    assertEquals(await outcome(b, testUnitReady()), TRANSITIONING);
    const register = { actionKey: 0xb2n };
    assertEquals(await reserveOut(b, PR_OUT.REGISTER, register), TRANSITIONING);
    await one.start();
    // It has lost what was not to be kept: the other knows more.
    await two.serves("primary");
    await hear(b);
    assertEquals(await reserveOut(b, PR_OUT.REGISTER, register), "good");
  },
);

pairOfDaemonsTest(
  "daemons that end in order lose nothing, whoever comes back first",
  ALL_MODES,
  async (pair) => {
    const { one, two } = pair;
    for (const [first, second] of [[one, two], [two, one]] as const) {
      const key = first === one ? 0xa1n : 0xb2n;
      const register = { actionKey: key, persist: true };
      const session = await first.openReady(first === one ? A : B);
      assertEquals(
        await reserveOut(session, PR_OUT.REGISTER, register),
        "good",
      );
      await first.end("SIGTERM");
      await second.until("no link", ({ link }) => link.state !== "up");
      await second.end("SIGTERM");
      await first.start();
      await second.start();
      await one.serves("primary");
      await two.serves("secondary");
      const { keys } = await heldBy(await two.openReady(B));
      assertEquals(keys.includes(key), true, `${keys}`);
    }
  },
);
