/** When copies rest: while initiators have commands of their own. */

import { assertEquals } from "@std/assert";
import {
  BUSY_COMMANDS,
  COPY_SLICE_MS,
  LOOK_MS,
  Pacer,
  QUIET_SLICE_MS,
  REST_FACTOR,
} from "../../../../frontends/tpc/pacer.ts";
import { settle } from "../../../support/core_target.ts";
import { ManualClock } from "../../../support/memory_host.ts";

/** A copy whose slices take their time, beside initiators. */
class Scene {
  readonly clock: ManualClock = new ManualClock();
  readonly pacer: Pacer;
  commands = 0;

  constructor() {
    this.pacer = new Pacer(this.clock, () => this.commands);
  }

  /** Works for a slice; how long the copy then rests. */
  async slice(): Promise<number> {
    this.clock.advance(COPY_SLICE_MS);
    let goesOn = false;
    void this.pacer.turn().then(() => goesOn = true);
    let restedMs = 0;
    for (await settle(); !goesOn; await settle()) {
      this.clock.advance(1);
      restedMs += 1;
    }
    return restedMs;
  }

  /** Slices for as long as two looks are apart; the last rest of them. */
  async slices(commandsEach: number): Promise<number> {
    let restedMs = 0;
    for (let ms = 0; ms <= 2 * LOOK_MS; ms += COPY_SLICE_MS) {
      this.commands += commandsEach;
      restedMs = await this.slice();
    }
    return restedMs;
  }
}

Deno.test("Pacer.turn rests while initiators are busy", async () => {
  const scene = new Scene();
  assertEquals(await scene.slices(2), REST_FACTOR * COPY_SLICE_MS);
});

Deno.test("Pacer.turn goes on at once when nobody is there", async () => {
  const scene = new Scene();
  assertEquals(await scene.slices(0), 0);
});

Deno.test("Pacer.turn goes on again when nobody is left", async () => {
  const scene = new Scene();
  await scene.slices(2);
  assertEquals(await scene.slices(0), 0);
});

Deno.test("Pacer.turn does not rest for commands before a copy", async () => {
  const scene = new Scene();
  await scene.slices(0);
  scene.commands += 1000;
  scene.clock.advance(60_000);
  assertEquals(await scene.slice(), 0);
});

Deno.test("Pacer.turn does not rest for a few commands", async () => {
  const scene = new Scene();
  await scene.slices(0);
  scene.commands += BUSY_COMMANDS - 1;
  for (let ms = 0; ms <= 2 * LOOK_MS; ms += COPY_SLICE_MS) {
    assertEquals(await scene.slice(), 0);
  }
});

Deno.test("Pacer.turn lets others have their turn less often when they are quiet", async () => {
  const clock = new ManualClock();
  let turns = 0;
  const counting = {
    nowMs: () => clock.nowMs(),
    wallClockMs: () => clock.wallClockMs(),
    nextTurn: () => Promise.resolve(void (turns += 1)),
    after: clock.after.bind(clock),
  };
  const pacer = new Pacer(counting, () => 0);
  for (let ms = 0; ms < 4 * QUIET_SLICE_MS; ms += COPY_SLICE_MS) {
    clock.advance(COPY_SLICE_MS);
    await pacer.turn();
  }
  assertEquals(turns, 4);
});
