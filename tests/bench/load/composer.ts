/**
 * What one connection sends: commands as long as slots, the target's window
 * and the buffer allow, and the data that the target asked for.
 *
 * @module
 */

import { digestBytes, DigestedData, putDigest } from "./digest.ts";
import type { Measurement } from "./measurement.ts";
import { writePattern } from "./pattern.ts";
import type { Places } from "./places.ts";
import { SendBuffer } from "./send_buffer.ts";
import type { Slot, TaskTable } from "./tasks.ts";
import {
  At,
  Flag,
  HEADER_BYTES,
  type Negotiated,
  NO_TAG,
  Opcode,
  type Sequence,
  startHeader,
} from "./wire.ts";

const READ_16 = 0x88;
const WRITE_16 = 0x8a;

/** Pings that one batch answers at most; they always have room. */
const PINGS_MAX = 64;

/** What a composer works with; all of it belongs to one connection. */
export interface ComposerParts {
  /** The commands in flight. */
  readonly tasks: TaskTable;
  /** Where the next commands go. */
  readonly places: Places;
  /** What was agreed on at login. */
  readonly negotiated: Negotiated;
  /** Where the numbers stand; commands advance it. */
  readonly sequence: Sequence;
  /** What the run counts. */
  readonly measurement: Measurement;
  /** First two bytes of each LUN, see `lunWord`; they take turns. */
  readonly lunWords: readonly number[];
  /** Commands that each of them takes at a time. */
  readonly lunBurst: number;
  /** Length of a block of the LUN in bytes. */
  readonly lunBlockBytes: number;
  /** Length of each command's data in bytes. */
  readonly blockBytes: number;
  /** Whether writes carry the pattern. */
  readonly patterned: boolean;
  /** Whether to end after one sequential round. */
  readonly once: boolean;
}

/** A burst of data that is still to be sent. */
interface Burst {
  readonly slot: Slot;
  readonly transferTag: number;
  offsetBytes: number;
  leftBytes: number;
  dataSn: number;
}

/** A NOP-In that wants an answer. */
interface Ping {
  readonly lun: bigint;
  readonly transferTag: number;
}

/** Composes batches for one connection. */
export class Composer {
  readonly #parts: ComposerParts;
  readonly #buffer: SendBuffer;
  readonly #bursts: Burst[] = [];
  readonly #pings: Ping[] = [];
  readonly #immediateBytes: number;
  readonly #unsolicitedBytes: number;
  /** A header with its digest. */
  readonly #headBytes: number;
  /** A command with its immediate data. */
  readonly #commandBytes: number;
  /** What writes carry where its digest is wanted, but no pattern. */
  readonly #digested: DigestedData | undefined;
  #turn = 0;
  #turnLeft = 0;

  /** Works out how much data goes unasked. */
  constructor(parts: ComposerParts) {
    const { negotiated, blockBytes, places, tasks } = parts;
    const data = places.writes() ? blockBytes : 0;
    const first = Math.min(data, negotiated.firstBurstBytesMax);
    this.#parts = parts;
    const { headerDigest, dataDigest, dataSegmentBytesMax } = negotiated;
    this.#headBytes = HEADER_BYTES + digestBytes(headerDigest, HEADER_BYTES);
    this.#digested = dataDigest && !parts.patterned
      ? new DigestedData(dataSegmentBytesMax)
      : undefined;
    this.#immediateBytes = negotiated.immediateData
      ? Math.min(first, negotiated.dataSegmentBytesMax)
      : 0;
    this.#commandBytes = this.#pduBytes(this.#immediateBytes);
    this.#unsolicitedBytes = negotiated.initialR2T
      ? 0
      : first - this.#immediateBytes;
    this.#buffer = new SendBuffer(tasks.depth * this.#pduBytes(data));
  }

  /**
   * Fills a batch.
   *
   * @returns its bytes, none when there is nothing to send now; they must
   * have been sent before the next call
   */
  compose(nowMs: number): Uint8Array<ArrayBuffer> {
    this.#buffer.length = 0;
    this.#addPings();
    // Ends when the buffer is full, or no slot is free and no data owed.
    while (this.#addBursts() && this.#mayIssue()) this.#addCommand(nowMs);
    return this.#buffer.filled();
  }

  /** Tells whether no further command will be sent. */
  isExhausted(): boolean {
    const { measurement, once, places } = this.#parts;
    return once ? places.rounds() > 0 : measurement.isOver();
  }

  /** Takes note of a burst that the target asked for. */
  addBurst(
    slot: Slot,
    transferTag: number,
    offsetBytes: number,
    leftBytes: number,
  ): void {
    this.#bursts.push({ slot, transferTag, offsetBytes, leftBytes, dataSn: 0 });
  }

  /** Takes note of a ping that wants an answer. */
  addPing(lun: bigint, transferTag: number): void {
    this.#pings.push({ lun, transferTag });
  }

  #addPings(): void {
    for (const { lun, transferTag } of this.#pings.splice(0, PINGS_MAX)) {
      const { view, length: at } = this.#buffer;
      startHeader(view, at, Opcode.NOP_OUT, Flag.FINAL);
      view.setBigUint64(at + At.lun, lun);
      view.setUint32(at + At.initiatorTaskTag, NO_TAG);
      view.setUint32(at + At.targetTransferTag, transferTag);
      this.#setNumbers(at, this.#parts.sequence.cmdSn);
      this.#finish(0, 0);
    }
  }

  /** @returns false when the buffer is full and data is still owed */
  #addBursts(): boolean {
    for (let burst = this.#bursts[0]; burst; burst = this.#bursts[0]) {
      if (!this.#addDataOut(burst)) return false;
      if (burst.leftBytes === 0) this.#bursts.shift();
    }
    return true;
  }

  #addDataOut(burst: Burst): boolean {
    const longest = this.#parts.negotiated.dataSegmentBytesMax;
    const lengthBytes = Math.min(burst.leftBytes, longest);
    if (!this.#buffer.hasRoom(this.#pduBytes(lengthBytes))) return false;
    const { view, length: at } = this.#buffer;
    const flags = lengthBytes === burst.leftBytes ? Flag.FINAL : 0;
    startHeader(view, at, Opcode.DATA_OUT, flags);
    view.setUint32(at + At.dataSegmentLength, lengthBytes);
    view.setUint32(at + At.lun, burst.slot.lunWord);
    view.setUint32(at + At.initiatorTaskTag, burst.slot.tag);
    view.setUint32(at + At.targetTransferTag, burst.transferTag);
    view.setUint32(at + At.expStatSn, this.#parts.sequence.expStatSn);
    view.setUint32(at + At.dataSn, burst.dataSn);
    view.setUint32(at + At.bufferOffset, burst.offsetBytes);
    this.#finish(burst.slot.offsetBytes + burst.offsetBytes, lengthBytes);
    burst.dataSn += 1;
    burst.offsetBytes += lengthBytes;
    burst.leftBytes -= lengthBytes;
    return true;
  }

  #mayIssue(): boolean {
    const { tasks, sequence, measurement } = this.#parts;
    if (!tasks.hasFree() || this.isExhausted()) return false;
    if (!measurement.hasBegun()) return false;
    if (!this.#buffer.hasRoom(this.#commandBytes)) return false;
    // Serial number arithmetic: the difference is right across a wrap.
    if (((sequence.maxCmdSn - sequence.cmdSn) | 0) >= 0) return true;
    measurement.windowStalls += 1;
    return false;
  }

  #addCommand(nowMs: number): void {
    const { tasks, places } = this.#parts;
    const slot = tasks.take();
    slot.issuedMs = nowMs;
    slot.lunWord = this.#nextLunWord();
    slot.offsetBytes = places.nextOffset();
    slot.isRead = places.nextIsRead();
    if (slot.isRead) this.#addRead(slot);
    else this.#addWrite(slot);
  }

  #nextLunWord(): number {
    const { lunWords, lunBurst } = this.#parts;
    if (this.#turnLeft === 0) {
      this.#turn = (this.#turn + 1) % lunWords.length;
      this.#turnLeft = lunBurst;
    }
    this.#turnLeft -= 1;
    return lunWords[this.#turn] ?? 0;
  }

  #addRead(slot: Slot): void {
    this.#setCommand(slot, Flag.FINAL | Flag.READ | Flag.SIMPLE, 0, READ_16);
    this.#finish(0, 0);
  }

  #addWrite(slot: Slot): void {
    const unsolicited = this.#unsolicitedBytes;
    const final = unsolicited > 0 ? 0 : Flag.FINAL;
    const flags = final | Flag.WRITE | Flag.SIMPLE;
    const immediate = this.#immediateBytes;
    this.#setCommand(slot, flags, immediate, WRITE_16);
    this.#finish(slot.offsetBytes, immediate);
    if (unsolicited > 0) this.addBurst(slot, NO_TAG, immediate, unsolicited);
  }

  #setCommand(
    slot: Slot,
    flags: number,
    immediateBytes: number,
    operation: number,
  ): void {
    const { sequence, blockBytes, lunBlockBytes } = this.#parts;
    const { view, length: at } = this.#buffer;
    view.setUint32(at, (Opcode.SCSI_COMMAND << 24) | (flags << 16));
    view.setUint32(at + At.dataSegmentLength, immediateBytes);
    view.setUint32(at + At.lun, slot.lunWord);
    view.setUint32(at + At.lun + 4, 0);
    view.setUint32(at + At.initiatorTaskTag, slot.tag);
    view.setUint32(at + At.expectedDataTransferLength, blockBytes);
    this.#setNumbers(at, sequence.cmdSn);
    sequence.cmdSn = (sequence.cmdSn + 1) | 0;
    const block = slot.offsetBytes / lunBlockBytes;
    const blockCount = blockBytes / lunBlockBytes;
    setCdb(view, at + At.cdb, operation, block, blockCount);
  }

  #setNumbers(at: number, cmdSn: number): void {
    const { view } = this.#buffer;
    view.setUint32(at + At.cmdSn, cmdSn);
    view.setUint32(at + At.expStatSn, this.#parts.sequence.expStatSn);
  }

  /** Bytes of a PDU with its digests. */
  #pduBytes(lengthBytes: number): number {
    const { dataDigest } = this.#parts.negotiated;
    return this.#headBytes + lengthBytes + digestBytes(dataDigest, lengthBytes);
  }

  /**
   * Appends a header that is already written, and its data. Without a pattern
   * or a digest the data is whatever lies in the buffer: nothing is copied.
   */
  #finish(offsetBytes: number, lengthBytes: number): void {
    const batch = this.#buffer;
    const { view, length: start } = batch;
    const { headerDigest, dataDigest } = this.#parts.negotiated;
    if (headerDigest) putDigest(view, start, start + HEADER_BYTES);
    const at = start + this.#headBytes;
    batch.length = start + this.#pduBytes(lengthBytes);
    if (lengthBytes === 0) return;
    this.#digested?.put(view, at, lengthBytes);
    if (!this.#parts.patterned) return;
    writePattern(batch.words, at / 4, offsetBytes, lengthBytes);
    if (dataDigest) putDigest(view, at, at + lengthBytes);
  }
}

/** A CDB of READ(16) or WRITE(16), in four words. */
function setCdb(
  view: DataView,
  at: number,
  operation: number,
  block: number,
  blockCount: number,
): void {
  view.setUint32(at, (operation << 24) | Math.floor(block / 2 ** 48));
  view.setUint32(at + 4, Math.floor(block / 2 ** 16));
  view.setUint32(at + 8, ((block & 0xffff) << 16) | (blockCount >>> 16));
  view.setUint32(at + 12, (blockCount & 0xffff) << 16);
}
