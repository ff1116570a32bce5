/**
 * Runs tasks: from their arrival through judgement and ordering to their end,
 * and the functions that abort them.
 *
 * @module
 */

import { assert } from "./assert.ts";
import { countFailure, kindOf, UNKNOWN_OPCODE } from "./command_counters.ts";
import type { CommandRow, CommandTable } from "./commands/command_table.ts";
import type { EventHub } from "./events.ts";
import { HeldTasks } from "./held_tasks.ts";
import { judge, judgeAgain } from "./judgement.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { LunObservers } from "./lun_observer.ts";
import type { ItlNexus, Nexus } from "./nexus.ts";
import type { MaybePromise } from "./ports/block_store.ts";
import { type AwayEnding, ENDS_LATER } from "./ports/coordinator.ts";
import type { Host } from "./ports/host.ts";
import { type Completion, INTERNAL_TARGET_FAILURE, STATUS } from "./sense.ts";
import { TRANSFER } from "./statistics.ts";
import { ABORT, moveTask, type ScsiTask, TASK_STATE } from "./task.ts";
import {
  endTasksOf,
  executeFunction,
  loseNexus,
  victimsOfError,
} from "./task_functions.ts";
import type {
  TaskManagementRequest,
  TaskManagementResponse,
} from "./task_management.ts";
import { WAIT } from "./tracing/trace_events.ts";
import { Tracing } from "./tracing/tracing.ts";
import { LUN_REPORT_LUNS } from "./wire/lun_address.ts";

/** A task to abort, and how: one of `ABORT`. */
export interface Victim {
  /** The task. */
  readonly task: ScsiTask;
  /** Whether its initiator is told. */
  readonly how: number;
}

/** Runs the tasks of one target. */
export class Dispatcher {
  /** The switch of tracing. */
  readonly tracing: Tracing;
  /** Who hears of resets and lost nexuses. */
  readonly observers: LunObservers;
  readonly #host: Host;
  readonly #commands: CommandTable;
  readonly #events: EventHub;
  readonly #endings: Map<ScsiTask, (() => void)[]> = new Map();
  readonly #withoutUnit: Set<ScsiTask> = new Set();
  readonly #held: HeldTasks = new HeldTasks();
  #defects = 0;

  /** A dispatcher for the commands of a table. */
  constructor(
    host: Host,
    commands: CommandTable,
    events: EventHub,
    observers: LunObservers,
  ) {
    this.#host = host;
    this.tracing = new Tracing(host.clock);
    this.#commands = commands;
    this.#events = events;
    this.observers = observers;
  }

  /** Defects met so far; each was logged once. */
  get defects(): number {
    return this.#defects;
  }

  /** Tasks under way that no unit knows of. */
  get tasksWithoutUnit(): ScsiTask[] {
    return [...this.#withoutUnit];
  }

  /** A task has arrived. */
  receive(task: ScsiTask): void {
    moveTask(task, TASK_STATE.ARRIVED);
    const itl = task.nexus.itl(task.visibleLun);
    task.itl = itl;
    if (itl !== null) this.#enter(task, itl.unit);
    const completion = this.#judge(task);
    if (this.tracing.tracer !== null) this.tracing.tracer.arrive(task);
    if (completion !== null) this.#finish(task, completion);
    else if (itl === null || itl.unit.taskSet.admit(task)) this.#run(task);
    else moveTask(task, TASK_STATE.BLOCKED);
  }

  /** Runs the tasks of a unit that need not wait any more. */
  runReady(unit: LogicalUnit): void {
    // The tasks that end here release others: one loop takes them all, so
    // that a long chain needs no deep stack.
    if (unit.draining) return;
    unit.draining = true;
    try {
      for (let at = 0; at < unit.ready.length; at += 1) {
        const task = unit.ready[at];
        unit.readyTaken = at + 1;
        if (task !== undefined) this.#runReleased(task, unit);
      }
    } finally {
      unit.ready.length = 0;
      unit.readyTaken = 0;
      unit.draining = false;
    }
  }

  /**
   * Aborts tasks. Those that wait end now; those that run end when their
   * command next looks, and touch nothing afterwards.
   *
   * @param whenEnded called once, when the last has ended
   */
  abort(victims: readonly Victim[], whenEnded: () => void): void {
    if (victims.length === 0) return whenEnded();
    let left = victims.length;
    const ended = () => {
      left -= 1;
      if (left === 0) whenEnded();
    };
    // All are marked before the first ends: its end may release others.
    for (const { task, how } of victims) {
      this.#listen(task, ended);
      // An initiator that gave up its task hears nothing of it.
      if (task.abort !== ABORT.SILENT) task.abort = how;
      task.trace?.aborted(task.abort);
    }
    for (const { task } of victims) this.#stop(task);
  }

  /** A nexus asks for a task management function. */
  manage(nexus: Nexus, request: TaskManagementRequest): void {
    executeFunction(this, nexus, request);
  }

  /** Tells a nexus what its function has come to. */
  answerFunction(
    nexus: Nexus,
    request: TaskManagementRequest,
    response: TaskManagementResponse,
  ): void {
    request.response = response;
    try {
      nexus.transport.taskManagementFunctionExecuted(request);
    } catch (error) {
      this.noteDefect("task management", request.visibleLun, error);
    }
  }

  /** Ends all that a lost nexus has running and drops what it holds. */
  loseNexus(nexus: Nexus): Promise<void> {
    return loseNexus(this, nexus);
  }

  /** Ends the tasks of a nexus that goes on; resolves when all have ended. */
  endTasksOf(nexus: Nexus): Promise<void> {
    return endTasksOf(this, nexus);
  }

  /** A task was executed, by its row or by a coordinator. */
  executed(task: ScsiTask, completion: MaybePromise<Completion>): void {
    if (completion instanceof Promise) this.#finishLater(task, completion);
    else this.#finish(task, completion);
  }

  /** How a task is counted that was refused before its row was set. */
  opcodeOf(task: ScsiTask): number {
    return this.#commands.find(task.cdb)?.opcode ?? UNKNOWN_OPCODE;
  }

  /** Counts and logs an exception that should not have been. */
  noteDefect(command: string, lun: number, error: unknown): void {
    this.#defects += 1;
    this.#host.log.error("A command met a defect", {
      command,
      lun,
      error: error instanceof Error ? error.stack : String(error),
    });
    this.#events.emit({ type: "defect", command, lun });
  }

  #enter(task: ScsiTask, unit: LogicalUnit): void {
    if (unit.taskSet.size === 0) {
      unit.idleMs += Math.max(0, task.arrivedMs - unit.idleSinceMs);
    }
    unit.taskSet.enter(task);
  }

  #judge(task: ScsiTask): Completion | null {
    try {
      return judge(task, this.#commands);
    } catch (error) {
      return this.#defect(task, error);
    }
  }

  #run(task: ScsiTask): void {
    moveTask(task, TASK_STATE.EXECUTING);
    if (task.trace !== null) task.trace.executes();
    const { itl } = task;
    if (itl === null || !itl.unit.disturbed) this.#start(task);
    else this.#startDisturbed(task, itl.unit);
  }

  // Apart from the hot path: what captures its arguments costs every caller.
  #startDisturbed(task: ScsiTask, unit: LogicalUnit): void {
    if (unit.away || task.placeholder) return this.#startAway(task, unit);
    const { row } = task;
    if (unit.frozen && row !== null && unit.coordinator.isShared(row)) {
      return this.#end(task, STATUS.BUSY);
    }
    const delayMs = movesData(task)
      ? unit.injections.takeDelayMs("datamove")
      : 0;
    if (delayMs === 0) return this.#startLimited(task, unit);
    this.#delay(task, delayMs, () => this.#startLimited(task, unit));
  }

  // Where its unit is served, and as the coordinator has it.
  #startAway(task: ScsiTask, unit: LogicalUnit): void {
    const { row } = task;
    if (row === null || task.abort !== ABORT.NONE) {
      return this.#end(task, STATUS.GOOD);
    }
    // What the other node does with its place here is as if done here.
    const wait = task.placeholder ? unit.tellWatchers(task) : null;
    if (wait === null) return this.#startElsewhere(task, row, unit);
    this.#startElsewhereAfter(task, row, unit, wait);
  }

  #startElsewhereAfter(
    task: ScsiTask,
    row: CommandRow,
    unit: LogicalUnit,
    known: Promise<Completion | null>,
  ): void {
    this.#startAfter(task, known, () => this.#startElsewhere(task, row, unit));
  }

  #startElsewhere(task: ScsiTask, row: CommandRow, unit: LogicalUnit): void {
    if (task.abort !== ABORT.NONE) return this.#end(task, STATUS.GOOD);
    let completion: AwayEnding;
    try {
      completion = unit.coordinator.execute(task, row, unit);
    } catch (error) {
      completion = this.#defect(task, error);
    }
    if (completion !== ENDS_LATER) this.executed(task, completion);
  }

  // When the limits of the unit let it.
  #startLimited(task: ScsiTask, unit: LogicalUnit): void {
    if (task.abort !== ABORT.NONE) return this.#start(task);
    const withdraw = unit.limits
      .admit(task, unit.geometry, () => this.#held.letGo(task));
    if (withdraw === null) return this.#startWatched(task, unit);
    this.#held.hold(task, null, () => {
      withdraw();
      this.#startWatched(task, unit);
    });
  }

  #startWatched(task: ScsiTask, unit: LogicalUnit): void {
    const wait = task.abort === ABORT.NONE ? unit.tellWatchers(task) : null;
    if (wait === null) return this.#start(task);
    this.#startAfter(task, wait, () => this.#start(task));
  }

  // Those who watch its blocks have something to do before they change.
  #startAfter(
    task: ScsiTask,
    known: Promise<Completion | null>,
    start: () => void,
  ): void {
    this.#held.holdFor(task, WAIT.OTHER_NODE, known, (refusal) => {
      if (refusal === null) start();
      else this.#end(task, refusal);
    });
  }

  #start(task: ScsiTask): void {
    if (task.abort !== ABORT.NONE) return this.#end(task, STATUS.GOOD);
    const completion = this.#execute(task);
    if (completion instanceof Promise) this.#finishLater(task, completion);
    else this.#finish(task, completion);
  }

  #execute(task: ScsiTask): MaybePromise<Completion> {
    const { row, itl } = task;
    try {
      assert(row !== null, "a task without a row was admitted");
      if (itl !== null) return row.execute(task, itl.unit);
      const execute = task.visibleLun === LUN_REPORT_LUNS
        ? row.executeOnWellKnown
        : row.executeWithoutUnit;
      assert(execute !== undefined, "a command lacks a unit");
      return execute(task);
    } catch (error) {
      return this.#defect(task, error);
    }
  }

  async #finishLater(
    task: ScsiTask,
    pending: Promise<Completion>,
  ): Promise<void> {
    let completion: Completion;
    if (task.itl === null) this.#withoutUnit.add(task);
    try {
      completion = await pending;
    } catch (error) {
      completion = this.#defect(task, error);
    }
    if (task.itl === null) this.#withoutUnit.delete(task);
    this.#finish(task, completion);
  }

  #runReleased(task: ScsiTask, unit: LogicalUnit): void {
    if (task.abort !== ABORT.NONE) return this.#finish(task, STATUS.GOOD);
    const { row } = task;
    const completion = row === null ? null : judgeAgain(task, row, unit);
    if (completion === null) this.#run(task);
    else this.#finish(task, completion);
  }

  #listen(task: ScsiTask, ended: () => void): void {
    const endings = this.#endings.get(task);
    if (endings === undefined) this.#endings.set(task, [ended]);
    else endings.push(ended);
  }

  #stop(task: ScsiTask): void {
    // It has ended meanwhile and serves another command.
    if (task.abort === ABORT.NONE || this.#held.letGo(task)) return;
    if (task.state === TASK_STATE.EXECUTING) {
      this.#abortTransfer(task);
      task.nexus.buffers.giveUp(task);
      task.wake?.();
    } else if (task.state === TASK_STATE.BLOCKED && task.blocker !== null) {
      // Without a blocker it is among the ready ones: it ends in its turn.
      task.itl?.unit.taskSet.stopWaiting(task);
      this.#finish(task, STATUS.GOOD);
    }
  }

  // Whatever a transport throws, the other victims are to be stopped, too.
  #abortTransfer(task: ScsiTask): void {
    try {
      task.nexus.transport.abortTransfer(task);
    } catch (error) {
      this.#defect(task, error);
    }
  }

  // Nothing but an end: unless it is not GOOD, or others have a say in it.
  #finish(task: ScsiTask, completion: Completion): void {
    if (task.moving) return this.#finishWhenMoved(task, completion);
    const { itl } = task;
    const aside = itl === null || task.abort !== ABORT.NONE || task.answered;
    if (aside || (completion === STATUS.GOOD && !itl.unit.disturbed)) {
      this.#end(task, completion);
    } else this.#finishDisturbed(task, itl, completion);
  }

  // The command is done, its data are on their way: followers need not wait.
  #finishWhenMoved(task: ScsiTask, completion: Completion): void {
    if (task.itl === null) this.#withoutUnit.add(task);
    else task.itl.unit.taskSet.sequentialDone(task);
    const beganMs = this.#host.clock.nowMs();
    const letGo = this.#held.hold(task, WAIT.DATA_IN, () => {
      this.#withoutUnit.delete(task);
      if (task.abort !== ABORT.NONE) this.#abortTransfer(task);
      task.moving = false;
      task.moveMs += this.#host.clock.nowMs() - beganMs;
      const failed = task.transportSense !== null &&
        completion === STATUS.GOOD;
      if (failed) task.answered = false;
      this.#finish(
        task,
        failed ? task.transportSense ?? completion : completion,
      );
    });
    task.nexus.transport.whenMoved?.(task, letGo);
  }

  #finishDisturbed(
    task: ScsiTask,
    itl: ItlNexus,
    completion: Completion,
  ): void {
    const { unit } = itl;
    const settled = unit.coordinator.settled(unit);
    if (settled !== null) {
      return this.#finishSettled(task, itl, completion, settled);
    }
    this.#finishKnown(task, itl, completion);
  }

  #finishKnown(task: ScsiTask, itl: ItlNexus, completion: Completion): void {
    const { unit } = itl;
    // The node that has served it has had its say.
    if (unit.away) return this.#end(task, completion);
    const delayMs = unit.disturbed ? unit.injections.takeDelayMs("done") : 0;
    if (delayMs === 0) return this.#settle(task, itl, completion);
    unit.taskSet.sequentialDone(task);
    this.#delay(task, delayMs, () => this.#settle(task, itl, completion));
  }

  // Nobody hears of a change, or of what follows from it, before the other
  // node knows it.
  #finishSettled(
    task: ScsiTask,
    itl: ItlNexus,
    completion: Completion,
    settled: Promise<Completion | null>,
  ): void {
    this.#held.holdFor(task, WAIT.OTHER_NODE, settled, (refusal) => {
      if (refusal === null) this.#finishKnown(task, itl, completion);
      else this.#end(task, refusal);
    });
  }

  // Decides how a task ends, and what becomes of others with it.
  #settle(task: ScsiTask, itl: ItlNexus, completion: Completion): void {
    const { unit } = itl;
    if (task.abort !== ABORT.NONE) return this.#end(task, completion);
    const outcome = completion === STATUS.GOOD
      ? unit.takeTrouble(task) ?? completion
      : completion;
    if (typeof outcome === "number") {
      itl.noteStatus(outcome);
      return this.#end(task, outcome);
    }
    const victims = victimsOfError(task, unit, outcome);
    if (victims.length === 0) return this.#end(task, outcome);
    // They are gone when the initiator hears of the error.
    const letGo = this.#held
      .hold(task, WAIT.ABORTED_TASKS, () => this.#end(task, outcome));
    this.abort(victims, letGo);
  }

  #delay(task: ScsiTask, delayMs: number, goOn: () => void): void {
    const letGo = this.#held.hold(task, WAIT.DELAY, () => {
      cancel();
      goOn();
    });
    const cancel = this.#host.clock.after(delayMs, letGo);
  }

  #end(task: ScsiTask, completion: Completion): void {
    moveTask(task, TASK_STATE.ENDED);
    if (typeof completion === "number") task.status = completion;
    else {
      task.status = STATUS.CHECK_CONDITION;
      task.sense = completion;
    }
    if (task.status !== STATUS.GOOD && !overflows(task)) {
      task.transferLength = task.movedLength;
    }
    this.#account(task);
    if (task.trace !== null) this.#tellTrace(task);
    this.#answer(task);
    if (task.itl !== null) this.#leave(task, task.itl.unit);
    task.nexus.releaseTask(task);
    if (this.#endings.size > 0) this.#tellEnded(task);
  }

  // Whatever the initiator does when it hears of the end comes behind it.
  #tellTrace(task: ScsiTask): void {
    task.trace?.ended(task);
    task.trace = null;
  }

  #leave(task: ScsiTask, unit: LogicalUnit): void {
    unit.taskSet.leave(task);
    unit.operation?.taskEnded();
  }

  #tellEnded(task: ScsiTask): void {
    const endings = this.#endings.get(task);
    this.#endings.delete(task);
    for (const ended of endings ?? []) ended();
  }

  #answer(task: ScsiTask): void {
    const { transport } = task.nexus;
    if (task.abort >= ABORT.WITH_STATUS) {
      task.status = task.abort === ABORT.TO_BE_RETRIED
        ? STATUS.BUSY
        : STATUS.TASK_ABORTED;
      task.sense = null;
    }
    try {
      if (task.abort === ABORT.SILENT) transport.taskEnded(task);
      else transport.sendCommandComplete(task);
    } catch (error) {
      // The task leaves its set all the same: others wait for it.
      this.#defect(task, error);
    }
  }

  #account(task: ScsiTask): void {
    const nowMs = this.#host.clock.nowMs();
    const timeMs = nowMs - task.arrivedMs;
    const unit = task.itl?.unit;
    if (unit !== undefined) unit.idleSinceMs = nowMs;
    const { row } = task;
    const opcode = row === null ? this.opcodeOf(task) : row.opcode;
    if (task.status !== STATUS.GOOD || task.abort !== ABORT.NONE) {
      return countFailure(task, opcode, timeMs);
    }
    const kind = kindOf(task);
    task.nexus.statistics.countGood(task, opcode, kind, timeMs);
    if (unit === undefined) return;
    unit.statistics.countGood(task, opcode, kind, timeMs);
    if (kind !== TRANSFER.NONE && row?.movesBlocks !== true) {
      unit.log.countOther(kind, task.movedLength, timeMs);
    }
  }

  #defect(task: ScsiTask, error: unknown): Completion {
    const command = task.row?.name ?? `opcode ${task.cdb.getUint8(0)}`;
    this.noteDefect(command, task.visibleLun, error);
    return INTERNAL_TARGET_FAILURE;
  }
}

function movesData(task: ScsiTask): boolean {
  return task.row?.direction !== "none" &&
    task.expectedDataInLength + task.expectedDataOutLength > 0;
}

/** The command had more to move than the initiator allowed: it is told so. */
function overflows(task: ScsiTask): boolean {
  return task.transferLength > task.expectedDataInLength &&
    task.transferLength > task.expectedDataOutLength;
}
