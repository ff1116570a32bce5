/**
 * Format and sanitize operations (SBC-4 4.33, 4.11). One has the medium for
 * itself, outlives the command and the session that asked for it, and is kept
 * over restarts: a sanitize operation goes on, a format that was cut off leaves
 * a medium that must be formatted again.
 *
 * @module
 */

import { FLAG, PATTERN } from "./commands/command_row.ts";
import type { CommandRow } from "./commands/command_table.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import { ManagementError } from "./management_error.ts";
import { changeOfPass, OPERATION_BUFFER_BYTES } from "./medium_pass.ts";
import {
  forgetOperation,
  keepOperation,
  keptOperation,
  OPERATION,
  type OperationPlan,
  type OperationRecord,
} from "./operation_record.ts";
import {
  type BlockStore,
  type MaybePromise,
  OK,
  type StoreFault,
} from "./ports/block_store.ts";
import { SHARED } from "./ports/coordinator.ts";
import {
  type Completion,
  FORMAT_COMMAND_FAILED,
  formatInProgress,
  INTERNAL_TARGET_FAILURE,
  MEDIUM_FORMAT_CORRUPTED,
  SANITIZE_COMMAND_FAILED,
  sanitizeInProgress,
  type Sense,
  STATUS,
} from "./sense.ts";
import { Slices } from "./slices.ts";
import { ABORT, type ScsiTask, TASK_STATE } from "./task.ts";
import type { Trace } from "./tracing/trace.ts";
import { WAIT } from "./tracing/trace_events.ts";

/** Blocks that are deallocated at a time. */
const DEALLOCATE_BLOCKS = 2 ** 21;
/** With a rate, a step takes at most so much of a second. */
const STEPS_PER_SECOND = 8;
/** PROGRESS INDICATION is so many parts of the whole (SPC-5 4.4.2.4.6). */
const PROGRESS_PARTS = 65536;

/** The store was opened again, otherwise than it was. */
const NO_KEY: StoreFault = Object.freeze({
  cause: "hardware",
  message: "The store does not encrypt any more",
});

const SANITIZE_OPCODE = 0x48;
const FORMAT_OPCODE = 0x04;

/** An operation of one unit: running, stopped, or failed. */
export class MediumOperation {
  /** What it does. */
  readonly plan: OperationPlan;
  /**
   * Resolves when it runs no more: with GOOD, with the sense of a failure, or
   * with TASK ABORTED when it was stopped and will go on another time.
   */
  readonly ended: Promise<Completion>;
  readonly #unit: LogicalUnit;
  readonly #slices: Slices;
  #failed: boolean;
  #stopping = false;
  #wake: (() => void) | null = null;
  #tellTaskEnded: (() => void) | null = null;
  #passesDone: number;
  #lba = 0;
  #paidUntilMs = 0;

  /**
   * Begins at once, unless the record is of one that has failed.
   *
   * @param by the task that asked for it; null: it is taken up again
   */
  constructor(unit: LogicalUnit, record: OperationRecord, by: ScsiTask | null) {
    this.#unit = unit;
    this.plan = record.plan;
    this.#failed = record.failed;
    this.#passesDone = record.passesDone;
    this.#slices = new Slices(unit.clock);
    this.ended = record.failed
      ? Promise.resolve(this.#failure)
      : this.#runGuarded(by);
  }

  /** Whether it has ended with an error, and the medium shows it. */
  get failed(): boolean {
    return this.#failed;
  }

  /** What REQUEST SENSE tells of it. */
  get sense(): Sense {
    const sanitizes = this.plan.kind === OPERATION.SANITIZE;
    if (this.#failed) {
      return sanitizes ? SANITIZE_COMMAND_FAILED : MEDIUM_FORMAT_CORRUPTED;
    }
    return sanitizes
      ? sanitizeInProgress(this.#progress)
      : formatInProgress(this.#progress);
  }

  /** Why a command cannot run beside it, or null. */
  refusal(row: CommandRow): Sense | null {
    if ((row.flags & FLAG.AHEAD_OF_ATTENTION) !== 0) return null;
    if (this.#failed && this.#allowsAfterFailure(row)) return null;
    return this.sense;
  }

  /** A task has left its unit: it may have been the last one at work. */
  taskEnded(): void {
    this.#tellTaskEnded?.();
  }

  /** Stops it; what is kept of it goes on when the unit is made again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    this.#tellTaskEnded?.();
    await this.ended;
  }

  /**
   * A logical unit reset: a format is cut off, which the medium shows from
   * then on; a sanitize operation goes on (SBC-4 4.11.2).
   *
   * @returns a promise when there is something to wait for
   */
  reset(): Promise<void> | null {
    if (this.#failed || this.plan.kind === OPERATION.SANITIZE) return null;
    return this.#cutOff();
  }

  /**
   * SANITIZE with EXIT FAILURE MODE: the medium is used as it is.
   *
   * @returns false when that cannot be kept: it is as it was
   */
  leaveFailure(): boolean {
    const unit = this.#unit;
    const left = tryState(unit, () => forgetOperation(unit.state));
    unit.operationEndedMs = unit.clock.nowMs();
    if (left) unit.operation = null;
    return left;
  }

  async #cutOff(): Promise<void> {
    await this.stop();
    if (this.#unit.operation === this) this.#fail();
  }

  #allowsAfterFailure(row: CommandRow): boolean {
    if (row.opcode === SANITIZE_OPCODE) return true;
    if (this.plan.kind === OPERATION.SANITIZE) return false;
    // A medium without a format has a unit around it all the same.
    return row.opcode === FORMAT_OPCODE || (row.flags & FLAG.NO_MEDIUM) !== 0;
  }

  get #failure(): Sense {
    return this.plan.kind === OPERATION.SANITIZE
      ? SANITIZE_COMMAND_FAILED
      : FORMAT_COMMAND_FAILED;
  }

  get #progress(): number {
    const blocks = Math.max(1, this.#unit.geometry.blockCount);
    const done = this.#passesDone + Math.min(1, this.#lba / blocks);
    const parts = Math.floor(PROGRESS_PARTS * done / this.plan.passes);
    return Math.min(PROGRESS_PARTS - 1, parts);
  }

  async #runGuarded(by: ScsiTask | null): Promise<Completion> {
    const trace = by?.trace ?? null;
    // The unit knows of it first.
    await Promise.resolve();
    try {
      return await this.#run(by, trace);
    } catch (error) {
      this.#unit.hostLog.error("An operation on a medium met a defect", {
        lun: this.#unit.number,
        error: error instanceof Error ? error.stack : String(error),
      });
      return this.#fail();
    }
  }

  // An immediate task has ended by now: its trace goes on.
  async #run(by: ScsiTask | null, trace: Trace | null): Promise<Completion> {
    const quiet = this.#untilQuiet(by);
    await (trace === null ? quiet : trace.during(WAIT.QUIET_MEDIUM, quiet));
    while (this.#passesDone < this.plan.passes) {
      const completion = await this.#runPass();
      if (completion !== STATUS.GOOD) return completion;
    }
    return this.leaveFailure() ? STATUS.GOOD : this.#fail();
  }

  // Commands that came in at the head of the queue may still be at work.
  async #untilQuiet(by: ScsiTask | null): Promise<void> {
    while (!this.#stopping && isBusy(this.#unit, by)) {
      await new Promise<void>((resolve) => this.#tellTaskEnded = resolve);
    }
    this.#tellTaskEnded = null;
  }

  async #runPass(): Promise<Completion> {
    const { store } = this.#unit;
    if (store === null) return STATUS.TASK_ABORTED;
    if (this.plan.cryptographic) return await this.#replaceKey(store);
    const completion = await this.#changeBlocks(store);
    const goesOn = completion === STATUS.GOOD;
    // What another machine writes next must not be written over later.
    if (!goesOn && !this.#unit.writesThrough) return completion;
    const flushed = await store.flush();
    if (!goesOn) return completion;
    if (flushed !== OK) return this.#fail(flushed.message);
    this.#passesDone += 1;
    this.#lba = 0;
    // What is not kept of a pass is done once more after a restart.
    if (this.#passesDone < this.plan.passes) this.#keep();
    return STATUS.GOOD;
  }

  async #changeBlocks(first: BlockStore): Promise<Completion> {
    const unit = this.#unit;
    const change = changeOfPass(this.plan, this.#passesDone, first);
    let store: BlockStore | null = first;
    this.#lba = 0;
    // Without a store there are no blocks: that is not the end of them.
    while (store === null || this.#lba < unit.geometry.blockCount) {
      if (this.#stopping || store === null) return STATUS.TASK_ABORTED;
      const blocks = this.#blocksOfStep();
      const result = await change(store, this.#lba, blocks);
      if (result !== OK) return this.#fail(result.message);
      this.#lba += blocks;
      await this.#pace(blocks * unit.geometry.blockLength);
      store = unit.store;
    }
    return STATUS.GOOD;
  }

  async #replaceKey(store: BlockStore): Promise<Completion> {
    const result = await store.cryptographicErase?.() ?? NO_KEY;
    if (result !== OK) return this.#fail(result.message);
    this.#passesDone += 1;
    return STATUS.GOOD;
  }

  #blocksOfStep(): number {
    const { geometry } = this.#unit;
    const left = geometry.blockCount - this.#lba;
    if (this.plan.pattern === null) return Math.min(left, this.#blocksToFree());
    const step = OPERATION_BUFFER_BYTES / geometry.blockLength;
    return Math.max(1, Math.min(left, step, this.#blocksAtRate()));
  }

  // Whole units, so that a store can free the space of each.
  #blocksToFree(): number {
    const { unmapGranularityExponent, unmapAlignmentLba } = this.#unit.geometry;
    const unit = 2 ** unmapGranularityExponent;
    const step = Math.min(DEALLOCATE_BLOCKS, this.#blocksAtRate());
    const ahead = this.#lba + step - unmapAlignmentLba;
    const end = unmapAlignmentLba + Math.floor(ahead / unit) * unit;
    return end > this.#lba ? end - this.#lba : unit;
  }

  #blocksAtRate(): number {
    const { geometry, options } = this.#unit;
    const rate = this.#isRated ? options.sanitize_rate : undefined;
    return rate === undefined
      ? Infinity
      : Math.floor(rate / STEPS_PER_SECOND / geometry.blockLength);
  }

  get #isRated(): boolean {
    return this.plan.kind === OPERATION.SANITIZE;
  }

  /** Gives others their turns, and is no faster than the option allows. */
  async #pace(bytes: number): Promise<void> {
    if (this.#slices.used) await this.#slices.next();
    const rate = this.#unit.options.sanitize_rate;
    if (rate === undefined || !this.#isRated || this.#stopping) return;
    const nowMs = this.#unit.clock.nowMs();
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) +
      1000 * bytes / rate;
    await this.#sleep(this.#paidUntilMs - nowMs);
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#unit.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = null;
  }

  #keep(): void {
    const record = {
      plan: this.plan,
      passesDone: this.#passesDone,
      failed: this.#failed,
    };
    tryState(this.#unit, () => keepOperation(this.#unit.state, record));
  }

  #fail(message?: string): Sense {
    this.#failed = true;
    if (message !== undefined) {
      this.#unit.hostLog.warn("An operation on a medium has failed", {
        lun: this.#unit.number,
        reason: message,
      });
    }
    // It has failed now, whatever can be kept of that.
    this.#keep();
    return this.#failure;
  }
}

/**
 * Begins an operation for a task; it is kept before this returns.
 *
 * @returns the operation, or why there can be none
 */
function beginOperation(
  task: ScsiTask,
  unit: LogicalUnit,
  plan: OperationPlan,
): MediumOperation | Sense {
  // Another may have begun while parameters were on their way.
  if (unit.operation !== null && !unit.operation.failed) {
    return unit.operation.sense;
  }
  const record = { plan, passesDone: 0, failed: false };
  if (!tryState(unit, () => keepOperation(unit.state, record))) {
    return INTERNAL_TARGET_FAILURE;
  }
  const operation = new MediumOperation(unit, record, task);
  unit.operation = operation;
  // From now on the operation itself keeps others off the medium.
  unit.taskSet.stepAside(task);
  return operation;
}

/**
 * Takes up what was kept of an operation when its unit gets its store, unless
 * another node serves the unit.
 */
export function resumeOperation(unit: LogicalUnit): void {
  const record = keptOperation(unit.state);
  if (record === undefined || unit.store === null || unit.away) {
    unit.operation = null;
    return;
  }
  const cutOff = record.plan.kind === OPERATION.FORMAT;
  const failed = record.failed || cutOff || unit.readOnly;
  unit.operation = new MediumOperation(unit, { ...record, failed }, null);
}

/**
 * Carries an operation out for a task.
 *
 * @param immediate the task ends when the operation has begun
 */
export function carryOut(
  task: ScsiTask,
  unit: LogicalUnit,
  plan: OperationPlan,
  immediate: boolean,
): MaybePromise<Completion> {
  // It may have been aborted while its parameters were on their way.
  if (task.abort !== ABORT.NONE) return STATUS.TASK_ABORTED;
  const operation = beginOperation(task, unit, plan);
  if (!(operation instanceof MediumOperation)) return operation;
  if (immediate) return STATUS.GOOD;
  const ended = whenEnded(task, operation);
  return task.trace === null
    ? ended
    : task.trace.during(WAIT.MEDIUM_OPERATION, ended);
}

function whenEnded(
  task: ScsiTask,
  operation: MediumOperation,
): Promise<Completion> {
  return new Promise((resolve) => {
    task.wake = () => resolve(STATUS.TASK_ABORTED);
    operation.ended.then(resolve);
  });
}

/** Changes what a unit keeps; false: that could not be done. */
function tryState(unit: LogicalUnit, change: () => void): boolean {
  try {
    change();
    unit.changed(SHARED.KEPT);
    return true;
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error;
    unit.hostLog.warn("The state of an operation cannot be kept", {
      lun: unit.number,
      reason: error.message,
    });
    return false;
  }
}

function isBusy(unit: LogicalUnit, by: ScsiTask | null): boolean {
  const media = PATTERN.READ | PATTERN.WRITE;
  for (let task = unit.taskSet.oldest; task !== null; task = task.newer) {
    if (task === by || task.state !== TASK_STATE.EXECUTING) continue;
    if (((task.row?.pattern ?? 0) & media) !== 0) return true;
  }
  return false;
}
