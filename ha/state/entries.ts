/**
 * Entries of plugins on their way between the nodes: what has changed here,
 * and what has come.
 *
 * @module
 */

import type { Log, LogicalUnit, SharedEntries } from "../../core/mod.ts";
import { ENTRY, type EntryHeader } from "./wire/stream.ts";

/**
 * Milliseconds that a node takes the entries for good which it was told of,
 * counted from the last moment at which the other one has heard of it.
 */
export const ENTRIES_GOOD_MS = 30_000;

/**
 * Milliseconds that the node which serves waits longer than that before it
 * does what makes them bad: clocks run apart.
 */
export const ENTRIES_MARGIN_MS = 5000;

/** Keys of entries that have changed, by unit and set; null: all of them. */
export class ChangedEntries {
  readonly #units: Map<LogicalUnit, Map<SharedEntries, Set<string>>> =
    new Map();

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#units.size === 0;
  }

  /** An entry has changed. */
  add(unit: LogicalUnit, entries: SharedEntries, key: string): void {
    const sets = this.#units.get(unit) ?? new Map<SharedEntries, Set<string>>();
    this.#units.set(unit, sets);
    const keys = sets.get(entries);
    if (keys === undefined) sets.set(entries, new Set([key]));
    else keys.add(key);
  }

  /** A unit is gone. */
  delete(unit: LogicalUnit): void {
    this.#units.delete(unit);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#units.clear();
  }

  /** Takes them out, one by one, in the order in which they have changed. */
  *take(): Iterable<[LogicalUnit, SharedEntries, string]> {
    const units = [...this.#units];
    this.#units.clear();
    for (const [unit, sets] of units) {
      for (const [entries, keys] of sets) {
        for (const key of keys) yield [unit, entries, key];
      }
    }
  }
}

/** Entries of the other node. */
export class ToldEntries {
  readonly #known: ReadonlyMap<string, SharedEntries>;
  readonly #log: Log;
  /** Names that no plugin here knows; each is told once. */
  readonly #strange: Set<string> = new Set();

  /** They go to the plugins that share sets of the same names. */
  constructor(known: ReadonlyMap<string, SharedEntries>, log: Log) {
    this.#known = known;
    this.#log = log;
  }

  /** Puts one in. Throws where its bytes make no sense: the link then ends. */
  put(unit: LogicalUnit, header: EntryHeader, data: Uint8Array): void {
    const { what, name, key } = header;
    const entries = this.#known.get(name);
    if (entries === undefined) return this.#ignore(name);
    if (what === ENTRY.ALL_GONE) return entries.clear(unit);
    const fault = entries.put(unit, key, what === ENTRY.IS ? data : null);
    if (fault !== null) throw new TypeError(`${name} ${key}: ${fault}`);
  }

  #ignore(name: string): void {
    if (this.#strange.has(name)) return;
    this.#strange.add(name);
    this.#log.warn("The other node shares what no plugin here knows", { name });
  }
}

/** How long what was told is taken for good. */
export class EntriesTrust {
  /** The last moment at which it was; Infinity: it is; -Infinity: it is not. */
  #goodMs = -Infinity;

  /** All there is was told, and what changes will be. */
  begin(): void {
    this.#goodMs = Infinity;
  }

  /** Nothing that was told is good. */
  end(): void {
    this.#goodMs = -Infinity;
  }

  /** Nothing more is told; the other node has heard of us at that time. */
  lost(heardMs: number): void {
    if (this.#goodMs === Infinity) this.#goodMs = heardMs;
  }

  /** Whether it is good now. */
  isGood(nowMs: number, silenceMs: number): boolean {
    const heardMs = Math.min(this.#goodMs, nowMs - silenceMs);
    return nowMs - heardMs < ENTRIES_GOOD_MS;
  }
}
