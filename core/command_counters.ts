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

/** Counters of the commands with one operation code. */
class CommandCounters {
  readonly #cells: Float64Array = new Float64Array(CELLS);

  countGood(task: ScsiTask, kind: number, timeMs: number): void {
    const cells = this.#cells;
    const at = kind * FIELDS;
    const bucket = At.BUCKETS + bucketOf(timeMs);
    cells[at] = (cells[at] ?? 0) + task.movedLength;
    cells[at + 1] = (cells[at + 1] ?? 0) + 1;
    cells[at + 2] = (cells[at + 2] ?? 0) + task.moveCount;
    cells[at + 3] = (cells[at + 3] ?? 0) + timeMs;
    if (task.moveMs > 0) cells[at + 4] = (cells[at + 4] ?? 0) + task.moveMs;
    cells[bucket] = (cells[bucket] ?? 0) + 1;
  }

  countOther(task: ScsiTask, outcome: number, timeMs: number): void {
    this.#add(At.OUTCOMES + outcome, 1);
    this.#add(At.OTHER_BYTES + kindOf(task), task.movedLength);
    this.#add(At.OTHER_TIME, timeMs);
    this.#add(At.BUCKETS + bucketOf(timeMs), 1);
  }

  add(other: CommandCounters): void {
    other.#cells.forEach((value, at) => this.#add(at, value));
  }

  of(kind: number, field: number): number {
    return this.#cells[kind * FIELDS + field] ?? 0;
  }

  read(): CommandCounts {
    const cells = this.#cells;
    const outcomes = cells.slice(At.OUTCOMES, At.BUCKETS);
    outcomes[OUTCOME.GOOD] = this.#sum(Field.OPERATIONS);
    return {
      outcomes,
      commands: outcomes.reduce((sum, count) => sum + count, 0),
      bytesIn: this.#bytes(TRANSFER.READ),
      bytesOut: this.#bytes(TRANSFER.WRITE),
      timeMs: this.#sum(Field.TIME) + (cells[At.OTHER_TIME] ?? 0),
      buckets: cells.slice(At.BUCKETS),
    };
  }

  #add(at: number, value: number): void {
    this.#cells[at] = (this.#cells[at] ?? 0) + value;
  }

  #bytes(kind: number): number {
    return this.of(kind, Field.BYTES) +
      (this.#cells[At.OTHER_BYTES + kind] ?? 0);
  }

  #sum(field: number): number {
    return this.of(TRANSFER.NONE, field) + this.of(TRANSFER.READ, field) +
      this.of(TRANSFER.WRITE, field);
  }
}

const NOTHING = new CommandCounters();

/** Where commands are counted whose operation code nobody knows. */
export const UNKNOWN_OPCODE = 256;

/** Counters by operation code; never reset. */
export class CommandTally {
  // Few operation codes are ever seen: their counters stand close together.
  readonly #places: Uint16Array = new Uint16Array(UNKNOWN_OPCODE + 1);
  readonly #counters: CommandCounters[] = [];

  /** Counts a command that ended GOOD. */
  countGood(
    task: ScsiTask,
    opcode: number,
    kind: number,
    timeMs: number,
  ): void {
    this.#of(opcode).countGood(task, kind, timeMs);
  }

  /** Counts a command that ended otherwise. */
  countOther(
    task: ScsiTask,
    opcode: number,
    outcome: number,
    timeMs: number,
  ): void {
    this.#of(opcode).countOther(task, outcome, timeMs);
  }

  /** Adds what another one has counted. */
  add(other: CommandTally): void {
    for (const opcode of other.opcodes()) {
      this.#of(opcode).add(other.#of(opcode));
    }
  }

  /** Operation codes that were seen, ascending. */
  opcodes(): number[] {
    return [...this.#places.keys()]
      .filter((opcode) => this.#places[opcode] !== 0);
  }

  /** What was counted of one operation code. */
  read(opcode: number): CommandCounts {
    const place = this.#places[opcode] ?? 0;
    return (this.#counters[place - 1] ?? NOTHING).read();
  }

  /** All operation codes together. */
  total(): CommandCounts {
    const sum = new CommandCounters();
    for (const counters of this.#counters) sum.add(counters);
    return sum.read();
  }

  /** Commands of one kind that ended GOOD, as CTL counts them. */
  of(kind: number): TransferCounters {
    const sum = (field: number) =>
      this.#counters.reduce((sum, each) => sum + each.of(kind, field), 0);
    return {
      bytes: sum(Field.BYTES),
      operations: sum(Field.OPERATIONS),
      dmas: sum(Field.MOVES),
      timeMs: sum(Field.TIME),
      dmaTimeMs: sum(Field.MOVE_TIME),
    };
  }

  #of(opcode: number): CommandCounters {
    const place = this.#places[opcode] ?? 0;
    return this.#counters[place - 1] ?? this.#begin(opcode);
  }

  #begin(opcode: number): CommandCounters {
    const counters = new CommandCounters();
    this.#places[opcode] = this.#counters.push(counters);
    return counters;
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
