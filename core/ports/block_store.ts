/**
 * The port between a logical unit and what keeps its blocks.
 *
 * A store knows blocks and nothing of SCSI. The core validates every request
 * before it calls: a range lies inside `geometry`, lengths are whole blocks,
 * buffers are large enough, optional methods are called only when
 * `capabilities` offers them. A store asserts and never answers a bad range.
 *
 * Life of a store: `BackendDriver.open` → any number of calls, many in flight
 * at once → `close`. After `close` nothing is called.
 *
 * @module
 */

/** A value that is at hand, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>;

/** The store did what was asked, all of it. */
export const OK: unique symbol = Symbol("store: ok");

/**
 * The store cannot answer without waiting; nothing was done. Only `tryRead`
 * and `tryWrite` answer so, and the core then calls `read` or `write`.
 */
export const NOT_NOW: unique symbol = Symbol("store: not now");

/**
 * What was asked cannot be done without moving the data; nothing was done.
 * Only `copyRange` and `snapshotRange` answer so, and who asked reads and
 * writes instead.
 */
export const CANNOT_SHARE: unique symbol = Symbol("store: cannot share");

/** Why a store failed. The core maps each cause to sense data. */
export type StoreFaultCause =
  /** The medium failed at these blocks. */
  | "medium"
  /** No space is left to hold what should be written (ENOSPC, EDQUOT). */
  | "no-space"
  /** The store turned out to be write protected (EROFS, EACCES). */
  | "read-only"
  /** The store has vanished or is not reachable; a retry may help. */
  | "offline"
  /** Anything else that the store's own machinery got wrong. */
  | "hardware";

/** A failed request. The blocks of a failed write hold old or new data. */
export interface StoreFault {
  /** What kind of failure it was. */
  readonly cause: StoreFaultCause;
  /** What happened, for the log: the system's message, path and position. */
  readonly message: string;
}

/** Outcome of a request that has waited as long as it needed. */
export type StoreResult = typeof OK | StoreFault;

/** Blocks that were copied, from the first on, at least one; or why none. */
export type CopyResult = number | typeof CANNOT_SHARE | StoreFault;

/** Whether, and how well, a store can do something optional. */
export type Capability = "none" | "emulated" | "native";

/** The shape of a store. Fixed while it is open, but for `blockCount`. */
export interface StoreGeometry {
  /** Bytes of a logical block: a power of two from 512 to 65536. */
  readonly blockLength: number;
  /** Logical blocks. Changes only by `resize`. */
  readonly blockCount: number;
  /** 2^n logical blocks make a physical block (SBC-4 READ CAPACITY(16)). */
  readonly physicalBlockExponent: number;
  /** Lowest LBA that begins a physical block. */
  readonly lowestAlignedLba: number;
  /** 2^n blocks are the unit in which `unmap` frees space; 0: one block. */
  readonly unmapGranularityExponent: number;
  /** Lowest LBA that begins an unmap unit. */
  readonly unmapAlignmentLba: number;
  /** Blocks a transfer best has at the most; 0: no opinion. */
  readonly optimalTransferBlocks: number;
}

/** What a store can do. Read once, when its logical unit is made. */
export interface StoreCapabilities {
  /** Writes are refused by the store itself, whatever the options say. */
  readonly readOnly: boolean;
  /**
   * A write that was answered OK may be lost at power failure until `flush`
   * has answered OK. False for stores whose medium is memory, and for stores
   * that write through.
   */
  readonly volatileCache: boolean;
  /** `unmap` frees space: natively, or by writing zeroes ("emulated"). */
  readonly unmap: Capability;
  /** Blocks can be anchored (SBC-4 4.7.4.4): unmapped, their space kept. */
  readonly anchor: boolean;
  /** `extent` tells what is mapped. */
  readonly extents: Capability;
  /**
   * The store reads ahead when reads come in sequence, as file systems do:
   * sequential reads are then kept in order (LUN option `serseq`, soft).
   */
  readonly readAhead?: boolean;
  /**
   * Blocks that one call of `write` or `tryWrite` puts down whole or not at
   * all, whatever happens meanwhile: a reader, a crash, a loss of power.
   * Absent: no such promise.
   */
  readonly atomicWriteBlocksMax?: number;
  /** What was written is encrypted, and `cryptographicErase` is there. */
  readonly cryptographicErase?: boolean;
}

/** Provisioning status of a block, by its code (SBC-4 GET LBA STATUS). */
export const PROVISIONING = {
  MAPPED: 0,
  DEALLOCATED: 1,
  ANCHORED: 2,
} as const;

/** A run of blocks with the same provisioning status. */
export interface Extent {
  /** First block. */
  readonly lba: number;
  /** Blocks. */
  readonly blockCount: number;
  /** One of {@linkcode PROVISIONING}. */
  readonly status: number;
}

/** Space in bytes; undefined where the store cannot tell. */
export interface StoreUsage {
  /** Bytes this store occupies. */
  readonly used?: number;
  /** Bytes it may still take. */
  readonly available?: number;
  /** Bytes used in the pool that several stores share. */
  readonly poolUsed?: number;
  /** Bytes left in that pool. */
  readonly poolAvailable?: number;
}

/**
 * Blocks that can be read and written.
 *
 * Two requests may be in flight at once; the core never lets two overlap when
 * one of them writes, unless an initiator asked for it (unrestricted
 * reordering). Buffers belong to the store until the answer is there.
 */
export interface BlockStore {
  /** Its shape. */
  readonly geometry: StoreGeometry;
  /** What it can do. */
  readonly capabilities: StoreCapabilities;

  /**
   * Reads if that needs no waiting (memory, page cache): all of it, or nothing
   * and `NOT_NOW`. Puts the bytes into `into` from byte `at`.
   */
  tryRead?(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW;

  /** Writes if that needs no waiting: all of it, or nothing and `NOT_NOW`. */
  tryWrite?(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): StoreResult | typeof NOT_NOW;

  /** Reads `blockCount` blocks into `into` from byte `at`. */
  read(
    lba: number,
    blockCount: number,
    into: Uint8Array,
    at: number,
  ): Promise<StoreResult>;

  /** Writes `blockCount` blocks out of `from` beginning with byte `at`. */
  write(
    lba: number,
    blockCount: number,
    from: Uint8Array,
    at: number,
  ): Promise<StoreResult>;

  /**
   * Blocks will be read soon. Never waits, and may do nothing.
   *
   * @returns whether all of them will be at hand
   */
  prefetch?(lba: number, blockCount: number): boolean;

  /** Makes all writes answered before this call durable. */
  flush(): MaybePromise<StoreResult>;

  /**
   * Unmaps blocks: they read as zeroes afterwards. `anchor` keeps their space
   * reserved. Present when `capabilities.unmap` is not "none".
   */
  unmap?(
    lba: number,
    blockCount: number,
    anchor: boolean,
  ): MaybePromise<StoreResult>;

  /**
   * Writes zeroes without moving them, and keeps the space: present when that
   * is faster than `write`.
   */
  writeZeroes?(lba: number, blockCount: number): MaybePromise<StoreResult>;

  /**
   * The extent that begins at `lba`, cut at `blockCount` blocks. Present when
   * `capabilities.extents` is not "none".
   */
  extent?(lba: number, blockCount: number): MaybePromise<Extent | StoreFault>;

  /**
   * Copies blocks to another store, or to another place of this one, without
   * moving them through anybody's buffers: by sharing pages or extents, or in
   * the system. A call does a slice: the first blocks of the range, as many as
   * take a few milliseconds, and fewer before a fault; who wants more calls
   * again, and lets others work in between. So a copy can be stopped after any
   * call.
   *
   * Unmapped blocks are copied as unmapped ones where `to` can unmap. Blocks
   * of the two may differ in length: the range then is whole blocks of both,
   * and so is what was copied; both are counted in blocks of this store. A
   * slice is a read here and a write there: none
   * that overlaps it is in flight, and what was answered before is copied.
   *
   * `CANNOT_SHARE` is the answer when the stores share no medium, which is
   * so for a `to` that the store does not know, such as a filter around
   * another one; when the ranges overlap; and where the system refuses.
   */
  copyRange?(
    lba: number,
    blockCount: number,
    to: BlockStore,
    toLba: number,
  ): MaybePromise<CopyResult>;

  /**
   * Keeps blocks as they are now, without copying them. None of them may be
   * written until the answer is there; what is written, unmapped or cut off
   * later does not show in the snapshot. It is closed before the store is.
   */
  snapshotRange?(
    lba: number,
    blockCount: number,
  ): MaybePromise<RangeSnapshot | typeof CANNOT_SHARE | StoreFault>;

  /**
   * Makes all that was written unreadable for good, by another key. Present
   * when `capabilities.cryptographicErase` is set.
   */
  cryptographicErase?(): MaybePromise<StoreResult>;

  /** What space is taken and left. */
  usage?(): MaybePromise<StoreUsage>;

  /**
   * Changes `geometry.blockCount`; undefined takes the size of what lies
   * below. Blocks that are cut off are lost. Refused by the returned fault.
   */
  resize?(blockCount: number | undefined): MaybePromise<StoreResult>;

  /** Ends all use. Data answered OK and flushed stay. */
  close(): Promise<void>;
}

/**
 * Blocks as they were when {@linkcode BlockStore.snapshotRange} was asked:
 * a read-only store whose block 0 is the first of the range. `close` lets them
 * go. It offers `copyRange` where its store does.
 */
export interface RangeSnapshot extends BlockStore {
  /**
   * The store had no room to keep both what was and what was written since:
   * everything asked of it ends with a fault, cause "offline".
   */
  readonly isLost: boolean;
}
