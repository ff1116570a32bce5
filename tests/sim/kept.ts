/**
 * The state database of a simulated host. A plan may have the process die in
 * the very moment in which it writes.
 *
 * @module
 */

import type { StateStore } from "../../core/mod.ts";
import type { SimProcess } from "./process.ts";

/** What a host keeps. */
export type KeptState = Map<string, Uint8Array>;

/** How a write of a process goes: it is done or not, and kills it or not. */
export type WriteFate = "done" | "killed before" | "killed behind";

/** The view of one process. */
export class SimState implements StateStore {
  readonly #kept: KeptState;
  readonly #process: SimProcess;
  readonly #fate: () => WriteFate;

  /** @param fate asked at each write */
  constructor(kept: KeptState, process: SimProcess, fate: () => WriteFate) {
    this.#kept = kept;
    this.#process = process;
    this.#fate = fate;
  }

  read(name: string): Uint8Array | undefined {
    return this.#kept.get(name)?.slice();
  }

  write(name: string, value: Uint8Array): void {
    this.#change(() => this.#kept.set(name, value.slice()));
  }

  writeAll(values: ReadonlyMap<string, Uint8Array>): void {
    this.#change(() => {
      for (const [name, value] of values) this.#kept.set(name, value.slice());
    });
  }

  remove(name: string): void {
    this.#change(() => this.#kept.delete(name));
  }

  purge(): void {}

  names(prefix: string): string[] {
    return [...this.#kept.keys()]
      .filter((name) => name.startsWith(prefix)).sort();
  }

  // What a dead process goes on to do until its turn ends reaches nobody.
  #change(change: () => void): void {
    if (!this.#process.alive) return;
    const fate = this.#fate();
    if (fate !== "killed before") change();
    if (fate !== "done") this.#process.kill();
  }
}
