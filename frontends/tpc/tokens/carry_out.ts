/**
 * Carries the operation of a command on tokens out: while the command waits,
 * or in the background.
 *
 * @module
 */

import {
  ABORT,
  type Completion,
  INTERNAL_TARGET_FAILURE,
  type MaybePromise,
  type ScsiTask,
  STATUS,
} from "../../../core/mod.ts";
import type { CopyManager } from "../copy_manager.ts";
import type { CopyOperation, CopyState } from "../operations.ts";

/**
 * Does the work of an operation that has begun.
 *
 * @param work resolves when nothing of it touches data any more
 */
export function carryOut(
  manager: CopyManager,
  task: ScsiTask,
  operation: CopyOperation,
  work: () => Promise<Completion>,
): MaybePromise<Completion> {
  manager.noteBegin();
  const ended = finish(manager, operation, work);
  if (operation.background) {
    manager.inBackground(ended);
    // Whoever hears that it goes on may ask the other node for it.
    return operation.begun?.then(() => STATUS.GOOD) ?? STATUS.GOOD;
  }
  // Its own commands are ordered: what comes later waits for those.
  operation.unit.taskSet.stepAside(task);
  task.wake = () => operation.stop();
  if (task.abort !== ABORT.NONE) operation.stop();
  return ended.finally(() => task.wake = null);
}

async function finish(
  manager: CopyManager,
  operation: CopyOperation,
  work: () => Promise<Completion>,
): Promise<Completion> {
  let completion: Completion = INTERNAL_TARGET_FAILURE;
  try {
    completion = await refusalOf(operation) ?? await work();
    return completion;
  } finally {
    const state = operation.partlyDone ? "completed" : stateOf(completion);
    const told = manager.operations.end(operation, state, completion);
    manager.noteEnd(operation);
    // Whoever asks the other node for it, hears of it there.
    if (told !== null) await told;
  }
}

// The other node would tell of an older operation as if it were this one.
async function refusalOf(
  { begun, replaces }: CopyOperation,
): Promise<Completion | null> {
  return !replaces || begun === null || await begun ? null : STATUS.BUSY;
}

function stateOf(completion: Completion): Exclude<CopyState, "running"> {
  if (completion === STATUS.GOOD) return "completed";
  return completion === STATUS.TASK_ABORTED ? "aborted" : "failed";
}
