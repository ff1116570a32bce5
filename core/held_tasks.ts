/**
 * Tasks that stand still, between two steps of theirs, until something else
 * has come about.
 *
 * @module
 */

import type { ScsiTask } from "./task.ts";

/** Which tasks stand still, and how they go on. */
export class HeldTasks {
  readonly #goOn: Map<ScsiTask, () => void> = new Map();

  /**
   * Holds a task.
   *
   * @param why one of `WAIT`, for who traces it; null: it is not a wait
   * @param goOn what it does then, even when it was aborted meanwhile
   * @returns lets it go, unless it went on already
   */
  hold(task: ScsiTask, why: number | null, goOn: () => void): () => void {
    const wait = why === null ? undefined : task.trace?.acquire(why);
    const held = () => {
      wait?.release();
      goOn();
    };
    this.#goOn.set(task, held);
    return () => {
      if (this.#goOn.get(task) === held) this.letGo(task);
    };
  }

  /**
   * Holds a task until a promise is kept.
   *
   * @param goOn what it does with the value; null: it was aborted before
   */
  holdFor<Outcome>(
    task: ScsiTask,
    why: number,
    promise: Promise<Outcome>,
    goOn: (outcome: Outcome | null) => void,
  ): void {
    let outcome: Outcome | null = null;
    const letGo = this.hold(task, why, () => goOn(outcome));
    promise.then((value) => {
      outcome = value;
      letGo();
    });
  }

  /** A task goes on. @returns false: it does not stand still */
  letGo(task: ScsiTask): boolean {
    const goOn = this.#goOn.get(task);
    if (goOn === undefined) return false;
    this.#goOn.delete(task);
    goOn();
    return true;
  }
}
