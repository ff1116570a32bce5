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

const { COPY_ABORTED, ILLEGAL_REQUEST } = SENSE_KEY;

/** There is no room for another operation. */
export const INSUFFICIENT_RESOURCES: Sense = sense(ILLEGAL_REQUEST, 0x55, 0x03);

/** More CSCD descriptors than a list may have. */
export const TOO_MANY_TARGET_DESCRIPTORS: Sense = sense(
  ILLEGAL_REQUEST,
  0x26,
  0x06,
);
/** A CSCD descriptor of a type that is not known. */
export const UNSUPPORTED_TARGET_DESCRIPTOR_TYPE: Sense = sense(
  ILLEGAL_REQUEST,
  0x26,
  0x07,
);
/** More segment descriptors than a list may have. */
export const TOO_MANY_SEGMENT_DESCRIPTORS: Sense = sense(
  ILLEGAL_REQUEST,
  0x26,
  0x08,
);
/** A segment descriptor of a type that is not known. */
export const UNSUPPORTED_SEGMENT_DESCRIPTOR_TYPE: Sense = sense(
  ILLEGAL_REQUEST,
  0x26,
  0x09,
);

/** A copy source or destination cannot be found. */
export function unreachableCopyTarget(segment: number): Sense {
  return sense(COPY_ABORTED, 0x08, 0x04, { commandInformation: segment });
}

/** What is to be copied is no whole number of blocks on both sides. */
export function inexactSegment(segment: number): Sense {
  return sense(COPY_ABORTED, 0x26, 0x0a, { commandInformation: segment });
}

/** A segment reaches beyond the last block of a unit. */
export function copyTargetDeviceNotReachable(segment: number): Sense {
  return sense(COPY_ABORTED, 0x0d, 0x02, { commandInformation: segment });
}

/** A segment needs blocks, and a unit has none. */
export function incorrectCopyTargetDeviceType(segment: number): Sense {
  return sense(COPY_ABORTED, 0x0d, 0x03, { commandInformation: segment });
}

/** What a unit said to a command of a copy. */
export interface ThirdPartyFailure {
  /** Number of the segment. */
  readonly segment: number;
  /** The unit that failed is the source, or the destination. */
  readonly side: "source" | "destination";
  /** Where its CSCD descriptor stands; undefined: it has none. */
  readonly cscdAt: number | undefined;
  /** Its status. */
  readonly status: number;
  /** Its sense data. */
  readonly senseData: Uint8Array;
}

/** A command to a source or destination has failed (SPC-5 5.18.7.5). */
export function thirdPartyDeviceFailure(failure: ThirdPartyFailure): Sense {
  const { segment, side, cscdAt, status, senseData } = failure;
  const source = side === "source" ? 1 : 2;
  return sense(COPY_ABORTED, 0x0d, 0x01, {
    commandInformation: segment,
    ...cscdAt === undefined ? {} : { segment: { sd: true, byte: cscdAt } },
    forwarded: { source, status, senseData },
  });
}

/** Sense data of a completion, in descriptor format; empty: it has none. */
export function bytesOfSense(completion: Completion): Uint8Array {
  if (typeof completion === "number") return new Uint8Array(0);
  const bytes = new Uint8Array(SENSE_LENGTH_MAX);
  const view = new DataView(bytes.buffer);
  return bytes.subarray(0, encodeSense(view, 0, completion, true));
}
