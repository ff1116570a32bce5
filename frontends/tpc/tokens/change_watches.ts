/**
 * Tells when blocks of a unit change, for many sets of blocks at once: the
 * unit is watched once, and only while somebody wants to know.
 *
 * @module
 */

import type { BlockRange, LogicalUnit } from "../../../core/mod.ts";
import { RangeIndex } from "./range_index.ts";

/** Wants to hear of the first change. */
interface Watcher {
  readonly changed: () => void;
}

interface WatchedUnit {
  readonly index: RangeIndex<Watcher>;
  readonly watch: Disposable;
}

/** Who watches which blocks of which unit. */
export class ChangeWatches {
  readonly #units: Map<LogicalUnit, WatchedUnit> = new Map();

  /**
   * Calls back once, in the turn in which a command begins that may change one
   * of the blocks; the result ends it.
   */
  watch(
    unit: LogicalUnit,
    ranges: readonly BlockRange[],
    changed: () => void,
  ): Disposable {
    const watcher = { changed };
    this.#unitOf(unit).index.add(ranges, watcher);
    return { [Symbol.dispose]: () => this.#remove(unit, watcher) };
  }

  /** Blocks of a unit change; null: it cannot be said which. */
  changed(unit: LogicalUnit, range: BlockRange | null): void {
    const watched = this.#units.get(unit);
    if (watched === undefined) return;
    for (const watcher of watched.index.touched(range)) {
      this.#remove(unit, watcher);
      watcher.changed();
    }
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
