/**
 * Commands that the other node has granted: it keeps their place among all
 * others of the unit, and they run here on a store that both nodes have.
 *
 * @module
 */

import {
  ABORT,
  ASYMMETRIC_ACCESS_STATE_TRANSITION,
  type Completion,
  type ScsiTask,
  STATUS,
} from "../../core/mod.ts";
import type { Channel } from "./channel.ts";
import { SILENCE_MS_MAX } from "./limits.ts";
import { type NearTask, PHASE } from "./near_task.ts";
import { KIND } from "./wire/kinds.ts";
import { newOutcomeFrame } from "./wire/outcome.ts";

// Filled and sent in one go.
const outcome = newOutcomeFrame();

/** Runs granted commands. */
export class NearGrants {
  readonly #channel: Channel;
  readonly #finish: (near: NearTask, completion: Completion) => void;

  /** @param finish ends a command */
  constructor(
    channel: Channel,
    finish: (near: NearTask, completion: Completion) => void,
  ) {
    this.#channel = channel;
    this.#finish = finish;
  }

  /** Runs a command that was granted just now. */
  run(near: NearTask): void {
    const { task, row, unit } = near;
    if (task === null || row === null || unit === null) return;
    near.phase = PHASE.GRANTED;
    task.wake = null;
    // We may have stood still until the other node has given us up.
    if (this.#channel.silenceMs >= SILENCE_MS_MAX) near.stopped = true;
    if (near.stopped || task.abort !== ABORT.NONE || unit.store === null) {
      return this.#ended(near, task, STATUS.BUSY);
    }
    row.range?.(task, unit);
    const completion = row.execute(task, unit);
    if (completion instanceof Promise) this.#later(near, task, completion);
    else this.#ended(near, task, completion);
  }

  /** See `NearSide.stopGranted`. */
  stop(near: NearTask): void {
    const { task } = near;
    if (task === null || near.phase !== PHASE.GRANTED || near.stopped) return;
    near.stopped = true;
    if (task.abort !== ABORT.NONE) return;
    // As an abort does it, but its end is told otherwise.
    task.abort = ABORT.WITH_STATUS;
    task.nexus.transport.abortTransfer(task);
    task.nexus.buffers.giveUp(task);
    task.wake?.();
  }

  async #later(
    near: NearTask,
    task: ScsiTask,
    pending: Promise<Completion>,
  ): Promise<void> {
    let completion: Completion;
    try {
      completion = await pending;
    } catch (error) {
      // The dispatcher tells of the defect; others need not wait for it.
      this.#tell(near, task, STATUS.BUSY);
      near.fail(error);
      return;
    }
    this.#ended(near, task, completion);
  }

  #ended(near: NearTask, task: ScsiTask, completion: Completion): void {
    const how = near.stopped ? retried(task, completion) : completion;
    this.#tell(near, task, how);
    this.#finish(near, how);
  }

  #tell(near: NearTask, task: ScsiTask, how: Completion): void {
    outcome.task = near.id;
    outcome.silent = false;
    outcome.status = typeof how === "number" ? how : STATUS.CHECK_CONDITION;
    outcome.sense = typeof how === "number" ? null : how;
    outcome.transferLength = task.transferLength;
    outcome.movedLength = task.movedLength;
    this.#channel.sendOutcome(KIND.FINISH, outcome);
  }
}

// It was stopped, not aborted: unless it has ended GOOD all the same.
function retried(task: ScsiTask, completion: Completion): Completion {
  if (task.abort === ABORT.WITH_STATUS) task.abort = ABORT.NONE;
  if (task.answered || completion === STATUS.GOOD) return completion;
  return ASYMMETRIC_ACCESS_STATE_TRANSITION;
}
