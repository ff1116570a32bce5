/**
 * Data-Out of the exchanges of one login: asked for piece by piece, at most
 * what one CTIO of the HBA moves, and asked for again when they were lost.
 *
 * @module
 */

import { DATA_PHASE_ERROR } from "../../core/mod.ts";
import type { MoverServices } from "./data_in.ts";
import type { CamTask, DataOutCtio } from "./exchange.ts";
import { CTIO_RETRIES_MAX, CTIO_TIMEOUT_MS } from "./limits.ts";
import { FRAME, type Frame, FRAME_FLAG } from "./wire/frame.ts";
import { encodeLength } from "./wire/payloads.ts";

/** Moves Data-Out. */
export class DataOutMover {
  readonly #services: MoverServices;

  /** Nothing moves yet. */
  constructor(services: MoverServices) {
    this.#services = services;
  }

  /** See `Transport.receiveDataOut`. */
  receive(
    task: CamTask,
    offset: number,
    lengthBytes: number,
    into: Uint8Array,
    at: number,
  ): Promise<boolean> {
    if (task.transportSense !== null) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = offset + lengthBytes;
      const place = { start: offset, end, into, at, resolve };
      const ctio = { ...place, ...unasked(offset) };
      task.context.dataOut = ctio;
      this.#ask(task, ctio, offset);
    });
  }

  /** Data have come; false: nobody has asked for them. */
  received(task: CamTask, { parameter, payload, flags }: Frame): boolean {
    const ctio = task.context.dataOut;
    if (ctio === null || !ctio.requested) return false;
    const end = parameter + payload.length;
    if (end > ctio.burstEnd) {
      this.fail(task);
      return true;
    }
    if (parameter !== ctio.offset) {
      // Something before it was lost, or it has come already.
      if (parameter > ctio.offset && !ctio.lost) this.#askAgain(task, ctio);
      return true;
    }
    ctio.lost = false;
    ctio.into.set(payload, ctio.at + parameter - ctio.start);
    ctio.offset = end;
    if (end === ctio.burstEnd) this.#burstEnded(task, ctio);
    else if ((flags & FRAME_FLAG.END) !== 0) this.#askAgain(task, ctio);
    return true;
  }

  /** The initiator wants to be asked again, from an offset on. */
  retransmit(task: CamTask, offset: number): boolean {
    const ctio = task.context.dataOut;
    if (ctio === null || !ctio.requested) return false;
    if (offset < ctio.burstStart || offset > ctio.offset) return false;
    ctio.offset = offset;
    this.#askAgain(task, ctio);
    return true;
  }

  /** The data will not come: the command ends with a data phase error. */
  fail(task: CamTask): void {
    if (task.context.dataOut === null) return;
    task.transportSense ??= DATA_PHASE_ERROR;
    this.#services.ctioEnded(true);
    this.drop(task);
  }

  /** The task is over or is being aborted: what comes late is passed over. */
  drop(task: CamTask): void {
    const ctio = task.context.dataOut;
    task.context.dataOut = null;
    ctio?.cancel?.();
    ctio?.resolve(false);
  }

  #burstEnded(task: CamTask, ctio: DataOutCtio): void {
    ctio.cancel?.();
    ctio.cancel = null;
    this.#services.ctioEnded(false);
    if (ctio.offset < ctio.end) return this.#ask(task, ctio, ctio.offset);
    task.context.dataOut = null;
    ctio.resolve(true);
  }

  #askAgain(task: CamTask, ctio: DataOutCtio): void {
    ctio.retries += 1;
    if (ctio.retries > CTIO_RETRIES_MAX) return this.fail(task);
    ctio.lost = true;
    this.#request(task, ctio);
  }

  // A burst is what one CTIO moves.
  #ask(task: CamTask, ctio: DataOutCtio, from: number): void {
    const { clock, maxIoBytes, moveMs } = this.#services;
    ctio.requested = false;
    ctio.retries = 0;
    ctio.burstStart = from;
    ctio.burstEnd = Math.min(ctio.end, from + maxIoBytes);
    if (moveMs === 0) return this.#request(task, ctio);
    ctio.cancel = clock.after(moveMs, () => this.#request(task, ctio));
  }

  #request(task: CamTask, ctio: DataOutCtio): void {
    const length = ctio.burstEnd - ctio.offset;
    ctio.requested = true;
    task.trace?.requestsDataOut(ctio.offset, length);
    this.#services.send({
      type: FRAME.TRANSFER_READY,
      exchange: task.context.id,
      parameter: ctio.offset,
    }, encodeLength(length));
    ctio.cancel?.();
    ctio.cancel = this.#services.clock.after(CTIO_TIMEOUT_MS, () => {
      ctio.cancel = null;
      this.#askAgain(task, ctio);
    });
  }
}

function unasked(offset: number) {
  return {
    offset,
    burstStart: offset,
    burstEnd: offset,
    requested: false,
    lost: false,
    retries: 0,
    cancel: null,
  };
}
