/**
 * A secondary that follows its primary: puts sections in, in a snapshot or one
 * by one.
 *
 * @module
 */

import type { LogicalUnit, TargetPort } from "../../core/mod.ts";
import { applySection, type Followed } from "./sections.ts";

/** What a follower needs of its node. */
export interface FollowerPlaces {
  /** All target ports, those of the peer among them. */
  readonly ports: () => readonly TargetPort[];
  /** The LUNs differ: this node does not serve it. */
  readonly conflict: (unit: LogicalUnit, reason: string | null) => void;
}

/** A section that has come. */
export interface ArrivedSection {
  /** The LUN. */
  readonly unit: LogicalUnit;
  /** What is known beside it. */
  readonly followed: Followed;
  /** One of `SECTION`. */
  readonly section: number;
  /** The section. */
  readonly data: Uint8Array;
}

/** Where a follower stands in its stream. */
export class Follower {
  #snapshot = 0;
  #complete = false;

  /** Sections that come belong to a snapshot, or to nothing yet. */
  get inSnapshot(): boolean {
    return !this.#complete;
  }

  /** Nothing is known of the primary's state. */
  begin(): void {
    this.#snapshot = 0;
    this.#complete = false;
  }

  /** All of it follows. */
  snapshotBegins(snapshot: number): void {
    this.#snapshot = snapshot;
    this.#complete = false;
  }

  /** @returns whether it was all of it */
  snapshotEnds(snapshot: number): boolean {
    if (this.#snapshot !== snapshot || snapshot === 0) return false;
    this.#complete = true;
    return true;
  }

  /**
   * Puts a section in. Throws where its bytes make no sense, or cannot be kept
   * as they have to be: the link then ends, and nothing was confirmed.
   */
  apply(places: FollowerPlaces, arrived: ArrivedSection): void {
    const { unit, followed, section, data } = arrived;
    const before = followed.conflict;
    const { fault, notKept = false } = applySection(
      unit,
      followed,
      section,
      new DataView(data.buffer, data.byteOffset, data.byteLength),
      places.ports(),
      this.inSnapshot,
    );
    if (fault !== null) throw new TypeError(`section ${section}: ${fault}`);
    if (notKept) throw new TypeError(`section ${section} cannot be kept here`);
    if (followed.conflict !== before) places.conflict(unit, followed.conflict);
  }
}
