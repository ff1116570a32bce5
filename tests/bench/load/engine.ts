/**
 * One connection's side of a load without the connection: bytes in, batches
 * out.
 *
 * The hot path allocates nothing for a command: slots, headers and buffers
 * are there before the load starts.
 *
 * @module
 */

import { Composer, type ComposerParts } from "./composer.ts";
import { digestBytes, requireDigest } from "./digest.ts";
import { matchesPattern } from "./pattern.ts";
import type { Slot } from "./tasks.ts";
import {
  At,
  DIGEST_BYTES,
  Flag,
  HEADER_BYTES,
  NO_TAG,
  Opcode,
  paddedBytes,
} from "./wire.ts";

const RECEIVE_BYTES = 1 << 20;

/** Failed commands after which a run is given up. */
const ERRORS_MAX = 100;

/** What an engine works with. */
export interface EngineParts extends ComposerParts {
  /** Whether reads are compared with the pattern. */
  readonly verify: boolean;
}

/** Answers to what a target sends, and decides what is sent next. */
export class Engine {
  readonly #parts: EngineParts;
  readonly #composer: Composer;
  readonly #bytes = new Uint8Array(RECEIVE_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  /** A header with its digest. */
  readonly #headBytes: number;
  /** Bytes of a header that has not arrived as a whole. */
  #heldBytes = 0;
  /** Data of the present PDU that is still to come. */
  #payloadBytes = 0;
  /** The digest behind them, if it is still to come. */
  #digestBytes = 0;
  /** Whose data that is; undefined for sense data and the like. */
  #payloadSlot: Slot | undefined;
  /** Where it goes within the command's data. */
  #payloadOffset = 0;
  /** Where in it they began. */
  #payloadStart = 0;
  /** The status that the present Data-In carries; -1 for none. */
  #payloadStatus = -1;

  /** Starts with nothing in flight. */
  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#composer = new Composer(parts);
    const { headerDigest } = parts.negotiated;
    this.#headBytes = HEADER_BYTES + digestBytes(headerDigest, HEADER_BYTES);
  }

  /** Tells whether everything was sent and answered. */
  isDone(): boolean {
    return this.#composer.isExhausted() && this.#parts.tasks.isIdle();
  }

  /** What to send now; see {@linkcode Composer.compose}. */
  transmit(nowMs: number): Uint8Array<ArrayBuffer> {
    return this.#composer.compose(nowMs);
  }

  /** Where the next bytes go. */
  receiveSpace(): Uint8Array<ArrayBuffer> {
    const held = this.#heldBytes;
    return held === 0 ? this.#bytes : this.#bytes.subarray(held);
  }

  /** Works off what came into {@linkcode Engine.receiveSpace}. */
  receive(countBytes: number, nowMs: number): void {
    const end = this.#heldBytes + countBytes;
    let at = 0;
    // Each turn takes a header or ends the loop.
    for (;;) {
      at = this.#takePayload(at, end, nowMs);
      if (end - at < this.#headBytes || this.#digestBytes > 0) break;
      this.#takeHeader(at, nowMs);
      at += this.#headBytes;
    }
    this.#heldBytes = end - at;
    if (end > at) this.#bytes.copyWithin(0, at, end);
  }

  #takePayload(at: number, end: number, nowMs: number): number {
    const count = Math.min(this.#payloadBytes, end - at);
    const slot = this.#payloadSlot;
    if (count > 0) {
      if (slot !== undefined && this.#parts.verify) {
        this.#keep(slot, at, count);
      }
      this.#payloadBytes -= count;
    }
    if (this.#payloadBytes > 0) return at + count;
    const digested = this.#digestBytes;
    if (end - at - count < digested) return at + count;
    if (digested > 0) this.#takeDigest(at + count);
    const status = this.#payloadStatus;
    if (status >= 0 && slot !== undefined) {
      this.#payloadStatus = -1;
      this.#complete(slot, 0, status, nowMs);
    }
    return at + count + digested;
  }

  /**
   * Only what is kept is compared: processors have an instruction for it, and
   * a load is not there to measure that we have none.
   */
  #takeDigest(at: number): void {
    this.#digestBytes = 0;
    const slot = this.#payloadSlot;
    if (slot === undefined || !this.#parts.verify) return;
    const { digested } = slot;
    const start = this.#payloadStart;
    const end = this.#payloadOffset;
    if (end + DIGEST_BYTES > digested.byteLength) return;
    digested.setUint32(end, this.#view.getUint32(at));
    requireDigest(digested, start, end);
  }

  /** Copies read data to its slot, where the pattern's words are aligned. */
  #keep(slot: Slot, at: number, count: number): void {
    const room = Math.max(slot.bytes.length - this.#payloadOffset, 0);
    const kept = this.#bytes.subarray(at, at + Math.min(count, room));
    slot.bytes.set(kept, Math.min(this.#payloadOffset, slot.bytes.length));
    this.#payloadOffset += count;
  }

  #takeHeader(at: number, nowMs: number): void {
    const view = this.#view;
    const word = view.getUint32(at + At.dataSegmentLength);
    const lengthBytes = word & 0xffffff;
    const { headerDigest, dataDigest } = this.#parts.negotiated;
    if (headerDigest) requireDigest(view, at, at + HEADER_BYTES);
    this.#payloadBytes = paddedBytes(lengthBytes) + (word >>> 24) * 4;
    this.#digestBytes = digestBytes(dataDigest, lengthBytes);
    this.#payloadSlot = undefined;
    this.#parts.sequence.maxCmdSn = view.getInt32(at + At.maxCmdSn);
    const opcode = view.getUint8(at + At.opcode) & 0x3f;
    if (opcode === Opcode.DATA_IN) this.#dataIn(at, lengthBytes);
    else if (opcode === Opcode.SCSI_RESPONSE) this.#scsiResponse(at, nowMs);
    else if (opcode === Opcode.R2T) this.#readyToTransfer(at);
    else if (opcode === Opcode.NOP_IN) this.#nopIn(at);
    else throw new Error(unexpected(opcode, view, at));
  }

  #dataIn(at: number, lengthBytes: number): void {
    const view = this.#view;
    const tag = view.getUint32(at + At.initiatorTaskTag);
    const slot = this.#parts.tasks.busySlot(tag);
    slot.receivedBytes += lengthBytes;
    this.#payloadSlot = slot;
    this.#payloadOffset = view.getUint32(at + At.bufferOffset);
    this.#payloadStart = this.#payloadOffset;
    if ((view.getUint8(at + At.flags) & Flag.STATUS) === 0) return;
    this.#takeStatusNumber(at);
    this.#payloadStatus = view.getUint8(at + At.status);
  }

  #scsiResponse(at: number, nowMs: number): void {
    const view = this.#view;
    const tag = view.getUint32(at + At.initiatorTaskTag);
    const response = view.getUint8(at + At.response);
    const status = view.getUint8(at + At.status);
    this.#takeStatusNumber(at);
    const slot = this.#parts.tasks.busySlot(tag);
    this.#complete(slot, response, status, nowMs);
  }

  #takeStatusNumber(at: number): void {
    const number = this.#view.getInt32(at + At.statSn);
    this.#parts.sequence.expStatSn = (number + 1) | 0;
  }

  #readyToTransfer(at: number): void {
    const view = this.#view;
    const tag = view.getUint32(at + At.initiatorTaskTag);
    this.#parts.measurement.r2ts += 1;
    this.#composer.addBurst(
      this.#parts.tasks.busySlot(tag),
      view.getUint32(at + At.targetTransferTag),
      view.getUint32(at + At.bufferOffset),
      view.getUint32(at + At.desiredDataTransferLength),
    );
  }

  #nopIn(at: number): void {
    this.#parts.measurement.nops += 1;
    const transferTag = this.#view.getUint32(at + At.targetTransferTag);
    if (transferTag === NO_TAG) return;
    const lun = this.#view.getBigUint64(at + At.lun);
    this.#composer.addPing(lun, transferTag);
  }

  #complete(
    slot: Slot,
    response: number,
    status: number,
    nowMs: number,
  ): void {
    const { tasks, blockBytes, measurement } = this.#parts;
    tasks.release(slot);
    const short = slot.isRead && slot.receivedBytes !== blockBytes;
    if (response !== 0 || status !== 0 || short) {
      this.#fail(slot, `response ${response}, status ${status}`);
    } else if (this.#differs(slot)) {
      measurement.verifyBad += 1;
      this.#fail(slot, "not what was written");
    } else {
      measurement.addCommand(slot.isRead, nowMs - slot.issuedMs);
    }
  }

  #differs(slot: Slot): boolean {
    const { verify, blockBytes } = this.#parts;
    return verify && slot.isRead &&
      !matchesPattern(slot.words, slot.offsetBytes, blockBytes);
  }

  #fail(slot: Slot, words: string): void {
    const { measurement } = this.#parts;
    const kind = slot.isRead ? "read" : "write";
    measurement.addError(
      `${kind} at ${slot.offsetBytes}: ${words}, ` +
        `${slot.receivedBytes} bytes received`,
    );
    if (measurement.errors > ERRORS_MAX) {
      throw new Error(`Too many failures: ${measurement.firstError}`);
    }
  }
}

function unexpected(opcode: number, view: DataView, at: number): string {
  const words = view.getUint32(at).toString(16).padStart(8, "0");
  return `Unexpected PDU 0x${opcode.toString(16)} (${words})`;
}
