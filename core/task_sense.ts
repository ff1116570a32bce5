/**
 * Sense data of a task, as its logical unit wants them to look.
 *
 * @module
 */

import type { ScsiTask } from "./task.ts";
import { encodeSense, limitSense } from "./wire/sense_data.ts";

/**
 * Writes the sense data of a task: in the format of D_SENSE, and no longer
 * than MAXIMUM SENSE DATA LENGTH of the control extension page (SPC-5 7.5.9).
 *
 * @returns bytes written, at most `SENSE_LENGTH_MAX`; 0: it has none
 */
export function putSense(view: DataView, at: number, task: ScsiTask): number {
  if (task.sense === null) return 0;
  const settings = task.itl?.unit.modePages.settings;
  const descriptorFormat = settings?.descriptorSense ?? false;
  const length = encodeSense(view, at, task.sense, descriptorFormat);
  return limitSense(view, at, length, settings?.senseLengthMax ?? 0);
}
