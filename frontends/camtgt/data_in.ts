/**
 * Data-In of the exchanges of one login: CTIOs with lists of segments, one at
 * a time for each exchange, sent again when they were lost.
 *
 * The memory of a CTIO is its own until the initiator has acknowledged the
 * data: so the command goes on only then, as with a real HBA that reads out
 * of the memory of the target.
 *
 * @module
 */

import {
  type BufferPool,
  type Clock,
  DATA_PHASE_ERROR,
} from "../../core/mod.ts";
import type { CamTask, DataInCtio, Exchange } from "./exchange.ts";
import {
  CTIO_RETRIES_MAX,
  CTIO_TIMEOUT_MS,
  LOGIN_CTIO_BYTES_MAX,
  RETRANSMISSIONS_MAX,
  SEGMENTS_MAX,
} from "./limits.ts";
import { FRAME, FRAME_FLAG, type FrameHeader } from "./wire/frame.ts";

/** What the movers of a login work with. */
export interface MoverServices {
  /** Time. */
  readonly clock: Clock;
  /** Memory of segments. */
  readonly pool: BufferPool;
  /** Bytes that one CTIO moves at the most. */
  readonly maxIoBytes: number;
  /** Bytes of one segment, and of one frame, at the most. */
  readonly segmentBytes: number;
  /** Milliseconds that each data move takes, to try out slow wires; 0. */
  readonly moveMs: number;
  /** Sends a frame. */
  send(header: FrameHeader, payload?: Uint8Array): void;
  /** Sends the status of a task whose data have left. */
  sendStatus(task: CamTask): void;
  /** A CTIO has ended: `sent` or `failed`. */
  ctioEnded(failed: boolean): void;
}

/** Moves Data-In. */
export class DataInMover {
  readonly #services: MoverServices;
  readonly #waiting: Set<CamTask> = new Set();
  #heldBytes = 0;

  /** Nothing moves yet. */
  constructor(services: MoverServices) {
    this.#services = services;
  }

  /** Bytes of segments that are in use. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** See `Transport.roomForDataIn`. */
  room(task: CamTask, lengthBytes: number): number {
    const { context } = task;
    if (task.transportSense !== null) return 0;
    const { maxIoBytes, segmentBytes } = this.#services;
    const left = maxIoBytes - (context.building?.length ?? 0);
    const length = Math.min(lengthBytes, left, segmentBytes);
    // What was lent and not used is lent again.
    if (context.lent !== null && context.lent.length < length) {
      this.#giveBack(context.lent);
      context.lent = null;
    }
    if (context.lent === null) {
      const full = this.#heldBytes + length > LOGIN_CTIO_BYTES_MAX;
      if (full && this.#heldBytes > 0) return 0;
      context.lent = this.#services.pool.take(length);
      this.#heldBytes += context.lent.length;
    }
    task.dataIn = context.lent;
    task.dataInAt = 0;
    return length;
  }

  /** See `Transport.dataInRoom`. */
  whenRoom(task: CamTask): Promise<void> {
    this.#startBuilding(task);
    if (task.transportSense !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add(task);
      task.context.wakeRoom = resolve;
    });
  }

  /** See `Transport.sendDataIn`. */
  add(task: CamTask, lengthBytes: number, ended: boolean): void {
    const { context } = task;
    if (context.lent === null) throw new TypeError("No room was lent");
    task.moving = true;
    const ctio = context.building ??= newCtio(context.builtLength);
    const isFirst = ctio.length === 0;
    ctio.segments.push({ bytes: context.lent, length: lengthBytes });
    ctio.length += lengthBytes;
    context.lent = null;
    context.builtLength += lengthBytes;
    const expected = Math.min(task.transferLength, task.expectedDataInLength);
    const complete = context.builtLength === expected;
    ctio.withStatus = ended && complete;
    if (
      complete || ctio.segments.length === SEGMENTS_MAX ||
      ctio.length === this.#services.maxIoBytes
    ) this.#startBuilding(task);
    else if (isFirst) {
      // The command may have to wait for its store: the data do not.
      queueMicrotask(() => {
        if (context.building === ctio) this.#startBuilding(task);
      });
    }
  }

  /** See `Transport.whenMoved`. */
  whenMoved(task: CamTask, moved: () => void): void {
    this.#startBuilding(task);
    task.context.moved = moved;
    this.#tellMoved(task);
  }

  /** The initiator has the data up to an offset. */
  acknowledged(task: CamTask, offset: number): boolean {
    const [ctio] = task.context.queue;
    const fits = ctio?.transmitted && offset === ctio.offset + ctio.length;
    if (ctio === undefined || !fits) return false;
    this.#services.ctioEnded(false);
    if (ctio.withStatus) task.context.statusSent = true;
    this.#end(ctio);
    task.context.queue.shift();
    this.#transmitNext(task);
    this.#tellMoved(task);
    this.#wakeAll();
    return true;
  }

  /** The initiator wants data from an offset on once more. */
  retransmit(task: CamTask, offset: number): boolean {
    const [ctio] = task.context.queue;
    if (ctio === undefined || !ctio.transmitted) return false;
    if (offset < ctio.offset || offset > ctio.offset + ctio.length) {
      return false;
    }
    ctio.retransmissions += 1;
    if (ctio.retransmissions > RETRANSMISSIONS_MAX) return false;
    this.#transmit(task, ctio, offset);
    return true;
  }

  /** The data will not arrive: the command ends with a data phase error. */
  fail(task: CamTask): void {
    const { context } = task;
    const [ctio] = context.queue;
    if (ctio !== undefined) {
      task.movedLength = ctio.offset;
      this.#services.ctioEnded(true);
    }
    task.transportSense ??= DATA_PHASE_ERROR;
    this.#discard(context);
    this.#wake(task);
    this.#tellMoved(task);
    this.#wakeAll();
  }

  /** The task is over or is being aborted: nothing of it moves any more. */
  drop(task: CamTask): void {
    const { context } = task;
    this.#discard(context);
    task.moving = false;
    context.moved = null;
    this.#wake(task);
    this.#wakeAll();
  }

  #startBuilding(task: CamTask): void {
    const { building, queue } = task.context;
    if (building === null) return;
    task.context.building = null;
    queue.push(building);
    if (queue.length === 1) this.#transmitNext(task);
  }

  #transmitNext(task: CamTask): void {
    const [ctio] = task.context.queue;
    if (ctio === undefined) return;
    const { clock, moveMs } = this.#services;
    const begin = () => this.#transmit(task, ctio, ctio.offset);
    if (moveMs === 0) begin();
    else ctio.cancel = clock.after(moveMs, begin);
  }

  // From any byte on: blocks mean nothing here.
  #transmit(task: CamTask, ctio: DataInCtio, from: number): void {
    const exchange = task.context.id;
    const end = ctio.offset + ctio.length;
    ctio.transmitted = true;
    let at = ctio.offset;
    for (const { bytes, length } of ctio.segments) {
      const skipped = Math.min(length, Math.max(0, from - at));
      const parameter = at + skipped;
      at += length;
      if (skipped === length && at !== end) continue;
      this.#services.send({
        type: FRAME.DATA,
        flags: at === end ? FRAME_FLAG.END : 0,
        exchange,
        parameter,
      }, bytes.subarray(skipped, length));
    }
    if (ctio.withStatus) this.#services.sendStatus(task);
    this.#limit(task, ctio);
  }

  #limit(task: CamTask, ctio: DataInCtio): void {
    ctio.cancel?.();
    ctio.cancel = this.#services.clock.after(CTIO_TIMEOUT_MS, () => {
      ctio.cancel = null;
      ctio.retries += 1;
      if (ctio.retries > CTIO_RETRIES_MAX) this.fail(task);
      else this.#transmit(task, ctio, ctio.offset);
    });
  }

  #tellMoved(task: CamTask): void {
    const { context } = task;
    if (context.queue.length > 0 || context.building !== null) return;
    task.moving = false;
    const { moved } = context;
    context.moved = null;
    moved?.();
  }

  #discard(context: Exchange): void {
    for (const ctio of context.queue.splice(0)) this.#end(ctio);
    if (context.building !== null) this.#end(context.building);
    context.building = null;
    if (context.lent !== null) this.#giveBack(context.lent);
    context.lent = null;
  }

  #end(ctio: DataInCtio): void {
    ctio.cancel?.();
    ctio.cancel = null;
    for (const { bytes } of ctio.segments) this.#giveBack(bytes);
  }

  #giveBack(bytes: Uint8Array): void {
    this.#heldBytes -= bytes.length;
    this.#services.pool.give(bytes);
  }

  #wakeAll(): void {
    for (const task of [...this.#waiting]) this.#wake(task);
  }

  #wake(task: CamTask): void {
    this.#waiting.delete(task);
    const { wakeRoom } = task.context;
    task.context.wakeRoom = null;
    wakeRoom?.();
  }
}

function newCtio(offset: number): DataInCtio {
  return {
    offset,
    segments: [],
    length: 0,
    withStatus: false,
    transmitted: false,
    retries: 0,
    retransmissions: 0,
    cancel: null,
  };
}
