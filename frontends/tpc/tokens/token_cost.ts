/**
 * What tokens cost, and how much they may.
 *
 * @module
 */

/** Tokens of a target at the most. */
export const TOKENS_MAX = 4096;

/** Tokens that one initiator may have; more cost it those unused longest. */
export const TOKENS_PER_INITIATOR_MAX = 1024;

/** Snapshots that all tokens hold. */
export const SNAPSHOTS_MAX = 4096;

/** Snapshots that the tokens of one initiator hold. */
export const SNAPSHOTS_PER_INITIATOR_MAX = 1024;

/** Bytes in snapshots of all tokens: a MiB is kept by about a KiB of memory. */
export const SNAPSHOT_BYTES_MAX: number = 256 * 2 ** 30;

/** Bytes in snapshots of the tokens of one initiator. */
export const SNAPSHOT_BYTES_PER_INITIATOR_MAX: number = 64 * 2 ** 30;

/** What tokens take of what there is. */
export interface TokenCost {
  /** Tokens. */
  readonly tokens: number;
  /** Snapshots. */
  readonly snapshots: number;
  /** Bytes that can be read from them. */
  readonly bytes: number;
}

/** What a token costs that holds no snapshot. */
export const PLAIN_COST: TokenCost = { tokens: 1, snapshots: 0, bytes: 0 };

/** What all tokens may cost. */
export const ALL_MAX: TokenCost = {
  tokens: TOKENS_MAX,
  snapshots: SNAPSHOTS_MAX,
  bytes: SNAPSHOT_BYTES_MAX,
};

/** What the tokens of one initiator may cost. */
export const OWN_MAX: TokenCost = {
  tokens: TOKENS_PER_INITIATOR_MAX,
  snapshots: SNAPSHOTS_PER_INITIATOR_MAX,
  bytes: SNAPSHOT_BYTES_PER_INITIATOR_MAX,
};

/** What nothing costs. */
export const NOTHING: TokenCost = { tokens: 0, snapshots: 0, bytes: 0 };

/** Costs of both, or of the one without the other. */
export function sum(one: TokenCost, other: TokenCost, sign: 1 | -1): TokenCost {
  return {
    tokens: one.tokens + sign * other.tokens,
    snapshots: one.snapshots + sign * other.snapshots,
    bytes: one.bytes + sign * other.bytes,
  };
}

/** Whether a cost is within a limit. */
export function fits(cost: TokenCost, most: TokenCost): boolean {
  return cost.tokens <= most.tokens && cost.snapshots <= most.snapshots &&
    cost.bytes <= most.bytes;
}
