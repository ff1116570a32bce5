/**
 * A command on its way through the target.
 *
 * @module
 */

import type { CommandRow } from "./commands/command_table.ts";
import type { ItlNexus, Nexus } from "./nexus.ts";
import { type Sense, STATUS } from "./sense.ts";
import type { Trace } from "./tracing/trace.ts";

/** Task attributes (SAM-5 8.6). */
export const ATTRIBUTE = {
  UNTAGGED: 0,
  SIMPLE: 1,
  ORDERED: 2,
  HEAD_OF_QUEUE: 3,
  ACA: 4,
} as const;

/** Where a task stands. Only {@linkcode moveTask} changes it. */
export const TASK_STATE = {
  /** In its nexus' pool. */
  FREE: 0,
  /** With the core, being judged. */
  ARRIVED: 1,
  /** Waiting for one older task. */
  BLOCKED: 2,
  /** A command is running it. */
  EXECUTING: 3,
  /** Completed; the transport sends its status. */
  ENDED: 4,
} as const;

/** Why a task is being aborted. */
export const ABORT = {
  /** It is not. */
  NONE: 0,
  /** Its own initiator asked: no status is sent. */
  SILENT: 1,
  /** Another initiator's doing: TASK ABORTED status is sent (SAM-5 5.6). */
  WITH_STATUS: 2,
  /** Its node gives the unit up: BUSY status is sent. */
  TO_BE_RETRIED: 3,
} as const;

/** Longest CDB that we keep. */
export const CDB_LENGTH_MAX = 32;

// For each state a mask of the states that may follow.
const MOVES: readonly number[] = [
  1 << TASK_STATE.ARRIVED,
  1 << TASK_STATE.BLOCKED | 1 << TASK_STATE.EXECUTING | 1 << TASK_STATE.ENDED,
  1 << TASK_STATE.EXECUTING | 1 << TASK_STATE.ENDED,
  1 << TASK_STATE.ENDED,
  1 << TASK_STATE.FREE,
];

const NO_BYTES = new Uint8Array(0);

/** A range of logical blocks. */
export interface BlockRange {
  /** First block. */
  readonly lba: number;
  /** Blocks. */
  readonly blockCount: number;
}

/**
 * One command. Tasks are pooled per nexus and reused, so that a command costs
 * no allocation; every field is a number, a string or an object from the
 * start, so that all tasks have one shape.
 */
export class ScsiTask<Context = unknown> {
  /** The nexus it came over. */
  readonly nexus: Nexus<Context>;
  /** The transport's own state. */
  readonly context: Context;
  /** The command descriptor block; bytes beyond its length are stale. */
  readonly cdb: DataView = new DataView(new ArrayBuffer(CDB_LENGTH_MAX));

  // Set by the transport before `commandReceived`.

  /** When it arrived, in milliseconds of the clock. */
  arrivedMs = 0;
  /** Bytes of the CDB that the transport carried. */
  cdbLength = 0;
  /** LUN as the initiator sees it; -1: a form that we do not serve. */
  visibleLun = 0;
  /** Tag, unique on its nexus while the task lives (SAM-5 4.8). */
  tag = 0;
  /** One of {@linkcode ATTRIBUTE}. */
  attribute: number = ATTRIBUTE.SIMPLE;
  /** COMMAND PRIORITY: 1 goes first, 15 last; 0: none (SAM-5 8.7). */
  priority = 0;
  /** Bytes the initiator is ready to receive. */
  expectedDataInLength = 0;
  /** Bytes the initiator is ready to send. */
  expectedDataOutLength = 0;
  /** Data that came with the command; see `immediateLength`. */
  immediate: Uint8Array = NO_BYTES;
  /** Where they begin in `immediate`. */
  immediateAt = 0;
  /** Bytes of Data-Out, from offset 0, that are at hand already. */
  immediateLength = 0;

  // Set by the transport when it lends room for Data-In.

  /** Buffer of the room lent. */
  dataIn: Uint8Array = NO_BYTES;
  /** Where the room begins. */
  dataInAt = 0;
  /** Why a data move failed, when the transport knows. */
  transportSense: Sense | null = null;

  // Set by the core.

  /** One of {@linkcode TASK_STATE}. */
  state: number = TASK_STATE.FREE;
  /** One of {@linkcode ABORT}. */
  abort: number = ABORT.NONE;
  /** The logical unit as its nexus knows it; null: there is none. */
  itl: ItlNexus | null = null;
  /**
   * The row of the command table; null until it has been found. Whoever fills
   * a task inside the target may set one that is in no table.
   */
  row: CommandRow | null = null;
  /** First block of its range. */
  lba = 0;
  /** Blocks of its range; 0: none. */
  blockCount = 0;
  /** Ranges of an UNMAP once they are known. */
  ranges: readonly BlockRange[] | null = null;
  /** Others need not wait for it: its unit keeps them off by itself. */
  aside = false;
  /** It has changed blocks of a store that it has not flushed since. */
  unflushed = false;
  /** Set by the transport: another node runs it, here it has its place. */
  placeholder = false;
  /** What it tells to a trace; null: it is not traced. */
  trace: Trace | null = null;
  /** Called when it is aborted while it waits for no transport; or null. */
  wake: (() => void) | null = null;
  /** A sequential follower need not wait for it any more. */
  sequentialDone = false;
  /** Data-In is under way: the transport tells when it has arrived. */
  moving = false;
  /** GOOD has left with the last data: nothing else can be said. */
  answered = false;
  /** The other node has answered it: its tag may be another task's by now. */
  tagFree = false;
  /** Status that it ended with. */
  status: number = STATUS.GOOD;
  /** Sense data that it ended with; null: none. */
  sense: Sense | null = null;
  /** Bytes that the command would move if the initiator had room. */
  transferLength = 0;
  /** Bytes moved so far. */
  movedLength = 0;
  /** Times that data were moved. */
  moveCount = 0;
  /** Milliseconds that data moves took. */
  moveMs = 0;

  // Kept by the task set.

  /** What it is counted as there; -1: it is not. */
  countedAs: number = -1;
  /** Next older task of the set. */
  older: ScsiTask | null = null;
  /** Next newer task of the set. */
  newer: ScsiTask | null = null;
  /** The task that it waits for. */
  blocker: ScsiTask | null = null;
  /** First of the tasks that wait for it, in order of arrival. */
  firstWaiter: ScsiTask | null = null;
  /** Last of them. */
  lastWaiter: ScsiTask | null = null;
  /** Next task that waits for the same. */
  nextWaiter: ScsiTask | null = null;

  /** Made by a nexus for its pool. */
  constructor(nexus: Nexus<Context>, context: Context) {
    this.nexus = nexus;
    this.context = context;
  }
}

/** Moves a task from state to state; any other move is a defect. */
export function moveTask(task: ScsiTask, state: number): void {
  if (((MOVES[task.state] ?? 0) >> state & 1) === 0) {
    throw new TypeError(
      `Cannot move a task from state ${task.state} to ${state}`,
    );
  }
  task.state = state;
}

/** Makes a task ready for its next command. */
export function resetTask(task: ScsiTask): void {
  task.priority = 0;
  task.transportSense = null;
  task.immediate = NO_BYTES;
  task.immediateLength = 0;
  task.dataIn = NO_BYTES;
  task.abort = ABORT.NONE;
  task.itl = null;
  task.row = null;
  task.lba = 0;
  task.blockCount = 0;
  task.ranges = null;
  task.aside = false;
  task.unflushed = false;
  task.placeholder = false;
  task.wake = null;
  task.sequentialDone = false;
  task.moving = false;
  task.answered = false;
  task.tagFree = false;
  task.status = STATUS.GOOD;
  task.sense = null;
  task.transferLength = 0;
  task.movedLength = 0;
  task.moveCount = 0;
  task.moveMs = 0;
}
