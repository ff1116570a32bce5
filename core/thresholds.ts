/**
 * Thresholds of logical block provisioning (SBC-4 4.7.3.7, 6.5.9): when space
 * runs low, every initiator hears of it once, and again when it had recovered
 * and runs low anew.
 *
 * Space is asked for at intervals, and only where a threshold is set: commands
 * pay nothing for it.
 *
 * @module
 */

import type { ModePages } from "./mode_pages.ts";
import type { BlockStore, StoreUsage } from "./ports/block_store.ts";
import type { Clock } from "./ports/host.ts";

/** Milliseconds between two looks at the space of a store. */
export const THRESHOLD_CHECK_MS = 10_000;

/** The unit whose thresholds are watched. */
export interface ThresholdPlace {
  /** Its store; null: no medium. */
  readonly store: BlockStore | null;
  /** Its mode pages. */
  readonly modePages: ModePages;
  /** It is being removed: nothing is to be watched any more. */
  readonly removing: boolean;
  /**
   * A threshold was reached.
   *
   * @param descriptorAt byte of page 1Ch/02h at which its descriptor begins
   */
  thresholdReached(descriptorAt: number): void;
  /** No threshold is reached any more. */
  thresholdsLeft(): void;
}

/** A threshold descriptor that is enabled (SBC-4 6.5.9). */
interface Threshold {
  /** Where it begins in the page. */
  readonly at: number;
  /** What of the space it watches. */
  readonly resource: keyof StoreUsage;
  /** It is reached from above: the space left decreases. */
  readonly decreasing: boolean;
  /** Blocks. */
  readonly blocks: number;
}

const PAGE = { CODE: 0x1c, SUBCODE: 0x02 } as const;
const DESCRIPTORS_AT = 16;
const DESCRIPTOR_LENGTH = 8;
const ENABLED = 0x80;
const ARMING = 0x07;
const DECREASING = 0x02;
/** A threshold set is this many blocks (SBC-4: 2^exponent). */
const SET_BLOCKS = 2 ** 11;

const RESOURCES: Readonly<Record<number, keyof StoreUsage>> = {
  0x01: "available",
  0x02: "used",
  0xf1: "poolAvailable",
  0xf2: "poolUsed",
};

/** Watches the thresholds of one unit. */
export class ThresholdWatch {
  readonly #clock: Clock;
  readonly #place: ThresholdPlace;
  /** Descriptors whose threshold is reached, by where they begin. */
  #reached: ReadonlySet<number> = new Set();
  #cancelTimer: (() => void) | null = null;

  /** A watch that sleeps until `begin`. */
  constructor(clock: Clock, place: ThresholdPlace) {
    this.#clock = clock;
    this.#place = place;
  }

  /** Begins to watch, or stops where nothing is to be watched any more. */
  begin(): void {
    const { store, modePages, removing } = this.#place;
    const watches = !removing && store?.usage !== undefined &&
      thresholdsOf(modePages).length > 0;
    if (!watches) this.end();
    else if (this.#cancelTimer === null) this.#wait();
  }

  /** Stops watching; what was reached is forgotten. */
  end(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#note([]);
  }

  #wait(): void {
    const cancel = this.#clock.after(
      THRESHOLD_CHECK_MS,
      () => void this.#look(cancel),
    );
    this.#cancelTimer = cancel;
  }

  async #look(timer: () => void): Promise<void> {
    const { store } = this.#place;
    const usage = await usageOf(store);
    // It was stopped meanwhile, or has got another store.
    if (this.#cancelTimer !== timer) return;
    if (store !== null && store === this.#place.store) {
      this.#note(this.#thresholdsReached(usage, store.geometry.blockLength));
    }
    this.#wait();
  }

  // LBPERE 0: nobody wants to hear of it.
  #thresholdsReached(usage: StoreUsage, blockLength: number): Threshold[] {
    const { modePages } = this.#place;
    if (!modePages.settings.reportsThresholds) return [];
    return thresholdsOf(modePages).filter((threshold) => {
      const bytes = usage[threshold.resource];
      if (bytes === undefined) return false;
      const blocks = Math.floor(bytes / blockLength);
      return threshold.decreasing
        ? blocks <= threshold.blocks
        : blocks >= threshold.blocks;
    });
  }

  #note(reached: readonly Threshold[]): void {
    const before = this.#reached;
    this.#reached = new Set(reached.map(({ at }) => at));
    const first = reached.find(({ at }) => !before.has(at));
    if (first !== undefined) this.#place.thresholdReached(first.at);
    else if (reached.length === 0 && before.size > 0) {
      this.#place.thresholdsLeft();
    }
  }
}

// A store that cannot tell its space has reached nothing.
async function usageOf(store: BlockStore | null): Promise<StoreUsage> {
  try {
    return await store?.usage?.() ?? {};
  } catch {
    return {};
  }
}

function thresholdsOf(pages: ModePages): Threshold[] {
  const page = pages.find(PAGE.CODE, PAGE.SUBCODE)?.current;
  if (page === undefined) return [];
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const thresholds: Threshold[] = [];
  for (let at = DESCRIPTORS_AT; at < page.length; at += DESCRIPTOR_LENGTH) {
    const flags = view.getUint8(at);
    const resource = RESOURCES[view.getUint8(at + 1)];
    if ((flags & ENABLED) === 0 || resource === undefined) continue;
    thresholds.push({
      at,
      resource,
      decreasing: (flags & ARMING) === DECREASING,
      blocks: view.getUint32(at + 4) * SET_BLOCKS,
    });
  }
  return thresholds;
}
