/**
 * Parameter lists of EXTENDED COPY for tests: block to block segments between
 * two units that are named by designators.
 *
 * @module
 */

/** Bytes of a LID4 list before its descriptors. */
const HEADER_BYTES = 48;
const CSCD_BYTES = 32;
const SEGMENT_BYTES = 28;

/** Segments of one list at the most, and blocks of one segment. */
export const SEGMENTS_MAX = 64;
/** Blocks of one segment at the most. */
export const SEGMENT_BLOCKS_MAX = 0xffff;

/** A side of a copy. */
export interface CopySide {
  /** A designator of VPD page 83h, its header of four bytes included. */
  readonly designator: Uint8Array;
  /** Bytes of a block. */
  readonly blockLength: number;
  /** First block. */
  readonly lba: number;
}

/** What a list is made of. */
export interface CopyWish {
  /** LIST IDENTIFIER. */
  readonly listId: number;
  /** Where data come from. */
  readonly source: CopySide;
  /** Where they go to. */
  readonly destination: CopySide;
  /** Bytes, whole blocks of both. */
  readonly lengthBytes: number;
}

/** Bytes that one segment copies at the most: whole blocks of both sides. */
export function segmentBytesMax({ source, destination }: CopyWish): number {
  const unit = Math.max(source.blockLength, destination.blockLength);
  const bytes = SEGMENT_BLOCKS_MAX * source.blockLength;
  return bytes - bytes % unit;
}

/** A list of EXTENDED COPY(LID4); as many segments as the length takes. */
export function copyListLid4(wish: CopyWish): Uint8Array<ArrayBuffer> {
  const step = segmentBytesMax(wish);
  const segments = Math.ceil(wish.lengthBytes / step);
  if (segments > SEGMENTS_MAX) throw new RangeError("A list has no such room");
  const cscds = [wish.source, wish.destination];
  const begin = HEADER_BYTES + CSCD_BYTES * cscds.length;
  const bytes = new Uint8Array(begin + SEGMENT_BYTES * segments);
  const list = new DataView(bytes.buffer);
  list.setUint8(0, 0x01);
  list.setUint16(2, 0x0020);
  list.setUint8(16, 0xff);
  list.setUint32(20, wish.listId);
  list.setUint16(42, CSCD_BYTES * cscds.length);
  list.setUint16(44, SEGMENT_BYTES * segments);
  for (const [index, side] of cscds.entries()) {
    putCscd(bytes.subarray(HEADER_BYTES + CSCD_BYTES * index), side);
  }
  for (let index = 0; index < segments; index += 1) {
    putSegment(list, begin + SEGMENT_BYTES * index, wish, index * step);
  }
  return bytes;
}

function putCscd(into: Uint8Array, side: CopySide): void {
  into[0] = 0xe4;
  into.set(side.designator, 4);
  into.set([side.blockLength >> 16, side.blockLength >> 8 & 0xff], 29);
  into[31] = side.blockLength & 0xff;
}

function putSegment(
  list: DataView,
  at: number,
  wish: CopyWish,
  done: number,
): void {
  const { source, destination, lengthBytes } = wish;
  const bytes = Math.min(segmentBytesMax(wish), lengthBytes - done);
  list.setUint8(at, 0x02);
  list.setUint16(at + 2, SEGMENT_BYTES - 4);
  list.setUint16(at + 4, 0);
  list.setUint16(at + 6, 1);
  list.setUint16(at + 10, bytes / source.blockLength);
  const lbaOf = (side: CopySide): bigint =>
    BigInt(side.lba + done / side.blockLength);
  list.setBigUint64(at + 12, lbaOf(source));
  list.setBigUint64(at + 20, lbaOf(destination));
}
