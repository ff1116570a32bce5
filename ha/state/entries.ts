/**
 * Entries of plugins on their way between the nodes: what has changed here,
 * and what has come.
 *
 * @module
 */

import type { Log, LogicalUnit, SharedEntries } from "../../core/mod.ts";
import type { PeerLink } from "../link/peer_link.ts";
import {
  encodeEntry,
  ENTRY,
  type EntryHeader,
  STATE_FRAME,
  type StreamPlace,
} from "./wire/stream.ts";

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

/** An entry that has changed. */
export interface ChangedEntry {
  /** Its unit. */
  readonly unit: LogicalUnit;
  /** Its set. */
  readonly entries: SharedEntries;
  /** Its key. */
  readonly key: string;
}

/** Keys of entries that have changed, by unit and set. */
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
  *take(): Iterable<ChangedEntry> {
    const units = [...this.#units];
    this.#units.clear();
    for (const [unit, sets] of units) {
      for (const [entries, keys] of sets) {
        for (const key of keys) yield { unit, entries, key };
      }
    }
  }
}

/** What an exchange works with. */
export interface ExchangeParts {
  /** The link; null: there is no peer. */
  readonly link: PeerLink | null;
  /** Sets of entries, by their names. */
  readonly entries: ReadonlyMap<string, SharedEntries>;
  /** Log lines. */
  readonly log: Log;
}

/** Sends entries of this node, and puts in those of the other one. */
export class EntryExchange {
  readonly #parts: ExchangeParts;
  /** Names that no plugin here knows; each is told once. */
  readonly #strange: Set<string> = new Set();

  /** Entries go to and come from plugins that share sets of the same names. */
  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** Sends an entry as it is now. */
  send(place: StreamPlace, { unit, entries, key }: ChangedEntry): void {
    const bytes = entries.read(unit, key);
    const what = bytes === null ? ENTRY.GONE : ENTRY.IS;
    const { name } = entries;
    const header = { ...place, lun: unit.number, what, name, key };
    this.#send(header, bytes ?? undefined);
  }

  /** Sends all entries of a unit. */
  sendAll(place: StreamPlace, unit: LogicalUnit): void {
    for (const entries of this.#parts.entries.values()) {
      const { name } = entries;
      const what = ENTRY.ALL_GONE;
      this.#send({ ...place, lun: unit.number, what, name, key: "" });
      for (const key of entries.keys(unit)) {
        this.send(place, { unit, entries, key });
      }
    }
  }

  /** Puts one in. Throws where its bytes make no sense: the link then ends. */
  put(unit: LogicalUnit, header: EntryHeader, data: Uint8Array): void {
    const { what, name, key } = header;
    const entries = this.#parts.entries.get(name);
    if (entries === undefined) return this.#ignore(name);
    if (what === ENTRY.ALL_GONE) return entries.clear(unit);
    const fault = entries.put(unit, key, what === ENTRY.IS ? data : null);
    if (fault !== null) throw new TypeError(`${name} ${key}: ${fault}`);
  }

  /** This node is about to serve a unit; a plugin that fails ends nothing. */
  async adopt(unit: LogicalUnit, isCurrent: () => boolean): Promise<void> {
    for (const entries of this.#parts.entries.values()) {
      try {
        await entries.adopt(unit, isCurrent());
      } catch (error) {
        const what = { entries: entries.name, lun: unit.number };
        this.#parts.log.error("A plugin failed", {
          ...{ ...what, error: String(error) },
        });
      }
    }
  }

  /** A unit is gone. */
  clear(unit: LogicalUnit): void {
    for (const entries of this.#parts.entries.values()) entries.clear(unit);
  }

  /** The other node is about to serve a unit. */
  release(unit: LogicalUnit): void {
    for (const entries of this.#parts.entries.values()) entries.release(unit);
  }

  #send(header: EntryHeader, bytes?: Uint8Array): void {
    this.#parts.link?.send(STATE_FRAME.ENTRY, encodeEntry(header), bytes);
  }

  #ignore(name: string): void {
    if (this.#strange.has(name)) return;
    this.#strange.add(name);
    this.#parts.log.warn(
      "The other node shares what no plugin here knows",
      { name },
    );
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
