/**
 * Data-Out and R2T: the receiving half of the data path (RFC 7143 11.7, 11.8).
 *
 * Data of a command come in three ways, in this order: with the command
 * (immediate), by themselves (unsolicited, when InitialR2T is No), and asked
 * for by R2T. The first two stand in `task.immediate` until they are taken;
 * the third goes straight to where the command wants it.
 *
 * Data with a wrong digest are thrown away. Their command ends when the rest
 * of the sequence has come (RFC 7143 7.8).
 *
 * @module
 */

import {
  type BufferPool,
  NOT_ENOUGH_UNSOLICITED_DATA,
  PROTOCOL_SERVICE_CRC_ERROR,
  type ScsiTask,
  type Sense,
  UNEXPECTED_UNSOLICITED_DATA,
} from "../../core/mod.ts";
import type { ReceivedPdu } from "./framer.ts";
import type { Output } from "./output.ts";
import type { SessionParameters } from "./parameters.ts";
import type { Responder } from "./responder.ts";
import type { DataOutWait, TaskContext } from "./task_context.ts";
import type { TaskWindow } from "./task_window.ts";
import { type DataOutPdu, encodeR2t } from "./wire/data.ts";
import { RESERVED_TAG, serialAdd } from "./wire/pdu.ts";

type Task = ScsiTask<TaskContext>;

/** What became of a Data-Out PDU. */
export type DataOutFate =
  /** It was used, or belongs to a command that has ended. */
  | "taken"
  /** Its tag was never given out, or is another command's. */
  | "refused";

/** Collects Data-Out for the tasks of a session. */
export class DataReceiver {
  readonly #output: Output;
  readonly #responder: Responder;
  readonly #window: TaskWindow;
  readonly #parameters: SessionParameters;
  readonly #pool: BufferPool;
  readonly #transfers: Map<number, Task> = new Map();
  #nextTag = 0;
  #tagsTaken = 0;

  /** A receiver for a session with these parameters. */
  constructor(
    output: Output,
    responder: Responder,
    window: TaskWindow,
    parameters: SessionParameters,
    pool: BufferPool,
  ) {
    this.#output = output;
    this.#responder = responder;
    this.#window = window;
    this.#parameters = parameters;
    this.#pool = pool;
  }

  /** Bytes that may come for a command without being asked for. */
  unsolicitedLength(expectedLength: number): number {
    return Math.min(expectedLength, this.#parameters.firstBurstLengthBytes);
  }

  /** Prepares a task for unsolicited Data-Out behind its command. */
  expectUnsolicited(task: Task): void {
    const { context } = task;
    const length = this.unsolicitedLength(context.expectedLength);
    context.unsolicited = true;
    context.unsolicitedLength = length;
    this.hold(task, length);
  }

  /** Moves the first data of a task to a buffer that it may keep. */
  hold(task: Task, lengthBytes: number): void {
    const { immediate, immediateAt, immediateLength, context } = task;
    const end = immediateAt + immediateLength;
    const held = this.#pool.take(Math.max(lengthBytes, 1));
    held.set(immediate.subarray(immediateAt, end));
    context.held = held;
    task.immediate = held;
    task.immediateAt = 0;
  }

  /** Gives a command a piece of its Data-Out, or asks for it. */
  receive(
    task: Task,
    offset: number,
    lengthBytes: number,
    into: Uint8Array,
    at: number,
  ): boolean | Promise<boolean> {
    // It has failed while the command was not waiting for data yet.
    if (task.transportSense !== null) return false;
    const end = offset + lengthBytes;
    task.context.takenLength = end;
    const atHand = task.context.corrupt
      ? offset
      : takeAtHand(task, offset, end, into, at);
    if (atHand === end) return true;
    return new Promise((resolve) => {
      task.context.wait = {
        offset: atHand,
        end,
        into,
        at: at + atHand - offset,
        resolve,
      };
      if (!task.context.unsolicited) this.#requestMore(task);
    });
  }

  /** Unsolicited Data-Out of a task that is under way. */
  unsolicited(task: Task, pdu: DataOutPdu, received: ReceivedPdu): void {
    const { context } = task;
    const { bytes, dataAt, dataLength, dataCorrupt } = received;
    const end = task.immediateLength + dataLength;
    if (!context.unsolicited || end > context.unsolicitedLength) {
      return this.fail(task, UNEXPECTED_UNSOLICITED_DATA);
    }
    if (
      pdu.dataSn !== context.unsolicitedDataSn ||
      pdu.bufferOffset !== task.immediateLength ||
      (pdu.final && end < context.unsolicitedLength)
    ) {
      return this.fail(task, NOT_ENOUGH_UNSOLICITED_DATA);
    }
    context.unsolicitedDataSn += 1;
    if (dataCorrupt) context.corrupt = true;
    else {
      task.immediate.set(
        bytes.subarray(dataAt, dataAt + dataLength),
        task.immediateLength,
      );
    }
    task.immediateLength = end;
    if (pdu.final) context.unsolicited = false;
    if (!context.corrupt) this.#serveWait(task);
    else if (pdu.final) this.fail(task, PROTOCOL_SERVICE_CRC_ERROR);
  }

  /** Data-Out that answers an R2T. */
  solicited(pdu: DataOutPdu, received: ReceivedPdu): DataOutFate {
    const task = this.#transfers.get(pdu.targetTransferTag);
    if (task === undefined) {
      return this.#wasGivenOut(pdu.targetTransferTag) ? "taken" : "refused";
    }
    if (task.tag !== pdu.initiatorTaskTag) {
      this.fail(task, NOT_ENOUGH_UNSOLICITED_DATA);
      return "refused";
    }
    const { context } = task;
    const { wait } = context;
    const { bytes, dataAt, dataLength } = received;
    const end = pdu.bufferOffset + dataLength;
    if (
      wait === null || pdu.dataSn !== context.r2tDataSn ||
      pdu.bufferOffset !== wait.offset || end > context.r2tEnd ||
      pdu.final !== (end === context.r2tEnd)
    ) {
      this.fail(task, NOT_ENOUGH_UNSOLICITED_DATA);
      return "taken";
    }
    context.r2tDataSn += 1;
    if (received.dataCorrupt) context.corrupt = true;
    else wait.into.set(bytes.subarray(dataAt, dataAt + dataLength), wait.at);
    wait.offset = end;
    wait.at += dataLength;
    if (pdu.final) this.#burstEnded(task, wait);
    return "taken";
  }

  /** A task's data will not come: wakes its command with the reason. */
  fail(task: Task, reason: Sense | null): void {
    const { context } = task;
    this.#closeTransfer(context);
    context.unsolicited = false;
    // What went wrong first counts: the rest follows from it.
    task.transportSense ??= reason;
    const { wait } = context;
    context.wait = null;
    wait?.resolve(false);
  }

  /** A task has ended: late data for it are dropped. */
  forget(task: Task): void {
    const { context } = task;
    this.#closeTransfer(context);
    if (context.held === null) return;
    this.#pool.give(context.held);
    context.held = null;
  }

  #serveWait(task: Task): void {
    const { wait, unsolicited } = task.context;
    if (wait === null) return;
    const reached = takeAtHand(task, wait.offset, wait.end, wait.into, wait.at);
    wait.at += reached - wait.offset;
    wait.offset = reached;
    if (reached === wait.end) this.#resolve(task, wait);
    else if (!unsolicited) this.#requestMore(task);
  }

  #burstEnded(task: Task, wait: DataOutWait): void {
    if (task.context.corrupt) {
      return this.fail(task, PROTOCOL_SERVICE_CRC_ERROR);
    }
    this.#closeTransfer(task.context);
    if (wait.offset === wait.end) this.#resolve(task, wait);
    else this.#requestMore(task);
  }

  #resolve(task: Task, wait: DataOutWait): void {
    task.context.wait = null;
    wait.resolve(true);
  }

  // One R2T at a time (MaxOutstandingR2T 1).
  #requestMore(task: Task): void {
    const { context } = task;
    const { wait } = context;
    if (wait === null) return;
    const length = Math.min(
      wait.end - wait.offset,
      this.#parameters.maxBurstLengthBytes,
    );
    context.targetTransferTag = this.#takeTag(task);
    context.r2tEnd = wait.offset + length;
    context.r2tDataSn = 0;
    task.trace?.requestsDataOut(wait.offset, length);
    this.#output.reserve(this.#responder.lengthOf(0));
    encodeR2t(this.#output.view, this.#output.at, {
      lunHigh: context.lunHigh,
      lunLow: context.lunLow,
      initiatorTaskTag: task.tag,
      targetTransferTag: context.targetTransferTag,
      statSn: this.#responder.statSn,
      expCmdSn: this.#window.expCmdSn,
      maxCmdSn: this.#window.maxCmdSn,
      r2tSn: context.r2tSn++,
      bufferOffset: wait.offset,
      desiredLength: length,
    });
    this.#responder.finish(0);
  }

  #takeTag(task: Task): number {
    const tag = this.#nextTag;
    this.#nextTag = serialAdd(tag, 1);
    if (this.#nextTag === RESERVED_TAG) this.#nextTag = 0;
    this.#transfers.set(tag, task);
    this.#tagsTaken += 1;
    return tag;
  }

  #wasGivenOut(tag: number): boolean {
    return serialAdd(this.#nextTag, -1 - tag) < this.#tagsTaken;
  }

  #closeTransfer(context: TaskContext): void {
    if (context.r2tEnd === 0) return;
    this.#transfers.delete(context.targetTransferTag);
    context.r2tEnd = 0;
  }
}

/**
 * Copies what is at hand of a piece.
 *
 * @returns the offset up to which the piece is there
 */
function takeAtHand(
  task: Task,
  offset: number,
  end: number,
  into: Uint8Array,
  at: number,
): number {
  const reach = Math.min(end, task.immediateLength);
  if (reach <= offset) return offset;
  const { immediate, immediateAt } = task;
  into.set(immediate.subarray(immediateAt + offset, immediateAt + reach), at);
  return reach;
}
