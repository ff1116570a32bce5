/**
 * What the C library of 64-bit Linux says of files, as it lies in memory.
 *
 * @module
 */

/** Bytes of `struct statx`, which is the same on all processors. */
export const STATX_BYTES = 256;
/** Bytes of a `struct rusage`. */
export const RUSAGE_BYTES = 144;
const VOLUNTARY_SWITCHES_AT = 128;

/** Bytes of `struct statfs` on 64-bit Linux. */
export const STATFS_BYTES = 120;

const StatxAt = {
  UNIT: 4,
  MODE: 28,
  INODE: 32,
  SIZE: 40,
  BLOCKS: 48,
  RDEV_MAJOR: 128,
  RDEV_MINOR: 132,
  DEV_MAJOR: 136,
  DEV_MINOR: 140,
} as const;

const StatfsAt = { TYPE: 0, UNIT: 8, AVAILABLE: 32 } as const;

/** Unit of the field that counts what a file takes. */
const STAT_BLOCK_BYTES = 512;
const TYPE_MASK = 0o170000;
const TYPE_FILE = 0o100000;
const TYPE_DEVICE = 0o060000;
/** File systems that are memory: tmpfs, ramfs. */
const MEMORY_TYPES: readonly number[] = [0x01021994, 0x858458f6];

/** Number of a device. */
export interface DeviceNumber {
  /** Its driver. */
  readonly major: number;
  /** Which of the driver's devices. */
  readonly minor: number;
}

/** Bytes of `struct file_clone_range`. */
export const CLONE_RANGE_BYTES = 32;

/** What FICLONERANGE of ioctl(2) asks for; positions and length in bytes. */
export interface CloneRange {
  /** Descriptor of the file that is shared. */
  readonly fd: number;
  /** Where the range begins there. */
  readonly position: number;
  /** How long it is. */
  readonly length: number;
  /** Where it goes. */
  readonly toPosition: number;
}

const CloneRangeAt = { FD: 0, POSITION: 8, LENGTH: 16, TO: 24 } as const;

/** Writes a `struct file_clone_range`. */
export function encodeCloneRange(view: DataView, range: CloneRange): void {
  view.setBigInt64(CloneRangeAt.FD, BigInt(range.fd), true);
  view.setBigUint64(CloneRangeAt.POSITION, BigInt(range.position), true);
  view.setBigUint64(CloneRangeAt.LENGTH, BigInt(range.length), true);
  view.setBigUint64(CloneRangeAt.TO, BigInt(range.toPosition), true);
}

/** What statx(2) tells. */
export interface FileStatus {
  /** A regular file. */
  readonly isFile: boolean;
  /** A block device. */
  readonly isDevice: boolean;
  /** Bytes of a regular file. */
  readonly sizeBytes: number;
  /** Bytes it takes. */
  readonly usedBytes: number;
  /** Preferred unit of transfers, in bytes. */
  readonly unitBytes: number;
  /** Inode number. */
  readonly inode: number;
  /** The device that the file lies on. */
  readonly liesOn: DeviceNumber;
  /** The device that it is. */
  readonly device: DeviceNumber;
}

/** What statfs(2) tells. */
export interface FileSystemStatus {
  /** Its files are in memory: reading them never waits for a disk. */
  readonly isMemory: boolean;
  /** Bytes in which files share space, where they can. */
  readonly unitBytes: number;
  /** Bytes left in it. */
  readonly availableBytes: number;
}

/** Reads a `struct statx`. */
export function decodeStatx(view: DataView): FileStatus {
  const type = view.getUint16(StatxAt.MODE, true) & TYPE_MASK;
  const blocks = Number(view.getBigUint64(StatxAt.BLOCKS, true));
  return {
    isFile: type === TYPE_FILE,
    isDevice: type === TYPE_DEVICE,
    sizeBytes: Number(view.getBigUint64(StatxAt.SIZE, true)),
    usedBytes: blocks * STAT_BLOCK_BYTES,
    unitBytes: view.getUint32(StatxAt.UNIT, true),
    inode: Number(view.getBigUint64(StatxAt.INODE, true)),
    liesOn: {
      major: view.getUint32(StatxAt.DEV_MAJOR, true),
      minor: view.getUint32(StatxAt.DEV_MINOR, true),
    },
    device: {
      major: view.getUint32(StatxAt.RDEV_MAJOR, true),
      minor: view.getUint32(StatxAt.RDEV_MINOR, true),
    },
  };
}

/** Reads a `struct statfs`. */
export function decodeStatfs(view: DataView): FileSystemStatus {
  const units = Number(view.getBigUint64(StatfsAt.AVAILABLE, true));
  const unitBytes = view.getUint32(StatfsAt.UNIT, true);
  return {
    isMemory: MEMORY_TYPES.includes(view.getUint32(StatfsAt.TYPE, true)),
    unitBytes,
    availableBytes: units * unitBytes,
  };
}

/** What is known of the time of a thread. */
export interface ThreadUsage {
  /** How often it has given the processor up to wait for something. */
  readonly voluntarySwitches: number;
}

/** Reads a `struct rusage`. */
export function decodeRusage(view: DataView): ThreadUsage {
  return {
    voluntarySwitches: Number(view.getBigInt64(VOLUNTARY_SWITCHES_AT, true)),
  };
}

/** Takes the device number of `stat` apart, as Linux packs it. */
export function deviceNumberOf(packed: number): DeviceNumber {
  return {
    major: (packed >>> 8) & 0xfff,
    minor: (packed & 0xff) | (Math.floor(packed / 2 ** 12) & 0xfff00),
  };
}

/** What sysfs tells of the queue of a device. */
export type QueueNumber =
  | "logical_block_size"
  | "physical_block_size"
  | "discard_granularity"
  | "discard_max_bytes"
  | "write_zeroes_max_bytes";

/** Files that tell it; a partition has its disk's queue. */
export function queueFiles(device: DeviceNumber, name: QueueNumber): string[] {
  const folder = `/sys/dev/block/${device.major}:${device.minor}`;
  return [`${folder}/queue/${name}`, `${folder}/../queue/${name}`];
}
