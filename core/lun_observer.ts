/**
 * Who hears of logical units that come and go, and of what ends work on them:
 * plugins that keep something with a unit or a nexus.
 *
 * @module
 */

import type { LogicalUnit } from "./logical_unit.ts";
import type { Nexus } from "./nexus.ts";
import type { MaybePromise } from "./ports/block_store.ts";

/**
 * What a plugin wants to hear. Called in the turn in which it happens; nothing
 * waits for what an observer does but for `storeEnding`, and what it throws is
 * logged.
 */
export interface LunObserver {
  /** A unit was made. */
  unitAdded?(unit: LogicalUnit): void;
  /** A unit was changed: its size, its options, or what lies below. */
  unitChanged?(unit: LogicalUnit): void;
  /** A unit is being removed: its tasks have not ended yet. */
  unitRemoved?(unit: LogicalUnit): void;
  /**
   * The store of a unit is about to be closed, and no task uses it any more:
   * resolves when the plugin has closed what it has of it, its snapshots.
   */
  storeEnding?(unit: LogicalUnit): MaybePromise<void>;
  /** A unit was reset, by whatever function (SAM-5 6.3.3). */
  unitReset?(unit: LogicalUnit): void;
  /** A nexus was lost or reset (SAM-5 6.3.4): its tasks end. */
  nexusLost?(nexus: Nexus): void;
}

/** The observers of one target. */
export class LunObservers implements Required<LunObserver> {
  readonly #observers: Set<LunObserver> = new Set();

  /** Adds an observer; the result takes it out again. */
  add(observer: LunObserver): Disposable {
    this.#observers.add(observer);
    return { [Symbol.dispose]: () => this.#observers.delete(observer) };
  }

  /** See `LunObserver`. */
  unitAdded(unit: LogicalUnit): void {
    for (const each of this.#observers) each.unitAdded?.(unit);
  }

  /** See `LunObserver`. */
  unitChanged(unit: LogicalUnit): void {
    for (const each of this.#observers) each.unitChanged?.(unit);
  }

  /** See `LunObserver`. */
  unitRemoved(unit: LogicalUnit): void {
    for (const each of this.#observers) each.unitRemoved?.(unit);
  }

  /** See `LunObserver`. */
  async storeEnding(unit: LogicalUnit): Promise<void> {
    for (const each of this.#observers) await each.storeEnding?.(unit);
  }

  /** See `LunObserver`. */
  unitReset(unit: LogicalUnit): void {
    for (const each of this.#observers) each.unitReset?.(unit);
  }

  /** See `LunObserver`. */
  nexusLost(nexus: Nexus): void {
    for (const each of this.#observers) each.nexusLost?.(nexus);
  }
}
