/**
 * What initiators of a simulation ask for, and what they hear.
 *
 * @module
 */

import type { SharedOp } from "./shared_state.ts";

/** What an initiator wants. */
export type Work =
  | { readonly kind: "read"; readonly lba: number; readonly count: number }
  | {
    readonly kind: "write";
    readonly lba: number;
    readonly values: readonly number[];
  }
  | { readonly kind: "shared"; readonly op: SharedOp };

/** One command: every try of some work is another. */
export interface SimCommand {
  /** Unique in a run. */
  readonly tag: number;
  /** What it asks for. */
  readonly work: Work;
}

/** How a command ends. */
export type SimAnswer =
  | {
    readonly status: "good";
    readonly values: readonly number[];
    readonly text: string;
  }
  /** BUSY, or whatever makes an initiator try again on this path. */
  | { readonly status: "busy" }
  /** 2/04/0A. */
  | { readonly status: "transitioning" }
  /** 2/04/0B. */
  | { readonly status: "standby" }
  /** 2/04/0C. */
  | { readonly status: "unavailable" };

/** GOOD. */
export function good(
  values: readonly number[] = [],
  text = "",
): SimAnswer {
  return { status: "good", values, text };
}

/** What an initiator reaches. */
export interface SimTarget {
  /** A command arrives; it is answered once, or never. */
  submit(command: SimCommand, answer: (answer: SimAnswer) => void): void;
  /** ABORT TASK; `true`: done, the command touches nothing any more. */
  abort(tag: number, answer: (done: boolean) => void): void;
}
