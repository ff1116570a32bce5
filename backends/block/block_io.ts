/**
 * The port between a file store and the operating system.
 *
 * The store talks bytes and positions to a {@linkcode BlockIo}; adapters make
 * one of files and devices, tests of memory and a list of calls. A `BlockIo`
 * does one system call a time: what is short or past the end is the store's
 * business. It never throws for what the system refuses.
 *
 * @module
 */

import type {
  CANNOT_SHARE,
  MaybePromise,
  MayWrite,
  NOT_NOW,
  StoreFault,
  StoreFaultCause,
  StoreResult,
  StoreUsage,
} from "../../core/mod.ts";

/** A write that must not be, though it was asked for. */
export const MUST_NOT_WRITE: StoreFault = Object.freeze({
  cause: "offline",
  message: "It must not be written by this machine any more",
});

/** Bytes moved, or why none were. */
export type IoResult = number | StoreFault;

/** Bytes that the system copied, or why none were. */
export type CopyOutcome = IoResult | typeof CANNOT_SHARE;

/** What is known of an open file or device, and does not change. */
export interface BlockIoFacts {
  /** Its path, for messages. */
  readonly path: string;
  /** A block device, whose size is given; otherwise a file, which grows. */
  readonly isDevice: boolean;
  /** Opened for reading alone. */
  readonly readOnly: boolean;
  /** Least bytes of a transfer: the sector of a device, 1 for a file. */
  readonly sectorBytes: number;
  /** Bytes that are best written as one, as the system tells. */
  readonly physicalBytes: number;
  /** Bytes in which space is given out and freed. */
  readonly unmapBytes: number;
}

/** An open file or device. */
export interface BlockIo {
  /** What is known of it. */
  readonly facts: BlockIoFacts;

  /** Reads what memory holds; 0 is the end, `NOT_NOW` would wait. */
  tryRead?(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): IoResult | typeof NOT_NOW;

  /** Writes in the caller's own time; may take as long as the disk does. */
  writeNow?(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): IoResult;

  /** How often the calling thread has waited for something so far. */
  waits?(): number;

  /** Reads up to `length` bytes into `into` from `at`; 0 is the end. */
  read(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult>;

  /** Writes up to `length` bytes of `from` beginning with `at`. */
  write(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult>;

  /** Makes durable all that was written before; others go on meanwhile. */
  datasync(): Promise<StoreResult>;

  /** Frees the space of a range, which reads as zeroes; keeps the size. */
  punch?(position: number, length: number): Promise<StoreResult>;

  /** Zeroes a range and keeps its space; the file grows when it must. */
  zero?(position: number, length: number): Promise<StoreResult>;

  /** First byte with data from `position` on; undefined: none up to the end. */
  nextData?(position: number): number | undefined | StoreFault;

  /** First byte of the next hole from `position` on; the end is one. */
  nextHole?(position: number): number | StoreFault;

  /** Like `nextHole`, but never in the caller's time. */
  nextHoleLater?(position: number): Promise<number | StoreFault>;

  /**
   * Lets another file share the first bytes of a range with this one, holes
   * too. 0: the file system does not share these bytes of the two.
   */
  cloneTo?(
    position: number,
    to: BlockIo,
    toPosition: number,
    length: number,
  ): Promise<IoResult>;

  /** Copies the first bytes of a range into another file; 0 is the end. */
  copyTo?(
    position: number,
    to: BlockIo,
    toPosition: number,
    length: number,
  ): Promise<CopyOutcome>;

  /** A file without name that shares a range, at the same position. */
  snapshot?(
    position: number,
    length: number,
  ): Promise<BlockIo | typeof CANNOT_SHARE | StoreFault>;

  /** Its size now. */
  size(): MaybePromise<IoResult>;

  /** Space it takes, and space left around it. */
  usage(): MaybePromise<StoreUsage>;

  /** Waits for what is under way, then ends all use. */
  close(): Promise<void>;
}

/** How a path is opened. */
export interface OpenHow {
  /** For reading alone. */
  readonly readOnly: boolean;
  /** Requests that may wait for the disk at the same time. */
  readonly lanes: number;
  /** See `OpenRequest`. */
  readonly mayWrite?: MayWrite | undefined;
}

/** What opens paths. */
export interface BlockIoOpener {
  /** Opens a file or device. */
  open(path: string, how: OpenHow): Promise<BlockIo | StoreFault>;
  /** The name under which an identity is kept: absolute, links resolved. */
  identityOf(path: string): string;
}

const CAUSES: Readonly<Record<string, StoreFaultCause>> = {
  ENOSPC: "no-space",
  EDQUOT: "no-space",
  EROFS: "read-only",
  EACCES: "read-only",
  EPERM: "read-only",
  EIO: "medium",
  // How the block layer of Linux calls an unreadable sector.
  ENODATA: "medium",
  ENOENT: "offline",
  ENXIO: "offline",
  ENODEV: "offline",
  ENOMEDIUM: "offline",
  ESTALE: "offline",
  ENOLINK: "offline",
  ETIMEDOUT: "offline",
};

/** Names of error numbers (Linux), for errors that come without a code. */
const CODES: Readonly<Record<string, string>> = {
  1: "EPERM",
  2: "ENOENT",
  5: "EIO",
  6: "ENXIO",
  13: "EACCES",
  19: "ENODEV",
  28: "ENOSPC",
  30: "EROFS",
  61: "ENODATA",
  67: "ENOLINK",
  110: "ETIMEDOUT",
  116: "ESTALE",
  122: "EDQUOT",
  123: "ENOMEDIUM",
};

/**
 * The fault for what the system threw: by its `code`, then by the number in
 * its text, else "hardware".
 *
 * @param doing what failed: `read 512 bytes at 0 of "/data/disk"`
 */
export function faultOf(error: unknown, doing: string): StoreFault {
  const text = error instanceof Error ? error.message : String(error);
  const number = /\(os error (\d+)\)/.exec(text)?.[1] ?? "";
  const code = error instanceof Error && "code" in error
    ? String(error.code)
    : CODES[number] ?? "";
  const cause = CAUSES[code] ?? "hardware";
  return { cause, message: `Cannot ${doing}: ${text}` };
}

/** The error for a number that the system returned, as the runtime words it. */
export function systemError(errno: number): Error {
  const name = CODES[errno] ?? "system call failed";
  return new Error(`${name} (os error ${errno})`);
}

/** Whether an answer is a fault. */
export function isFault(answer: unknown): answer is StoreFault {
  return typeof answer === "object" && answer !== null && "cause" in answer;
}
