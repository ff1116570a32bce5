/**
 * Places in our task sets of commands that the other node runs.
 *
 * A place is an ordinary task of the initiator's nexus that executes until the
 * other node says that the command is over: order, reservations and aborts
 * need no second law. When the link has ended, a command that reads has lost
 * its place; one that may write keeps it until the other node tells of its
 * end, or is known to be unable to write.
 *
 * @module
 */

import {
  ABORT,
  type CommandRow,
  type Completion,
  type LogicalUnit,
  PATTERN,
  STATUS,
} from "../../core/mod.ts";
import { type Channel, malformed } from "./channel.ts";
import type { FarTask } from "./far_task.ts";
import { encodeRevoke } from "./wire/function.ts";
import { KIND } from "./wire/kinds.ts";
import type { OutcomeFrame } from "./wire/outcome.ts";

/** The places. */
export class FarPlaces {
  readonly #channel: Channel;
  readonly #granted: Set<FarTask> = new Set();
  /** Of writes whose link has ended, by their numbers on it. */
  readonly #kept: Map<number, FarTask> = new Map();
  /** Tasks still running there of which no place is known here. */
  #strays: Set<number> = new Set();
  readonly #hosts: Set<LogicalUnit> = new Set();
  #up = false;

  /** No places yet. */
  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Places will be kept on a unit. */
  host(unit: LogicalUnit): void {
    if (this.#hosts.has(unit)) return;
    this.#hosts.add(unit);
    unit.setHosting(true);
  }

  /** No more places are asked for; those that are kept go on. */
  stopHosting(): void {
    for (const unit of this.#hosts) unit.setHosting(false);
    this.#hosts.clear();
  }

  /** It is the turn of a task: the other node runs it. */
  keep(
    task: FarTask,
    row: CommandRow,
    unit: LogicalUnit,
  ): Promise<Completion> {
    const { context } = task;
    context.granted = true;
    this.#granted.add(task);
    // Its reads do not pass our store: followers need not wait for that.
    unit.taskSet.sequentialDone(task);
    this.#channel.sendNumber(KIND.GRANT, context.id);
    task.wake = () => this.#revoke(task, row);
    return new Promise((resolve) => {
      context.finish = resolve;
    });
  }

  /** The other node has run it. */
  finish(task: FarTask, frame: OutcomeFrame): void {
    task.transferLength = frame.transferLength;
    task.movedLength = frame.movedLength;
    task.moveCount = frame.movedLength > 0 ? 1 : 0;
    task.tagFree = true;
    this.#release(task, frame.sense ?? frame.status);
  }

  /** The same for one that outlived its link. */
  finishKept(frame: OutcomeFrame): void {
    const task = this.#kept.get(frame.task);
    if (task !== undefined) {
      this.#kept.delete(frame.task);
      this.#release(task, STATUS.TASK_ABORTED);
    } else if (!this.#strays.delete(frame.task)) {
      malformed("the end of a task that it has not");
    }
  }

  /** The link is up. */
  linkUp(): void {
    this.#up = true;
  }

  /** The link has ended; what is aborted now has no other node to ask. */
  linkDown(): void {
    this.#up = false;
    this.#strays.clear();
  }

  /** A new link: all places but those of some tasks are free. */
  releaseOthers(running: Set<number>): void {
    for (const [id, task] of [...this.#kept]) {
      if (running.has(id)) continue;
      this.#kept.delete(id);
      this.#release(task, STATUS.TASK_ABORTED);
    }
    for (const id of this.#kept.keys()) running.delete(id);
    this.#strays = running;
  }

  /** All places that outlived their link are free. */
  releaseAll(): void {
    this.releaseOthers(new Set());
  }

  // It was aborted: by a function, or because the link has ended.
  #revoke(task: FarTask, row: CommandRow): void {
    const { context } = task;
    if (this.#up && !context.revoked) {
      context.revoked = true;
      const silent = task.abort === ABORT.SILENT;
      this.#channel.send(KIND.REVOKE, encodeRevoke(context.id, silent));
    } else if (!this.#up && this.#granted.has(task)) {
      if ((row.pattern & PATTERN.WRITE) === 0) {
        this.#release(task, STATUS.TASK_ABORTED);
      } else this.#kept.set(context.id, task);
    }
  }

  #release(task: FarTask, completion: Completion): void {
    if (!this.#granted.delete(task)) return;
    const { finish } = task.context;
    task.context.finish = null;
    task.wake = null;
    finish?.(completion);
  }
}
