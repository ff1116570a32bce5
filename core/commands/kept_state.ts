/**
 * Commands that look into, or change, what a unit keeps over restarts.
 *
 * @module
 */

import { ManagementError } from "../management_error.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, INTERNAL_TARGET_FAILURE } from "../sense.ts";

/**
 * Runs the part of a command that needs kept state. When the state cannot be
 * used, nothing has changed, and the initiator hears of a failed device.
 */
export function withKeptState(
  work: () => MaybePromise<Completion>,
): MaybePromise<Completion> {
  try {
    const completion = work();
    return completion instanceof Promise
      ? completion.catch(completionOf)
      : completion;
  } catch (error) {
    return completionOf(error);
  }
}

function completionOf(error: unknown): Completion {
  if (error instanceof ManagementError) return INTERNAL_TARGET_FAILURE;
  throw error;
}
