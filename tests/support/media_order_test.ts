import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { OK, type SequentialMode } from "../../core/mod.ts";
import { MediaOrder } from "./media_order.ts";
import { ORDER_SEQUENCE, orderRig } from "./media_order_rig.ts";
import { ShufflingStore } from "./shuffling_store.ts";

const BYTES = new Uint8Array(64 * 512);

/** Two commands, what of the first is done, and whether the second may go. */
const PAIRS: readonly (readonly [
  modes: readonly SequentialMode[],
  title: string,
  second: readonly [lba: number, blocks: number, writes: boolean],
  firstWrites: boolean,
])[] = [
  [["read", "on", "soft"], "the next read", [8, 8, false], false],
  [["off", "soft", "read", "on"], "a write of the same", [0, 1, true], false],
  [["off", "soft", "read", "on"], "a read of the same", [7, 2, false], true],
  [["on"], "a write behind a read", [8, 8, true], false],
];
const MODES: readonly SequentialMode[] = ["off", "soft", "read", "on"];

for (const [modes, title, [lba, blocks, writes], firstWrites] of PAIRS) {
  for (const mode of MODES) {
    Deno.test(`MediaOrder, serseq ${mode}: ${title} too early`, async () => {
      const store = new ShufflingStore(512, 64);
      const order = new MediaOrder(store, mode);
      order.arrives(0, 8, firstWrites);
      order.arrives(lba, blocks, writes);
      const early = writes
        ? order.write(lba, blocks, BYTES, 0)
        : order.read(lba, blocks, BYTES, 0);
      assertEquals(order.violations.length, modes.includes(mode) ? 1 : 0);
      store.answer(0);
      assertEquals(await early, OK);
    });

    Deno.test(`MediaOrder, serseq ${mode}: ${title} in time`, async () => {
      const store = new ShufflingStore(512, 64);
      const order = new MediaOrder(store, mode);
      order.arrives(0, 8, firstWrites);
      order.arrives(lba, blocks, writes);
      const first = firstWrites
        ? order.write(0, 8, BYTES, 0)
        : order.read(0, 8, BYTES, 0);
      store.answer(0);
      await first;
      const second = writes
        ? order.write(lba, blocks, BYTES, 0)
        : order.read(lba, blocks, BYTES, 0);
      store.answer(0);
      await second;
      assertEquals(order.violations, []);
    });
  }
}

/** How a unit is, what it is held against, and whether that is too much. */
const HELD = [["off", "read"], ["soft", "read"], ["off", "soft"]] as const;

for (const [serseq, against] of HELD) {
  Deno.test(`serseq ${serseq} does not keep the order of ${against}`, async () => {
    const rig = await orderRig(serseq, against);
    const sequences = fc.sample(ORDER_SEQUENCE, { numRuns: 300, seed: 5 });
    for (const steps of sequences) await rig.run(steps);
    await rig.end();
    assert(rig.order.violations.length > 0);
  });
}

for (const serseq of ["soft", "read", "on"] as const) {
  Deno.test(`serseq ${serseq} unblocks early`, async () => {
    const rig = await orderRig(serseq);
    const sequences = fc.sample(ORDER_SEQUENCE, { numRuns: 50, seed: 5 });
    for (const steps of sequences) await rig.run(steps);
    await rig.end();
    assertEquals(rig.order.violations, []);
    assert(rig.order.overlaps > 50, `${rig.order.overlaps}`);
  });
}
