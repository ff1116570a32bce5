import { assertEquals, assertRejects } from "@std/assert";
import { LanePool } from "../../../../backends/block/lane_pool.ts";
import { Gate } from "./memory_io.ts";

/** Lanes are numbers; `opened` counts them. */
function makePool(max: number, canOpen: () => boolean = () => true): {
  pool: LanePool<number>;
  opened: () => number;
} {
  let opened = 1;
  const open = (): number | undefined => canOpen() ? ++opened : undefined;
  return { pool: new LanePool(1, open, max), opened: () => opened };
}

Deno.test("LanePool opens a lane only when none is free", async () => {
  const { pool, opened } = makePool(4);
  for (let turn = 0; turn < 5; turn++) {
    assertEquals(await pool.use((lane) => Promise.resolve(lane)), 1);
  }
  assertEquals(opened(), 1);
});

Deno.test("LanePool serves no more than its lanes at once", async () => {
  const { pool, opened } = makePool(3);
  const gate = new Gate();
  const begun: number[] = [];
  const works = [0, 1, 2, 3, 4].map((work) =>
    pool.use(async () => {
      begun.push(work);
      await gate.passed;
      return work;
    })
  );
  await Promise.resolve();
  assertEquals(begun, [0, 1, 2]);
  gate.open();
  assertEquals(await Promise.all(works), [0, 1, 2, 3, 4]);
  assertEquals([opened(), begun], [3, [0, 1, 2, 3, 4]]);
});

Deno.test("LanePool makes do with what can be opened", async () => {
  const { pool } = makePool(8, () => false);
  const lanes = await Promise.all(
    [1, 2, 3].map(() => pool.use((lane) => Promise.resolve(lane))),
  );
  assertEquals(lanes, [1, 1, 1]);
});

Deno.test("LanePool takes a lane back from work that failed", async () => {
  const { pool } = makePool(1);
  await assertRejects(() => pool.use(() => Promise.reject(new Error("no"))));
  assertEquals(await pool.use((lane) => Promise.resolve(lane)), 1);
});

Deno.test("LanePool.drain waits for the last work", async () => {
  const { pool } = makePool(2);
  const gates = [new Gate(), new Gate()];
  const works = gates.map((gate) => pool.use(() => gate.passed));
  let drained = false;
  const lanes = pool.drain().then((lanes) => {
    drained = true;
    return lanes;
  });
  gates[0]?.open();
  await works[0];
  assertEquals(drained, false);
  gates[1]?.open();
  assertEquals((await lanes).length, 2);
});
