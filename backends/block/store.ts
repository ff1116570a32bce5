/**
 * Blocks in a file or on a device, through a {@linkcode BlockIo}.
 *
 * @module
 */

import {
  assertRange,
  type BlockStore,
  CANNOT_SHARE,
  type Clock,
  type CopyResult,
  type Extent,
  geometryOfRange,
  type MaybePromise,
  NOT_NOW,
  OK,
  type RangeSnapshot,
  type StoreCapabilities,
  type StoreFault,
  type StoreGeometry,
  type StoreResult,
  type StoreUsage,
} from "../../core/mod.ts";
import { type BlockIo, isFault } from "./block_io.ts";
import { extentAt } from "./extents.ts";
import { type CopyGoal, copySlice, type CopySource } from "./file_copy.ts";
import type { GrowingGeometry } from "./layout.ts";
import { SyncGroup } from "./sync_group.ts";

/** A larger write is never made in the event loop's own time. */
export const WRITE_NOW_BYTES_MAX: number = 2 ** 20;
/** A write into the page cache that took longer has met the disk. */
export const SLOW_WRITE_MS = 5;
/** How long writes are then left to other threads. */
export const PATIENCE_MS = 1000;
/** Bytes that are read ahead at the most, and at a time, for a PRE-FETCH. */
const PREFETCH_BYTES_MAX = 2 ** 25;
const PREFETCH_SLICE_BYTES = 2 ** 18;
/** Bytes that one call zeroes (emulated unmap), and that a buffer holds. */
const ZERO_SLICE_BYTES = 2 ** 18;
/** Bytes that one call frees or zeroes: bounds the time a thread is busy. */
const ALLOCATE_SLICE_BYTES = 2 ** 30;

const READ_ONLY: StoreFault = Object.freeze({
  cause: "read-only",
  message: "The store was opened read-only",
});

/** What a file store is made of. */
export interface FileStoreParts {
  /** The open file. */
  readonly io: BlockIo;
  /** Shape of the store; it may be longer than the file. */
  readonly geometry: GrowingGeometry;
  /** Byte of the file that the store begins with; undefined: the first. */
  readonly position?: number;
  /** Option `unmap`: on, off, or as the file can. */
  readonly unmap: boolean | undefined;
  /** Tells how long writes take. */
  readonly clock: Pick<Clock, "nowMs">;
}

/**
 * A store in a file. `tryRead`, `tryWrite`, `unmap` and `extent` are there
 * when the file's {@linkcode BlockIo} can do what they need.
 */
export class FileStore implements BlockStore {
  /** Its shape. */
  readonly geometry: StoreGeometry;
  /** What it can do. */
  readonly capabilities: StoreCapabilities;
  /** Reads out of the page cache; see `BlockStore`. */
  readonly tryRead?: NonNullable<BlockStore["tryRead"]>;
  /** Writes into the page cache; see `BlockStore`. */
  readonly tryWrite?: NonNullable<BlockStore["tryWrite"]>;
  /** Frees space, or writes zeroes; see `BlockStore`. */
  readonly unmap?: NonNullable<BlockStore["unmap"]>;
  /** Writes zeroes without moving them; see `BlockStore`. */
  readonly writeZeroes?: NonNullable<BlockStore["writeZeroes"]>;
  /** Tells data from holes; see `BlockStore`. */
  readonly extent?: NonNullable<BlockStore["extent"]>;
  /** Copies within the system; see `BlockStore`. */
  readonly copyRange?: NonNullable<BlockStore["copyRange"]>;
  /** Shares the space of a range; see `BlockStore`. */
  readonly snapshotRange?: NonNullable<BlockStore["snapshotRange"]>;
  readonly #io: BlockIo;
  readonly #growing: GrowingGeometry;
  readonly #position: number;
  readonly #blockLength: number;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #syncs: SyncGroup;
  readonly #copySource: CopySource;
  #zeroes: Uint8Array | undefined;
  #prefetching = false;
  #closing = false;
  /** Until then no write is made in the event loop's own time. */
  #patientUntilMs = 0;
  /** What `close` waits for. */
  readonly #working = new Set<Promise<unknown>>();
  /** Calls under way that may lock the file for writes. */
  #locking = 0;

  /** Takes the open file over; `close` closes it. */
  constructor({ io, geometry, position = 0, unmap, clock }: FileStoreParts) {
    this.#position = position;
    this.geometry = this.#growing = geometry;
    this.#io = io;
    this.#blockLength = geometry.blockLength;
    this.#clock = clock;
    this.#syncs = new SyncGroup(() => io.datasync());
    this.capabilities = capabilitiesOf(io, unmap);
    const { readOnly } = io.facts;
    if (io.tryRead !== undefined) this.tryRead = this.#tryRead;
    if (io.writeNow !== undefined && !readOnly) this.tryWrite = this.#tryWrite;
    if (io.zero !== undefined && !readOnly) {
      this.writeZeroes = this.#writeZeroes;
    }
    if (this.capabilities.unmap !== "none") this.unmap = this.#unmap;
    if (this.capabilities.extents !== "none") this.extent = this.#extent;
    this.#copySource = { io, dataBegin: 0, dataEnd: 0 };
    if (io.copyTo !== undefined) this.copyRange = this.#copyRange;
    if (io.snapshot !== undefined) this.snapshotRange = this.#snapshotRange;
  }

  /** Reads; what lies past the end of the file is zero. */
  async read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    const position = this.#positionOf(lba);
    const length = blockCount * this.#blockLength;
    assertRange(this.geometry, lba, blockCount, into.length - at - length);
    for (let done = 0; done < length;) {
      const left = length - done;
      const read = await this.#io.read(position + done, into, at + done, left);
      if (isFault(read)) return read;
      if (read === 0) return zeroRest(into, at + done, left);
      done += read;
    }
    return OK;
  }

  /** Writes; the file grows when it must. */
  async write(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    const length = blockCount * this.#blockLength;
    assertRange(this.geometry, lba, blockCount, from.length - at - length);
    if (this.capabilities.readOnly) return READ_ONLY;
    return await this.#writeAll(this.#positionOf(lba), length, from, at);
  }

  /**
   * Reads into the page cache, one range at a time and not all of a long one.
   * How much of it will stay there nobody knows.
   */
  prefetch(lba: number, blockCount: number): boolean {
    assertRange(this.geometry, lba, blockCount);
    if (this.#prefetching || blockCount === 0) return false;
    this.#prefetching = true;
    const begin = this.#positionOf(lba);
    const length = Math.min(blockCount * this.#blockLength, PREFETCH_BYTES_MAX);
    this.#readAhead(begin, begin + length).finally(() => {
      this.#prefetching = false;
    });
    return false;
  }

  /** Makes durable what was written; callers that come together share it. */
  flush(): MaybePromise<StoreResult> {
    return this.capabilities.readOnly ? OK : this.#syncs.flush();
  }

  /** Space that the file takes, and that its file system has left. */
  usage(): MaybePromise<StoreUsage> {
    return this.#io.usage();
  }

  /**
   * Takes another size, or that of the file. The file is left as it is: it
   * grows by writing, and what a smaller store does not show is not lost.
   */
  async resize(blockCount: number | undefined): Promise<StoreResult> {
    const bytes = await this.#io.size();
    if (isFault(bytes)) return bytes;
    const below = Math.floor(bytes / this.#blockLength);
    const { isDevice, path } = this.#io.facts;
    const wanted = blockCount ?? below;
    if (wanted < 1) return refusal(`"${path}" is smaller than a block`);
    if (isDevice && wanted > below) {
      return refusal(`${wanted} blocks do not fit on "${path}" (${below})`);
    }
    this.#growing.blockCount = wanted;
    return OK;
  }

  /** Waits for what is under way and closes the file. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#working);
    await this.#io.close();
  }

  // A fault is no matter here: the read that needs the blocks will meet it.
  async #readAhead(begin: number, end: number): Promise<void> {
    const thrown = new Uint8Array(PREFETCH_SLICE_BYTES);
    for (let at = begin; at < end && !this.#closing;) {
      const length = Math.min(end - at, PREFETCH_SLICE_BYTES);
      const read = await this.#io.read(at, thrown, 0, length);
      if (isFault(read) || read === 0) return;
      at += read;
    }
  }

  #tryRead(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    const position = this.#positionOf(lba);
    const length = blockCount * this.#blockLength;
    assertRange(this.geometry, lba, blockCount, into.length - at - length);
    for (let done = 0; done < length;) {
      const left = length - done;
      const read = this.#io.tryRead?.(position + done, into, at + done, left) ??
        NOT_NOW;
      if (typeof read !== "number") return read;
      if (read === 0) return zeroRest(into, at + done, left);
      done += read;
    }
    return OK;
  }

  /**
   * The page cache takes a write in microseconds, until it is full of dirty
   * pages or must first read a page: then the caller waits for the disk, and
   * with it the event loop. One slow write is enough to learn that.
   */
  #tryWrite(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    const length = blockCount * this.#blockLength;
    assertRange(this.geometry, lba, blockCount, from.length - at - length);
    if (length > WRITE_NOW_BYTES_MAX || this.#locking > 0) return NOT_NOW;
    const begin = this.#clock.nowMs();
    if (begin < this.#patientUntilMs) return NOT_NOW;
    const result = this.#writeNow(this.#positionOf(lba), length, from, at);
    const end = this.#clock.nowMs();
    if (end - begin > SLOW_WRITE_MS) this.#patientUntilMs = end + PATIENCE_MS;
    return result;
  }

  #writeNow(
    position: number,
    length: number,
    from: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW {
    for (let done = 0; done < length;) {
      const left = length - done;
      const written =
        this.#io.writeNow?.(position + done, from, at + done, left) ?? 0;
      if (isFault(written)) return written;
      if (written === 0) return NOT_NOW;
      done += written;
    }
    return OK;
  }

  async #writeAll(
    position: number,
    length: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult> {
    for (let done = 0; done < length;) {
      const left = length - done;
      const written = await this.#io.write(
        position + done,
        from,
        at + done,
        left,
      );
      if (isFault(written)) return written;
      if (written === 0) {
        return refusal(`"${this.#io.facts.path}" takes no more`);
      }
      done += written;
    }
    return OK;
  }

  async #unmap(lba: number, blockCount: number): Promise<StoreResult> {
    assertRange(this.geometry, lba, blockCount);
    const begin = this.#positionOf(lba);
    const size = await this.#io.size();
    if (isFault(size)) return size;
    // Past the end of the file all is unmapped, and must stay so.
    const end = Math.min(begin + blockCount * this.#blockLength, size);
    const slice = this.capabilities.unmap === "native"
      ? ALLOCATE_SLICE_BYTES
      : ZERO_SLICE_BYTES;
    for (let position = begin; position < end; position += slice) {
      const length = Math.min(slice, end - position);
      const result = await this.#free(position, length);
      if (result !== OK) return result;
    }
    return OK;
  }

  #free(position: number, length: number): Promise<StoreResult> {
    if (this.capabilities.unmap === "native" && this.#io.punch !== undefined) {
      return this.#io.punch(position, length);
    }
    return this.#writeZeroBytes(position, length);
  }

  #writeZeroBytes(position: number, length: number): Promise<StoreResult> {
    this.#zeroes ??= new Uint8Array(ZERO_SLICE_BYTES);
    return this.#writeAll(position, length, this.#zeroes, 0);
  }

  async #writeZeroes(lba: number, blockCount: number): Promise<StoreResult> {
    assertRange(this.geometry, lba, blockCount);
    const begin = this.#positionOf(lba);
    const end = begin + blockCount * this.#blockLength;
    for (let at = begin; at < end; at += ALLOCATE_SLICE_BYTES) {
      const length = Math.min(ALLOCATE_SLICE_BYTES, end - at);
      const result = await this.#io.zero?.(at, length);
      if (result !== OK) return result ?? refusal("Cannot zero");
    }
    return OK;
  }

  #extent(lba: number, blockCount: number): Extent | StoreFault {
    assertRange(this.geometry, lba, blockCount);
    const first = lba + this.#position / this.#blockLength;
    const range = { lba: first, blockCount };
    const extent = extentAt(this.#io, range, this.#blockLength);
    return isFault(extent) ? extent : { ...extent, lba };
  }

  async #copyRange(
    lba: number,
    blockCount: number,
    to: BlockStore,
    toLba: number,
  ): Promise<CopyResult> {
    assertRange(this.geometry, lba, blockCount);
    if (!(to instanceof FileStore)) return CANNOT_SHARE;
    const length = blockCount * this.#blockLength;
    assertRange(to.geometry, toLba, length / to.#blockLength);
    if (to.capabilities.readOnly) return READ_ONLY;
    const position = this.#positionOf(lba);
    const toPosition = to.#positionOf(toLba);
    const distance = Math.abs(position - toPosition);
    if (to.#io === this.#io && distance < length) return CANNOT_SHARE;
    const slice = copySlice({
      ...{ from: this.#copySource, position, to: to.#copyGoal(), toPosition },
      ...{ length, unitBytes: Math.max(this.#blockLength, to.#blockLength) },
      locking: (work) => this.#lockingFor(() => to.#lockingFor(work)),
    });
    const copied = await this.#keepOpen(to.#keepOpen(slice));
    return typeof copied === "number" ? copied / this.#blockLength : copied;
  }

  #copyGoal(): CopyGoal {
    return {
      io: this.#io,
      clear: (position, length) => this.#clear(position, length),
    };
  }

  /** `close` waits for work that is more than one call. */
  async #keepOpen<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work);
    try {
      return await work;
    } finally {
      this.#working.delete(work);
    }
  }

  /** What may keep the file locked: writes are left to other threads. */
  async #lockingFor<T>(work: () => Promise<T>): Promise<T> {
    this.#locking += 1;
    try {
      return await work();
    } finally {
      this.#locking -= 1;
    }
  }

  /** Makes the first bytes of a range zeroes, a hole if it may. */
  async #clear(position: number, length: number): Promise<number | StoreFault> {
    const size = await this.#io.size();
    if (isFault(size)) return size;
    if (position >= size) return length;
    const native = this.capabilities.unmap === "native";
    const { punch, zero } = this.#io;
    const clear = native ? punch : zero;
    const max = clear === undefined ? ZERO_SLICE_BYTES : ALLOCATE_SLICE_BYTES;
    const bytes = Math.min(length, size - position, max);
    const result = clear === undefined
      ? await this.#writeZeroBytes(position, bytes)
      : await clear.call(this.#io, position, bytes);
    return result === OK ? bytes : result;
  }

  async #snapshotRange(
    lba: number,
    blockCount: number,
  ): Promise<RangeSnapshot | typeof CANNOT_SHARE | StoreFault> {
    assertRange(this.geometry, lba, blockCount);
    const position = this.#positionOf(lba);
    const length = blockCount * this.#blockLength;
    const io = await this.#lockingFor(async () =>
      await this.#io.snapshot?.(position, length) ?? CANNOT_SHARE
    );
    if (io === CANNOT_SHARE || isFault(io)) return io;
    const geometry = geometryOfRange(this.geometry, lba, blockCount);
    return new FileSnapshot({
      ...{ io, geometry, position, unmap: false, clock: this.#clock },
    });
  }

  #positionOf(lba: number): number {
    return this.#position + lba * this.#blockLength;
  }
}

/** What the file system shares it keeps, whatever is written. */
class FileSnapshot extends FileStore implements RangeSnapshot {
  /** Writes that find no space fail, not what was there before. */
  readonly isLost = false;
}

function capabilitiesOf(
  io: BlockIo,
  unmap: boolean | undefined,
): StoreCapabilities {
  const { readOnly, isDevice } = io.facts;
  const offersUnmap = !readOnly && unmap !== false;
  const emulated = unmap === true ? "emulated" : "none";
  const punched = io.punch === undefined ? emulated : "native";
  return Object.freeze({
    readOnly,
    volatileCache: !readOnly,
    unmap: offersUnmap ? punched : "none",
    anchor: false,
    extents: io.nextData === undefined ? "none" : "native",
    readAhead: !isDevice,
  });
}

function zeroRest(into: Uint8Array, at: number, length: number): typeof OK {
  into.fill(0, at, at + length);
  return OK;
}

function refusal(message: string): StoreFault {
  return { cause: "hardware", message };
}
