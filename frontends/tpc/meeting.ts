/**
 * A place where commands on several units wait for each other: what they are
 * for begins when the last has come, and all end with it. So it is ordered and
 * judged as a command on each of the units.
 *
 * @module
 */

import {
  type Completion,
  type MaybePromise,
  type ScsiTask,
  STATUS,
} from "../../core/mod.ts";

/** One meeting. */
export class Meeting {
  readonly #work: () => MaybePromise<Completion>;
  readonly #ended: PromiseWithResolvers<Completion> = Promise.withResolvers();
  #awaited: number;
  #begun = false;
  #cancelled = false;

  /**
   * Nobody has come.
   *
   * @param awaited who is to come, at least one
   * @param work done once, in the turn in which the last one has come
   */
  constructor(awaited: number, work: () => MaybePromise<Completion>) {
    this.#awaited = awaited;
    this.#work = work;
  }

  /** A command has come to its turn; resolves with how it ends. */
  async arrive(task: ScsiTask): Promise<Completion> {
    if (this.#cancelled) return STATUS.GOOD;
    this.#awaited -= 1;
    task.wake = () => this.cancel();
    if (this.#awaited === 0) this.#begin();
    try {
      return await this.#ended.promise;
    } finally {
      task.wake = null;
    }
  }

  /** Somebody will not come: nothing is done, unless it has begun. */
  cancel(): void {
    if (this.#begun) return;
    this.#cancelled = true;
    this.#ended.resolve(STATUS.GOOD);
  }

  #begin(): void {
    this.#begun = true;
    this.#ended.resolve(Promise.try(this.#work));
  }
}
