/**
 * Parameter lists of POPULATE TOKEN and WRITE USING TOKEN for tests.
 *
 * @module
 */

/** A range as a test writes it: first block, blocks. */
export type RangeWish = readonly [lba: number, blockCount: number];

/** What POPULATE TOKEN shall ask for; absent: one block, anyhow. */
export interface PopulateWish {
  /** IMMED. */
  readonly immediate?: boolean;
  /** INACTIVITY TIMEOUT. */
  readonly timeoutS?: number;
  /** ROD TYPE; it is valid unless `rtv` says otherwise. */
  readonly rodType?: number;
  /** RTV. */
  readonly rtv?: boolean;
  /** Ranges; absent: the first block. */
  readonly ranges?: readonly RangeWish[];
}

/** What WRITE USING TOKEN shall ask for. */
export interface WriteWish {
  /** IMMED. */
  readonly immediate?: boolean;
  /** DEL_TKN. */
  readonly deleteToken?: boolean;
  /** OFFSET INTO ROD. */
  readonly offset?: number;
  /** The token; absent: zeroes. */
  readonly token?: Uint8Array;
  /** Ranges; absent: the first block. */
  readonly ranges?: readonly RangeWish[];
}

/** Where fields of a list of POPULATE TOKEN are. */
export const POPULATE = {
  FLAGS: 2,
  TIMEOUT: 4,
  ROD_TYPE: 8,
  RANGE_LENGTH: 14,
  RANGES: 16,
} as const;

/** Where fields of a list of WRITE USING TOKEN are. */
export const WRITE = {
  FLAGS: 2,
  OFFSET: 8,
  TOKEN: 16,
  RANGE_LENGTH: 534,
  RANGES: 536,
} as const;

/** A list of POPULATE TOKEN. */
export function populateList(wish: PopulateWish = {}): DataView {
  const { ranges = [[0, 1]], rodType } = wish;
  const list = withRanges(ranges, POPULATE.RANGES, POPULATE.RANGE_LENGTH);
  const rtv = wish.rtv ?? rodType !== undefined;
  list.setUint8(POPULATE.FLAGS, (wish.immediate ? 1 : 0) | (rtv ? 2 : 0));
  list.setUint32(POPULATE.TIMEOUT, wish.timeoutS ?? 0);
  list.setUint32(POPULATE.ROD_TYPE, rodType ?? 0);
  return list;
}

/** A list of WRITE USING TOKEN. */
export function writeList(wish: WriteWish = {}): DataView {
  const { ranges = [[0, 1]] } = wish;
  const list = withRanges(ranges, WRITE.RANGES, WRITE.RANGE_LENGTH);
  const flags = (wish.immediate ? 1 : 0) | (wish.deleteToken ? 2 : 0);
  list.setUint8(WRITE.FLAGS, flags);
  list.setBigUint64(WRITE.OFFSET, BigInt(wish.offset ?? 0));
  if (wish.token !== undefined) {
    new Uint8Array(list.buffer).set(wish.token, WRITE.TOKEN);
  }
  return list;
}

function withRanges(
  ranges: readonly RangeWish[],
  at: number,
  lengthAt: number,
): DataView<ArrayBuffer> {
  const list = new DataView(new ArrayBuffer(at + 16 * ranges.length));
  list.setUint16(0, list.byteLength - 2);
  list.setUint16(lengthAt, 16 * ranges.length);
  for (const [index, [lba, blockCount]] of ranges.entries()) {
    list.setBigUint64(at + 16 * index, BigInt(lba));
    list.setUint32(at + 16 * index + 8, blockCount);
  }
  return list;
}
