/**
 * What a logical unit keeps over restarts: its generated name, and whatever
 * initiators have asked it to keep.
 *
 * @module
 */

import { ManagementError } from "./management_error.ts";
import type { Log, StateStore } from "./ports/host.ts";

/** Where the state store keeps `name` of the unit that is called `key`. */
export function unitStateName(key: string, name: string): string {
  return `lun/${key}/${name}`;
}

/** The part of the state store that belongs to one unit. */
export class UnitState {
  readonly #store: StateStore;
  readonly #log: Log;
  readonly #prefix: string;

  /** The part of a unit that is called `key`, restart after restart. */
  constructor(store: StateStore, key: string, log: Log) {
    this.#store = store;
    this.#log = log;
    this.#prefix = unitStateName(key, "");
  }

  /** The bytes under a name, or undefined. */
  read(name: string): Uint8Array | undefined {
    return this.#store.read(this.#prefix + name);
  }

  /** Puts bytes under a name; they are durable when it returns. */
  write(name: string, value: Uint8Array): void {
    this.#store.write(this.#prefix + name, value);
  }

  /** Forgets a name, if there is one. */
  remove(name: string): void {
    this.#store.remove(this.#prefix + name);
  }

  /**
   * Changes what is kept, for a command: a store that cannot is logged.
   *
   * @returns false when it cannot; the name in question is as it was
   */
  attempt(change: () => void): boolean {
    try {
      change();
      return true;
    } catch (error) {
      if (!(error instanceof ManagementError)) throw error;
      this.#log.error("State of a LUN was not kept: its command has failed", {
        state: this.#prefix,
        reason: error.message,
      });
      return false;
    }
  }

  /** What an operator hears of bytes that make no sense under a name. */
  notUnderstood(name: string): ManagementError {
    return new ManagementError(
      "state",
      `What the state database has as "${this.#prefix}${name}" cannot be ` +
        `understood. It was not changed; use the version of DTL that wrote ` +
        `it, or set DTL_STATE_DIR to another directory`,
    );
  }

  /** Forgets everything: the unit is gone for good. */
  clear(): void {
    for (const name of this.#store.names(this.#prefix)) {
      this.#store.remove(name);
    }
  }
}
