/**
 * One trace: its records, its names, its waits.
 *
 * @module
 */

import type { Nexus } from "../nexus.ts";
import type { Clock } from "../ports/host.ts";
import type { ScsiTask } from "../task.ts";
import { Names } from "./names.ts";
import { NAME_LIMIT, recordOf } from "./read_record.ts";
import { Trace, type TraceSubject, Wait } from "./trace.ts";
import { TRACE_EVENT, type TraceRecord } from "./trace_events.ts";
import { FIELD, TraceRing } from "./trace_ring.ts";
import {
  countsOf,
  type WaitCounter,
  type WaitCounts,
  type WaitRow,
  WaitStatistics,
} from "./wait_statistics.ts";

/** Records that a ring holds when nothing else is said. */
export const TRACE_RECORDS_DEFAULT = 16_384;

/** Records that a ring holds at the most. */
export const TRACE_RECORDS_MAX = 262_144;

/** What a trace is about. */
export interface TraceOptions {
  /** The one LUN to trace, by its number in the target; null: all. */
  readonly lun?: number | null;
  /** Records of the ring, from 1 to {@linkcode TRACE_RECORDS_MAX}. */
  readonly records?: number;
}

/** Who blocked whom, and how long. */
export interface BlockingRow extends WaitCounts {
  /** LUN number in the target. */
  readonly lun: number;
  /** Initiator port of the task that was in the way. */
  readonly blocker: string;
  /** Its command. */
  readonly blockerCommand: string;
  /** Initiator port of the task that waited. */
  readonly waiter: string;
  /** Its command. */
  readonly waiterCommand: string;
}

/** A trace, as long as it runs and behind that. */
export class Tracer {
  /** Its number: traces of a target count from 1. */
  readonly id: number;
  /** The one LUN that is traced; null: all. */
  readonly lun: number | null;
  /** When it began, milliseconds since 1970. */
  readonly startedWallClockMs: number;
  /** Its waits. */
  readonly waits: WaitStatistics = new WaitStatistics();
  readonly #clock: Clock;
  readonly #ring: TraceRing;
  readonly #names: Names = new Names();
  readonly #startedMs: number;
  #tasks = 0;
  #waitIds = 0;

  /** Begins now. */
  constructor(id: number, clock: Clock, options: TraceOptions) {
    this.id = id;
    this.lun = options.lun ?? null;
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.startedWallClockMs = clock.wallClockMs();
    this.#ring = new TraceRing(options.records ?? TRACE_RECORDS_DEFAULT);
  }

  /** Milliseconds since it began. */
  get nowMs(): number {
    return this.#clock.nowMs() - this.#startedMs;
  }

  /** Number of the oldest record that is kept. */
  get begin(): number {
    return this.#ring.begin;
  }

  /** Number of the record that comes next. */
  get end(): number {
    return this.#ring.end;
  }

  /** Records that the ring holds. */
  get capacity(): number {
    return this.#ring.capacity;
  }

  /** A task has arrived and was judged; it is traced if it is looked for. */
  arrive(task: ScsiTask): void {
    const lun = task.itl?.unit.number ?? -1;
    if (this.lun !== null && this.lun !== lun) return;
    this.#tasks += 1;
    const subject = {
      task: this.#tasks,
      lun,
      initiator: this.#names.number(task.nexus.initiator.name),
      command: this.#commandOf(task),
      tag: task.tag,
    };
    task.trace = new Trace(this, subject);
    this.note(subject, TRACE_EVENT.ARRIVE, task.lba, task.blockCount);
  }

  /** A wait of a nexus, or null when it is not looked for. */
  acquire(kind: number, nexus: Nexus | null, lun: number): Wait | null {
    if (this.lun !== null && this.lun !== lun) return null;
    const initiator = this.#names.number(nexus?.initiator.name ?? "");
    const command = this.#names.number("");
    const subject = { task: 0, lun, initiator, command, tag: -1 };
    return new Wait(this, subject, kind, null);
  }

  /** The number of a new wait. */
  takeWaitId(): number {
    this.#waitIds += 1;
    return this.#waitIds;
  }

  /** Where the waits of a task for another are counted. */
  blocking(waiter: TraceSubject, blocker: ScsiTask): WaitCounter {
    return this.waits.ofBlocking({
      lun: waiter.lun,
      blocker: this.#names.number(blocker.nexus.initiator.name),
      blockerCommand: this.#commandOf(blocker),
      waiter: waiter.initiator,
      waiterCommand: waiter.command,
    });
  }

  /** Writes a record: one of `TRACE_EVENT` and what belongs to it. */
  note(subject: TraceSubject, event: number, a = 0, b = 0, c = 0): void {
    const ring = this.#ring;
    ring.append();
    ring.put(FIELD.TIME_MS, this.nowMs);
    ring.put(FIELD.EVENT, event);
    ring.put(FIELD.TASK, subject.task);
    ring.put(FIELD.LUN, subject.lun);
    ring.put(FIELD.INITIATOR, subject.initiator);
    ring.put(FIELD.COMMAND, subject.command);
    ring.put(FIELD.TAG, subject.tag);
    ring.put(FIELD.A, a);
    ring.put(FIELD.B, b);
    ring.put(FIELD.C, c);
    ring.put(FIELD.D, -1);
  }

  /** Writes that a wait begins. */
  noteAcquire(
    subject: TraceSubject,
    kind: number,
    waitId: number,
    blocker: ScsiTask | null,
  ): void {
    this.note(subject, TRACE_EVENT.ACQUIRE, kind, waitId);
    if (blocker === null) return;
    const initiator = this.#names.number(blocker.nexus.initiator.name);
    this.#ring.put(FIELD.C, blocker.tag);
    this.#ring.put(FIELD.D, initiator * NAME_LIMIT + this.#commandOf(blocker));
  }

  /** Records from number `from` on, at most `count`. */
  records(from: number, count: number): TraceRecord[] {
    const records: TraceRecord[] = [];
    const first = Math.max(from, this.begin);
    const end = Math.min(this.end, first + count);
    for (let seq = first; seq < end; seq += 1) {
      records.push(recordOf(this.#ring, this.#names, seq));
    }
    return records;
  }

  /** Waits by kind. */
  waitRows(): WaitRow[] {
    return this.waits.kinds();
  }

  /** Who blocked whom; what cost most time first. */
  blockingRows(): BlockingRow[] {
    return this.waits.blockings().map(({ lun, counts, ...names }) => ({
      lun,
      blocker: this.#names.text(names.blocker),
      blockerCommand: this.#names.text(names.blockerCommand),
      waiter: this.#names.text(names.waiter),
      waiterCommand: this.#names.text(names.waiterCommand),
      ...countsOf(counts),
    }));
  }

  #commandOf({ row, cdb }: ScsiTask): number {
    if (row !== null) return this.#names.number(row.name);
    const opcode = cdb.getUint8(0).toString(16).padStart(2, "0");
    return this.#names.number(`opcode ${opcode}h`);
  }
}
