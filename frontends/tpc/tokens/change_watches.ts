/**
 * Tells when blocks of a unit change, for many sets of blocks at once: the
 * unit is watched once, and only while somebody wants to know.
 *
 * @module
 */

import type { BlockRange, Completion, LogicalUnit } from "../../../core/mod.ts";
import { RangeIndex } from "./range_index.ts";

/** When a command may begin that changes blocks; null: at once. */
export type MayChange = Promise<Completion | null> | null;

/** Wants to hear of changes until it lets them begin at once. */
interface Watcher {
  readonly touched: () => MayChange;
}

interface WatchedUnit {
  readonly index: RangeIndex<Watcher>;
  readonly watch: Disposable;
}

/** Who watches which blocks of which unit. */
export class ChangeWatches {
  readonly #units: Map<LogicalUnit, WatchedUnit> = new Map();

  /**
   * Calls back in the turn in which a command is to begin that may change one
   * of the blocks, until it may do so at once; the result ends it.
   */
  watch(
    unit: LogicalUnit,
    ranges: readonly BlockRange[],
    touched: () => MayChange,
  ): Disposable {
    const watcher = { touched };
    this.#unitOf(unit).index.add(ranges, watcher);
    return { [Symbol.dispose]: () => this.#remove(unit, watcher) };
  }

  /** Blocks of a unit change; null: it cannot be said which. */
  changed(unit: LogicalUnit, range: BlockRange | null): MayChange {
    const watched = this.#units.get(unit);
    if (watched === undefined) return null;
    let waits: Promise<Completion | null>[] | null = null;
    for (const watcher of watched.index.touched(range)) {
      const wait = watcher.touched();
      if (wait === null) this.#remove(unit, watcher);
      else (waits ??= []).push(wait);
    }
    return waits === null ? null : firstRefusal(waits);
  }

  #unitOf(unit: LogicalUnit): WatchedUnit {
    const known = this.#units.get(unit);
    if (known !== undefined) return known;
    const watch = unit.watch((range) => this.changed(unit, range));
    const watched = { index: new RangeIndex<Watcher>(), watch };
    this.#units.set(unit, watched);
    return watched;
  }

  #remove(unit: LogicalUnit, watcher: Watcher): void {
    const watched = this.#units.get(unit);
    watched?.index.remove(watcher);
    if (watched === undefined || !watched.index.isEmpty) return;
    this.#units.delete(unit);
    watched.watch[Symbol.dispose]();
  }
}

async function firstRefusal(
  waits: readonly Promise<Completion | null>[],
): Promise<Completion | null> {
  const outcomes = await Promise.all(waits);
  return outcomes.find((outcome) => outcome !== null) ?? null;
}
