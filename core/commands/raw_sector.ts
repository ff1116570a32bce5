/**
 * CD-ROM Mode 1 sectors as they stand on a disc (ECMA-130 14, annex A): what a
 * drive adds around the 2,048 bytes that are kept.
 *
 * @module
 */

/** Bytes of user data in a sector. */
export const USER_DATA_LENGTH = 2048;
/** Bytes of a whole sector. */
export const RAW_SECTOR_LENGTH = 2352;

/** Where the fields of a sector begin. */
export const SECTOR_FIELD = {
  SYNC: 0,
  HEADER: 12,
  USER_DATA: 16,
  EDC: 2064,
  P_PARITY: 2076,
  Q_PARITY: 2248,
} as const;

const MODE_1 = 1;
const FRAMES_PER_SECOND = 75;
/** The first block lies two seconds into the disc. */
const PREGAP_FRAMES = 2 * FRAMES_PER_SECOND;
/** The highest address in minutes, seconds and frames: 255:59:74. */
const FRAMES_MAX = 256 * 60 * FRAMES_PER_SECOND - 1;

/** Minute, second and frame of an LBA. */
export function msfOf(
  lba: number,
): readonly [minute: number, second: number, frame: number] {
  const frames = Math.min(lba + PREGAP_FRAMES, FRAMES_MAX);
  const seconds = Math.floor(frames / FRAMES_PER_SECOND);
  return [Math.floor(seconds / 60), seconds % 60, frames % FRAMES_PER_SECOND];
}

/** The LBA at a time of the disc; negative in the first two seconds. */
export function lbaAt(minute: number, second: number, frame: number): number {
  return (minute * 60 + second) * FRAMES_PER_SECOND + frame - PREGAP_FRAMES;
}

/**
 * Puts all fields of a sector around its user data.
 *
 * @param sector the sector, its user data in place
 */
export function completeSector(sector: Uint8Array, lba: number): void {
  sector.fill(0xff, 1, 11);
  sector[0] = 0;
  sector[11] = 0;
  sector.set(msfOf(lba).map(binaryCodedDecimal), SECTOR_FIELD.HEADER);
  sector[15] = MODE_1;
  const { EDC, P_PARITY } = SECTOR_FIELD;
  const view = new DataView(sector.buffer, sector.byteOffset, sector.length);
  view.setUint32(EDC, errorDetectionCode(sector.subarray(0, EDC)), true);
  sector.fill(0, EDC + 4, P_PARITY);
  addParity(sector, P_PARITY, P_CODE);
  addParity(sector, SECTOR_FIELD.Q_PARITY, Q_CODE);
}

function binaryCodedDecimal(value: number): number {
  return Math.floor(value / 10) << 4 | value % 10;
}

/** P(x) = (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), bits reversed. */
const EDC_POLYNOMIAL = 0xd8018001;
const EDC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value >>> 1 ^ (value & 1) * EDC_POLYNOMIAL;
  }
  return value;
});

function errorDetectionCode(bytes: Uint8Array): number {
  return bytes.reduce(
    (code, byte) => code >>> 8 ^ (EDC_TABLE[(code ^ byte) & 0xff] ?? 0),
    0,
  ) >>> 0;
}

/** A Reed-Solomon product code over the bytes from the header on. */
interface ProductCode {
  /** Code words. */
  readonly words: number;
  /** Bytes of a code word before its parity. */
  readonly length: number;
  /** Where a byte of a word stands, from the header on. */
  at(word: number, index: number): number;
}

/** Bytes from the header on that Q parity covers: P parity is among them. */
const COVERED = 2236;
const P_CODE: ProductCode = {
  words: 86,
  length: 24,
  at: (word, index) => word + 86 * index,
};
const Q_CODE: ProductCode = {
  words: 52,
  length: 43,
  at: (word, index) => (86 * (word >> 1) + 88 * index) % COVERED + (word & 1),
};

/** Product with x in GF(2^8), modulo x^8 + x^4 + x^3 + x^2 + 1. */
function timesX(value: number): number {
  return value << 1 & 0xff ^ (value >> 7) * 0x1d;
}

/** The quotient by x + 1. */
const OVER_X_PLUS_1 = new Uint8Array(256);
for (let value = 0; value < 256; value += 1) {
  OVER_X_PLUS_1[value ^ timesX(value)] = value;
}

// Each word has two parity bytes: sums of its bytes, and of these times the
// powers of x, are zero.
function addParity(
  sector: Uint8Array,
  start: number,
  { words, length, at }: ProductCode,
): void {
  for (let word = 0; word < words; word += 1) {
    let weighted = 0;
    let sum = 0;
    for (let index = 0; index < length; index += 1) {
      const byte = sector[SECTOR_FIELD.HEADER + at(word, index)] ?? 0;
      weighted = timesX(weighted ^ byte);
      sum ^= byte;
    }
    const first = OVER_X_PLUS_1[timesX(weighted) ^ sum] ?? 0;
    sector[start + word] = first;
    sector[start + words + word] = first ^ sum;
  }
}
