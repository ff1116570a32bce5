/**
 * State that lasts as long as the program.
 *
 * @module
 */

import type { StateStore } from "../../core/mod.ts";

/** A state store in memory. */
export class MemoryState implements StateStore {
  readonly #values: Map<string, Uint8Array> = new Map();

  read(name: string): Uint8Array | undefined {
    return this.#values.get(name)?.slice();
  }

  write(name: string, value: Uint8Array): void {
    this.#values.set(name, value.slice());
  }

  writeAll(values: ReadonlyMap<string, Uint8Array>): void {
    for (const [name, value] of values) this.write(name, value);
  }

  remove(name: string): void {
    this.#values.delete(name);
  }

  names(prefix: string): string[] {
    return [...this.#values.keys()]
      .filter((name) => name.startsWith(prefix)).sort();
  }

  // What was replaced is nowhere.
  purge(): void {}
}
