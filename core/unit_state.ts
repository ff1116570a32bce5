/**
 * What a logical unit keeps over restarts: its generated name, and whatever
 * initiators have asked it to keep.
 *
 * @module
 */

import type { StateStore } from "./ports/host.ts";

/** The part of the state store that belongs to one unit. */
export class UnitState {
  readonly #store: StateStore;
  readonly #prefix: string;

  /** Keeps under `key`: what the unit is called, restart after restart. */
  constructor(store: StateStore, key: string) {
    this.#store = store;
    this.#prefix = `lun/${key}/`;
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

  /** Forgets everything: the unit is gone for good. */
  clear(): void {
    for (const name of this.#store.names(this.#prefix)) {
      this.#store.remove(name);
    }
  }
}
