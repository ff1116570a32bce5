/**
 * The task set of a logical unit (SAM-5 4.9, clause 8): who waits for whom.
 *
 * Tasks stand in the order of their arrival. A new task is held against the
 * older ones, from the youngest to the oldest; the first that it must not
 * pass becomes its blocker, and it is looked at again only when that one ends
 * or stops mattering, going on from there.
 *
 * @module
 */

import { assert } from "./assert.ts";
import { type Sense, taggedOverlappedCommands } from "./sense.ts";
import { OVERLAPPED_COMMANDS_ATTEMPTED } from "./sense.ts";
import { TAG_COUNTS } from "./nexus.ts";
import {
  CLASS_COUNT,
  classesInTheWay,
  ORDER,
  orderOf,
  SERIALIZATION,
  type SerializationClass,
} from "./serialization.ts";
import {
  ABORT,
  ATTRIBUTE,
  type BlockRange,
  type ScsiTask,
  TASK_STATE,
} from "./task.ts";

/** What orders others by its attribute is counted apart from all classes. */
const RESTRICTING = CLASS_COUNT;

/** How sequential reads wait for each other (LUN option `serseq`). */
export type SequentialMode = "off" | "soft" | "read" | "on";

/** What the set must know of its logical unit to order tasks. */
export interface OrderingRules {
  /** LUN option `serseq`. */
  readonly serseq: SequentialMode;
  /** QUEUE ALGORITHM MODIFIER 1h of the control mode page. */
  readonly unrestrictedReordering: boolean;
  /** TST 001b of the control mode page: a task set for each nexus. */
  readonly separateTaskSets: boolean;
}

/**
 * The tasks of one logical unit, of all its nexuses. With TST 001b each nexus
 * has a task set of its own (SPC-5 7.5.10): attributes then order the tasks of
 * one nexus alone; what commands do to the blocks and to the unit orders all.
 */
export class TaskSet {
  readonly #rules: OrderingRules;
  readonly #ready: (task: ScsiTask) => void;
  readonly #released: () => void;
  #oldest: ScsiTask | null = null;
  #newest: ScsiTask | null = null;
  #size = 0;
  // Who is here, so that most tasks need not look at each other.
  readonly #counts: Uint16Array = new Uint16Array(CLASS_COUNT + 1);
  #present = 0;

  /**
   * An empty set.
   *
   * @param rules read at each decision, so that mode pages take effect
   * @param ready called with each task that no longer waits; must not run it
   * @param released called when there may be ready tasks, to run them
   */
  constructor(
    rules: OrderingRules,
    ready: (task: ScsiTask) => void,
    released: () => void,
  ) {
    this.#rules = rules;
    this.#ready = ready;
    this.#released = released;
  }

  /** Tasks in the set. */
  get size(): number {
    return this.#size;
  }

  /** The oldest task; the others follow by `newer`. */
  get oldest(): ScsiTask | null {
    return this.#oldest;
  }

  /** Adds a task as the newest. */
  enter(task: ScsiTask): void {
    task.older = this.#newest;
    task.newer = null;
    if (this.#newest === null) this.#oldest = task;
    else this.#newest.newer = task;
    this.#newest = task;
    this.#size += 1;
    this.#countTag(task, 1);
  }

  /** The sense of an overlap with the tag of an older task, if there is. */
  overlap(task: ScsiTask): Sense | null {
    const untagged = task.attribute === ATTRIBUTE.UNTAGGED;
    if (!untagged && this.#countTag(task, 0) === 1) return null;
    for (let older = task.older; older !== null; older = older.older) {
      if (older.nexus !== task.nexus || older.abort !== ABORT.NONE) continue;
      if (older.state === TASK_STATE.ENDED) continue;
      if (untagged !== (older.attribute === ATTRIBUTE.UNTAGGED)) continue;
      if (untagged) return OVERLAPPED_COMMANDS_ATTEMPTED;
      if (older.tag === task.tag && !older.tagFree) {
        return taggedOverlappedCommands(task.tag);
      }
    }
    return null;
  }

  /**
   * Decides about a task that has just entered.
   *
   * @returns true when it may run now; else it waits and `ready` gets it later
   */
  admit(task: ScsiTask): boolean {
    const present = this.#present;
    // What stands aside is in nobody's way: it is not looked for.
    if (!task.aside) this.#count(task);
    return (present & this.#inTheWay(task)) === 0 ||
      this.#admitFrom(task, task.older);
  }

  /** Takes a task out and lets those go on that waited for it. */
  leave(task: ScsiTask): void {
    const older = task.older;
    this.#uncount(task);
    this.#unlink(task);
    this.#releaseWaiters(task, older);
    assert(this.#size >= 0, "a task left the set twice");
  }

  /**
   * Takes a waiting task off its blocker, because it was aborted: it will not
   * run, and is still in the set.
   */
  stopWaiting(task: ScsiTask): void {
    const blocker = task.blocker;
    if (blocker === null) return;
    task.blocker = null;
    if (task.trace !== null) task.trace.unblocked();
    let previous: ScsiTask | null = null;
    let at = blocker.firstWaiter;
    while (at !== null && at !== task) {
      previous = at;
      at = at.nextWaiter;
    }
    assert(at === task, "a waiting task is not in its blocker's list");
    if (previous === null) blocker.firstWaiter = task.nextWaiter;
    else previous.nextWaiter = task.nextWaiter;
    if (blocker.lastWaiter === task) blocker.lastWaiter = previous;
    task.nextWaiter = null;
  }

  /** The media part of a read is done: sequential followers may start. */
  sequentialDone(task: ScsiTask): void {
    if (task.sequentialDone) return;
    task.sequentialDone = true;
    if (task.firstWaiter !== null) this.#releaseWaiters(task, task);
  }

  /** The ranges of an UNMAP are known: what lies beside them may start. */
  rangesKnown(task: ScsiTask, ranges: readonly BlockRange[]): void {
    task.ranges = ranges;
    if (task.firstWaiter !== null) this.#releaseWaiters(task, task);
  }

  /** Nobody need wait for a task any more, although it goes on. */
  stepAside(task: ScsiTask): void {
    task.aside = true;
    if (task.firstWaiter !== null) this.#releaseWaiters(task, task);
  }

  #admitFrom(task: ScsiTask, from: ScsiTask | null): boolean {
    for (let older = from; older !== null; older = older.older) {
      if (!this.#mustWait(task, older)) continue;
      this.#waitFor(task, older);
      return false;
    }
    return true;
  }

  #waitFor(task: ScsiTask, blocker: ScsiTask): void {
    task.blocker = blocker;
    task.nextWaiter = null;
    if (blocker.lastWaiter === null) blocker.firstWaiter = task;
    else blocker.lastWaiter.nextWaiter = task;
    blocker.lastWaiter = task;
    if (task.trace !== null) task.trace.blockedBy(blocker);
  }

  #releaseWaiters(blocker: ScsiTask, from: ScsiTask | null): void {
    let waiter = blocker.firstWaiter;
    if (waiter === null) return;
    blocker.firstWaiter = null;
    blocker.lastWaiter = null;
    // Nothing runs before all have been looked at: what runs may abort those
    // behind it, or end the task from which their search goes on.
    while (waiter !== null) {
      const next: ScsiTask | null = waiter.nextWaiter;
      waiter.nextWaiter = null;
      waiter.blocker = null;
      if (waiter.trace !== null) waiter.trace.unblocked();
      if (this.#admitFrom(waiter, from)) this.#ready(waiter);
      waiter = next;
    }
    this.#released();
  }

  #unlink(task: ScsiTask): void {
    if (task.older === null) this.#oldest = task.newer;
    else task.older.newer = task.newer;
    if (task.newer === null) this.#newest = task.older;
    else task.newer.older = task.older;
    task.older = null;
    task.newer = null;
    this.#size -= 1;
  }

  #count(task: ScsiTask): void {
    const at = task.attribute === ATTRIBUTE.ORDERED ||
        task.attribute === ATTRIBUTE.HEAD_OF_QUEUE || task.row === null
      ? RESTRICTING
      : task.row.serialization;
    task.countedAs = at;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#present |= 1 << at;
  }

  #uncount(task: ScsiTask): void {
    this.#countTag(task, -1);
    const at = task.countedAs;
    if (at < 0) return;
    task.countedAs = -1;
    const left = (this.#counts[at] ?? 0) - 1;
    this.#counts[at] = left;
    if (left === 0) this.#present &= ~(1 << at);
  }

  #countTag({ nexus, tag }: ScsiTask, change: number): number {
    const { tagCounts } = nexus;
    const at = tag & (TAG_COUNTS - 1);
    const count = (tagCounts[at] ?? 0) + change;
    tagCounts[at] = count;
    return count;
  }

  // Bits of what is present that it cannot pass unseen.
  #inTheWay({ attribute, row }: ScsiTask): number {
    if (attribute === ATTRIBUTE.ORDERED || row === null) return ~0;
    const inSequence = this.#rules.serseq !== "off";
    return 1 << RESTRICTING | classesInTheWay(row.serialization, inSequence);
  }

  // The first rule that fits decides (SAM-5 8.7; QErr and ACA aside).
  #mustWait(task: ScsiTask, older: ScsiTask): boolean {
    if (older.aside) return false;
    if (task.attribute === ATTRIBUTE.HEAD_OF_QUEUE) return false;
    if (older.nexus === task.nexus || !this.#rules.separateTaskSets) {
      if (task.attribute === ATTRIBUTE.ORDERED) return true;
      if (older.attribute === ATTRIBUTE.ORDERED) return true;
      if (older.attribute === ATTRIBUTE.HEAD_OF_QUEUE) return true;
    }
    // A task without a row is being refused: it touches nothing.
    if (older.row === null || task.row === null) return false;
    const newerClass = task.row.serialization;
    return this.#blocks(task, older, newerClass, older.row.serialization);
  }

  #blocks(
    task: ScsiTask,
    older: ScsiTask,
    newerClass: SerializationClass,
    olderClass: SerializationClass,
  ): boolean {
    const free = this.#rules.unrestrictedReordering;
    switch (orderOf(newerClass, olderClass)) {
      case ORDER.PASS:
        return false;
      case ORDER.BLOCK:
        return true;
      case ORDER.BLOCK_UNLESS_UNRESTRICTED:
        return !free;
      case ORDER.EXTENT:
        return this.#overlaps(task, older);
      case ORDER.EXTENT_UNLESS_UNRESTRICTED:
        return !free && this.#overlaps(task, older);
      default:
        return this.#continues(task, older);
    }
  }

  #overlaps(task: ScsiTask, older: ScsiTask): boolean {
    if (older.row?.serialization === SERIALIZATION.UNMAP) {
      if (older.ranges === null) return true;
      return older.ranges.some((range) => touches(task, range));
    }
    const reach = this.#rules.serseq === "on" && !older.sequentialDone ? 1 : 0;
    return task.blockCount > 0 && older.blockCount > 0 &&
      task.lba < older.lba + older.blockCount + reach &&
      older.lba < task.lba + task.blockCount;
  }

  #continues(task: ScsiTask, older: ScsiTask): boolean {
    return this.#rules.serseq !== "off" && !older.sequentialDone &&
      older.blockCount > 0 && older.lba + older.blockCount === task.lba;
  }
}

/** Whether a task is still waiting for another. */
export function isBlocked(task: ScsiTask): boolean {
  return task.state === TASK_STATE.BLOCKED;
}

function touches(task: ScsiTask, range: BlockRange): boolean {
  return task.blockCount > 0 && range.blockCount > 0 &&
    task.lba < range.lba + range.blockCount &&
    range.lba < task.lba + task.blockCount;
}
