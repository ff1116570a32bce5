/**
 * Conditions that only ROD tokens meet (SPC-4 5.17.6).
 *
 * @module
 */

import { type Sense, sense, SENSE_KEY } from "../../../core/mod.ts";

const { COPY_ABORTED, ILLEGAL_REQUEST } = SENSE_KEY;

/** No such token, or not one for this initiator. */
export const TOKEN_UNKNOWN: Sense = sense(ILLEGAL_REQUEST, 0x23, 0x04);

/** The data of the token are not there any more. */
export const TOKEN_REVOKED: Sense = sense(ILLEGAL_REQUEST, 0x23, 0x06);

/** A snapshot that was asked for cannot be made now. */
export const INSUFFICIENT_RESOURCES_TO_CREATE_ROD: Sense = sense(
  ILLEGAL_REQUEST,
  0x55,
  0x0c,
);

/** There is no room for another token. */
export const INSUFFICIENT_RESOURCES_TO_CREATE_ROD_TOKEN: Sense = sense(
  ILLEGAL_REQUEST,
  0x55,
  0x0d,
);

/**
 * Less was written than was asked for, and what was written is right.
 *
 * @param blockCount TRANSFER COUNT
 */
export function copyTargetDeviceDataUnderrun(blockCount: number): Sense {
  return sense(COPY_ABORTED, 0x0d, 0x04, { information: blockCount });
}
