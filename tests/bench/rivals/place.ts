/**
 * Where a rival runs.
 *
 * @module
 */

/** Time that a rival may take to come up. */
export const READY_MS_MAX = 10_000;

/** Time that it may take to end: tgtd with a target does not, by itself. */
export const STOP_MS_MAX = 500;

/** What a rival is given. */
export interface Place {
  /** Its port of 127.0.0.1. */
  readonly port: number;
  /** A folder for configuration and logs. */
  readonly folder: string;
  /** The name of its target. */
  readonly targetName: string;
  /** The LUN's file. */
  readonly imagePath: string;
  /** The LUN's size. */
  readonly sizeBytes: number;
}
