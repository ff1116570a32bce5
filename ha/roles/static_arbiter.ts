/**
 * No arbiter: an operator, or a cluster manager, orders the roles. Epochs are
 * counted by the nodes themselves, one the odd ones and one the even.
 *
 * @module
 */

import type { AcquireOutcome, AcquireRequest, Arbiter } from "./arbiter.ts";
import { nextEpoch } from "./role_rank.ts";

/** Gives the role to whoever was ordered, or agreed, to have it. */
export class StaticArbiter implements Arbiter {
  readonly name = "static";
  readonly hasLease = false;

  acquire({ epochMin, id }: AcquireRequest): Promise<AcquireOutcome> {
    const epoch = nextEpoch(epochMin, id);
    return Promise.resolve({ ok: true, epoch, validUntilMs: null });
  }

  /** Nobody is there who could record it: the operator vouches, or not. */
  recordSolo(): Promise<boolean> {
    return Promise.resolve(false);
  }

  release(): Promise<void> {
    return Promise.resolve();
  }

  describe(): string {
    return "roles are ordered by an operator";
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
