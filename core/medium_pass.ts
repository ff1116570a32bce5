/**
 * What one pass of a format or sanitize operation does to its blocks.
 *
 * @module
 */

import { OPERATION, type OperationPlan } from "./operation_record.ts";
import {
  type BlockStore,
  type MaybePromise,
  OK,
  type StoreResult,
} from "./ports/block_store.ts";

/** Bytes of the buffer that a running operation has of its own. */
export const OPERATION_BUFFER_BYTES: number = 2 ** 18;

/** How a pass changes a step: so many blocks from an LBA on. */
export type Change = (
  store: BlockStore,
  lba: number,
  blockCount: number,
) => MaybePromise<StoreResult>;

/**
 * How a pass changes the blocks of a store.
 *
 * @param passesDone passes before it
 */
export function changeOfPass(
  plan: OperationPlan,
  passesDone: number,
  { unmap, geometry }: BlockStore,
): Change {
  const { pattern, invert, kind } = plan;
  if (pattern === null && unmap !== undefined) {
    return (store, lba, blockCount) =>
      store.unmap?.(lba, blockCount, false) ?? OK;
  }
  const written = pattern ?? ZERO;
  // To sanitize is to write: zeroes that a store only notes do not do.
  const zeroes = kind === OPERATION.FORMAT &&
    written.every((byte) => byte === 0);
  const inverted = invert && passesDone % 2 === 1;
  const buffer = fill(written, inverted, geometry.blockLength);
  return (store, lba, blockCount) =>
    zeroes && store.writeZeroes !== undefined
      ? store.writeZeroes(lba, blockCount)
      : writeOut(store, lba, blockCount, buffer);
}

/** A pass that deallocates, on a store that cannot, writes zeroes. */
const ZERO = Uint8Array.of(0);

async function writeOut(
  store: BlockStore,
  lba: number,
  blockCount: number,
  buffer: Uint8Array,
): Promise<StoreResult> {
  const blocks = buffer.length / store.geometry.blockLength;
  for (let done = 0; done < blockCount; done += blocks) {
    const count = Math.min(blocks, blockCount - done);
    const result = await store.write(lba + done, count, buffer, 0);
    if (result !== OK) return result;
  }
  return OK;
}

/** A buffer of whole blocks, each filled with the pattern from its start. */
function fill(
  pattern: Uint8Array,
  inverted: boolean,
  blockLength: number,
): Uint8Array {
  const buffer = new Uint8Array(Math.max(OPERATION_BUFFER_BYTES, blockLength));
  const flip = inverted ? 0xff : 0;
  for (let at = 0; at < blockLength; at += 1) {
    buffer[at] = (pattern[at % pattern.length] ?? 0) ^ flip;
  }
  for (let done = blockLength; done < buffer.length; done *= 2) {
    buffer.copyWithin(done, 0, Math.min(done, buffer.length - done));
  }
  return buffer;
}
