/**
 * Data of commands that the other node serves: Data-In are copied from the
 * link's buffer into what the transport of the initiator sends, once; Data-Out
 * are fetched from it when the other node wants them.
 *
 * @module
 */

import {
  ABORT,
  bufferFor,
  receiveDataOut,
  roomForMore,
  type ScsiTask,
  sendPiece,
  STATUS,
} from "../../core/mod.ts";
import { type Channel, malformed } from "./channel.ts";
import { CREDIT_BYTES, DATA_IN_WINDOW_BYTES, PIECE_BYTES } from "./limits.ts";
import { type NearNexus, type NearTask, PHASE } from "./near_task.ts";
import { KIND } from "./wire/kinds.ts";
import { newOutcomeFrame } from "./wire/outcome.ts";
import type { DataInFrame, PieceFrame } from "./wire/transfer.ts";

// Filled and sent in one go.
const piece: PieceFrame = { task: 0, offset: 0, length: 0 };
const outcome = newOutcomeFrame();

/** Moves data of the commands of one node. */
export class NearData {
  readonly #channel: Channel;
  readonly #finished: (near: NearTask) => void;
  readonly #waiting: Set<() => void> = new Set();
  #buffersInUse = 0;

  /** @param finished called when all data of a command were passed on */
  constructor(channel: Channel, finished: (near: NearTask) => void) {
    this.#channel = channel;
    this.#finished = finished;
  }

  /** Buffers of Data-Out that are on their way to the other node. */
  get buffersInUse(): number {
    return this.#buffersInUse;
  }

  /** The link takes more again, or has ended: those who wait go on. */
  goOn(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Data-In of a command have come; `data` are valid during this call. */
  dataIn(near: NearTask, frame: DataInFrame, data: Uint8Array): void {
    const { task, nexus } = near;
    if (task === null || nexus === null) return;
    const gone = task.abort !== ABORT.NONE;
    const at = near.parked.reduce((sum, { length }) => sum + length, 0);
    if (
      task.movedLength + at + data.length > task.expectedDataInLength ||
      near.endsWithData || near.outcome !== null
    ) malformed("more Data-In than a command expects");
    task.transferLength = frame.transferLength;
    near.endsWithData = frame.ended;
    const passed = gone
      ? data.length
      : near.parked.length > 0
      ? 0
      : this.#pass(near, task, data, frame.ended);
    this.#credit(nexus, passed);
    if (passed < data.length) this.#park(near, nexus, data.subarray(passed));
    else if (frame.ended) this.#end(near);
  }

  /** Throws away what was not passed on. */
  drop(near: NearTask): void {
    const { nexus } = near;
    if (nexus === null) return;
    for (const { length } of near.parked) {
      nexus.parkedBytes -= length;
      this.#credit(nexus, length);
    }
    near.parked.length = 0;
  }

  /** The link has ended; what has come is passed on without it. */
  orphan(near: NearTask): void {
    const { nexus } = near;
    if (nexus !== null) near.nexus = { ...nexus, owedBytes: -Infinity };
  }

  /** The other node wants a piece of Data-Out. */
  wanted(near: NearTask, frame: PieceFrame): void {
    const { task } = near;
    if (task === null) return;
    if (near.supplying) malformed("a second WANT before the first was served");
    if (frame.offset + frame.length > task.expectedDataOutLength) {
      malformed("a WANT for data that do not exist");
    }
    if (frame.offset < near.sentLength) {
      malformed("a WANT for what it was sent");
    }
    near.supplying = true;
    this.#supply(near, task, frame.offset, frame.offset + frame.length)
      .catch(() => {}); // A transport that throws has told nobody anything.
  }

  // As many bytes as there is room for. @returns how many
  #pass(
    near: NearTask,
    task: ScsiTask,
    data: Uint8Array,
    ended: boolean,
  ): number {
    const { transport } = task.nexus;
    let passed = 0;
    while (passed < data.length) {
      const room = transport.roomForDataIn(task, data.length - passed);
      if (room === 0) break;
      task.dataIn.set(data.subarray(passed, passed + room), task.dataInAt);
      passed += room;
      task.movedLength += room;
      task.moveCount += 1;
      task.answered = ended && passed === data.length && !isTroubled(near);
      sendPiece(task, room);
    }
    return passed;
  }

  #credit(nexus: NearNexus, bytes: number): void {
    nexus.owedBytes += bytes;
    if (nexus.owedBytes < CREDIT_BYTES) return;
    this.#channel.sendCredit(nexus.id, nexus.owedBytes);
    nexus.owedBytes = 0;
  }

  #park(near: NearTask, nexus: NearNexus, data: Uint8Array): void {
    nexus.parkedBytes += data.length;
    if (nexus.parkedBytes > DATA_IN_WINDOW_BYTES) {
      malformed("more Data-In than its window allows");
    }
    near.parked.push(data.slice());
    if (near.delivering) return;
    near.delivering = true;
    this.#deliver(near, near.use).catch(() => {});
  }

  // Passes parked data on, as the initiator takes them.
  async #deliver(near: NearTask, use: number): Promise<void> {
    while (near.use === use) {
      const { task, nexus } = near;
      const first = near.parked[0];
      if (task === null || nexus === null || first === undefined) break;
      if (task.abort !== ABORT.NONE) break;
      const last = near.endsWithData && near.parked.length === 1;
      const passed = this.#pass(near, task, first, last);
      nexus.parkedBytes -= passed;
      this.#credit(nexus, passed);
      if (passed === first.length) near.parked.shift();
      else {
        near.parked[0] = first.subarray(passed);
        await roomForMore(task);
      }
    }
    if (near.use !== use) return;
    near.delivering = false;
    if (near.task?.abort !== ABORT.NONE) this.drop(near);
    this.#end(near);
  }

  // All that has come was passed on: is that its end?
  #end(near: NearTask): void {
    if (near.endsWithData) near.outcome ??= STATUS.GOOD;
    if (near.outcome !== null) this.#finished(near);
  }

  async #supply(
    near: NearTask,
    task: ScsiTask,
    from: number,
    to: number,
  ): Promise<void> {
    const { use } = near;
    const { buffers } = task.nexus;
    // The task may serve another command by now.
    const isOver = () => near.use !== use || task.abort !== ABORT.NONE;
    for (let at = from; at < to;) {
      while (this.#channel.congested && !isOver()) await this.#drained();
      if (isOver()) return;
      const length = Math.min(to - at, PIECE_BYTES);
      const lent = bufferFor(task, length);
      const buffer = lent instanceof Promise ? await lent : lent;
      if (buffer === null) return;
      const received = !isOver() && receiveDataOut(task, at, length, buffer);
      const whole = received instanceof Promise ? await received : received;
      if (isOver()) return buffers.release(buffer);
      if (!whole) {
        buffers.release(buffer);
        return this.#refuse(near, task);
      }
      at += length;
      // Before it leaves: the other node may ask for more at once.
      if (at === to) near.supplying = false;
      this.#send(near, at - length, buffer.subarray(0, length), () => {
        buffers.release(buffer);
      });
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #send(
    near: NearTask,
    offset: number,
    data: Uint8Array,
    sent: () => void,
  ): void {
    piece.task = near.id;
    piece.offset = offset;
    this.#buffersInUse += 1;
    this.#channel.sendDataOut(piece, data, () => {
      this.#buffersInUse -= 1;
      sent();
    });
  }

  #refuse(near: NearTask, task: ScsiTask): void {
    if (near.phase !== PHASE.SENT) return;
    near.supplying = false;
    outcome.task = near.id;
    outcome.status = STATUS.CHECK_CONDITION;
    outcome.silent = false;
    outcome.transferLength = outcome.movedLength = 0;
    outcome.sense = task.transportSense;
    this.#channel.sendOutcome(KIND.NO_DATA_OUT, outcome);
  }
}

// Its status may turn out to be another one: it must not leave with the data.
function isTroubled({ unit }: NearTask): boolean {
  return unit !== null && (unit.injections.active || unit.exceptions.due);
}
