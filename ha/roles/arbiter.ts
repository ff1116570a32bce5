/**
 * The port to whoever decides which node is primary.
 *
 * @module
 */

import type { NodeId, PromotionClaim } from "./role_types.ts";

/** A node asks for the role. */
export interface AcquireRequest {
  /** Group of LUNs. */
  readonly group: number;
  /** Who asks. */
  readonly id: NodeId;
  /** Why it may. */
  readonly claim: PromotionClaim;
  /** Highest epoch that the node has heard of: the new one must be higher. */
  readonly epochMin: number;
  /** It begins without a peer that confirms its changes. */
  readonly solo: boolean;
}

/** The answer. */
export type AcquireOutcome =
  | {
    readonly ok: true;
    /** Epoch of the role: a fencing token, higher than any before. */
    readonly epoch: number;
    /** Milliseconds of the host's clock; null: there is no lease. */
    readonly validUntilMs: number | null;
  }
  | {
    readonly ok: false;
    /** `solo`: the other node alone has all that was answered. */
    readonly why: "held" | "solo" | "unreachable";
    /** In words. */
    readonly reason: string;
  };

/** Who hears what happens to a lease. */
export interface LeaseListener {
  /** It holds until then. */
  renewed(validUntilMs: number): void;
  /** It is gone. */
  lost(reason: string): void;
}

/**
 * Decides which node is primary. What it cannot tell within a second or so it
 * answers as `unreachable`; it never throws.
 */
export interface Arbiter {
  /** `static`, `etcd`. */
  readonly name: string;
  /** It gives leases; otherwise an operator's orders decide. */
  readonly hasLease: boolean;
  /** Asks for the role; `listener` hears of the lease until it is released. */
  acquire(
    request: AcquireRequest,
    listener: LeaseListener,
  ): Promise<AcquireOutcome>;
  /**
   * Records, by compare-and-swap on the epoch, whether the primary goes on
   * alone.
   *
   * @returns false: it is not recorded, or it is not known whether it is
   */
  recordSolo(group: number, epoch: number, solo: boolean): Promise<boolean>;
  /** Gives the role back, so that the other can have it at once. */
  release(group: number, epoch: number): Promise<void>;
  /** State in words, for `ctladm ha`. */
  describe(): string;
  /** Gives all back and ends. */
  close(): Promise<void>;
}
