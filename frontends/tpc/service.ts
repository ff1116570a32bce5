/**
 * What programs can know of the copies of a target: `ctladm copies`, metrics.
 *
 * @module
 */

import type { CopyKind, CopyState } from "./operations.ts";

export type { CopyKind, CopyState };

/** One copy operation, as it stands. */
export interface CopyRecord {
  /** Number in the target. */
  readonly number: number;
  /** The command that began it. */
  readonly kind: CopyKind;
  /** LUN that received the command. */
  readonly lun: number;
  /** Target port that received it. */
  readonly port: number;
  /** Name of the initiator that asked. */
  readonly initiator: string;
  /** LIST IDENTIFIER. */
  readonly listId: number;
  /** Where it stands. */
  readonly state: CopyState;
  /** It goes on after its command has ended. */
  readonly background: boolean;
  /** From where to where, in words. */
  readonly route: string;
  /** How data are moved, in words. */
  readonly how: string;
  /** Bytes that are done. */
  readonly bytes: number;
  /** Bytes to be done; null: not known. */
  readonly totalBytes: number | null;
  /** Segments that are done. */
  readonly segments: number;
  /** Milliseconds that it has run, or ran. */
  readonly runMs: number;
  /** Milliseconds since it ended; null: it runs. */
  readonly heldMs: number | null;
}

/** What copies have come to, since the plugin was loaded. */
export interface CopyCounters {
  /** Operations that were begun. */
  readonly begun: number;
  /** Those that ended well. */
  readonly completed: number;
  /** Those that failed. */
  readonly failed: number;
  /** Those that were aborted. */
  readonly aborted: number;
  /** Bytes that were copied by reading and writing. */
  readonly copiedBytes: number;
  /** Bytes that the stores shared or copied by themselves. */
  readonly sharedBytes: number;
}

/** The copies of a target. */
export interface CopyService {
  /** Those that run, and those whose results are held, in order. */
  list(): CopyRecord[];
  /** Counters. */
  readonly counters: CopyCounters;
}
