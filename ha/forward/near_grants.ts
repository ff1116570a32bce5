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
  type MaybePromise,
  type ScsiTask,
  STATUS,
} from "../../core/mod.ts";
import type { Channel } from "./channel.ts";
import { type NearTask, PHASE } from "./near_task.ts";
import { KIND } from "./wire/kinds.ts";
import { newOutcomeFrame } from "./wire/outcome.ts";

// Filled and sent in one go.
const outcome = newOutcomeFrame();

/** Runs granted commands. */
export class NearGrants {
  readonly #channel: Channel;
  readonly #silentMs: number;
  readonly #finish: (
    near: NearTask,
    completion: MaybePromise<Completion>,
  ) => void;

  /**
   * @param silentMs silence of the link from which on nothing is begun
   * @param finish ends a command
   */
  constructor(
    channel: Channel,
    silentMs: number,
    finish: (
      near: NearTask,
      completion: MaybePromise<Completion>,
    ) => void,
  ) {
    this.#channel = channel;
    this.#silentMs = silentMs;
    this.#finish = finish;
  }

  /** Runs a command that was granted just now. */
  run(near: NearTask): void {
    const { task } = near;
    if (task === null) return;
    near.phase = PHASE.GRANTED;
    task.wake = null;
    const completion = this.#start(near, task);
    if (completion instanceof Promise) this.#later(near, task, completion);
    else this.#ended(near, task, completion);
  }

  /** See `NearSide.stopGranted`. */
  stop({ task, phase }: NearTask): void {
    if (task === null || phase !== PHASE.GRANTED) return;
    void task.nexus.abortTasks([{ task, how: ABORT.TO_BE_RETRIED }]);
  }

  #start(
    { row, unit }: NearTask,
    task: ScsiTask,
  ): MaybePromise<Completion> {
    if (row === null || unit === null || unit.store === null) {
      return STATUS.BUSY;
    }
    if (task.abort !== ABORT.NONE) return STATUS.TASK_ABORTED;
    // We may have stood still until the other node has given us up.
    if (this.#channel.silenceMs >= this.#silentMs) {
      return ASYMMETRIC_ACCESS_STATE_TRANSITION;
    }
    try {
      row.range?.(task, unit);
      return row.execute(task, unit);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #later(
    near: NearTask,
    task: ScsiTask,
    pending: Promise<Completion>,
  ): Promise<void> {
    let completion: Completion;
    try {
      completion = await pending;
    } catch {
      // The dispatcher tells of the defect; others need not wait for it.
      this.#tell(near, task, STATUS.BUSY);
      return this.#finish(near, pending);
    }
    this.#ended(near, task, completion);
  }

  #ended(near: NearTask, task: ScsiTask, completion: Completion): void {
    this.#tell(near, task, completion);
    this.#finish(near, completion);
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
