/**
 * What the C library adds to an open file: reads that never wait, writes in
 * place, freeing of space, and holes.
 *
 * @module
 */

import {
  CANNOT_SHARE,
  type MaybePromise,
  NOT_NOW,
  OK,
  type StoreFault,
  type StoreResult,
  type StoreUsage,
} from "../../core/mod.ts";
import {
  type BlockIo,
  type BlockIoFacts,
  type CopyOutcome,
  faultOf,
  type IoResult,
  systemError,
} from "./block_io.ts";
import { CopyEnd } from "./copy_end.ts";
import { LanePool } from "./lane_pool.ts";
import { ALLOCATE, ERRNO, type Libc, SEEK } from "./libc_adapter.ts";
import { LibcIo, queueNumber } from "./libc_io_adapter.ts";

/** Requests of a snapshot that may wait for the disk at the same time. */
const SNAPSHOT_LANES = 2;

/**
 * Bytes that one write puts into the page cache. File systems keep what was
 * written by one call in pages as large as that; and ext4 then looks at all of
 * such a page for each later write into it: 16 us for 4 KiB of 1 MiB, 55 us of
 * 2 MiB, 3 us of these (Linux 6.18). 256 KiB in such pieces take 50 us, in one
 * 30; a load of 4 KiB writes costs two thirds of what it did with 64 KiB.
 */
export const WRITE_PIECE_BYTES: number = 2 ** 14;

/** What is cached is cached by pages of at least this size. */
const PAGE_BYTES = 4096;

/** How a read that must not wait is made. */
type ReadMode =
  /** The system is told not to wait. */
  | "cached"
  /** The file system is memory: nothing waits. */
  | "memory"
  /** The system cannot promise it. */
  | "never";

/** A {@linkcode BlockIo} with what the C library can do besides. */
export class NativeIo implements BlockIo {
  /** What is known of the file. */
  readonly facts: BlockIoFacts;
  /** There when space can be freed. */
  readonly punch?: NonNullable<BlockIo["punch"]>;
  /** There when zeroes need not be moved. */
  readonly zero?: NonNullable<BlockIo["zero"]>;
  /** There when holes can be told. */
  readonly nextData?: NonNullable<BlockIo["nextData"]>;
  /** There when holes can be told. */
  readonly nextHole?: NonNullable<BlockIo["nextHole"]>;
  /** There when holes can be told. */
  readonly nextHoleLater?: NonNullable<BlockIo["nextHoleLater"]>;
  /** There for files. */
  readonly cloneTo?: NonNullable<BlockIo["cloneTo"]>;
  /** There for files. */
  readonly copyTo?: NonNullable<BlockIo["copyTo"]>;
  /** There for files. */
  readonly snapshot?: NonNullable<BlockIo["snapshot"]>;
  readonly #below: BlockIo;
  readonly #libc: Libc;
  readonly #fd: number;
  /** One change of what is allocated at a time: the system locks the file. */
  readonly #allocations: LanePool<number>;
  readonly #copies: CopyEnd;
  readonly #isMemory: boolean;
  readonly #probe = new Uint8Array(1);
  #canSnapshot = true;
  #readMode: ReadMode = "cached";

  /**
   * Takes over an open file, and a descriptor of the C library for it.
   *
   * @param below does what waits for the disk
   */
  constructor(below: BlockIo, libc: Libc, fd: number) {
    this.facts = below.facts;
    this.#below = below;
    this.#libc = libc;
    this.#fd = fd;
    this.#allocations = new LanePool(fd, () => undefined, 1);
    this.#copies = new CopyEnd(libc, fd, below.facts.path);
    this.#isMemory = libc.fileSystemStatus(fd)?.isMemory ?? false;
    const can = allocationsOf(libc, fd, this.facts);
    if (can.punch) this.punch = this.#punch;
    if (can.zero) this.zero = this.#zero;
    if (canTellHoles(libc, fd)) {
      this.nextData = this.#nextData;
      this.nextHole = this.#nextHole;
      this.nextHoleLater = this.#nextHoleLater;
    }
    if (this.nextData !== undefined && !below.facts.isDevice) {
      this.cloneTo = this.#cloneTo;
      this.copyTo = this.#copyTo;
      this.snapshot = this.#snapshot;
    }
  }

  /** Reads out of the page cache, or answers that it would wait. */
  tryRead(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): IoResult | typeof NOT_NOW {
    if (this.#readMode === "never") return NOT_NOW;
    const read = this.#readMode === "cached"
      ? this.#libc.readCached(this.#fd, position, into, at, length)
      : this.#libc.read(this.#fd, position, into, at, length);
    if (read >= 0) return read;
    const errno = this.#libc.errno();
    if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return NOT_NOW;
    if (errno === ERRNO.EOPNOTSUPP || errno === ERRNO.ENOSYS) {
      this.#readMode = this.#isMemory ? "memory" : "never";
      return NOT_NOW;
    }
    return this.#fault(errno, `read ${length} bytes at ${position} of`);
  }

  /** Writes the first piece in the caller's time; 0: it would read first. */
  writeNow(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): IoResult {
    const piece = Math.min(length, WRITE_PIECE_BYTES);
    if (!this.#isCachedAround(position, position + piece)) return 0;
    const written = this.#libc.write(this.#fd, position, from, at, piece);
    if (written >= 0) return written;
    const errno = this.#libc.errno();
    if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return 0;
    return this.#fault(errno, `write ${length} bytes at ${position} of`);
  }

  /** How often this thread has given the processor up by itself. */
  waits(): number {
    return this.#libc.threadWaits();
  }

  /** Reads in a thread. */
  read(
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult> {
    return this.#below.read(position, into, at, length);
  }

  /** Writes in a thread. */
  write(
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): Promise<IoResult> {
    return this.#below.write(position, from, at, length);
  }

  /** Syncs in a thread. */
  datasync(): Promise<StoreResult> {
    return this.#below.datasync();
  }

  /** Its size now. */
  size(): MaybePromise<IoResult> {
    return this.#below.size();
  }

  /** Space of a file, and of the file system around it. */
  usage(): StoreUsage {
    if (this.facts.isDevice) return {};
    const used = this.#libc.fileStatus(this.#fd)?.usedBytes;
    const available = this.#libc.fileSystemStatus(this.#fd)?.availableBytes;
    return {
      ...(used === undefined ? {} : { used }),
      ...(available === undefined ? {} : { available }),
    };
  }

  /** Waits for what is under way and closes everything. */
  async close(): Promise<void> {
    await this.#allocations.drain();
    await this.#copies.drain();
    await this.#below.close();
    this.#libc.close(this.#fd);
  }

  /**
   * Whether the pages that a write covers in part are cached: the system would
   * read them first, in the caller's time.
   */
  #isCachedAround(begin: number, end: number): boolean {
    const first = begin % PAGE_BYTES === 0 || this.#isCached(begin);
    return first && (end % PAGE_BYTES === 0 || this.#isCached(end - 1));
  }

  #isCached(position: number): boolean {
    if (this.#readMode !== "cached") return true;
    const read = this.#libc.readCached(this.#fd, position, this.#probe, 0, 1);
    return read >= 0 || this.#libc.errno() !== ERRNO.EAGAIN;
  }

  #punch(position: number, length: number): Promise<StoreResult> {
    return this.#allocate(ALLOCATE.PUNCH, position, length);
  }

  #zero(position: number, length: number): Promise<StoreResult> {
    return this.#allocate(ALLOCATE.ZERO, position, length);
  }

  /** It may wait for the journal of the file system: in a thread. */
  async #allocate(
    mode: number,
    position: number,
    length: number,
  ): Promise<StoreResult> {
    const libc = this.#libc;
    const failed = await this.#allocations.use((fd) =>
      libc.allocateLater(fd, mode, position, length)
    );
    if (failed === 0) return OK;
    // The error number stayed in the thread: doing it again does no harm.
    if (libc.allocate(this.#fd, mode, position, length) === 0) return OK;
    const doing = mode === ALLOCATE.PUNCH ? "free" : "zero";
    return this.#fault(
      libc.errno(),
      `${doing} ${length} bytes at ${position} of`,
    );
  }

  #nextData(position: number): number | undefined | StoreFault {
    const found = this.#seek(position, SEEK.DATA);
    return found === "nothing" ? undefined : found;
  }

  #nextHole(position: number): number | StoreFault {
    const found = this.#seek(position, SEEK.HOLE);
    return found === "nothing" ? position : found;
  }

  /** A file in memory is looked through page by page: in a thread. */
  async #nextHoleLater(position: number): Promise<number | StoreFault> {
    const found = await this.#libc.seekLater(this.#fd, position, SEEK.HOLE);
    return found >= 0 ? found : this.#nextHole(position);
  }

  #cloneTo(
    position: number,
    to: BlockIo,
    toPosition: number,
    length: number,
  ): Promise<IoResult> {
    if (!(to instanceof NativeIo)) return Promise.resolve(0);
    const bytes = { position, toPosition, length };
    return this.#copies.cloneTo(to.#copies, bytes);
  }

  #copyTo(
    position: number,
    to: BlockIo,
    toPosition: number,
    length: number,
  ): Promise<CopyOutcome> {
    if (!(to instanceof NativeIo)) return Promise.resolve(CANNOT_SHARE);
    const bytes = { position, toPosition, length };
    return this.#copies.copyTo(to.#copies, bytes);
  }

  async #snapshot(
    position: number,
    length: number,
  ): Promise<BlockIo | typeof CANNOT_SHARE | StoreFault> {
    if (!this.#canSnapshot) return CANNOT_SHARE;
    const nameless = this.#openNameless();
    const shared = nameless === undefined
      ? CANNOT_SHARE
      : await this.#copies.cloneInto(nameless.#copies, position, length);
    if (nameless !== undefined && shared === OK) return nameless;
    await nameless?.close();
    // Whether the file system shares space is known for all times.
    if (shared === CANNOT_SHARE) this.#canSnapshot = false;
    return shared === OK ? CANNOT_SHARE : shared;
  }

  /** A file without name beside this one. */
  #openNameless(): NativeIo | undefined {
    const folder = folderOf(this.facts.path);
    const fd = folder === undefined ? -1 : this.#libc.openNameless(folder);
    if (fd < 0) return undefined;
    const facts = {
      ...this.facts,
      path: `${this.facts.path} (snapshot)`,
      readOnly: true,
    };
    const how = { readOnly: false, lanes: SNAPSHOT_LANES };
    const below = new LibcIo(this.#libc, fd, facts, how);
    return new NativeIo(below, this.#libc, fd);
  }

  #seek(position: number, whence: number): number | "nothing" | StoreFault {
    const found = this.#libc.seek(this.#fd, position, whence);
    if (found >= 0) return found;
    const errno = this.#libc.errno();
    if (errno === ERRNO.ENXIO) return "nothing";
    return this.#fault(errno, `find data at ${position} of`);
  }

  #fault(errno: number, doing: string): StoreFault {
    return faultOf(systemError(errno), `${doing} "${this.facts.path}"`);
  }
}

/** Tries it behind the end of a file; of a device, the system knows. */
function allocationsOf(
  libc: Libc,
  fd: number,
  facts: BlockIoFacts,
): { punch: boolean; zero: boolean } {
  const status = libc.fileStatus(fd);
  if (facts.readOnly || status === undefined) {
    return { punch: false, zero: false };
  }
  if (facts.isDevice) {
    const { device } = status;
    const zero = (queueNumber(libc, device, "write_zeroes_max_bytes") ?? 0) > 0;
    const discard = (queueNumber(libc, device, "discard_max_bytes") ?? 0) > 0;
    return { punch: zero && discard, zero };
  }
  const unit = Math.max(1, status.unitBytes);
  const behind = Math.ceil((status.sizeBytes + 1) / unit) * unit;
  const zero = libc.allocate(fd, ALLOCATE.ZERO_INSIDE, behind, unit) === 0;
  // Frees what the first trial took.
  const punch = libc.allocate(fd, ALLOCATE.PUNCH, behind, unit) === 0;
  return { punch, zero: zero && punch };
}

/** Whether the file system tells data from holes; devices do not. */
function canTellHoles(libc: Libc, fd: number): boolean {
  return libc.seek(fd, 0, SEEK.DATA) >= 0 || libc.errno() === ERRNO.ENXIO;
}

/** The folder that a file lies in, links resolved; undefined: not to be told. */
function folderOf(path: string): string | undefined {
  try {
    const real = Deno.realPathSync(path);
    return real.slice(0, real.lastIndexOf("/") + 1);
  } catch {
    return undefined;
  }
}
