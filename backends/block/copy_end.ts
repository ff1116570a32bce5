/**
 * Copies from file to file that the system makes, and files that share space.
 *
 * @module
 */

import {
  CANNOT_SHARE,
  OK,
  type StoreFault,
  type StoreResult,
} from "../../core/mod.ts";
import {
  type CopyOutcome,
  faultOf,
  type IoResult,
  isFault,
  systemError,
} from "./block_io.ts";
import { LanePool } from "./lane_pool.ts";
import { ERRNO, type Libc, SEEK } from "./libc_adapter.ts";

/** Bytes that the system copies in one call: some milliseconds of a thread. */
const COPY_BYTES_MAX = 2 ** 23;
/** The same where space is shared: what is dirty there is written first. */
const CLONE_BYTES_MAX = 2 ** 26;
/** Bytes with which a call that failed is repeated, to learn why. */
const AGAIN_BYTES = 2 ** 16;

/** What says that these two files, or this system, cannot do it. */
const REFUSALS: readonly number[] = [
  ...[ERRNO.EBADF, ERRNO.EXDEV, ERRNO.EINVAL, ERRNO.ENOTTY, ERRNO.ETXTBSY],
  ...[ERRNO.ENOSYS, ERRNO.EOPNOTSUPP],
];

/** What copies need of the C library. */
export type CopyCalls = Pick<
  Libc,
  | "clone"
  | "cloneLater"
  | "copy"
  | "copyLater"
  | "errno"
  | "fileSystemStatus"
  | "seek"
>;

/** Bytes of a file, and where they go. */
export interface CopyBytes {
  /** First byte. */
  readonly position: number;
  /** First byte at the destination. */
  readonly toPosition: number;
  /** Bytes. */
  readonly length: number;
}

/** An open file, as one end of copies. */
export class CopyEnd {
  readonly #libc: CopyCalls;
  readonly #fd: number;
  readonly #path: string;
  /** Bytes in which the file system shares space. */
  readonly #unitBytes: number;
  /**
   * A copy holds a lane of its source, then one of its destination: so the two
   * are not closed below it, and copies to and fro cannot wait for each other.
   */
  readonly #reading: LanePool<number>;
  readonly #writing: LanePool<number>;
  readonly #noClones = new WeakSet<CopyEnd>();
  readonly #noCopies = new WeakSet<CopyEnd>();

  /** Uses a descriptor, but does not close it. */
  constructor(libc: CopyCalls, fd: number, path: string) {
    this.#libc = libc;
    this.#fd = fd;
    this.#path = path;
    this.#unitBytes = libc.fileSystemStatus(fd)?.unitBytes ?? 1;
    this.#reading = new LanePool(fd, () => undefined, 1);
    this.#writing = new LanePool(fd, () => undefined, 1);
  }

  /** Waits for what is under way. */
  async drain(): Promise<void> {
    await this.#reading.drain();
    await this.#writing.drain();
  }

  /** Copies the first bytes; 0 is the end of the file. */
  async copyTo(to: CopyEnd, bytes: CopyBytes): Promise<CopyOutcome> {
    if (this.#noCopies.has(to)) return CANNOT_SHARE;
    const length = Math.min(this.#copyLength(to, bytes), COPY_BYTES_MAX);
    const copy = { ...bytes, length, fd: this.#fd, toFd: to.#fd };
    const copied = await this.#with(to, () => this.#libc.copyLater(copy));
    if (copied >= 0) return copied;
    // The error number stayed in the thread: doing it again does no harm.
    const again = { ...copy, length: Math.min(length, AGAIN_BYTES) };
    const repeated = this.#libc.copy(again);
    if (repeated >= 0) return repeated;
    return this.#refusal(to, bytes, this.#noCopies);
  }

  /** Lets `to` share the first bytes; 0: it cannot share these. */
  async cloneTo(to: CopyEnd, bytes: CopyBytes): Promise<IoResult> {
    const { position, toPosition } = bytes;
    // A range that goes on behind the end of the file would be refused.
    const behind = Math.max(0, this.#size() - position);
    const limit = Math.min(bytes.length, CLONE_BYTES_MAX, behind);
    const length = limit - limit % this.#unitBytes;
    const isAligned = position % this.#unitBytes === 0 &&
      toPosition % this.#unitBytes === 0;
    if (this.#noClones.has(to) || !isAligned || length === 0) return 0;
    return await this.#clone(to, { ...bytes, length });
  }

  /** Lets an empty file share all of a range, and of the units around it. */
  async cloneInto(
    to: CopyEnd,
    position: number,
    length: number,
  ): Promise<StoreResult | typeof CANNOT_SHARE> {
    const unit = this.#unitBytes;
    const wanted = Math.ceil((position + length) / unit) * unit;
    const end = Math.min(wanted, this.#size());
    for (let at = position - position % unit; at < end;) {
      const slice = Math.min(end - at, CLONE_BYTES_MAX);
      const cloned = await this.#clone(to, {
        ...{ position: at, toPosition: at, length: slice },
      });
      if (isFault(cloned)) return cloned;
      if (cloned === 0) return CANNOT_SHARE;
      at += cloned;
    }
    return OK;
  }

  /** How much to copy: where space can be shared soon, no more than needed. */
  #copyLength(
    to: CopyEnd,
    { position, toPosition, length }: CopyBytes,
  ): number {
    const unit = this.#unitBytes;
    const beside = position % unit;
    const isAlike = beside === toPosition % unit;
    if (beside === 0 || !isAlike || this.#noClones.has(to)) return length;
    return Math.min(length, unit - beside);
  }

  #size(): number {
    return this.#libc.seek(this.#fd, 0, SEEK.END);
  }

  async #clone(to: CopyEnd, bytes: CopyBytes): Promise<IoResult> {
    const range = { ...bytes, fd: this.#fd };
    const failed = await this.#with(
      to,
      () => this.#libc.cloneLater(to.#fd, range),
    );
    if (failed === 0) return bytes.length;
    if (this.#libc.clone(to.#fd, range) === 0) return bytes.length;
    const refusal = this.#refusal(to, bytes, this.#noClones);
    return refusal === CANNOT_SHARE ? 0 : refusal;
  }

  #with(to: CopyEnd, work: () => Promise<number>): Promise<number> {
    return this.#reading.use(() => to.#writing.use(work));
  }

  /** What the last error number says; a refusal is remembered. */
  #refusal(
    to: CopyEnd,
    { position, length }: CopyBytes,
    refused: WeakSet<CopyEnd>,
  ): typeof CANNOT_SHARE | StoreFault {
    const errno = this.#libc.errno();
    if (REFUSALS.includes(errno)) {
      refused.add(to);
      return CANNOT_SHARE;
    }
    return faultOf(
      systemError(errno),
      `copy ${length} bytes at ${position} of "${this.#path}" ` +
        `to "${to.#path}"`,
    );
  }
}
