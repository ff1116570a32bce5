/**
 * Guards over the blocks of tokens that are gone before their time, while the
 * other node of a pair may not have heard of that: it would honour them.
 *
 * @module
 */

import { type Clock, STATUS } from "../../../core/mod.ts";
import type { ChangeWatches, MayChange } from "./change_watches.ts";
import type { RodToken } from "./token_table.ts";
import { TokenWatch } from "./token_watch.ts";

/** Tells that a token is gone: see `EntryTeller.tell`. */
export type TellGone = (token: RodToken) => Promise<boolean> | null;

/** The guards. */
export class PartingGuards {
  readonly #clock: Clock;
  readonly #watches: ChangeWatches;
  readonly #tell: TellGone;
  readonly #ends: Map<TokenWatch, () => void> = new Map();

  /** No guard. */
  constructor(clock: Clock, watches: ChangeWatches, tell: TellGone) {
    this.#clock = clock;
    this.#watches = watches;
    this.#tell = tell;
  }

  /** A token is gone; the other node is being told. */
  async add(token: RodToken, told: Promise<boolean>): Promise<void> {
    const { unit, ranges, timeoutMs } = token;
    const watch = new TokenWatch(this.#watches, unit, ranges);
    watch.whenTouched = () => this.#touched(watch, told, token);
    // By then it is at its end there, too.
    const cancel = this.#clock.after(timeoutMs, () => this.#end(watch));
    this.#ends.set(watch, cancel);
    if (await told) this.#end(watch);
  }

  /** No blocks are guarded any more. */
  end(): void {
    for (const watch of [...this.#ends.keys()]) this.#end(watch);
  }

  // What could not be told then may be told now, or not matter any more.
  #touched(
    watch: TokenWatch,
    told: Promise<boolean>,
    token: RodToken,
  ): MayChange {
    const again = this.#tell(token);
    if (again === null) return null;
    return Promise.all([told, again]).then(([first, second]) => {
      if (!first && !second) return STATUS.BUSY;
      this.#end(watch);
      return null;
    });
  }

  #end(watch: TokenWatch): void {
    this.#ends.get(watch)?.();
    this.#ends.delete(watch);
    watch.release();
  }
}
