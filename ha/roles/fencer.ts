/**
 * The port to whatever keeps the other node off the stores.
 *
 * An epoch cannot recall a write that was handed to the operating system: a
 * node that becomes primary first makes sure that none will come.
 *
 * @module
 */

import type { NodeId } from "./role_types.ts";

/** Whom to keep off what. */
export interface FenceRequest {
  /** Group of LUNs. */
  readonly group: number;
  /** Who is to be kept off. */
  readonly peer: NodeId;
  /** Epoch of the node that asks. */
  readonly epoch: number;
  /** Paths of the stores of the group. */
  readonly stores: readonly string[];
  /** The peer, on the link, has told that it has closed them. */
  readonly peerReleased: boolean;
  /** An operator vouches that the peer is off. */
  readonly peerFenced: boolean;
  /** To become primary, or to forget what a lost secondary was granted. */
  readonly purpose: "promotion" | "peer-lost";
}

/** Whether it is. */
export type FenceOutcome =
  | { readonly ok: true; readonly warning?: string }
  | { readonly ok: false; readonly reason: string };

/** Keeps the other node off the stores. */
export interface Fencer {
  /** `lock`, `command`, `lease`, `none`. */
  readonly name: string;
  /** Makes sure; never throws. It may be asked again. */
  fence(request: FenceRequest): Promise<FenceOutcome>;
  /** What this node holds itself ends: it has closed the group's stores. */
  release(group: number): Promise<void>;
  /** Ends. */
  close(): Promise<void>;
}
