/**
 * Conditions that only copies meet (SPC-5 6.6, 6.18).
 *
 * @module
 */

import {
  type Completion,
  encodeSense,
  type Sense,
  sense,
  SENSE_KEY,
  SENSE_LENGTH_MAX,
} from "../../core/mod.ts";

const { ILLEGAL_REQUEST } = SENSE_KEY;

/** There is no room for another operation. */
export const INSUFFICIENT_RESOURCES: Sense = sense(ILLEGAL_REQUEST, 0x55, 0x03);

/** Sense data of a completion, in descriptor format; empty: it has none. */
export function bytesOfSense(completion: Completion): Uint8Array {
  if (typeof completion === "number") return new Uint8Array(0);
  const bytes = new Uint8Array(SENSE_LENGTH_MAX);
  const view = new DataView(bytes.buffer);
  return bytes.subarray(0, encodeSense(view, 0, completion, true));
}
