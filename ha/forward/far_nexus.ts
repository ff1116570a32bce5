/**
 * An initiator of the other node, as our target sees it: an ordinary nexus of
 * a remote port, whose transport is the link.
 *
 * @module
 */

import type {
  Nexus,
  TaskManagementRequest,
  Transport,
} from "../../core/mod.ts";
import {
  DATA_IN_WINDOW_BYTES,
  PIECE_BYTES,
  PIECE_BYTES_MIN,
} from "./limits.ts";
import type { Channel } from "./channel.ts";
import type { FarContext, FarTask } from "./far_task.ts";
import type { Slabs } from "./slabs.ts";
import type { NexusFrame } from "./wire/nexus.ts";
import type { DataInFrame, PieceFrame } from "./wire/transfer.ts";

/** What the nexuses of one node share. */
export interface FarServices {
  /** Sends frames. */
  readonly channel: Channel;
  /** Room for Data-In. */
  readonly slabs: Slabs;
  /** Whether the link that a task came over is still the one there is. */
  isHere(context: FarContext): boolean;
  /** The status of a task leaves with its last data. */
  answered(task: FarTask): void;
  /** A task has ended; `silent`: nobody is to hear of it. */
  ended(task: FarTask, silent: boolean): void;
  /** A function has been executed. */
  executed(request: TaskManagementRequest): void;
}

// Filled and sent in one go.
const dataIn: DataInFrame = { task: 0, ended: false, transferLength: 0 };
const piece: PieceFrame = { task: 0, offset: 0, length: 0 };

/** The transport of one nexus. */
export class FarNexus implements Transport<FarContext> {
  /** What the other node has said of it. */
  frame: NexusFrame;
  /** The nexus; null: its port is not there. */
  nexus: Nexus<FarContext> | null = null;
  /** The other node has told of it since the link is up. */
  told = true;
  /** Bytes of first Data-Out that are kept for its commands. */
  heldBytes = 0;
  readonly #services: FarServices;
  readonly #waiting: Set<FarTask> = new Set();
  #windowBytes: number = DATA_IN_WINDOW_BYTES;

  /** A transport that has no nexus yet. */
  constructor(frame: NexusFrame, services: FarServices) {
    this.frame = frame;
    this.#services = services;
  }

  /** Bytes of Data-In that may be sent now. */
  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** Data-In were passed on. @returns false: more than there were */
  credit(bytes: number): boolean {
    this.#windowBytes += bytes;
    if (this.#windowBytes > DATA_IN_WINDOW_BYTES) return false;
    this.wakeWaiting();
    return true;
  }

  /** A new link: what was under way on the old one counts no more. */
  renewWindow(): void {
    this.#windowBytes = DATA_IN_WINDOW_BYTES;
  }

  /** Tasks that wait for room look once more, those first that came first. */
  wakeWaiting(): void {
    for (const task of [...this.#waiting]) this.#wakeRoom(task);
  }

  // Transport: what the core asks for.

  roomForDataIn(task: FarTask, lengthBytes: number): number {
    const { channel, slabs } = this.#services;
    const least = Math.min(lengthBytes, PIECE_BYTES_MIN);
    if (this.#windowBytes < least || channel.congested) return 0;
    const wanted = Math.min(lengthBytes, this.#windowBytes, PIECE_BYTES);
    const room = slabs.lend(wanted);
    task.dataIn = slabs.bytes;
    task.dataInAt = slabs.at;
    return room;
  }

  dataInRoom(task: FarTask): Promise<void> {
    // Nobody takes any: the command sees that it was aborted.
    if (!this.#services.isHere(task.context)) return Promise.resolve();
    return new Promise((resolve) => {
      task.context.wakeRoom = resolve;
      this.#waiting.add(task);
    });
  }

  sendDataIn(task: FarTask, lengthBytes: number, ended: boolean): void {
    const { channel, slabs } = this.#services;
    const { context } = task;
    if (!this.#services.isHere(context)) return;
    const data = slabs.bytes.subarray(slabs.at, slabs.at + lengthBytes);
    this.#windowBytes -= lengthBytes;
    dataIn.task = context.id;
    dataIn.ended = ended;
    dataIn.transferLength = task.transferLength;
    if (ended) this.#services.answered(task);
    channel.sendDataIn(dataIn, data, slabs.take(lengthBytes));
  }

  receiveDataOut(
    task: FarTask,
    offset: number,
    lengthBytes: number,
    into: Uint8Array,
    at: number,
  ): boolean | Promise<boolean> {
    if (!this.#services.isHere(task.context)) return false;
    const end = offset + lengthBytes;
    task.context.takenLength = end;
    const atHand = takeAtHand(task, offset, end, into, at);
    if (atHand === end) return true;
    return new Promise((resolve) => {
      const from = at + atHand - offset;
      task.context.wait = { offset: atHand, end, into, at: from, resolve };
      piece.task = task.context.id;
      piece.offset = atHand;
      piece.length = end - atHand;
      this.#services.channel.sendWant(piece);
    });
  }

  sendCommandComplete(task: FarTask): void {
    this.#release(task);
    this.#services.ended(task, false);
  }

  taskEnded(task: FarTask): void {
    this.#release(task);
    this.#services.ended(task, true);
  }

  abortTransfer(task: FarTask): void {
    const { wait } = task.context;
    task.context.wait = null;
    wait?.resolve(false);
    this.#wakeRoom(task);
  }

  taskManagementFunctionExecuted(request: TaskManagementRequest): void {
    this.#services.executed(request);
  }

  #release(task: FarTask): void {
    const { context } = task;
    context.active = false;
    context.wait = null;
    this.#wakeRoom(task);
  }

  #wakeRoom(task: FarTask): void {
    const { wakeRoom } = task.context;
    if (wakeRoom === null) return;
    task.context.wakeRoom = null;
    this.#waiting.delete(task);
    wakeRoom();
  }
}

// What came with the command. @returns where the rest begins
function takeAtHand(
  task: FarTask,
  offset: number,
  end: number,
  into: Uint8Array,
  at: number,
): number {
  const { immediate, immediateAt, immediateLength } = task;
  if (offset >= immediateLength) return offset;
  const to = Math.min(end, immediateLength);
  into.set(immediate.subarray(immediateAt + offset, immediateAt + to), at);
  return to;
}
