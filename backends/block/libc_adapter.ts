/**
 * The calls of the C library that the runtime does not offer (Linux, 64 bit).
 *
 * They are there when `--allow-ffi` is granted for the library; nothing asks
 * for the permission. Positions are numbers below 2^53. A negative result is a
 * failure; {@linkcode Libc.errno} says which, right after the call.
 *
 * @module
 */

import { Defect } from "../../core/mod.ts";
import {
  CLONE_RANGE_BYTES,
  type CloneRange,
  decodeRusage,
  decodeStatfs,
  decodeStatx,
  encodeCloneRange,
  type FileStatus,
  type FileSystemStatus,
  RUSAGE_BYTES,
  STATFS_BYTES,
  STATX_BYTES,
} from "./libc_structs.ts";
import { LIBC_PATHS } from "./libc_paths.ts";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  preadv2: {
    parameters: ["i32", "buffer", "i32", "i64", "i32"],
    result: "i32",
  },
  pwritev2: {
    parameters: ["i32", "buffer", "i32", "i64", "i32"],
    result: "i32",
  },
  preadLater: {
    name: "pread",
    parameters: ["i32", "buffer", "usize", "i64"],
    result: "i32",
    nonblocking: true,
  },
  pwriteLater: {
    name: "pwrite",
    parameters: ["i32", "buffer", "usize", "i64"],
    result: "i32",
    nonblocking: true,
  },
  fdatasyncLater: {
    name: "fdatasync",
    parameters: ["i32"],
    result: "i32",
    nonblocking: true,
  },
  fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
  fallocateLater: {
    name: "fallocate",
    parameters: ["i32", "i32", "i64", "i64"],
    result: "i32",
    nonblocking: true,
  },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  lseekLater: {
    name: "lseek",
    parameters: ["i32", "i64", "i32"],
    result: "i64",
    nonblocking: true,
  },
  copy_file_range: {
    parameters: ["i32", "buffer", "i32", "buffer", "usize", "u32"],
    result: "i32",
  },
  copyFileRangeLater: {
    name: "copy_file_range",
    parameters: ["i32", "buffer", "i32", "buffer", "usize", "u32"],
    result: "i32",
    nonblocking: true,
  },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  ioctlLater: {
    name: "ioctl",
    parameters: ["i32", "usize", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  statx: {
    parameters: ["i32", "buffer", "i32", "u32", "buffer"],
    result: "i32",
  },
  getrusage: { parameters: ["i32", "buffer"], result: "i32" },
  fstatfs: { parameters: ["i32", "buffer"], result: "i32" },
  errnoLocation: {
    name: "__errno_location",
    parameters: [],
    result: "pointer",
  },
  copyFrom: {
    name: "memcpy",
    parameters: ["buffer", "pointer", "usize"],
    result: "void",
  },
  addressOf: {
    name: "memcpy",
    parameters: ["buffer", "buffer", "usize"],
    result: "usize",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** Error numbers of Linux that mean more than failure. */
export const ERRNO = {
  EINTR: 4,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  EXDEV: 18,
  EINVAL: 22,
  ENOTTY: 25,
  ETXTBSY: 26,
  ENOSYS: 38,
  EOPNOTSUPP: 95,
} as const;

/** Where {@linkcode Libc.seek} goes, as `whence` of lseek(2). */
export const SEEK = { END: 2, DATA: 3, HOLE: 4 } as const;

/** What {@linkcode Libc.allocate} does, as `mode` of fallocate(2). */
export const ALLOCATE = {
  /** FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE: frees. */
  PUNCH: 0x03,
  /** FALLOC_FL_ZERO_RANGE: zeroes, and keeps the space. */
  ZERO: 0x10,
  /** The same | FALLOC_FL_KEEP_SIZE: the size stays. */
  ZERO_INSIDE: 0x11,
} as const;

/** What is copied by the system, and where to; see copy_file_range(2). */
export interface FileCopy {
  /** Descriptor of the source. */
  readonly fd: number;
  /** Where the range begins there, in bytes. */
  readonly position: number;
  /** Descriptor of the destination. */
  readonly toFd: number;
  /** Where the range begins there. */
  readonly toPosition: number;
  /** Bytes, below 2^31. */
  readonly length: number;
}

const FICLONERANGE = 0x4020940dn;
const O_RDWR = 2;
/** O_DIRECTORY, without which no O_TMPFILE is understood, has two numbers. */
const O_TMPFILE = 0o20000000 |
  (Deno.build.arch === "aarch64" ? 0o40000 : 0o200000);
const MODE_OWNER_ONLY = 0o600;
const O_CLOEXEC = 0o2000000;
const RWF_NOWAIT = 8;
const RUSAGE_THREAD = 1;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
/** The library, loaded. */
export class Libc {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #errnoBytes = new Uint8Array(4);
  readonly #errnoView = new DataView(this.#errnoBytes.buffer);
  readonly #errnoPointer: Deno.PointerValue;
  readonly #usage = new DataView(new ArrayBuffer(RUSAGE_BYTES));
  readonly #usageBytes = new Uint8Array(this.#usage.buffer);
  /** One `struct iovec`: address and length, as four halves. */
  readonly #vectorBytes = new Uint8Array(16);
  readonly #vector = new Uint32Array(this.#vectorBytes.buffer);
  /** Addresses of buffers; asking costs more than the look-up. */
  readonly #addresses = new WeakMap<ArrayBufferLike, number>();

  /** Loads the library; throws when it is not there or not allowed. */
  constructor(path: string) {
    this.#library = Deno.dlopen(path, SYMBOLS);
    this.#errnoPointer = this.#library.symbols.errnoLocation();
  }

  /** Unloads it. */
  unload(): void {
    this.#library.close();
  }

  /** The error number of the call that failed just now. */
  errno(): number {
    const { copyFrom } = this.#library.symbols;
    copyFrom(this.#errnoBytes, this.#errnoPointer, 4n);
    return this.#errnoView.getInt32(0, true);
  }

  /** Opens a path: open(2). */
  open(path: string, readOnly: boolean): number {
    const text = new TextEncoder().encode(`${path}\0`);
    const flags = O_CLOEXEC | (readOnly ? 0 : O_RDWR);
    return this.#library.symbols.open(text, flags, 0);
  }

  /** Opens a file without name in a folder: open(2) with O_TMPFILE. */
  openNameless(folder: string): number {
    const text = new TextEncoder().encode(`${folder}\0`);
    const flags = O_TMPFILE | O_RDWR | O_CLOEXEC;
    return this.#library.symbols.open(text, flags, MODE_OWNER_ONLY);
  }

  /** Closes a descriptor: close(2). */
  close(fd: number): void {
    this.#library.symbols.close(fd);
  }

  /** Reads in the caller's time: preadv2(2). */
  read(
    fd: number,
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): number {
    this.#point(into, at, length);
    const { preadv2 } = this.#library.symbols;
    return preadv2(fd, this.#vectorBytes, 1, BigInt(position), 0);
  }

  /** Reads what is cached, or fails with EAGAIN: preadv2(2), RWF_NOWAIT. */
  readCached(
    fd: number,
    position: number,
    into: Uint8Array,
    at: number,
    length: number,
  ): number {
    this.#point(into, at, length);
    const { preadv2 } = this.#library.symbols;
    return preadv2(fd, this.#vectorBytes, 1, BigInt(position), RWF_NOWAIT);
  }

  /** Writes in the caller's time: pwritev2(2). */
  write(
    fd: number,
    position: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): number {
    this.#point(from, at, length);
    const { pwritev2 } = this.#library.symbols;
    return pwritev2(fd, this.#vectorBytes, 1, BigInt(position), 0);
  }

  /** Reads in another thread, whose error number is not known. */
  readLater(fd: number, position: number, into: Uint8Array): Promise<number> {
    const { preadLater } = this.#library.symbols;
    return preadLater(
      fd,
      into as Uint8Array<ArrayBuffer>,
      BigInt(into.length),
      BigInt(position),
    );
  }

  /** Writes in another thread, whose error number is not known. */
  writeLater(fd: number, position: number, from: Uint8Array): Promise<number> {
    const { pwriteLater } = this.#library.symbols;
    return pwriteLater(
      fd,
      from as Uint8Array<ArrayBuffer>,
      BigInt(from.length),
      BigInt(position),
    );
  }

  /** Syncs data in another thread, whose error number is not known. */
  syncLater(fd: number): Promise<number> {
    return this.#library.symbols.fdatasyncLater(fd);
  }

  /** Frees or zeroes in the caller's time: fallocate(2). */
  allocate(fd: number, mode: number, position: number, length: number): number {
    const { fallocate } = this.#library.symbols;
    return fallocate(fd, mode, BigInt(position), BigInt(length));
  }

  /** Does so in another thread, whose error number is not known. */
  allocateLater(
    fd: number,
    mode: number,
    position: number,
    length: number,
  ): Promise<number> {
    const { fallocateLater } = this.#library.symbols;
    return fallocateLater(fd, mode, BigInt(position), BigInt(length));
  }

  /** Finds data, holes, the end: lseek(2) by {@linkcode SEEK}. */
  seek(fd: number, position: number, whence: number): number {
    return Number(this.#library.symbols.lseek(fd, BigInt(position), whence));
  }

  /** Does so in another thread, whose error number is not known. */
  async seekLater(
    fd: number,
    position: number,
    whence: number,
  ): Promise<number> {
    const { lseekLater } = this.#library.symbols;
    return Number(await lseekLater(fd, BigInt(position), whence));
  }

  /** Copies from file to file in the caller's time: copy_file_range(2). */
  copy({ fd, position, toFd, toPosition, length }: FileCopy): number {
    const { copy_file_range } = this.#library.symbols;
    const from = offsetBytes(position);
    const to = offsetBytes(toPosition);
    return copy_file_range(fd, from, toFd, to, BigInt(length), 0);
  }

  /** Does so in another thread, whose error number is not known. */
  copyLater(copy: FileCopy): Promise<number> {
    const { fd, position, toFd, toPosition, length } = copy;
    const { copyFileRangeLater } = this.#library.symbols;
    const from = offsetBytes(position);
    const to = offsetBytes(toPosition);
    return copyFileRangeLater(fd, from, toFd, to, BigInt(length), 0);
  }

  /** Lets a file share space with another one: ioctl(2), FICLONERANGE. */
  clone(toFd: number, range: CloneRange): number {
    const { ioctl } = this.#library.symbols;
    return ioctl(toFd, FICLONERANGE, cloneRangeBytes(range));
  }

  /** Does so in another thread, whose error number is not known. */
  cloneLater(toFd: number, range: CloneRange): Promise<number> {
    const { ioctlLater } = this.#library.symbols;
    return ioctlLater(toFd, FICLONERANGE, cloneRangeBytes(range));
  }

  /** How often this thread has waited: getrusage(2), RUSAGE_THREAD. */
  threadWaits(): number {
    this.#library.symbols.getrusage(RUSAGE_THREAD, this.#usageBytes);
    return decodeRusage(this.#usage).voluntarySwitches;
  }

  /** What is open there; undefined when the system does not tell. */
  fileStatus(fd: number): FileStatus | undefined {
    const bytes = new Uint8Array(STATX_BYTES);
    const { statx } = this.#library.symbols;
    const noPath = new Uint8Array(1);
    const failed = statx(fd, noPath, AT_EMPTY_PATH, STATX_BASIC_STATS, bytes);
    return failed === 0 ? decodeStatx(new DataView(bytes.buffer)) : undefined;
  }

  /** The file system around it; undefined when the system does not tell. */
  fileSystemStatus(fd: number): FileSystemStatus | undefined {
    const bytes = new Uint8Array(STATFS_BYTES);
    const failed = this.#library.symbols.fstatfs(fd, bytes);
    return failed === 0 ? decodeStatfs(new DataView(bytes.buffer)) : undefined;
  }

  /** Lets the vector name `length` bytes of a buffer. */
  #point(bytes: Uint8Array, at: number, length: number): void {
    // The system would follow the address wherever it leads.
    if (at < 0 || length < 0 || at + length > bytes.length) {
      throw new Defect(`Cannot use ${length} bytes at ${at}`);
    }
    const address = this.#addressOf(bytes.buffer) + bytes.byteOffset + at;
    this.#vector[0] = address >>> 0;
    this.#vector[1] = Math.floor(address / 2 ** 32);
    this.#vector[2] = length;
  }

  #addressOf(buffer: ArrayBufferLike): number {
    const known = this.#addresses.get(buffer);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(buffer) as Uint8Array<ArrayBuffer>;
    // Copying nothing returns where it would have gone.
    const address = Number(this.#library.symbols.addressOf(bytes, bytes, 0n));
    this.#addresses.set(buffer, address);
    return address;
  }
}

/** A position, as the system takes it by its address. */
function offsetBytes(position: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BigInt64Array.of(BigInt(position)).buffer);
}

function cloneRangeBytes(range: CloneRange): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CLONE_RANGE_BYTES);
  encodeCloneRange(new DataView(bytes.buffer), range);
  return bytes;
}

/** Loads the library if that is allowed already; never asks for it. */
export function loadLibc(): Libc | undefined {
  if (Deno.build.os !== "linux") return undefined;
  for (const path of LIBC_PATHS) {
    const { state } = Deno.permissions.querySync({ name: "ffi", path });
    if (state !== "granted") continue;
    try {
      return new Libc(path);
    } catch {
      // Not here, or too old for one of the calls.
    }
  }
  return undefined;
}
