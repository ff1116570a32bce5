/**
 * The copy engine: moves blocks between units by ordinary commands, in the
 * name of the nexus that asked. Reads and writes overlap; memory is bounded;
 * what is unmapped on the source becomes unmapped on the destination.
 *
 * @module
 */

import {
  type BlockRange,
  type BlockStore,
  type Clock,
  type LogicalUnit,
  type Nexus,
  type TargetPort,
} from "../../core/mod.ts";
import { CopyBuffers } from "./copy_buffers.ts";
import { CopyRun } from "./copy_run.ts";
import type { InnerResult } from "./inner_initiator.ts";
import { Pacer } from "./pacer.ts";
import type { UnitShape } from "./shape.ts";

/** One end of a copy. */
export interface CopyEnd {
  /** The unit. */
  readonly unit: LogicalUnit;
  /** Its blocks, in the order of the data. */
  readonly ranges: readonly BlockRange[];
  /** Its shape, where another node serves it; absent: its own. */
  readonly shape?: UnitShape;
}

/** Where data come from. */
export interface CopySource extends CopyEnd {
  /** An image of the unit at an earlier time, to be read in its place. */
  readonly image?: BlockStore;
}

/** A copy. */
export interface CopyRequest {
  /** The nexus that asked for it. */
  readonly asker: Nexus;
  /** Where data come from; null: they are zeroes. */
  readonly source: CopySource | null;
  /** Where they go to. */
  readonly destination: CopyEnd;
  /** Stops it. */
  readonly signal: AbortSignal;
  /** Nothing new is begun from then on, by the clock; absent: no limit. */
  readonly deadlineMs?: number;
  /** Told of each piece: bytes from the beginning, and commands, so far. */
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** How far a copy is. */
export interface CopyProgress {
  /** Bytes that are done without a gap, from the beginning. */
  readonly bytes: number;
  /** Commands to units that have ended. */
  readonly commands: number;
}

/** Why a copy has not come to its end. */
export type CopyFailure =
  /** It was asked to stop. */
  | { readonly cause: "stopped" }
  /** Its time was up; what is done is done. */
  | { readonly cause: "time" }
  /** A range is no whole number of blocks of the other side. */
  | { readonly cause: "granularity" }
  /** A command to the source, or to the destination, has failed. */
  | {
    readonly cause: "source" | "destination";
    readonly result: InnerResult;
  };

/** What has become of a copy. */
export interface CopyOutcome extends CopyProgress {
  /** Why it ended early; null: it is complete. */
  readonly failure: CopyFailure | null;
  /** Bytes that were shared, or copied by the store itself. */
  readonly sharedBytes: number;
}

/** What the engine works with. */
export interface CopyPlace {
  /** The port that shows every unit. */
  readonly port: TargetPort;
  /** Time. */
  readonly clock: Clock;
  /** A count that moves when sessions have commands done. */
  readonly activity: () => number;
  /** Whether stores may copy by themselves, where they can. */
  readonly shares: boolean;
}

/** Copies blocks for one target. */
export class CopyEngine {
  readonly #place: CopyPlace;
  readonly #buffers: CopyBuffers = new CopyBuffers();
  readonly #pacer: Pacer;

  /** An engine at a port. */
  constructor(place: CopyPlace) {
    this.#place = place;
    this.#pacer = new Pacer(place.clock, place.activity);
  }

  /**
   * Copies; resolves when nothing of it touches data any more. The shorter of
   * the two lists of ranges ends it. Ranges were checked against capacities
   * and access before.
   */
  async copy(request: CopyRequest): Promise<CopyOutcome> {
    const run = new CopyRun(request, {
      ...this.#place,
      buffers: this.#buffers,
      pacer: this.#pacer,
    });
    return await run.run();
  }
}
