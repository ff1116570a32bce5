/**
 * Fencers that need nothing of the machine, and how several are one.
 *
 * @module
 */

import type { Clock } from "../../core/mod.ts";
import type { FenceOutcome, Fencer, FenceRequest } from "./fencer.ts";

/** Milliseconds for clocks that differ and for writes that are under way. */
export const LEASE_MARGIN_MS = 500;

/**
 * Nothing keeps the peer off; every promotion is told loudly. What was written
 * last by the old primary may come after what the new one writes.
 */
export class NoFencer implements Fencer {
  readonly name = "none";

  fence({ peer, purpose }: FenceRequest): Promise<FenceOutcome> {
    const what = purpose === "promotion" ? "Promoted" : "Going on";
    const warning = `${what} without a fencer: nothing keeps node ${peer}` +
      " from writing to the store; set a fencer";
    return Promise.resolve({ ok: true, warning });
  }

  release(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * The arbiter's lease: the peer has stopped before its lease ended. What it had
 * handed to the operating system by then has a margin to end. A process that
 * stood still asks right before each write whether its time is over; what it
 * leaves open is a stop between that question and the system call behind it.
 * A lock, or a command that ends the peer, leaves nothing open.
 */
export class LeaseFencer implements Fencer {
  readonly name = "lease";
  readonly #clock: Clock;
  readonly #marginMs: number;

  /** Waits so long at every promotion. */
  constructor(clock: Clock, marginMs: number = LEASE_MARGIN_MS) {
    this.#clock = clock;
    this.#marginMs = marginMs;
  }

  fence({ peerReleased, peerFenced }: FenceRequest): Promise<FenceOutcome> {
    if (peerReleased || peerFenced) return Promise.resolve({ ok: true });
    return new Promise((resolve) => {
      this.#clock.after(this.#marginMs, () => resolve({ ok: true }));
    });
  }

  release(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** All of them have to succeed, one after the other. */
export class AllFencers implements Fencer {
  readonly name: string;
  readonly #fencers: readonly Fencer[];

  /** In the order in which they are asked. */
  constructor(fencers: readonly Fencer[]) {
    this.#fencers = fencers;
    this.name = fencers.map(({ name }) => name).join(" ");
  }

  async fence(request: FenceRequest): Promise<FenceOutcome> {
    const warnings: string[] = [];
    for (const fencer of this.#fencers) {
      const outcome = await fencer.fence(request);
      if (!outcome.ok) return outcome;
      if (outcome.warning !== undefined) warnings.push(outcome.warning);
    }
    if (warnings.length === 0) return { ok: true };
    return { ok: true, warning: warnings.join("; ") };
  }

  async release(group: number): Promise<void> {
    for (const fencer of this.#fencers) await fencer.release(group);
  }

  async close(): Promise<void> {
    for (const fencer of this.#fencers) await fencer.close();
  }
}
