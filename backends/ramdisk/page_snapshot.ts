/**
 * Pages as they were. A snapshot shares all pages of its range with the map
 * that it is made of; what that map leaves later is kept for the snapshot.
 *
 * @module
 */

import { PROVISIONING } from "../../core/mod.ts";
import {
  isMapped,
  type Leaf,
  LEAF_PAGES,
  type LeafKeeper,
} from "./leaf_map.ts";
import { PageMap } from "./page_map.ts";

/** Leaves that are shared between two turns: about a millisecond. */
const SNAPSHOT_STEP_LEAVES = 128;

/**
 * Pages that are kept for snapshots alone. One that several snapshots keep
 * counts in each; so the memory that they take is never more than this.
 */
export class SnapshotAccount {
  /** Pages that may be kept. */
  readonly pagesMax: number;
  /** The oldest one first. */
  readonly #snapshots = new Set<PageSnapshot>();
  #pages = 0;

  /** An account with nothing on it. */
  constructor(pagesMax: number) {
    this.pagesMax = pagesMax;
  }

  /** Pages that are kept. */
  get pages(): number {
    return this.#pages;
  }

  /** A snapshot has come. */
  add(snapshot: PageSnapshot): void {
    this.#snapshots.add(snapshot);
  }

  /** A snapshot is gone, and with it what was kept for it. */
  remove(snapshot: PageSnapshot, pages: number): void {
    if (this.#snapshots.delete(snapshot)) this.#pages -= pages;
  }

  /**
   * A page more is kept. If that is too many, the oldest snapshot that keeps
   * any is lost.
   */
  charge(): void {
    this.#pages++;
    if (this.#pages <= this.pagesMax) return;
    for (const oldest of this.#snapshots) {
      if (oldest.keptPages > 0) return oldest.lose();
    }
  }
}

/** Pages of a range as they were when it was made. */
export class PageSnapshot {
  /** The pages, under their numbers; nobody writes them. */
  readonly pages: PageMap;
  readonly #source: PageMap;
  readonly #account: SnapshotAccount;
  readonly #keepers: KeptLeaf[] = [];
  readonly #onLost: () => void;
  #keptPages = 0;
  #isLost = false;
  #endPage = 0;

  /**
   * Makes one that has no page yet.
   *
   * @param onLost what to do when there is no room to keep it
   */
  constructor(source: PageMap, account: SnapshotAccount, onLost: () => void) {
    this.#source = source;
    this.#account = account;
    this.#onLost = onLost;
    this.pages = new PageMap(source.pageBytes, Infinity, source.memory);
    account.add(this);
  }

  /** Pages that are kept for it. */
  get keptPages(): number {
    return this.#keptPages;
  }

  /** Whether its pages could not be kept. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Takes the pages of a range. Yields whenever it has worked for a while. */
  *take(firstPage: number, endPage: number): Generator<void, void> {
    this.#endPage = endPage;
    const ranges = this.#source.leavesBetween(firstPage, endPage);
    for (const [count, { leaf, index, first, end }] of ranges.entries()) {
      const page = index * LEAF_PAGES;
      for (let at = first; at < end; at++) this.#takePage(page + at);
      const own = this.pages.leavesBetween(page, page + LEAF_PAGES)[0]?.leaf;
      if (own !== undefined) {
        this.#keepers.push(new KeptLeaf(leaf, own.slots, this));
      }
      if (count % SNAPSHOT_STEP_LEAVES === SNAPSHOT_STEP_LEAVES - 1) yield;
    }
  }

  /** A page was left by the source: it is kept for this snapshot from now. */
  keep(): void {
    if (this.#isLost) return;
    this.#keptPages++;
    this.#account.charge();
  }

  /** Gives up: `release` is due, but not in this turn. */
  lose(): void {
    this.#isLost = true;
    this.#account.remove(this, this.#keptPages);
    this.#onLost();
  }

  /** Forgets all pages. Yields whenever it has worked for a while. */
  *release(): Generator<void, void> {
    for (const keeper of this.#keepers.splice(0)) keeper.detach();
    yield* this.pages.release(0, this.#endPage, PROVISIONING.DEALLOCATED);
    this.#account.remove(this, this.#keptPages);
  }

  #takePage(page: number): void {
    const entry = this.#source.share(page);
    if (isMapped(entry)) this.pages.adopt(page, entry);
  }
}

/** Notes which pages of a leaf its source has left. */
class KeptLeaf implements LeafKeeper {
  readonly #source: Leaf;
  readonly #entries: Int32Array;
  readonly #snapshot: PageSnapshot;
  #left: Uint8Array | undefined;

  /** Attaches itself to the source's leaf. */
  constructor(source: Leaf, entries: Int32Array, snapshot: PageSnapshot) {
    this.#source = source;
    this.#entries = entries;
    this.#snapshot = snapshot;
    source.keepers ??= new Set();
    source.keepers.add(this);
  }

  pageLeft(page: number, entry: number): void {
    if (this.#entries[page] !== entry || this.#left?.[page] === 1) return;
    this.#left ??= new Uint8Array(LEAF_PAGES);
    this.#left[page] = 1;
    this.#snapshot.keep();
  }

  detach(): void {
    this.#source.keepers?.delete(this);
    if (this.#source.keepers?.size === 0) this.#source.keepers = undefined;
  }
}
