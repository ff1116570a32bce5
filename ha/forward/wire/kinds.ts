/**
 * Kinds of frame by which commands of one node are carried out by the other.
 *
 * Every kind goes both ways: each node may be the primary of some units. The
 * node that an initiator is connected to is called here the near one, the one
 * that serves the unit the far one.
 *
 * @module
 */

/** Kinds of frame. */
export const KIND = {
  /** near → far: an initiator that commands will come from. */
  NEXUS: 64,
  /** near → far: it is gone, and all of its commands have ended. */
  NEXUS_LOST: 65,
  /** near → far: a command, with the first of its Data-Out. */
  COMMAND: 66,
  /** far → near: Data-In. */
  DATA_IN: 67,
  /** near → far: Data-In were passed on or thrown away. */
  CREDIT: 68,
  /** far → near: Data-Out is wanted. */
  WANT: 69,
  /** near → far: Data-Out. */
  DATA_OUT: 70,
  /** near → far: Data-Out will not come. */
  NO_DATA_OUT: 71,
  /** far → near: a command has ended. */
  COMPLETE: 72,
  /** near → far: a command is to be aborted; it is answered by COMPLETE. */
  ABORT: 73,
  /** far → near: run the command yourself; it keeps its place here. */
  GRANT: 74,
  /** near → far: a command that was granted has ended. */
  FINISH: 75,
  /** far → near: a command that was granted is to be aborted. */
  REVOKE: 76,
  /** A task management function that concerns both nodes. */
  FUNCTION: 77,
  /** It was executed. */
  FUNCTION_DONE: 78,
  /** near → far, first of all: granted commands that are still running. */
  RESUME: 79,
  /** near → far: all initiators that are still there have been told. */
  RESUMED: 80,
  /** far → near: all tasks of earlier links have ended. */
  SETTLED: 81,
} as const;

/** Bytes of all bodies that name a task, a nexus or nothing but a number. */
export const NUMBER_LENGTH = 4;

/** Writes a number below 2^53 as eight bytes. */
export function putLong(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value % 2 ** 32);
}

/** Reads eight bytes; 2^53 and more: not a safe integer. */
export function getLong(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}
