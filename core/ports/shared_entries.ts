/**
 * What a plugin keeps with logical units and another node that serves them has
 * to know, too: entries by their keys. A target that stands alone keeps them
 * for itself, and nobody asks for them.
 *
 * @module
 */

import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "./block_store.ts";

/** Bytes of the name of a set of entries, and of a key, at the most. */
export const ENTRY_NAME_MAX = 128;

/**
 * The entries of a plugin, as the coordinator sees them. At the node that
 * serves a unit they are read; at the other one they are put in, and are of
 * use when that node comes to serve the unit.
 */
export interface SharedEntries {
  /** What they are, the same on both nodes. */
  readonly name: string;
  /** Keys of what there is of a unit. */
  keys(unit: LogicalUnit): Iterable<string>;
  /** An entry as it is now; null: it is gone. */
  read(unit: LogicalUnit, key: string): Uint8Array | null;
  /**
   * The node that serves the unit has told an entry; null: it is gone there.
   * `bytes` are valid during the call.
   *
   * @returns what is wrong with them; null: nothing
   */
  put(unit: LogicalUnit, key: string, bytes: Uint8Array | null): string | null;
  /** All that was told of a unit is void; what there is follows. */
  clear(unit: LogicalUnit): void;
  /**
   * This node is about to serve a unit; its store is open and no command runs.
   *
   * @param current what was told is what there was when the other node ceased
   *   to serve; if not, anything may have changed since
   */
  adopt(unit: LogicalUnit, current: boolean): MaybePromise<void>;
  /** The other node is about to serve a unit; no command runs any more. */
  release(unit: LogicalUnit): void;
}

/** By which a plugin tells of its entries. */
export interface EntryTeller {
  /** Whether there is another node that has to know. */
  readonly active: boolean;
  /**
   * An entry was made, has changed or is gone.
   *
   * @returns null when nobody has to know; else resolves when the other node
   *   knows, with true, or cannot be told now, with false
   */
  tell(unit: LogicalUnit, key: string): Promise<boolean> | null;
}
