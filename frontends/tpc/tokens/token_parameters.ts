/**
 * Parameter lists of POPULATE TOKEN and WRITE USING TOKEN (SBC-3 5.16, 5.53):
 * taken apart, and checked as far as the list and the unit alone can tell.
 *
 * @module
 */

import {
  type BlockRange,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  lbaOutOfRange,
  type Sense,
  sense,
  SENSE_KEY,
} from "../../../core/mod.ts";
import { ROD_TOKEN_LENGTH, ROD_TYPE } from "./rod_token.ts";

/** Block device range descriptors that a list may have. */
export const TOKEN_RANGES_MAX = 64;

/** Seconds that a token lives unused, at the most and if nothing is said. */
export const TOKEN_TIMEOUT_S = { MAX: 600, DEFAULT: 60 } as const;

/** What POPULATE TOKEN asks for. */
export interface PopulateParameters {
  /** The command ends when the operation has begun. */
  readonly immediate: boolean;
  /** Seconds; 0: what is usual. */
  readonly timeoutS: number;
  /** ROD TYPE that is asked for; null: any. */
  readonly rodType: number | null;
  /** Blocks that the token shall stand for, in order. */
  readonly ranges: readonly BlockRange[];
}

/** What WRITE USING TOKEN asks for. */
export interface WriteParameters {
  /** The command ends when the operation has begun. */
  readonly immediate: boolean;
  /** The token is not needed any more. */
  readonly deleteToken: boolean;
  /** Blocks of the token, by its own block length, to be skipped. */
  readonly offsetBlocks: number;
  /** The token. */
  readonly token: Uint8Array;
  /** Blocks to be written, in order. */
  readonly ranges: readonly BlockRange[];
}

const PopulateAt = {
  DATA_LENGTH: 0,
  FLAGS: 2,
  TIMEOUT: 4,
  ROD_TYPE: 8,
  RANGE_LENGTH: 14,
  RANGES: 16,
} as const;

const WriteAt = {
  DATA_LENGTH: 0,
  FLAGS: 2,
  OFFSET: 8,
  TOKEN: 16,
  RANGE_LENGTH: 534,
  RANGES: 536,
} as const;

/** Where lists of a command have their ranges. */
interface RangesPlace {
  readonly RANGE_LENGTH: number;
  readonly RANGES: number;
}

const IMMED = 0x01;
const RTV = 0x02;
const DEL_TKN = 0x02;
const RANGE_LENGTH = 16;
/** DATA LENGTH does not count itself. */
const DATA_LENGTH_BYTES = 2;
/** Where CTL and we point at when the list's length cannot be. */
const PARAMETER_LIST_LENGTH_FIELD = 9;

/** ROD types that POPULATE TOKEN can be asked for. */
const ROD_TYPES_MADE: ReadonlySet<number> = new Set([
  ROD_TYPE.ACCESS_UPON_REFERENCE,
  ROD_TYPE.POINT_IN_TIME,
  ROD_TYPE.POINT_IN_TIME_CHANGE_VULNERABLE,
  ROD_TYPE.POINT_IN_TIME_ANY,
]);

/** INVALID FIELD IN PARAMETER LIST that points at none, as CTL has it. */
export const INVALID_PARAMETER_LIST: Sense = sense(
  SENSE_KEY.ILLEGAL_REQUEST,
  0x26,
  0x00,
);

/** Why a list of POPULATE TOKEN cannot have this length, or null. */
export function checkPopulateLength(lengthBytes: number): Sense | null {
  return checkLength(lengthBytes, PopulateAt.RANGES);
}

/** Why a list of WRITE USING TOKEN cannot have this length, or null. */
export function checkWriteLength(lengthBytes: number): Sense | null {
  return checkLength(lengthBytes, WriteAt.RANGES);
}

/** Takes the list of POPULATE TOKEN apart. */
export function decodePopulate(
  list: DataView,
  blockCount: number,
): PopulateParameters | Sense {
  const badRanges = checkPlace(list, PopulateAt);
  if (badRanges !== null) return badRanges;
  const flags = list.getUint8(PopulateAt.FLAGS);
  const timeoutS = list.getUint32(PopulateAt.TIMEOUT);
  if (timeoutS > TOKEN_TIMEOUT_S.MAX) {
    return invalidFieldInParameterList(PopulateAt.TIMEOUT);
  }
  const wanted = list.getUint32(PopulateAt.ROD_TYPE);
  const rodType = (flags & RTV) === 0 ? null : wanted;
  if (rodType !== null && !ROD_TYPES_MADE.has(rodType)) {
    return unsupportedRodType();
  }
  const ranges = decodeRanges(list, PopulateAt, blockCount);
  if (!Array.isArray(ranges)) return ranges;
  const immediate = (flags & IMMED) !== 0;
  return { immediate, timeoutS, rodType, ranges };
}

/** Takes the list of WRITE USING TOKEN apart. */
export function decodeWrite(
  list: DataView,
  blockCount: number,
): WriteParameters | Sense {
  const badRanges = checkPlace(list, WriteAt);
  if (badRanges !== null) return badRanges;
  const ranges = decodeRanges(list, WriteAt, blockCount);
  if (!Array.isArray(ranges)) return ranges;
  const flags = list.getUint8(WriteAt.FLAGS);
  const token = new Uint8Array(ROD_TOKEN_LENGTH);
  const tokenAt = list.byteOffset + WriteAt.TOKEN;
  token.set(new Uint8Array(list.buffer, tokenAt, ROD_TOKEN_LENGTH));
  return {
    immediate: (flags & IMMED) !== 0,
    deleteToken: (flags & DEL_TKN) !== 0,
    offsetBlocks: Number(list.getBigUint64(WriteAt.OFFSET)),
    token,
    ranges,
  };
}

/** The ROD type that is asked for cannot be had. */
export function unsupportedRodType(): Sense {
  return invalidFieldInParameterList(PopulateAt.ROD_TYPE);
}

/** Blocks of all ranges together. */
export function blocksOf(ranges: readonly BlockRange[]): number {
  return ranges.reduce((sum, { blockCount }) => sum + blockCount, 0);
}

function checkLength(lengthBytes: number, headerLength: number): Sense | null {
  const longest = headerLength + TOKEN_RANGES_MAX * RANGE_LENGTH;
  const fits = lengthBytes >= headerLength && lengthBytes <= longest;
  return fits ? null : invalidFieldInCdb(PARAMETER_LIST_LENGTH_FIELD);
}

function checkPlace(list: DataView, place: RangesPlace): Sense | null {
  const dataLength = list.getUint16(PopulateAt.DATA_LENGTH);
  const least = place.RANGES - DATA_LENGTH_BYTES + RANGE_LENGTH;
  if (dataLength < least) {
    return invalidFieldInParameterList(PopulateAt.DATA_LENGTH);
  }
  const described = list.getUint16(place.RANGE_LENGTH);
  const announced = dataLength + DATA_LENGTH_BYTES - place.RANGES;
  const present = Math.min(announced, list.byteLength - place.RANGES);
  const fits = described >= RANGE_LENGTH && described <= present;
  return fits ? null : invalidFieldInParameterList(place.RANGE_LENGTH);
}

// An incomplete descriptor at the end is not looked at, as UNMAP has it.
function decodeRanges(
  list: DataView,
  place: RangesPlace,
  blockCount: number,
): BlockRange[] | Sense {
  const described = list.getUint16(place.RANGE_LENGTH);
  const count = Math.floor(described / RANGE_LENGTH);
  const ranges: BlockRange[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = place.RANGES + index * RANGE_LENGTH;
    const range = {
      lba: Number(list.getBigUint64(at)),
      blockCount: list.getUint32(at + 8),
    };
    // No blocks are no error, wherever they are.
    if (range.blockCount === 0) continue;
    if (range.lba + range.blockCount > blockCount) {
      return lbaOutOfRange(Math.max(range.lba, blockCount));
    }
    ranges.push(range);
  }
  return overlap(ranges) ? INVALID_PARAMETER_LIST : ranges;
}

function overlap(ranges: readonly BlockRange[]): boolean {
  const sorted = [...ranges].sort((a, b) => a.lba - b.lba);
  return sorted.some(({ lba }, index) => {
    const before = sorted[index - 1];
    return before !== undefined && before.lba + before.blockCount > lba;
  });
}
