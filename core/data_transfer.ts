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
  await sendBytes(task, bytes, bytes.length, true);
  return STATUS.GOOD;
}

/**
 * Sends bytes as Data-In, waiting for room where there is none.
 *
 * @param ended they are the last of a command that has ended GOOD
 * @returns false when the task was aborted meanwhile
 */
export async function sendBytes(
  task: ScsiTask,
  bytes: Uint8Array,
  lengthBytes: number,
  ended: boolean,
): Promise<boolean> {
  let sent = sendWhileRoom(task, bytes, 0, lengthBytes, ended);
  while (sent < lengthBytes) {
    await timeMove(task, task.nexus.transport.dataInRoom(task));
    if (task.abort !== ABORT.NONE) return false;
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
    transport.sendDataIn(task, room, task.answered);
  }
  return sent;
}

// Its status may turn out to be another one: it must not leave with the data.
function isDisturbed(task: ScsiTask): boolean {
  return task.itl !== null && task.itl.unit.disturbed;
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
  const received = task.nexus.transport
    .receiveDataOut(task, 0, lengthBytes, list, 0);
  return received instanceof Promise
    ? timeMove(task, received).then((whole) => useList(task, list, whole, use))
    : useList(task, list, received, use);
}

function useList(
  task: ScsiTask,
  list: Uint8Array<ArrayBuffer>,
  whole: boolean,
  use: (view: DataView) => MaybePromise<Completion>,
): MaybePromise<Completion> {
  if (!whole) return dataOutFailed(task);
  task.movedLength = list.length;
  task.moveCount = 1;
  return use(new DataView(list.buffer));
}

/**
 * Waits for the transport, and counts the wait as time of the task's data
 * moves. What moves at once is not timed: it takes less than a microsecond.
 */
export async function timeMove<Result>(
  task: ScsiTask,
  waiting: Promise<Result>,
): Promise<Result> {
  const clock = task.itl?.unit.clock;
  const beganMs = clock?.nowMs() ?? 0;
  const result = await waiting;
  task.moveMs += (clock?.nowMs() ?? 0) - beganMs;
  return result;
}

/** How a command ends whose Data-Out did not come. */
export function dataOutFailed(task: ScsiTask): Completion {
  // An aborted task's completion is never sent.
  return task.transportSense ?? STATUS.TASK_ABORTED;
}
