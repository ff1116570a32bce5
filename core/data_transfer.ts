/**
 * Moves data of commands that are not simply blocks: replies and parameter
 * lists. Media commands move theirs themselves (`commands/medium.ts`).
 *
 * @module
 */

import type { MaybePromise } from "./ports/block_store.ts";
import {
  type Completion,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  STATUS,
} from "./sense.ts";
import { ABORT, type ScsiTask } from "./task.ts";
import type { Trace } from "./tracing/trace.ts";
import { WAIT } from "./tracing/trace_events.ts";

/** Longest parameter list that any command takes. */
export const PARAMETER_LIST_LENGTH_MAX = 65535;

// Replies are built and sent in one go, so one buffer serves them all.
const SCRATCH = new Uint8Array(64 * 1024);

/**
 * Builds a reply and sends as much of it as the initiator allows.
 *
 * @param lengthBytes bytes of the whole reply
 * @param allocationLength ALLOCATION LENGTH of the CDB
 * @param write fills the reply; the bytes are zero before
 */
export function reply(
  task: ScsiTask,
  lengthBytes: number,
  allocationLength: number,
  write: (view: DataView) => void,
): MaybePromise<Completion> {
  const bytes = lengthBytes <= SCRATCH.length
    ? SCRATCH.subarray(0, lengthBytes).fill(0)
    : new Uint8Array(lengthBytes);
  write(new DataView(bytes.buffer, bytes.byteOffset, lengthBytes));
  const length = Math.min(lengthBytes, allocationLength);
  task.transferLength = length;
  return send(task, bytes, Math.min(length, task.expectedDataInLength));
}

function send(
  task: ScsiTask,
  bytes: Uint8Array,
  length: number,
): MaybePromise<Completion> {
  const sent = sendWhileRoom(task, bytes, 0, length, true);
  if (sent === length) return STATUS.GOOD;
  // The scratch buffer will serve others before there is room.
  return sendLater(task, bytes.slice(sent, length));
}

async function sendLater(
  task: ScsiTask,
  bytes: Uint8Array,
): Promise<Completion> {
  const sent = await sendBytes(task, bytes, bytes.length, true);
  return sent ? STATUS.GOOD : dataMoveFailed(task);
}

/**
 * Sends bytes as Data-In, waiting for room where there is none.
 *
 * @param ended they are the last of a command that has ended GOOD
 * @returns false when it will not move; see {@linkcode dataMoveFailed}
 */
export async function sendBytes(
  task: ScsiTask,
  bytes: Uint8Array,
  lengthBytes: number,
  ended: boolean,
): Promise<boolean> {
  let sent = sendWhileRoom(task, bytes, 0, lengthBytes, ended);
  while (sent < lengthBytes) {
    await roomForMore(task);
    if (task.abort !== ABORT.NONE || task.transportSense !== null) return false;
    sent = sendWhileRoom(task, bytes, sent, lengthBytes, ended);
  }
  return true;
}

function sendWhileRoom(
  task: ScsiTask,
  bytes: Uint8Array,
  from: number,
  to: number,
  ended: boolean,
): number {
  const { transport } = task.nexus;
  let sent = from;
  while (sent < to) {
    const room = transport.roomForDataIn(task, to - sent);
    if (room === 0) break;
    task.dataIn.set(bytes.subarray(sent, sent + room), task.dataInAt);
    sent += room;
    task.movedLength += room;
    task.moveCount += 1;
    task.answered = ended && sent === to && !isDisturbed(task);
    sendPiece(task, room);
  }
  return sent;
}

// Its status may turn out to be another one: it must not leave with the data.
function isDisturbed(task: ScsiTask): boolean {
  return task.itl !== null && task.itl.unit.disturbed;
}

/** Sends what stands in the room lent last; the task counts it already. */
export function sendPiece(task: ScsiTask, lengthBytes: number): void {
  const { transport } = task.nexus;
  if (task.trace !== null) {
    const offset = task.movedLength - lengthBytes;
    task.trace.moveBegins("in", offset, lengthBytes);
  }
  transport.sendDataIn(task, lengthBytes, task.answered);
  if (task.trace !== null) task.trace.moveEnds("in", lengthBytes);
}

/** Resolves when there may be room for Data-In, or the task was aborted. */
export function roomForMore(task: ScsiTask): Promise<void> {
  const room = timeMove(task, task.nexus.transport.dataInRoom(task));
  return task.trace === null
    ? room
    : task.trace.during(WAIT.DATA_IN_ROOM, room);
}

/** A buffer for a task, maybe later; null when it was aborted meanwhile. */
export function bufferFor(
  task: ScsiTask,
  lengthBytes: number,
): MaybePromise<Uint8Array | null> {
  const buffer = task.nexus.buffers.acquire(lengthBytes, task);
  return task.trace !== null && buffer instanceof Promise
    ? task.trace.during(WAIT.BUFFER, buffer)
    : buffer;
}

/**
 * Fetches a piece of the task's Data-Out into the beginning of a buffer.
 *
 * @returns false when it will not come; see {@linkcode dataMoveFailed}
 */
export function receiveDataOut(
  task: ScsiTask,
  offset: number,
  lengthBytes: number,
  into: Uint8Array,
): MaybePromise<boolean> {
  const { trace } = task;
  const { transport } = task.nexus;
  trace?.moveBegins("out", offset, lengthBytes);
  const whole = transport.receiveDataOut(task, offset, lengthBytes, into, 0);
  if (whole instanceof Promise) {
    const timed = timeMove(task, whole);
    return trace === null ? timed : tracedDataOut(trace, lengthBytes, timed);
  }
  trace?.moveEnds("out", whole ? lengthBytes : 0);
  return whole;
}

async function tracedDataOut(
  trace: Trace,
  lengthBytes: number,
  pending: Promise<boolean>,
): Promise<boolean> {
  let moved = 0;
  try {
    const whole = await trace.during(WAIT.DATA_OUT, pending);
    if (whole) moved = lengthBytes;
    return whole;
  } finally {
    trace.moveEnds("out", moved);
  }
}

/**
 * Fetches the parameter list of a command and hands it to `use`.
 *
 * @param lengthBytes PARAMETER LIST LENGTH of the CDB, not zero
 */
export function withParameters(
  task: ScsiTask,
  lengthBytes: number,
  use: (view: DataView) => MaybePromise<Completion>,
): MaybePromise<Completion> {
  task.transferLength = lengthBytes;
  if (task.expectedDataOutLength < lengthBytes) {
    return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
  }
  const list = new Uint8Array(lengthBytes);
  const received = receiveDataOut(task, 0, lengthBytes, list);
  return received instanceof Promise
    ? received.then((whole) => useList(task, list, whole, use))
    : useList(task, list, received, use);
}

function useList(
  task: ScsiTask,
  list: Uint8Array<ArrayBuffer>,
  whole: boolean,
  use: (view: DataView) => MaybePromise<Completion>,
): MaybePromise<Completion> {
  if (!whole) return dataMoveFailed(task);
  task.movedLength = list.length;
  task.moveCount = 1;
  return use(new DataView(list.buffer));
}

/**
 * Waits for the transport, and counts the wait as time of the task's data
 * moves. What moves at once is not timed: it takes less than a microsecond.
 */
async function timeMove<Result>(
  task: ScsiTask,
  waiting: Promise<Result>,
): Promise<Result> {
  const clock = task.itl?.unit.clock;
  const beganMs = clock?.nowMs() ?? 0;
  const result = await waiting;
  task.moveMs += (clock?.nowMs() ?? 0) - beganMs;
  return result;
}

/** How a command ends whose data did not move. */
export function dataMoveFailed(task: ScsiTask): Completion {
  // An aborted task's completion is never sent.
  return task.transportSense ?? STATUS.TASK_ABORTED;
}
