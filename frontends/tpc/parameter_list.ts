/**
 * Parameter lists of EXTENDED COPY (SPC-5 6.6, SPC-4 6.4), taken apart and
 * checked: nothing behind their end is ever looked at.
 *
 * @module
 */

import {
  type Completion,
  invalidFieldInParameterList,
  PARAMETER_LIST_LENGTH_ERROR,
  type Sense,
} from "../../core/mod.ts";
import {
  TOO_MANY_SEGMENT_DESCRIPTORS,
  TOO_MANY_TARGET_DESCRIPTORS,
  UNSUPPORTED_SEGMENT_DESCRIPTOR_TYPE,
  UNSUPPORTED_TARGET_DESCRIPTOR_TYPE,
} from "./sense.ts";

/** CSCD descriptors of one list at the most. */
export const CSCDS_MAX = 64;
/** Segment descriptors of one list at the most. */
export const SEGMENTS_MAX = 64;
/** Bytes of CSCD and segment descriptors at the most. */
export const DESCRIPTORS_LENGTH_MAX = 8192;

/** DESCRIPTOR TYPE CODE values that are known. */
export const DESCRIPTOR = {
  BLOCK_TO_BLOCK: 0x02,
  VERIFY: 0x07,
  REGISTER_KEY: 0x14,
  IDENTIFICATION: 0xe4,
} as const;

/** The two forms of the list. */
export type ListForm = "LID1" | "LID4";

/** Bytes of the header of either form. */
export const HEADER_LENGTH: Readonly<Record<ListForm, number>> = {
  LID1: 16,
  LID4: 48,
};

/** Where the fields of a header stand. */
interface HeaderFields {
  readonly listId: number;
  readonly cscdLength: number;
  readonly segmentLength: number;
  readonly inlineLength: number;
}

const FLAGS_AT = 1;
/** LIST ID USAGE: 11b, the list has no identifier. */
const USAGE = 0x18;

const CSCD_LENGTH = 32;
const CscdAt = { TYPE: 0, LU_ID_TYPE: 1, DESIGNATOR: 4, BLOCK_LENGTH: 28 };
const LU_ID_TYPE = 0xc0;
/**
 * LU ID TYPE values that name a logical unit: 00b, and the reserved 10b, which
 * the usual conformance suite wants targets of SPC-4 and later to pass over.
 */
const LU_ID_TYPES_KNOWN: readonly number[] = [0x00, 0x80];
const NUL = 0x20;

const SEGMENT_HEADER = 4;
const DC = 0x02;
const TUR = 0x01;
/** Bytes of the segment descriptors that are known. */
const SEGMENT_LENGTH: ReadonlyMap<number, number> = new Map([
  [DESCRIPTOR.BLOCK_TO_BLOCK, 28],
  [DESCRIPTOR.VERIFY, 12],
  [DESCRIPTOR.REGISTER_KEY, 28],
]);
const SEGMENT_LENGTH_MAX = 28;

/** A copy source or destination, as a list names it. */
export interface Cscd {
  /** Where it stands in the parameter list. */
  readonly at: number;
  /** It names a logical unit at all (NUL is zero). */
  readonly present: boolean;
  /** CODE SET. */
  readonly codeSet: number;
  /** DESIGNATOR TYPE. */
  readonly type: number;
  /** ASSOCIATION. */
  readonly association: number;
  /** DESIGNATOR LENGTH. */
  readonly length: number;
  /** The designator, or as much of it as there is room for. */
  readonly bytes: Uint8Array;
  /** Bytes of a block; 0: those that the unit has. */
  readonly blockLength: number;
}

/** Copies blocks to blocks (SPC-5 6.6.6.3). */
export interface BlockSegment {
  /** DESCRIPTOR TYPE CODE. */
  readonly type: typeof DESCRIPTOR.BLOCK_TO_BLOCK;
  /** SOURCE CSCD DESCRIPTOR ID. */
  readonly source: number;
  /** DESTINATION CSCD DESCRIPTOR ID. */
  readonly destination: number;
  /** DC: the blocks are those of the destination. */
  readonly countsDestination: boolean;
  /** BLOCK DEVICE NUMBER OF BLOCKS. */
  readonly blockCount: number;
  /** SOURCE BLOCK DEVICE LOGICAL BLOCK ADDRESS. */
  readonly sourceLba: number;
  /** DESTINATION BLOCK DEVICE LOGICAL BLOCK ADDRESS. */
  readonly destinationLba: number;
}

/** Looks whether a source is ready (SPC-5 6.6.6.8). */
export interface VerifySegment {
  /** DESCRIPTOR TYPE CODE. */
  readonly type: typeof DESCRIPTOR.VERIFY;
  /** SOURCE CSCD DESCRIPTOR ID. */
  readonly source: number;
  /** TUR: by TEST UNIT READY. */
  readonly testsReady: boolean;
}

/** Registers a reservation key (SPC-5 6.6.6.20). */
export interface RegisterSegment {
  /** DESCRIPTOR TYPE CODE. */
  readonly type: typeof DESCRIPTOR.REGISTER_KEY;
  /** DESTINATION CSCD DESCRIPTOR ID. */
  readonly destination: number;
  /** RESERVATION KEY. */
  readonly key: bigint;
  /** SERVICE ACTION RESERVATION KEY. */
  readonly actionKey: bigint;
}

/** One segment. */
export type Segment = BlockSegment | VerifySegment | RegisterSegment;

/** A parameter list that is right. */
export interface CopyList {
  /** LIST IDENTIFIER. */
  readonly listId: number;
  /** The list cannot be asked for (LIST ID USAGE 11b). */
  readonly anonymous: boolean;
  /** Sources and destinations. */
  readonly cscds: readonly Cscd[];
  /** Segments, in order. */
  readonly segments: readonly Segment[];
}

/** Takes a list apart. @returns what is wrong with the first wrong field */
export function decodeCopyList(
  list: DataView,
  form: ListForm,
): CopyList | Sense {
  const header = headerOf(list, form);
  const { cscdLength, segmentLength, inlineLength } = header;
  if (cscdLength > CSCDS_MAX * CSCD_LENGTH) return TOO_MANY_TARGET_DESCRIPTORS;
  if (segmentLength > SEGMENTS_MAX * SEGMENT_LENGTH_MAX) {
    return TOO_MANY_SEGMENT_DESCRIPTORS;
  }
  const descriptorsLength = cscdLength + segmentLength;
  const segmentsAt = HEADER_LENGTH[form] + cscdLength;
  const end = segmentsAt + segmentLength;
  if (
    descriptorsLength > DESCRIPTORS_LENGTH_MAX || inlineLength > 0 ||
    end > list.byteLength
  ) return PARAMETER_LIST_LENGTH_ERROR;
  const cscds = decodeCscds(list, HEADER_LENGTH[form], cscdLength);
  if (!Array.isArray(cscds)) return cscds;
  const segments = decodeSegments(list, segmentsAt, end);
  if (!Array.isArray(segments)) return segments;
  const anonymous = (list.getUint8(FLAGS_AT) & USAGE) === USAGE;
  return { listId: header.listId, anonymous, cscds, segments };
}

/** Bytes of descriptors that a list of more than a header announces. */
export function descriptorsLengthOf(list: DataView, form: ListForm): number {
  const { cscdLength, segmentLength } = headerOf(list, form);
  return cscdLength + segmentLength;
}

/** Whether decoding has led to an error. */
export function isSense(value: object | Completion): value is Sense {
  return typeof value === "object" && "asc" in value;
}

function headerOf(list: DataView, form: ListForm): HeaderFields {
  return form === "LID1"
    ? {
      listId: list.getUint8(0),
      cscdLength: list.getUint16(2),
      segmentLength: list.getUint32(8),
      inlineLength: list.getUint32(12),
    }
    : {
      listId: list.getUint32(20),
      cscdLength: list.getUint16(42),
      segmentLength: list.getUint16(44),
      inlineLength: list.getUint16(46),
    };
}

// What does not fill a whole descriptor is passed over.
function decodeCscds(
  list: DataView,
  start: number,
  length: number,
): Cscd[] | Sense {
  const cscds: Cscd[] = [];
  const end = start + length - length % CSCD_LENGTH;
  for (let at = start; at < end; at += CSCD_LENGTH) {
    if (list.getUint8(at + CscdAt.TYPE) !== DESCRIPTOR.IDENTIFICATION) {
      return UNSUPPORTED_TARGET_DESCRIPTOR_TYPE;
    }
    const luIdType = list.getUint8(at + CscdAt.LU_ID_TYPE) & LU_ID_TYPE;
    if (!LU_ID_TYPES_KNOWN.includes(luIdType)) {
      return invalidFieldInParameterList(at + CscdAt.LU_ID_TYPE, 7);
    }
    cscds.push(decodeCscd(list, at));
  }
  return cscds;
}

function decodeCscd(list: DataView, at: number): Cscd {
  const designator = at + CscdAt.DESIGNATOR;
  const length = list.getUint8(designator + 3);
  const begin = list.byteOffset + designator + 4;
  const room = CscdAt.BLOCK_LENGTH - CscdAt.DESIGNATOR - 4;
  return {
    at,
    present: (list.getUint8(at + CscdAt.LU_ID_TYPE) & NUL) === 0,
    codeSet: list.getUint8(designator) & 0x0f,
    type: list.getUint8(designator + 1) & 0x0f,
    association: list.getUint8(designator + 1) >> 4 & 0x03,
    length,
    bytes: new Uint8Array(list.buffer, begin, Math.min(length, room)),
    blockLength: list.getUint32(at + CscdAt.BLOCK_LENGTH) & 0xffffff,
  };
}

function decodeSegments(
  list: DataView,
  start: number,
  end: number,
): Segment[] | Sense {
  const segments: Segment[] = [];
  for (let at = start; at < end;) {
    if (segments.length === SEGMENTS_MAX) return TOO_MANY_SEGMENT_DESCRIPTORS;
    if (end - at < SEGMENT_HEADER) return PARAMETER_LIST_LENGTH_ERROR;
    const type = list.getUint8(at);
    const length = SEGMENT_HEADER + list.getUint16(at + 2);
    const wanted = SEGMENT_LENGTH.get(type);
    if (wanted === undefined) return UNSUPPORTED_SEGMENT_DESCRIPTOR_TYPE;
    if (length < wanted) return invalidFieldInParameterList(at + 2);
    if (at + length > end) return PARAMETER_LIST_LENGTH_ERROR;
    segments.push(decodeSegment(list, at, type));
    at += length;
  }
  return segments;
}

function decodeSegment(list: DataView, at: number, type: number): Segment {
  switch (type) {
    case DESCRIPTOR.BLOCK_TO_BLOCK:
      return {
        type,
        source: list.getUint16(at + 4),
        destination: list.getUint16(at + 6),
        countsDestination: (list.getUint8(at + 1) & DC) !== 0,
        blockCount: list.getUint16(at + 10),
        sourceLba: getUint64(list, at + 12),
        destinationLba: getUint64(list, at + 20),
      };
    case DESCRIPTOR.VERIFY:
      return {
        type,
        source: list.getUint16(at + 4),
        testsReady: (list.getUint8(at + 8) & TUR) !== 0,
      };
    default:
      return {
        type: DESCRIPTOR.REGISTER_KEY,
        destination: list.getUint16(at + 6),
        key: list.getBigUint64(at + 8),
        actionKey: list.getBigUint64(at + 16),
      };
  }
}

// Beyond 2^53 it is only about right, and beyond every capacity.
function getUint64(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}
