/**
 * The commands in flight on one connection, one slot each; a slot's index is
 * the command's initiator task tag.
 *
 * @module
 */

import { DIGEST_BYTES } from "./wire.ts";

/** One command in flight. */
export interface Slot {
  /** Its initiator task tag. */
  readonly tag: number;
  /** Data as it was read, for comparison; empty without verification. */
  readonly words: Int32Array<ArrayBuffer>;
  /** The same as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, with room for a digest behind them. */
  readonly digested: DataView<ArrayBuffer>;
  /** Whether a command is using it. */
  busy: boolean;
  /** Whether that command reads. */
  isRead: boolean;
  /** First two bytes of its LUN, see `lunWord`. */
  lunWord: number;
  /** Where on the LUN, in bytes. */
  offsetBytes: number;
  /** Data received so far. */
  receivedBytes: number;
  /** When it was sent, on the monotonic clock. */
  issuedMs: number;
}

/** All slots of a connection. */
export class TaskTable {
  readonly #slots: readonly Slot[];
  readonly #free: Slot[];

  /** Makes `depth` slots that keep `keptBytes` of read data each. */
  constructor(depth: number, keptBytes: number) {
    this.#slots = Array.from(
      { length: depth },
      (_, tag) => createSlot(tag, keptBytes),
    );
    this.#free = this.#slots.toReversed();
  }

  /** Commands that can be in flight. */
  get depth(): number {
    return this.#slots.length;
  }

  /** Tells whether no command is in flight. */
  isIdle(): boolean {
    return this.#free.length === this.#slots.length;
  }

  /** Tells whether another command may be sent. */
  hasFree(): boolean {
    return this.#free.length > 0;
  }

  /** Takes a free slot. */
  take(): Slot {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("No slot is free");
    slot.busy = true;
    slot.receivedBytes = 0;
    return slot;
  }

  /** Gives a slot back. */
  release(slot: Slot): void {
    slot.busy = false;
    this.#free.push(slot);
  }

  /** The slot of a tag that the target named. */
  busySlot(tag: number): Slot {
    const slot = this.#slots[tag];
    if (slot === undefined || !slot.busy) {
      throw new Error(`The target answers for an unknown task ${tag}`);
    }
    return slot;
  }
}

/** Numbers start as doubles, so that each field keeps one representation. */
function createSlot(tag: number, keptBytes: number): Slot {
  const buffer = new ArrayBuffer(keptBytes + DIGEST_BYTES);
  return {
    tag,
    words: new Int32Array(buffer, 0, keptBytes / 4),
    bytes: new Uint8Array(buffer, 0, keptBytes),
    digested: new DataView(buffer),
    busy: false,
    lunWord: 0,
    isRead: false,
    offsetBytes: 0.5,
    receivedBytes: 0,
    issuedMs: 0.5,
  };
}
