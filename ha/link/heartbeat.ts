/**
 * Whether the peer lives, and whether it knows that we do.
 *
 * Two clocks run. A peer is *dead* when it has not been heard for a time. The
 * link is *silent* when nothing that we sent was confirmed for a shorter time,
 * counted from when that was sent. So a node that stops at silence has stopped
 * before its peer can count it dead, whichever direction has failed: the peer
 * cannot have heard its last sign of life before it was sent.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";
import type { LinkTiming } from "./peer_hello.ts";

/** A timer that comes later than this has been held up by ourselves. */
const LATE_MS = 200;
/** Then what waits in the socket is read before the peer is given up. */
const LOOK_MS = 50;
/** Pings whose answers are waited for. */
const PINGS_MAX = 64;

/** Who is told. */
export interface HeartbeatListener {
  /** A ping is to be sent. */
  ping(number: number): void;
  /** Nothing was confirmed for too long. */
  silent(silenceMs: number): void;
  /** Something was confirmed again. */
  heard(): void;
  /** The peer is to be given up; nothing is told afterwards. */
  dead(reason: string): void;
}

/** The heart of one connection that is up. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #timing: LinkTiming;
  readonly #listener: HeartbeatListener;
  readonly #pings: Map<number, number> = new Map();
  #lastPing = 0;
  #nextPingMs: number;
  #heardMs: number;
  #confirmedMs: number;
  #isSilent = false;
  #cancel: (() => void) | null = null;
  #roundTripMs: number | null = null;

  /** Begins to beat; the peer has confirmed what was sent at that time. */
  constructor(
    clock: Clock,
    timing: LinkTiming,
    confirmedMs: number,
    listener: HeartbeatListener,
  ) {
    this.#clock = clock;
    this.#timing = timing;
    this.#listener = listener;
    this.#confirmedMs = confirmedMs;
    this.#heardMs = this.#nextPingMs = clock.nowMs();
  }

  /** Milliseconds since the newest confirmed byte was sent. */
  get silenceMs(): number {
    return this.#clock.nowMs() - this.#confirmedMs;
  }

  /** Milliseconds of the last ping there and back. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  /** Sends the first ping. */
  start(): void {
    this.#beat(this.#nextPingMs);
  }

  /** Ends it. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Bytes of the peer have come, at this time. */
  received(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  /** The answer to a ping has come; a number that is not known is ignored. */
  ponged(number: number): void {
    const sentMs = this.#pings.get(number);
    if (sentMs === undefined) return;
    for (const each of this.#pings.keys()) {
      if (each <= number) this.#pings.delete(each);
    }
    this.#confirmedMs = Math.max(this.#confirmedMs, sentMs);
    this.#roundTripMs = this.#clock.nowMs() - sentMs;
    if (!this.#isSilent || this.silenceMs >= this.#timing.silentMs) return;
    this.#isSilent = false;
    this.#listener.heard();
  }

  #beat(dueMs: number): void {
    const nowMs = this.#clock.nowMs();
    const late = nowMs - dueMs > LATE_MS;
    this.#cancel = () => {};
    if (nowMs >= this.#nextPingMs) this.#ping(nowMs);
    this.#tellSilence(nowMs);
    if (!late && this.#tellDeath(nowMs)) return;
    // Telling may have ended it.
    if (this.#cancel === null) return;
    const nextMs = late ? nowMs + LOOK_MS : this.#nextMs(nowMs);
    this.#cancel = this.#clock.after(nextMs - nowMs, () => this.#beat(nextMs));
  }

  #ping(nowMs: number): void {
    this.#nextPingMs = nowMs + this.#timing.heartbeatMs;
    this.#lastPing = (this.#lastPing + 1) % 2 ** 32;
    if (this.#pings.size < PINGS_MAX) this.#pings.set(this.#lastPing, nowMs);
    this.#listener.ping(this.#lastPing);
  }

  #tellSilence(nowMs: number): void {
    const silenceMs = nowMs - this.#confirmedMs;
    if (this.#isSilent || silenceMs < this.#timing.silentMs) return;
    this.#isSilent = true;
    this.#listener.silent(silenceMs);
  }

  #tellDeath(nowMs: number): boolean {
    const { deadMs } = this.#timing;
    const unheardMs = nowMs - this.#heardMs;
    // A peer that is heard but does not hear has stopped by twice the time.
    const deafMs = nowMs - this.#confirmedMs;
    if (unheardMs < deadMs && deafMs < deadMs * 2) return false;
    this.stop();
    const reason = unheardMs >= deadMs
      ? `nothing heard for ${Math.round(unheardMs)} ms`
      : `nothing confirmed for ${Math.round(deafMs)} ms`;
    this.#listener.dead(reason);
    return true;
  }

  #nextMs(nowMs: number): number {
    const { silentMs, deadMs } = this.#timing;
    const silentAtMs = this.#isSilent ? Infinity : this.#confirmedMs + silentMs;
    const deadAtMs = Math.min(
      this.#heardMs + deadMs,
      this.#confirmedMs + deadMs * 2,
    );
    const next = Math.min(this.#nextPingMs, silentAtMs, deadAtMs);
    return Math.max(next, nowMs + 1);
  }
}
