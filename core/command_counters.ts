/**
 * What became of commands, what they moved and how long they took, by
 * operation code. Cells that are only ever added to: counting costs a command
 * a few additions and allocates nothing but at the first of its kind.
 *
 * @module
 */

import { STATUS } from "./sense.ts";
import { TRANSFER, type TransferCounters } from "./statistics.ts";
import { ABORT, type ScsiTask } from "./task.ts";

/**
 * How a command ended. Outcomes below {@linkcode OUTCOME.GOOD} are CHECK
 * CONDITION, by sense key (SPC-5 4.4.8).
 */
export const OUTCOME = {
  GOOD: 16,
  CONDITION_MET: 17,
  BUSY: 18,
  RESERVATION_CONFLICT: 19,
  TASK_SET_FULL: 20,
  ACA_ACTIVE: 21,
  /** Another initiator's doing, and the initiator was told. */
  TASK_ABORTED: 22,
  /** Aborted without a status. */
  ABORTED: 23,
} as const;

/** Outcomes there are. */
export const OUTCOME_COUNT = 24;

const LAST_EXPONENT = 23;
const LAST_LIMIT_US = 2 ** LAST_EXPONENT;

/**
 * Bucket n counts latencies up to 2^n microseconds that no smaller bucket
 * has; the last bucket has all that took longer than 2^23 (8.4 s).
 */
export const LATENCY_BUCKETS: number = LAST_EXPONENT + 2;

/** Longest latency of a bucket in seconds; Infinity for the last one. */
export function bucketLimitSeconds(bucket: number): number {
  return bucket > LAST_EXPONENT ? Infinity : 2 ** bucket / 1e6;
}

/** The bucket of a latency. */
export function bucketOf(timeMs: number): number {
  const timeUs = timeMs * 1000;
  if (timeUs <= 1) return 0;
  return timeUs > LAST_LIMIT_US
    ? LAST_EXPONENT + 1
    : 32 - Math.clz32(Math.ceil(timeUs) - 1);
}

// Commands that ended GOOD stand by kind of transfer, five fields a kind;
// behind them all others by outcome, then the latencies of both.
const FIELDS = 5;
const KINDS = 3;
const Field = { BYTES: 0, OPERATIONS: 1, MOVES: 2, TIME: 3, MOVE_TIME: 4 };
const At = {
  OTHER_BYTES: FIELDS * KINDS,
  OTHER_TIME: FIELDS * KINDS + KINDS,
  OUTCOMES: FIELDS * KINDS + KINDS + 1,
  BUCKETS: FIELDS * KINDS + KINDS + 1 + OUTCOME_COUNT,
} as const;
const CELLS = At.BUCKETS + LATENCY_BUCKETS;

/** Counters of commands, as they stand. */
export interface CommandCounts {
  /** Commands by {@linkcode OUTCOME}. */
  readonly outcomes: Float64Array;
  /** All of them. */
  readonly commands: number;
  /** Bytes sent to initiators. */
  readonly bytesIn: number;
  /** Bytes taken from initiators. */
  readonly bytesOut: number;
  /** Milliseconds from arrival to end, summed. */
  readonly timeMs: number;
  /** Commands by the bucket of their latency. */
  readonly buckets: Float64Array;
}

/**
 * Counters of the commands with one operation code. An array of numbers, not a
 * Float64Array: where a thousand units have commands in turn each object on
 * the way to the cells is a look into memory, and a typed array is three.
 */
type Cells = number[];

function newCells(): Cells {
  // Not whole at first, so that the array is one of doubles from the start.
  return new Array<number>(CELLS).fill(0.5).fill(0);
}

function addTo(cells: Cells, at: number, value: number): void {
  cells[at] = (cells[at] ?? 0) + value;
}

function addCells(cells: Cells, others: Cells): void {
  others.forEach((value, at) => addTo(cells, at, value));
}

function countGood(
  cells: Cells,
  task: ScsiTask,
  kind: number,
  timeMs: number,
): void {
  const at = kind * FIELDS;
  addTo(cells, at, task.movedLength);
  addTo(cells, at + 1, 1);
  addTo(cells, at + 2, task.moveCount);
  addTo(cells, at + 3, timeMs);
  if (task.moveMs > 0) addTo(cells, at + 4, task.moveMs);
  addTo(cells, At.BUCKETS + bucketOf(timeMs), 1);
}

function countOther(
  cells: Cells,
  task: ScsiTask,
  outcome: number,
  timeMs: number,
): void {
  addTo(cells, At.OUTCOMES + outcome, 1);
  addTo(cells, At.OTHER_BYTES + kindOf(task), task.movedLength);
  addTo(cells, At.OTHER_TIME, timeMs);
  addTo(cells, At.BUCKETS + bucketOf(timeMs), 1);
}

function fieldOf(cells: Cells, kind: number, field: number): number {
  return cells[kind * FIELDS + field] ?? 0;
}

function readCells(cells: Cells): CommandCounts {
  const outcomes = Float64Array.from(cells.slice(At.OUTCOMES, At.BUCKETS));
  outcomes[OUTCOME.GOOD] = sumOf(cells, Field.OPERATIONS);
  return {
    outcomes,
    commands: outcomes.reduce((sum, count) => sum + count, 0),
    bytesIn: bytesOf(cells, TRANSFER.READ),
    bytesOut: bytesOf(cells, TRANSFER.WRITE),
    timeMs: sumOf(cells, Field.TIME) + (cells[At.OTHER_TIME] ?? 0),
    buckets: Float64Array.from(cells.slice(At.BUCKETS)),
  };
}

function bytesOf(cells: Cells, kind: number): number {
  return fieldOf(cells, kind, Field.BYTES) +
    (cells[At.OTHER_BYTES + kind] ?? 0);
}

function sumOf(cells: Cells, field: number): number {
  return fieldOf(cells, TRANSFER.NONE, field) +
    fieldOf(cells, TRANSFER.READ, field) +
    fieldOf(cells, TRANSFER.WRITE, field);
}

const NOTHING: Cells = newCells();

/** Where commands are counted whose operation code nobody knows. */
export const UNKNOWN_OPCODE = 256;

/** Counters by operation code; never reset. */
export class CommandTally {
  /** The operation code that was counted last, and its cells. */
  #opcode = -1;
  #cells: Cells = NOTHING;
  // Few operation codes are ever seen.
  readonly #all: Map<number, Cells> = new Map();

  /** Counts a command that ended GOOD. */
  countGood(
    task: ScsiTask,
    opcode: number,
    kind: number,
    timeMs: number,
  ): void {
    countGood(this.#of(opcode), task, kind, timeMs);
  }

  /** Counts a command that ended otherwise. */
  countOther(
    task: ScsiTask,
    opcode: number,
    outcome: number,
    timeMs: number,
  ): void {
    countOther(this.#of(opcode), task, outcome, timeMs);
  }

  /** Adds what another one has counted. */
  add(other: CommandTally): void {
    for (const [opcode, cells] of other.#all) addCells(this.#of(opcode), cells);
  }

  /** Operation codes that were seen, ascending. */
  opcodes(): number[] {
    return [...this.#all.keys()].sort((one, other) => one - other);
  }

  /** What was counted of one operation code. */
  read(opcode: number): CommandCounts {
    return readCells(this.#all.get(opcode) ?? NOTHING);
  }

  /** All operation codes together. */
  total(): CommandCounts {
    const sum = newCells();
    for (const cells of this.#all.values()) addCells(sum, cells);
    return readCells(sum);
  }

  /** Commands of one kind that ended GOOD, as CTL counts them. */
  of(kind: number): TransferCounters {
    const sum = (field: number): number => {
      let total = 0;
      for (const cells of this.#all.values()) {
        total += fieldOf(cells, kind, field);
      }
      return total;
    };
    return {
      bytes: sum(Field.BYTES),
      operations: sum(Field.OPERATIONS),
      dmas: sum(Field.MOVES),
      timeMs: sum(Field.TIME),
      dmaTimeMs: sum(Field.MOVE_TIME),
    };
  }

  #of(opcode: number): Cells {
    return opcode === this.#opcode ? this.#cells : this.#turnTo(opcode);
  }

  #turnTo(opcode: number): Cells {
    let cells = this.#all.get(opcode);
    if (cells === undefined) {
      cells = newCells();
      this.#all.set(opcode, cells);
    }
    this.#opcode = opcode;
    this.#cells = cells;
    return cells;
  }
}

const OUTCOME_OF_STATUS: ReadonlyMap<number, number> = new Map([
  [STATUS.CONDITION_MET, OUTCOME.CONDITION_MET],
  [STATUS.BUSY, OUTCOME.BUSY],
  [STATUS.RESERVATION_CONFLICT, OUTCOME.RESERVATION_CONFLICT],
  [STATUS.TASK_SET_FULL, OUTCOME.TASK_SET_FULL],
  [STATUS.ACA_ACTIVE, OUTCOME.ACA_ACTIVE],
  [STATUS.TASK_ABORTED, OUTCOME.TASK_ABORTED],
]);

function outcomeOf(task: ScsiTask): number {
  if (task.abort === ABORT.SILENT) return OUTCOME.ABORTED;
  if (task.abort === ABORT.WITH_STATUS) return OUTCOME.TASK_ABORTED;
  if (task.sense !== null) return task.sense.key & 0x0f;
  return OUTCOME_OF_STATUS.get(task.status) ?? OUTCOME.GOOD;
}

/** The kind of transfer of a task that has ended: one of `TRANSFER`. */
export function kindOf(task: ScsiTask): number {
  if (task.row === null || task.movedLength === 0) return TRANSFER.NONE;
  return task.row.direction === "in" ? TRANSFER.READ : TRANSFER.WRITE;
}

/**
 * Counts a command that has ended otherwise than GOOD, at its unit and its
 * nexus.
 *
 * @param opcode OPERATION CODE, or {@linkcode UNKNOWN_OPCODE}
 */
export function countFailure(
  task: ScsiTask,
  opcode: number,
  timeMs: number,
): void {
  const outcome = outcomeOf(task);
  task.itl?.unit.statistics.countOther(task, opcode, outcome, timeMs);
  task.nexus.statistics.countOther(task, opcode, outcome, timeMs);
}
