/**
 * What a block in memory costs above the copy itself.
 *
 * The stores are larger than the processor's caches, as real ones are; the
 * baseline copies between the same memories. Rows "aligned" copy to the first
 * byte of a buffer: badly placed pages are half as fast (see page_arena.ts).
 *
 * @module
 */

import { shapeOf, ShapeProblem } from "../../backends/ramdisk/geometry.ts";
import { RamStore } from "../../backends/ramdisk/store.ts";

const SIZE_BYTES = 2 ** 28;
const BLOCK = 512;
/** Where an iSCSI reply has its data: behind a header. */
const HEADER_BYTES = 48;

function makeStore(): RamStore {
  const shape = shapeOf({
    sizeBytes: SIZE_BYTES,
    blockLength: BLOCK,
    deviceType: 0,
    pblocksize: undefined,
    pblockoffset: 0,
    ublocksize: undefined,
    ublockoffset: 0,
  });
  if (shape instanceof ShapeProblem) throw new Error(shape.message);
  const clock = { nextTurn: (): Promise<void> => Promise.resolve() };
  const capacityBytes = SIZE_BYTES;
  return new RamStore({ shape, capacityBytes, readOnly: false, clock });
}

const store = makeStore();
const buffer = new Uint8Array(2 ** 20 + 4096).fill(0x5a);
const mirror = new Uint8Array(SIZE_BYTES).fill(1);
for (let lba = 0; lba < SIZE_BYTES / BLOCK; lba += 2048) {
  store.tryWrite(lba, 2048, buffer, 0);
}

let state = 1;
/** A random position, a multiple of `unit` bytes. */
function anywhere(unit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state % (SIZE_BYTES / unit)) * unit;
}

Deno.bench("random position alone", () => {
  anywhere(4096);
});
for (const length of [512, 4096, 262144]) {
  const group = `${length} bytes`;
  const blocks = length / BLOCK;
  Deno.bench(`copy, ${group}`, { group, baseline: true }, () => {
    const position = anywhere(length);
    const from = mirror.subarray(position, position + length);
    buffer.set(from, HEADER_BYTES);
  });
  Deno.bench(`read, ${group}`, { group }, () => {
    store.tryRead(anywhere(length) / BLOCK, blocks, buffer, HEADER_BYTES);
  });
  Deno.bench(`read, ${group}, aligned`, { group }, () => {
    store.tryRead(anywhere(length) / BLOCK, blocks, buffer, 0);
  });
  Deno.bench(`write, ${group}`, { group }, () => {
    store.tryWrite(anywhere(length) / BLOCK, blocks, buffer, HEADER_BYTES);
  });
}
