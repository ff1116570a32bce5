/**
 * Parameter lists of EXTENDED COPY for tests, in both their forms.
 *
 * @module
 */

import {
  type Designator,
  DESIGNATOR_TYPE,
  type LogicalUnit,
} from "../../core/mod.ts";

/** A copy source or destination as a test writes it. */
export interface CscdWish {
  /** DESCRIPTOR TYPE CODE; absent: E4h. */
  readonly type?: number;
  /** The byte with LU ID TYPE, NUL and the device type. */
  readonly luIdType?: number;
  /** The designator; absent: none. */
  readonly designator?: Designator | undefined;
  /** Bytes of a block; absent: those of the unit. */
  readonly blockLength?: number;
}

/** Copies blocks. */
export interface BlockWish {
  /** SOURCE CSCD DESCRIPTOR ID; absent: 0. */
  readonly from?: number;
  /** DESTINATION CSCD DESCRIPTOR ID; absent: 1. */
  readonly to?: number;
  /** Blocks. */
  readonly blocks: number;
  /** First block of the source. */
  readonly lba?: number;
  /** First block of the destination. */
  readonly toLba?: number;
  /** DC. */
  readonly countsDestination?: boolean;
}

/** A segment: copies blocks, or bytes as they are. */
export type SegmentWish = BlockWish | Uint8Array;

/** What EXTENDED COPY shall do. */
export interface CopyWish {
  /** Form of the list; absent: LID1. */
  readonly form?: "LID1" | "LID4";
  /** LIST IDENTIFIER; absent: 1. */
  readonly listId?: number;
  /** LIST ID USAGE; absent: 00b. */
  readonly usage?: number;
  /** Sources and destinations. */
  readonly cscds?: readonly CscdWish[];
  /** Segments. */
  readonly segments?: readonly SegmentWish[];
  /** INLINE DATA LENGTH. */
  readonly inlineLength?: number;
}

const HEADER_LENGTH = { LID1: 16, LID4: 48 } as const;
const CSCD_LENGTH = 32;
const DESIGNATOR_ROOM = 20;

/** A list. */
export function copyList(wish: CopyWish): Uint8Array<ArrayBuffer> {
  const { form = "LID1", cscds = [], segments = [] } = wish;
  const parts = [...cscds.map(cscdBytes), ...segments.map(segmentBytes)];
  const header = HEADER_LENGTH[form];
  const length = header +
    parts.reduce((sum, part) => sum + part.length, 0);
  const list = new Uint8Array(length);
  const view = new DataView(list.buffer);
  const cscdLength = cscds.length * CSCD_LENGTH;
  const segmentLength = length - header - cscdLength;
  view.setUint8(1, (wish.usage ?? 0) << 3);
  if (form === "LID1") {
    view.setUint8(0, wish.listId ?? 1);
    view.setUint16(2, cscdLength);
    view.setUint32(8, segmentLength);
    view.setUint32(12, wish.inlineLength ?? 0);
  } else {
    view.setUint8(0, 1);
    view.setUint32(20, wish.listId ?? 1);
    view.setUint16(42, cscdLength);
    view.setUint16(44, segmentLength);
    view.setUint16(46, wish.inlineLength ?? 0);
  }
  let at = header;
  for (const part of parts) {
    list.set(part, at);
    at += part.length;
  }
  return list;
}

/** A unit by one of its designators: its NAA, unless another type is wished. */
export function cscdOf(
  unit: LogicalUnit,
  type: number = DESIGNATOR_TYPE.NAA,
  blockLength = 0,
): CscdWish {
  const designator = unit.identity.designators
    .find((each) => each.type === type);
  if (designator === undefined) {
    throw new TypeError(`LUN ${unit.number} has no designator ${type}`);
  }
  return { designator, blockLength };
}

function cscdBytes(wish: CscdWish): Uint8Array {
  const bytes = new Uint8Array(CSCD_LENGTH);
  const view = new DataView(bytes.buffer);
  const { designator } = wish;
  view.setUint8(0, wish.type ?? 0xe4);
  view.setUint8(1, wish.luIdType ?? 0);
  if (designator !== undefined) {
    const { codeSet, type, association } = designator;
    const name = designator.bytes.subarray(0, DESIGNATOR_ROOM);
    view.setUint8(4, codeSet);
    view.setUint8(5, association << 4 | type);
    view.setUint8(7, name.length);
    bytes.set(name, 8);
  }
  view.setUint32(28, wish.blockLength ?? 0);
  return bytes;
}

function segmentBytes(wish: SegmentWish): Uint8Array {
  if (wish instanceof Uint8Array) return wish;
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x02);
  view.setUint8(1, wish.countsDestination === true ? 0x02 : 0);
  view.setUint16(2, 24);
  view.setUint16(4, wish.from ?? 0);
  view.setUint16(6, wish.to ?? 1);
  view.setUint16(10, wish.blocks);
  view.setBigUint64(12, BigInt(wish.lba ?? 0));
  view.setBigUint64(20, BigInt(wish.toLba ?? 0));
  return bytes;
}

/** A segment that looks whether a source is ready. */
export function verifySegment(source: number, testsReady = true): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x07);
  view.setUint16(2, 8);
  view.setUint16(4, source);
  view.setUint8(8, testsReady ? 1 : 0);
  return bytes;
}

/** A segment that registers a reservation key. */
export function registerSegment(
  destination: number,
  key: bigint,
  actionKey: bigint,
): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x14);
  view.setUint16(2, 24);
  view.setUint16(6, destination);
  view.setBigUint64(8, key);
  view.setBigUint64(16, actionKey);
  return bytes;
}
