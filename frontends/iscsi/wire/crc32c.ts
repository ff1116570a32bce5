/**
 * CRC32C, as header and data digests use it (RFC 7143 13.1).
 *
 * Slicing by eight: eight bytes a step out of eight tables, 1.3 GB/s, where a
 * native call costs more than a header's whole digest. What is longer is
 * folded by vectors first (`crc32c_fold.ts`): 4 KiB take 0.9 us, not 2.9.
 *
 * @module
 */

import {
  FOLD_AT,
  FOLD_BYTES,
  FOLD_BYTES_MAX,
  type Folder,
  makeFolder,
} from "./crc32c_fold.ts";

/** From there on folding costs less than tables. */
const FOLD_FROM_BYTES = 512;

const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

const TABLES: readonly Int32Array[] = buildTables();
// One constant a table: an array of arrays would be looked up eight times.
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** Made for the first long data: most daemons never have a data digest. */
let folder: Folder | null | undefined;

/**
 * Digest of `lengthBytes` bytes from `start`.
 *
 * @returns the value whose least significant byte is sent first
 */
export function crc32c(
  view: DataView,
  start: number,
  lengthBytes: number,
): number {
  if (lengthBytes >= FOLD_FROM_BYTES) {
    folder ??= makeFolder(advance);
    if (folder !== null) return foldedCrc(folder, view, start, lengthBytes);
  }
  return ~update(-1, view, start, lengthBytes) >>> 0;
}

/** The same by way of a folder's memory: a copy costs a tenth of the rest. */
function foldedCrc(
  { bytes, view: folded, fold }: Folder,
  view: DataView,
  start: number,
  lengthBytes: number,
): number {
  const dataAt = FOLD_AT + FOLD_BYTES;
  const begin = view.byteOffset + start;
  let rest = 0;
  bytes.fill(0, FOLD_AT, dataAt);
  for (let done = 0; done < lengthBytes;) {
    const length = Math.min(lengthBytes - done, FOLD_BYTES_MAX);
    bytes.set(new Uint8Array(view.buffer, begin + done, length), dataAt);
    // What a register full of ones at the beginning comes to.
    if (done === 0) folded.setInt32(dataAt, ~folded.getInt32(dataAt));
    if (length >= FOLD_BYTES) fold(Math.floor(length / FOLD_BYTES));
    rest = length % FOLD_BYTES;
    done += length;
    if (done === lengthBytes) {
      bytes.copyWithin(dataAt, dataAt + length - rest, dataAt + length);
    }
  }
  return ~update(0, folded, FOLD_AT, FOLD_BYTES + rest) >>> 0;
}

/** What a word in the register has become so many zero bytes later. */
function advance(word: number, zeroBytes: number): number {
  let crc = word;
  for (let left = zeroBytes; left > 0; left -= 1) {
    crc = lookUp(T0, crc & 0xff) ^ crc >>> 8;
  }
  return crc;
}

function update(
  before: number,
  view: DataView,
  start: number,
  lengthBytes: number,
): number {
  let crc = before;
  let at = start;
  const end = start + lengthBytes;
  for (const last = end - SLICES; at <= last; at += SLICES) {
    const low = view.getInt32(at, true) ^ crc;
    const high = view.getInt32(at + 4, true);
    crc = lookUp(T7, low & 0xff) ^ lookUp(T6, low >>> 8 & 0xff) ^
      lookUp(T5, low >>> 16 & 0xff) ^ lookUp(T4, low >>> 24) ^
      lookUp(T3, high & 0xff) ^ lookUp(T2, high >>> 8 & 0xff) ^
      lookUp(T1, high >>> 16 & 0xff) ^ lookUp(T0, high >>> 24);
  }
  for (; at < end; at += 1) {
    crc = lookUp(T0, (crc ^ view.getUint8(at)) & 0xff) ^ crc >>> 8;
  }
  return crc;
}

/** Writes the digest of the bytes before `at` that begin at `start`. */
export function putDigest(view: DataView, start: number, at: number): void {
  view.setUint32(at, crc32c(view, start, at - start), true);
}

/** Whether the digest at `at` is that of the bytes from `start` to it. */
export function digestMatches(
  view: DataView,
  start: number,
  at: number,
): boolean {
  return view.getUint32(at, true) === crc32c(view, start, at - start);
}

function lookUp(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

function buildTables(): Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => shiftOut(byte));
  const tables = [first];
  while (tables.length < SLICES) {
    const before = tables[tables.length - 1] ?? first;
    // One byte further: what a byte does that many bytes before the end.
    tables.push(before.map((crc) => lookUp(first, crc & 0xff) ^ crc >>> 8));
  }
  return tables;
}

function shiftOut(byte: number): number {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    crc = (crc & 1) !== 0 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
  }
  return crc;
}
