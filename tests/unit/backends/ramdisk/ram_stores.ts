/**
 * Memory stores that share one memory, for tests.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type BlockStore, OK } from "../../../../core/mod.ts";
import {
  shapeOf,
  ShapeProblem,
  type ShapeRequest,
} from "../../../../backends/ramdisk/geometry.ts";
import type { PageMemory } from "../../../../backends/ramdisk/page_memory.ts";
import { RamStore } from "../../../../backends/ramdisk/store.ts";

/** Bytes of a page, unless a test says otherwise. */
export const PAGE = 4096;

const DEFAULTS: ShapeRequest = {
  sizeBytes: 2 ** 24,
  blockLength: 512,
  deviceType: 0,
  pblocksize: undefined,
  pblockoffset: 0,
  ublocksize: undefined,
  ublockoffset: 0,
};

/** How a store differs from the usual one. */
export interface StoreWish extends Partial<ShapeRequest> {
  /** Where its pages are. */
  readonly memory?: PageMemory;
  /** Bytes of memory for its pages. */
  readonly capacityBytes?: number;
  /** Bytes of memory for snapshots. */
  readonly snapshotBytes?: number;
  /** Refuse writes. */
  readonly readOnly?: boolean;
  /** Called whenever the store lets others work. */
  readonly onTurn?: () => void;
}

/** Makes a store. */
export function ramStore(wish: StoreWish = {}): RamStore {
  const shape = shapeOf({ ...DEFAULTS, ...wish });
  assert(!(shape instanceof ShapeProblem), JSON.stringify(shape));
  const { capacityBytes = 2 ** 24, readOnly = false, memory } = wish;
  const nextTurn = (): Promise<void> => {
    wish.onTurn?.();
    return Promise.resolve();
  };
  return new RamStore({
    ...{ shape, capacityBytes, readOnly, clock: { nextTurn } },
    ...(memory === undefined ? {} : { memory }),
    ...(wish.snapshotBytes === undefined
      ? {}
      : { snapshotBytes: wish.snapshotBytes }),
  });
}

/** Copies all of a range; fails when a slice does. */
export async function copyAll(
  from: BlockStore,
  lba: number,
  blockCount: number,
  to: BlockStore,
  toLba: number,
): Promise<number> {
  const ratio = from.geometry.blockLength / to.geometry.blockLength;
  let slices = 0;
  for (let done = 0; done < blockCount; slices++) {
    const result = await from.copyRange?.(
      lba + done,
      blockCount - done,
      to,
      toLba + done * ratio,
    );
    assert(typeof result === "number" && result > 0, Deno.inspect(result));
    done += result;
  }
  return slices;
}

/** Writes blocks that all have one value. */
export function fill(
  store: BlockStore,
  lba: number,
  blockCount: number,
  value: number,
): void {
  const bytes = new Uint8Array(blockCount * store.geometry.blockLength);
  assertEquals(store.tryWrite?.(lba, blockCount, bytes.fill(value), 0), OK);
}

/** Bytes of blocks. */
export function bytesOf(
  store: BlockStore,
  lba: number,
  blockCount: number,
): Uint8Array {
  const length = blockCount * store.geometry.blockLength;
  const into = new Uint8Array(length).fill(0xa5);
  assertEquals(store.tryRead?.(lba, blockCount, into, 0), OK);
  return into;
}

/** First byte of each of some blocks. */
export function firstBytes(
  store: BlockStore,
  lbas: readonly number[],
): (number | undefined)[] {
  return lbas.map((lba) => bytesOf(store, lba, 1)[0]);
}
