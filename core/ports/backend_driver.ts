/**
 * The port between the LUN registry and a kind of store ("backend").
 *
 * @module
 */

import type { OptionTable } from "../options.ts";
import type { BlockStore } from "./block_store.ts";

/** Whether the medium may be written, at this very moment. */
export type MayWrite = () => boolean;

/** What a new logical unit wants of its store. */
export interface OpenRequest<Options> {
  /** The driver's own options, parsed and checked. */
  readonly options: Options;
  /** Wanted size in bytes; undefined: the size of what lies below. */
  readonly sizeBytes: number | undefined;
  /** Wanted bytes per block; undefined: the driver's default. */
  readonly blockLength: number | undefined;
  /** Peripheral device type: 0 direct access, 5 CD/DVD. */
  readonly deviceType: number;
  /** The store must refuse writes (option `readonly`). */
  readonly readOnly: boolean;
  /**
   * Asked right before the system is given a write, with nothing in between
   * for which a thread would have to wait; false: it must not be. Undefined:
   * whatever is asked for may be written at any time.
   */
  readonly mayWrite?: MayWrite | undefined;
}

/**
 * Outcome of opening. `store: null` is a logical unit without medium, which
 * exists and answers NOT READY until a later open finds something.
 */
export type OpenOutcome =
  | { readonly store: BlockStore; readonly warning?: string }
  | { readonly store: null; readonly warning: string }
  | { readonly error: string };

/** A kind of store, registered by a plugin under its name. */
export interface BackendDriver<Options = unknown> {
  /** Name by which `ctladm create -b` and ctl.conf ask for it. */
  readonly name: string;
  /** The options it understands; it shares the option set of the LUN. */
  readonly options: OptionTable<Options>;
  /**
   * Name of the thing below in the words of its options (a path), by which
   * an identity is kept; undefined when the store lives in memory alone.
   */
  identityOf(options: Options): string | undefined;
  /**
   * Why no other machine could open the same medium, though it has a name: a
   * key that is kept here. Undefined, or no such member: another one could.
   */
  onlyHere?(options: Options): string | undefined;
  /** Opens a store. Never throws: what went wrong is in the outcome. */
  open(request: OpenRequest<Options>): Promise<OpenOutcome>;
}
