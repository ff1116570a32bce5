/**
 * What one task, or what a nexus does, tells to a trace.
 *
 * A task has its trace from its arrival to its end, whatever becomes of the
 * tracing meanwhile: so every wait that has begun in a trace ends in it.
 *
 * @module
 */

import {
  type Extent,
  type MaybePromise,
  NOT_NOW,
  type StoreResult,
} from "../ports/block_store.ts";
import { STATUS } from "../sense.ts";
import { ABORT, type ScsiTask } from "../task.ts";
import {
  MOVE_DIRECTIONS,
  type MoveDirection,
  STORE_CALL,
  STORE_OUTCOMES,
  TRACE_EVENT,
  WAIT,
} from "./trace_events.ts";
import type { Tracer } from "./tracer.ts";
import type { WaitCounter } from "./wait_statistics.ts";

const EXCEPTION: number = STORE_OUTCOMES.indexOf("exception");

/** What stores answer. */
export type StoreAnswer = StoreResult | typeof NOT_NOW | Extent;

/** A task, or a nexus, as a trace knows it. */
export interface TraceSubject {
  /** Number of the task in the trace; 0: it is no task. */
  readonly task: number;
  /** LUN number in the target; -1: no unit. */
  readonly lun: number;
  /** Number of the name of its initiator port. */
  readonly initiator: number;
  /** Number of the name of its command. */
  readonly command: number;
  /** Its tag; -1: none. */
  readonly tag: number;
}

/** A wait that has begun. */
export class Wait {
  readonly #tracer: Tracer;
  readonly #subject: TraceSubject;
  readonly #kind: number;
  readonly #id: number;
  readonly #sinceMs: number;
  readonly #blocking: WaitCounter | null;

  /** Begins now. */
  constructor(
    tracer: Tracer,
    subject: TraceSubject,
    kind: number,
    blocker: ScsiTask | null,
  ) {
    this.#tracer = tracer;
    this.#subject = subject;
    this.#kind = kind;
    this.#id = tracer.takeWaitId();
    this.#sinceMs = tracer.nowMs;
    this.#blocking = blocker === null
      ? null
      : tracer.blocking(subject, blocker);
    tracer.waits.ofKind(kind).acquired += 1;
    if (this.#blocking !== null) this.#blocking.acquired += 1;
    tracer.noteAcquire(subject, kind, this.#id, blocker);
  }

  /** Ends it. Once, whatever ended it. */
  release(): void {
    const waitedMs = this.#tracer.nowMs - this.#sinceMs;
    this.#tracer.waits.ofKind(this.#kind).release(waitedMs);
    this.#blocking?.release(waitedMs);
    const { RELEASE } = TRACE_EVENT;
    this.#tracer.note(this.#subject, RELEASE, this.#kind, this.#id, waitedMs);
  }
}

/** One task in a trace. */
export class Trace {
  readonly #tracer: Tracer;
  readonly #subject: TraceSubject;
  #blocked: Wait | null = null;

  /** Made by a tracer. */
  constructor(tracer: Tracer, subject: TraceSubject) {
    this.#tracer = tracer;
    this.#subject = subject;
  }

  /** Its command begins. */
  executes(): void {
    this.#note(TRACE_EVENT.EXECUTE);
  }

  /** It must wait for another task of its task set. */
  blockedBy(blocker: ScsiTask): void {
    const { TASK_SET } = WAIT;
    this.#blocked = new Wait(this.#tracer, this.#subject, TASK_SET, blocker);
  }

  /** It need not wait for that task any more. */
  unblocked(): void {
    this.#blocked?.release();
    this.#blocked = null;
  }

  /** A wait begins: one of `WAIT`. */
  acquire(kind: number): Wait {
    return new Wait(this.#tracer, this.#subject, kind, null);
  }

  /** A wait as long as a promise. */
  async during<T>(kind: number, pending: Promise<T>): Promise<T> {
    const wait = this.acquire(kind);
    try {
      return await pending;
    } finally {
      wait.release();
    }
  }

  /** Calls a store: one of `STORE_CALL`. What is not at hand is a wait. */
  store<Answer extends StoreAnswer>(
    storeCall: number,
    lba: number,
    blocks: number,
    ask: () => MaybePromise<Answer>,
  ): MaybePromise<Answer> {
    const answer = this.#ask(storeCall, lba, blocks, ask);
    return answer instanceof Promise
      ? this.#answeredLater(storeCall, answer)
      : this.#answered(storeCall, answer);
  }

  /** Calls a store that answers at once. */
  storeNow<Answer extends StoreAnswer>(
    storeCall: number,
    lba: number,
    blocks: number,
    ask: () => Answer,
  ): Answer {
    return this.#answered(storeCall, this.#ask(storeCall, lba, blocks, ask));
  }

  /** Data begin to move. */
  moveBegins(direction: MoveDirection, offset: number, bytes: number): void {
    const way = MOVE_DIRECTIONS.indexOf(direction);
    this.#note(TRACE_EVENT.MOVE_BEGIN, way, offset, bytes);
  }

  /** They have moved; `bytes` is 0 when they will not. */
  moveEnds(direction: MoveDirection, bytes: number): void {
    const way = MOVE_DIRECTIONS.indexOf(direction);
    this.#note(TRACE_EVENT.MOVE_END, way, bytes);
  }

  /** The transport asks for Data-Out. */
  requestsDataOut(offset: number, bytes: number): void {
    const way = MOVE_DIRECTIONS.indexOf("out");
    this.#note(TRACE_EVENT.R2T, way, offset, bytes);
  }

  /** Somebody has aborted it: one of `ABORT`. */
  aborted(how: number): void {
    this.#note(TRACE_EVENT.ABORT, how === ABORT.WITH_STATUS ? 1 : 0);
  }

  /** It has ended. */
  ended({ abort, status, sense, movedLength }: ScsiTask): void {
    const sent = abort === ABORT.NONE
      ? status
      : abort === ABORT.SILENT
      ? -1
      : STATUS.TASK_ABORTED;
    const codes = sense === null || abort !== ABORT.NONE
      ? -1
      : sense.key << 16 | sense.asc << 8 | sense.ascq;
    this.#note(TRACE_EVENT.STATUS, sent, codes, movedLength);
  }

  #ask<Answer>(
    storeCall: number,
    lba: number,
    blocks: number,
    ask: () => Answer,
  ): Answer {
    this.#note(TRACE_EVENT.STORE_BEGIN, storeCall, lba, blocks);
    try {
      return ask();
    } catch (error) {
      this.#note(TRACE_EVENT.STORE_END, storeCall, EXCEPTION);
      throw error;
    }
  }

  #answered<Answer extends StoreAnswer>(
    storeCall: number,
    answer: Answer,
  ): Answer {
    this.#note(TRACE_EVENT.STORE_END, storeCall, outcomeOf(answer));
    return answer;
  }

  async #answeredLater<Answer extends StoreAnswer>(
    storeCall: number,
    pending: Promise<Answer>,
  ): Promise<Answer> {
    const kind = storeCall === STORE_CALL.FLUSH ? WAIT.FLUSH : WAIT.STORE;
    let outcome = EXCEPTION;
    try {
      const answer = await this.during(kind, pending);
      outcome = outcomeOf(answer);
      return answer;
    } finally {
      this.#note(TRACE_EVENT.STORE_END, storeCall, outcome);
    }
  }

  #note(event: number, a = 0, b = 0, c = 0): void {
    this.#tracer.note(this.#subject, event, a, b, c);
  }
}

function outcomeOf(answer: StoreAnswer): number {
  if (typeof answer === "object" && "cause" in answer) {
    return STORE_OUTCOMES.indexOf(answer.cause);
  }
  return STORE_OUTCOMES.indexOf(answer === NOT_NOW ? "not now" : "ok");
}
