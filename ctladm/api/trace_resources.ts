/**
 * What the control API says of traces.
 *
 * @module
 */

import type { BlockingRow, TraceRecord, WaitRow } from "../../mod.ts";

/** A trace to begin. */
export interface StartTraceBody {
  /** The one LUN to trace, by its number in the target; absent: all. */
  readonly lun?: number | undefined;
  /** Records that are kept; older ones are overwritten. */
  readonly records?: number | undefined;
  /** It stops by itself when nobody has read so long, milliseconds. */
  readonly idleMs?: number | undefined;
}

/** A trace. */
export interface TraceResource {
  /** Its number; 0: there has been none. */
  readonly id: number;
  /** It is on. */
  readonly running: boolean;
  /** The one LUN that is traced; null: all. */
  readonly lun: number | null;
  /** When it began, milliseconds since 1970. */
  readonly startedMs: number;
  /** Records that are kept at the most. */
  readonly capacity: number;
  /** Records that were overwritten. */
  readonly lost: number;
  /** Number of the record that comes next: so many there have been. */
  readonly end: number;
}

/** A trace with records. */
export interface TraceRecordsResource extends TraceResource {
  /** Number from which to read on. */
  readonly next: number;
  /** The records, the oldest first. */
  readonly records: TraceRecord[];
}

/** What has waited in a trace. */
export interface TraceWaitsResource extends TraceResource {
  /** Who blocked whom; what cost most time first. */
  readonly blockings: BlockingRow[];
  /** Waits of task sets whose pairs found no room among these. */
  readonly unlisted: number;
  /** Waits by kind. */
  readonly waits: WaitRow[];
}
