/**
 * A watch over the blocks of a token, which tells when they are to change.
 *
 * @module
 */

import type { BlockRange, LogicalUnit } from "../../../core/mod.ts";
import type { ChangeWatches, MayChange } from "./change_watches.ts";
import type { TokenData } from "./token_table.ts";

/** The watch. */
export class TokenWatch implements TokenData, Disposable {
  /** They were about to change before anybody wanted to know. */
  changed = false;
  /** Asked before they change. */
  whenTouched: () => MayChange = () => {
    this.changed = true;
    return null;
  };
  #ending: Disposable | null;

  /** Begins to watch. */
  constructor(
    watches: ChangeWatches,
    unit: LogicalUnit,
    ranges: readonly BlockRange[],
  ) {
    this.#ending = watches.watch(unit, ranges, () => this.whenTouched());
  }

  /** Watches no more. */
  release(): void {
    this.#ending?.[Symbol.dispose]();
    this.#ending = null;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
