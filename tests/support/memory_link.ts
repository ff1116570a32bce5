/**
 * A link between two nodes in one process. Frames are delivered when the test
 * lets them; what a listener keeps of a frame, or what a sender changes before
 * it may, shows as wrong data.
 *
 * @module
 */

import type { FrameListener, PeerLink } from "../../ha/link/peer_link.ts";

/** A frame on its way. */
interface MemoryFrame {
  readonly kind: number;
  readonly body: Uint8Array;
  readonly data: Uint8Array | undefined;
  readonly sent: (() => void) | undefined;
}

/** What becomes of the nodes when the link comes and goes. */
export interface MemoryLinkListener {
  /** The link has ended. */
  down(reason: string): void;
}

const NO_BYTES = new Uint8Array(0);
const STALE = 0xa5;

/** One end. */
export class MemoryLink
  implements Pick<PeerLink, "send" | "receive" | "congested" | "silenceMs"> {
  /** Whether frames go. */
  isUp = false;
  /** See `PeerLink`. */
  congested = false;
  /** See `PeerLink`. */
  silenceMs = 0;
  /** Frames wait for `deliver`. */
  holding = false;
  /** The other end. */
  other: MemoryLink | null = null;
  /** Told when it ends. */
  listener: MemoryLinkListener | null = null;
  /** Frames sent, by kind. */
  readonly counts: Map<number, number> = new Map();
  /** Data that the other end has not taken. */
  dataBytes = 0;
  /** The most of them that there were. */
  dataBytesMax = 0;
  readonly #queue: MemoryFrame[] = [];
  readonly #listeners: Map<number, FrameListener> = new Map();
  #due = false;

  /** Frames that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  send(
    kind: number,
    body: Uint8Array,
    data?: Uint8Array,
    sent?: () => void,
  ): boolean {
    if (!this.isUp) return false;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    const kept = sent === undefined ? data?.slice() : data;
    this.#queue.push({ kind, body: body.slice(), data: kept, sent });
    this.dataBytes += data?.length ?? 0;
    this.dataBytesMax = Math.max(this.dataBytesMax, this.dataBytes);
    if (!this.holding && !this.#due) {
      this.#due = true;
      queueMicrotask(() => this.#deliverDue());
    }
    return true;
  }

  receive(kind: number, listener: FrameListener): void {
    this.#listeners.set(kind, listener);
  }

  /** Delivers some of the frames that wait. @returns how many */
  deliver(count: number = Infinity): number {
    let left = count;
    while (left > 0) {
      const frame = this.#queue.shift();
      if (frame === undefined) break;
      left -= 1;
      this.#deliver(frame);
    }
    return count - left;
  }

  /** Frames go by themselves again, those that wait first. */
  resume(): void {
    this.holding = false;
    this.deliver();
  }

  /** A frame comes that the other end has not sent. */
  inject(kind: number, body: Uint8Array, data: Uint8Array = NO_BYTES): void {
    this.#take(kind, body.slice(), data.slice());
  }

  /** Ends the link, at both ends; what waits is lost. */
  cut(reason: string): void {
    for (const end of [this, this.other]) end?.end(reason);
  }

  /** Ends this end alone. */
  end(reason: string): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.congested = false;
    this.dataBytes = 0;
    for (const { sent } of this.#queue.splice(0)) sent?.();
    this.listener?.down(reason);
  }

  #deliverDue(): void {
    this.#due = false;
    if (!this.holding) this.deliver();
  }

  #deliver({ kind, body, data, sent }: MemoryFrame): void {
    this.dataBytes -= data?.length ?? 0;
    const copy = data?.slice() ?? NO_BYTES;
    sent?.();
    if (this.other !== null) this.other.#take(kind, body, copy);
  }

  #take(kind: number, body: Uint8Array, data: Uint8Array): void {
    if (!this.isUp) return;
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    try {
      const listener = this.#listeners.get(kind);
      if (listener === undefined) throw new TypeError(`No kind ${kind}`);
      listener(view, data);
    } catch (error) {
      this.cut(error instanceof Error ? error.message : String(error));
    }
    body.fill(STALE);
    data.fill(STALE);
  }
}

/** Two ends of one link, which is down. */
export function memoryLink(): [MemoryLink, MemoryLink] {
  const [one, other] = [new MemoryLink(), new MemoryLink()];
  one.other = other;
  other.other = one;
  return [one, other];
}
