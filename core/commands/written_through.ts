/**
 * Where another machine writes to the same medium, what a command has given to
 * the store is on the medium when the command is over, aborted or failed as it
 * may be: what stayed in a cache here could reach the medium after what is
 * written there later. Commands themselves flush as WCE and FUA have it, when
 * all is well; here is the rest, for all of them.
 *
 * @module
 */

import type { LogicalUnit } from "../logical_unit.ts";
import type { BlockStore, MaybePromise } from "../ports/block_store.ts";
import { type Completion, STATUS } from "../sense.ts";
import type { ScsiTask } from "../task.ts";
import type { Execute } from "./command_row.ts";
import { flushStore } from "./medium.ts";

/** How a command that writes runs on every unit. */
export function writtenThrough(execute: Execute): Execute {
  return (task, unit) =>
    unit.writesThrough
      ? executeThrough(task, unit, execute)
      : execute(task, unit);
}

function executeThrough(
  task: ScsiTask,
  unit: LogicalUnit,
  execute: Execute,
): MaybePromise<Completion> {
  // Its own one to the end: the unit may have let go of it by then.
  const { store } = unit;
  const completion = execute(task, unit);
  if (store === null || !store.capabilities.volatileCache) return completion;
  return completion instanceof Promise || task.unflushed
    ? flushedAtLast(task, store, completion)
    : completion;
}

async function flushedAtLast(
  task: ScsiTask,
  store: BlockStore,
  pending: MaybePromise<Completion>,
): Promise<Completion> {
  let flushed: Completion = STATUS.GOOD;
  let completion: Completion;
  try {
    completion = await pending;
  } finally {
    // Whatever has gone wrong.
    if (task.unflushed) flushed = await flushStore(task, store);
  }
  return completion === STATUS.GOOD ? flushed : completion;
}
