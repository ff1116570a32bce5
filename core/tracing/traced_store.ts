/**
 * Calls to a store that a trace hears of. They stand apart from the calls
 * without one: what captures its arguments would cost those, too.
 *
 * @module
 */

import {
  type BlockStore,
  type MaybePromise,
  NOT_NOW,
  type StoreResult,
} from "../ports/block_store.ts";
import type { ScsiTask } from "../task.ts";
import type { Trace } from "./trace.ts";
import { STORE_CALL } from "./trace_events.ts";

/** Reads into the room that a transport lent to a task. */
export function tracedTryRead(
  trace: Trace,
  store: BlockStore,
  lba: number,
  blocks: number,
  { dataIn, dataInAt }: ScsiTask,
): StoreResult | typeof NOT_NOW {
  return trace.storeNow(
    STORE_CALL.READ,
    lba,
    blocks,
    () => store.tryRead?.(lba, blocks, dataIn, dataInAt) ?? NOT_NOW,
  );
}

/** Writes the data that came with a task. */
export function tracedTryWrite(
  trace: Trace,
  store: BlockStore,
  blocks: number,
  { lba, immediate, immediateAt }: ScsiTask,
): StoreResult | typeof NOT_NOW {
  const { tryWrite } = store;
  if (tryWrite === undefined) return NOT_NOW;
  return trace.storeNow(
    STORE_CALL.WRITE,
    lba,
    blocks,
    () => tryWrite.call(store, lba, blocks, immediate, immediateAt),
  );
}

/** Reads into the beginning of a buffer. */
export function tracedRead(
  trace: Trace,
  store: BlockStore,
  lba: number,
  blocks: number,
  into: Uint8Array,
): MaybePromise<StoreResult> {
  return trace.store(STORE_CALL.READ, lba, blocks, () => {
    const result = store.tryRead?.(lba, blocks, into, 0) ?? NOT_NOW;
    return result === NOT_NOW ? store.read(lba, blocks, into, 0) : result;
  });
}

/** Writes out of the beginning of a buffer. */
export function tracedWrite(
  trace: Trace,
  store: BlockStore,
  lba: number,
  blocks: number,
  from: Uint8Array,
): MaybePromise<StoreResult> {
  return trace.store(STORE_CALL.WRITE, lba, blocks, () => {
    const result = store.tryWrite?.(lba, blocks, from, 0) ?? NOT_NOW;
    return result === NOT_NOW ? store.write(lba, blocks, from, 0) : result;
  });
}
