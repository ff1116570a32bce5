/**
 * ROD types, as VPD page 8Fh lists them (SPC-5 7.7.18.9).
 *
 * @module
 */

/** One ROD type. */
export interface RodType {
  /** ROD TYPE. */
  readonly type: number;
  /** TOKEN_IN 01h and TOKEN_OUT 02h. */
  readonly flags: number;
  /** PREFERENCE INDICATOR. */
  readonly preference: number;
}

/** The ROD types that are supported. */
export const ROD_TYPES: readonly RodType[] = [
  // Access upon reference.
  { type: 0x00010000, flags: 0x03, preference: 0 },
  // Block zero.
  { type: 0xffff0001, flags: 0x02, preference: 0 },
];

/** Ranges of one command on tokens at the most. */
export const RANGES_MAX = 64;
/** Seconds that a token lives unused, at the most. */
export const TIMEOUT_MAX_S = 600;
/** The same, where nothing else is asked for. */
export const TIMEOUT_DEFAULT_S = 60;
/** Bytes that a token is best used for at a time. */
export const ROUND_BYTES: number = 32 * 2 ** 20;
