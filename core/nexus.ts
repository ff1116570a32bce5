/**
 * I_T nexuses and what they know of logical units (SAM-5 4.7, 4.10).
 *
 * @module
 */

import { BufferBudget, type BufferPool } from "./buffer_pool.ts";
import { CommandTally, countFailure } from "./command_counters.ts";
import type { CoordinatorPlace } from "./coordination.ts";
import { INTERLOCK } from "./control_page.ts";
import type { Dispatcher, Victim } from "./dispatcher.ts";
import type { EventHub } from "./events.ts";
import type { InitiatorPort } from "./initiator_port.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import { MEDIA_EVENT } from "./media_event.ts";
import type { MaybePromise } from "./ports/block_store.ts";
import type { Transport } from "./ports/transport.ts";
import { type Completion, type Sense, STATUS } from "./sense.ts";
import type { TargetPort } from "./target_port.ts";
import { moveTask, resetTask, ScsiTask, TASK_STATE } from "./task.ts";
import type { TaskManagementRequest } from "./task_management.ts";
import { WAIT } from "./tracing/trace_events.ts";
import {
  FIRST_CONTACT,
  PREVIOUS_STATUS,
  UNIT_ATTENTION,
} from "./unit_attention.ts";

/** Bytes of buffers a nexus may hold for data on their way. */
export const NEXUS_BUFFER_BYTES: number = 8 * 2 ** 20;

/** Time between two looks of an initiator at an operation of a medium. */
export const OPERATION_PATIENCE_MS = 120_000;

/**
 * Tasks of one unit after which further ones of deep queues end TASK SET FULL.
 * Each new task is held against all older ones.
 */
export const TASKS_PER_UNIT_MAX = 4096;

/** Low bits of tags that are told apart: most initiators count them up. */
export const TAG_COUNTS = 256;

/** An I_T_L nexus: one logical unit as one nexus sees it. */
export class ItlNexus {
  /** The nexus. */
  readonly nexus: Nexus;
  /** The unit. */
  readonly unit: LogicalUnit;
  /** Its number for this nexus. */
  readonly visibleLun: number;
  /** Pending unit attentions: bits of `UNIT_ATTENTION`. */
  pending: number;
  /** PREVENT of PREVENT ALLOW MEDIUM REMOVAL is set. */
  preventsRemoval = false;
  /** Sense of the last command, where the transport carries none with it. */
  storedSense: Sense | null = null;
  /** Media event that it has not polled: one of `MEDIA_EVENT`. */
  mediaEvent: number = MEDIA_EVENT.NO_CHANGE;

  /** Made at the first command of a nexus to a unit. */
  constructor(nexus: Nexus, unit: LogicalUnit, visibleLun: number) {
    this.nexus = nexus;
    this.unit = unit;
    this.visibleLun = visibleLun;
    // Initiators of another node hear from that one.
    this.pending = nexus.port.remote ? 0 : FIRST_CONTACT;
  }

  /** A command has ended with a status: that may leave a condition behind. */
  noteStatus(status: number): void {
    const { attentionInterlock } = this.unit.modePages.settings;
    if (attentionInterlock !== INTERLOCK.KEEP_AND_RAISE) return;
    const condition = PREVIOUS_STATUS.get(status);
    if (condition === undefined) return;
    this.unit.tell(this.nexus.initiator, condition);
  }

  /** Owes its initiator unit attentions, where that is connected here. */
  owe(conditions: number): void {
    if (!this.nexus.port.remote) this.pending |= conditions;
  }
}

/** What a nexus needs of the target around it. */
export interface NexusServices {
  /** Runs commands. */
  readonly dispatcher: Dispatcher;
  /** Lends buffers. */
  readonly buffers: BufferPool;
  /** Hears of ports. */
  readonly events: EventHub;
  /** Knows of another node. */
  readonly place: CoordinatorPlace;
}

/** One initiator port talking to one target port. */
export class Nexus<Context = unknown> {
  /** The target port. */
  readonly port: TargetPort;
  /** The initiator port. */
  readonly initiator: InitiatorPort;
  /** What carries its commands. */
  transport: Transport<Context>;
  /**
   * The nexus in whose name it acts, as far as reservations go: a plugin does
   * something that an initiator has asked for. null: in its own.
   */
  readonly actsFor: Nexus | null;
  /** Buffers of its tasks. */
  readonly buffers: BufferBudget;
  /** Counters of its commands. */
  readonly statistics: CommandTally = new CommandTally();
  /** How many tasks have a tag with these low bits. */
  readonly tagCounts: Uint16Array = new Uint16Array(TAG_COUNTS);
  /** Unit attentions of the well-known logical unit REPORT LUNS. */
  wellKnownPending: number = UNIT_ATTENTION.POWER_ON;
  readonly #dispatcher: Dispatcher;
  readonly #makeContext: () => Context;
  readonly #itls: Map<number, ItlNexus> = new Map();
  readonly #pool: ScsiTask<Context>[] = [];
  #taskCount = 0;
  #lost = false;
  #whenIdle: (() => void) | null = null;

  /** Made by `TargetPort.connect`. */
  constructor(
    port: TargetPort,
    initiator: InitiatorPort,
    transport: Transport<Context>,
    makeContext: () => Context,
    services: NexusServices,
    actsFor: Nexus | null = null,
  ) {
    this.port = port;
    this.actsFor = actsFor;
    this.initiator = initiator;
    this.transport = transport;
    this.#makeContext = makeContext;
    this.#dispatcher = services.dispatcher;
    this.buffers = new BufferBudget(services.buffers, NEXUS_BUFFER_BYTES);
  }

  /** Tasks that are with the core now. */
  get taskCount(): number {
    return this.#taskCount;
  }

  /** A task to be filled and handed to `commandReceived`. */
  takeTask(): ScsiTask<Context> {
    const task = this.#pool.pop();
    if (task === undefined) return new ScsiTask(this, this.#makeContext());
    resetTask(task);
    return task;
  }

  /** Gives back a task that was taken and not handed over. */
  returnTask(task: ScsiTask<Context>): void {
    this.#pool.push(task);
  }

  /**
   * Counts a task that the transport has answered by itself, with the status
   * and sense that stand in it, and takes it back.
   */
  refused(task: ScsiTask<Context>): void {
    task.itl = this.itl(task.visibleLun);
    countFailure(task, this.#dispatcher.opcodeOf(task), 0);
    this.returnTask(task);
  }

  /** SCSI Command Received (SAM-5 5.4.2.3). */
  commandReceived(task: ScsiTask<Context>): void {
    this.#taskCount += 1;
    this.#dispatcher.receive(task);
  }

  /** A task of which a coordinator has said {@linkcode ENDS_LATER} ends. */
  executed(
    task: ScsiTask<Context>,
    completion: MaybePromise<Completion>,
  ): void {
    this.#dispatcher.executed(task, completion);
  }

  /**
   * The status for a command that there is no room for: TASK SET FULL where
   * the nexus has tasks in the task set, else BUSY (SAM-5 5.3.1).
   */
  overloadStatus(visibleLun: number): number {
    const itl = this.itl(visibleLun);
    if (itl === null) return STATUS.BUSY;
    const { taskSet } = itl.unit;
    let task = taskSet.oldest;
    while (task !== null && task.nexus !== this) task = task.newer;
    const status = task === null ? STATUS.BUSY : STATUS.TASK_SET_FULL;
    itl.noteStatus(status);
    return status;
  }

  /** Whether a unit has as many tasks as it takes. */
  isFull(visibleLun: number): boolean {
    const itl = this.itl(visibleLun);
    return itl !== null && itl.unit.taskSet.size >= TASKS_PER_UNIT_MAX;
  }

  /** Task Management Request Received (SAM-5 7.12). */
  taskManagementRequestReceived(request: TaskManagementRequest): void {
    const { functions } = this.port;
    const name = request.function;
    functions.set(name, (functions.get(name) ?? 0) + 1);
    this.#dispatcher.manage(this, request);
  }

  /**
   * The nexus is gone (SAM-5 6.3.4): ends its tasks silently, drops what it
   * held, and resolves when none of its tasks can touch data any more.
   */
  async nexusLost(): Promise<void> {
    if (this.#lost) return;
    this.#lost = true;
    await this.#traced(WAIT.NEXUS_LOSS, this.#dispatcher.loseNexus(this));
    for (const itl of [...this.#itls.values()]) this.forget(itl.visibleLun);
    this.port.disconnect(this);
  }

  /**
   * Another connection carries the nexus from now on (RFC 7143 6.3.4): ends
   * its tasks silently, and keeps all that it holds. Resolves when none of
   * these tasks can touch data any more.
   */
  async handOver(transport: Transport<Context>): Promise<void> {
    await this.#traced(WAIT.REINSTATEMENT, this.#dispatcher.endTasksOf(this));
    this.transport = transport;
  }

  /**
   * Whether its initiator may be silent because it waits: one of its units is
   * being formatted or sanitized, or was a short while ago.
   */
  mayBeWaiting(nowMs: number): boolean {
    for (const { unit } of this.#itls.values()) {
      if (unit.operation !== null) return true;
      if (nowMs - unit.operationEndedMs < OPERATION_PATIENCE_MS) return true;
    }
    return false;
  }

  /** Aborts tasks, of whatever nexus; resolves when all have ended. */
  abortTasks(victims: readonly Victim[]): Promise<void> {
    return new Promise((resolve) => this.#dispatcher.abort(victims, resolve));
  }

  /** The unit behind a LUN, or null. */
  itl(visibleLun: number): ItlNexus | null {
    return this.#itls.get(visibleLun) ?? this.#meet(visibleLun);
  }

  /** Units that the nexus has talked to. */
  get itls(): Iterable<ItlNexus> {
    return this.#itls.values();
  }

  /** Forgets what stands behind a LUN: it was unmapped or removed. */
  forget(visibleLun: number): void {
    const itl = this.#itls.get(visibleLun);
    if (itl === undefined) return;
    this.#itls.delete(visibleLun);
    itl.unit.itls.delete(itl);
    // Whoever no longer sees a unit cannot release it either.
    if (!sees(this, itl.unit)) itl.unit.dropHolder(this);
  }

  /** Takes an ended task back into the pool; called by the dispatcher. */
  releaseTask(task: ScsiTask<Context>): void {
    moveTask(task, TASK_STATE.FREE);
    this.#taskCount -= 1;
    this.#pool.push(task);
    if (this.#taskCount === 0) this.#whenIdle?.();
  }

  async #traced(kind: number, ending: Promise<void>): Promise<void> {
    const wait = this.#dispatcher.tracing.acquire(kind, this);
    try {
      await ending;
      await this.#idle();
    } finally {
      wait?.release();
    }
  }

  // Units that are being removed end tasks, too.
  #idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#taskCount === 0) resolve();
      else {
        // It may be handed over and lost at once: both wait.
        const earlier = this.#whenIdle;
        this.#whenIdle = () => {
          earlier?.();
          this.#whenIdle = null;
          resolve();
        };
      }
    });
  }

  #meet(visibleLun: number): ItlNexus | null {
    const unit = this.port.unitAt(visibleLun);
    if (unit === null) return null;
    const itl = new ItlNexus(this, unit, visibleLun);
    this.#itls.set(visibleLun, itl);
    unit.itls.add(itl);
    return itl;
  }
}

function sees(nexus: Nexus, unit: LogicalUnit): boolean {
  for (const itl of unit.itls) if (itl.nexus === nexus) return true;
  return false;
}
