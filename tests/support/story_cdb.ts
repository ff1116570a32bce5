/**
 * Forms of CDBs: what the commands of a family share.
 *
 * @module
 */

import { transportIdsOf } from "./story_transport_ids.ts";
import type { StoryArguments } from "./story_values.ts";

/** A form of CDB: where the fields that its family shares stand. */
export interface Form {
  /** OPERATION CODE. */
  readonly opcode: number;
  /** SERVICE ACTION, where there is one. */
  readonly action?: number;
  /** Bytes of the CDB. */
  readonly length: number;
  /** Writes the other fields. */
  readonly fill: (cdb: DataView, given: Given) => void;
  /** Bytes of Data-In that an initiator expects; absent: none. */
  readonly reads?: (cdb: DataView, given: Given) => number;
  /** What an initiator sends when no `data` or `list` is given. */
  readonly sends?: (given: Given) => Uint8Array;
}

/** The arguments, and what the LUN is like. */
export interface Given {
  /** The words after the name of the command. */
  readonly words: StoryArguments;
  /** Bytes of a block. */
  readonly blockLength: number;
  /** What the initiator sends. */
  readonly data: Uint8Array;
}

/** Codes and length of a form. */
export type Codes = Pick<Form, "opcode" | "action" | "length">;

/** An ALLOCATION LENGTH field, and what it lets an initiator expect. */
export interface LengthField {
  /** Writes it. */
  readonly put: Form["fill"];
  /** What is expected. */
  readonly reads: NonNullable<Form["reads"]>;
}

/** None. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The flags that media commands have. */
export function flags({ words }: Given): number {
  return words.bit("dpo", 0x10) | words.bit("fua", 0x08) |
    words.number("bytchk", 0) << 1;
}

/** Blocks asked for: `n=`, else as many as there are data. */
export function blockCount({ words, data, blockLength }: Given): number {
  return words.number("n", data.length / blockLength);
}

function fill6(cdb: DataView, given: Given): void {
  const lba = given.words.number("lba", 0);
  cdb.setUint32(0, (cdb.getUint8(0) << 24 | lba & 0x1fffff) >>> 0);
  cdb.setUint8(4, blockCount(given) & 0xff);
}

function fill10(cdb: DataView, given: Given): void {
  cdb.setUint8(1, flags(given));
  cdb.setUint32(2, given.words.number("lba", 0));
  cdb.setUint16(7, blockCount(given));
}

function fill12(cdb: DataView, given: Given): void {
  cdb.setUint8(1, flags(given));
  cdb.setUint32(2, given.words.number("lba", 0));
  cdb.setUint32(6, blockCount(given));
}

function fill16(cdb: DataView, given: Given): void {
  cdb.setUint8(1, flags(given));
  setLba64(cdb, given);
  cdb.setUint32(10, blockCount(given));
}

/** The 64-bit LBA of sixteen-byte CDBs: `lba=`, of any size. */
export function setLba64(cdb: DataView, { words }: Given): void {
  const lba = words.text("lba") ?? "0";
  cdb.setBigUint64(2, BigInt.asUintN(64, BigInt(lba)));
}

/** Bytes of the CDBs of media commands. */
export type Size = 6 | 10 | 12 | 16;

const FILLS: Readonly<Record<Size, Form["fill"]>> = {
  6: fill6,
  10: fill10,
  12: fill12,
  16: fill16,
};

function readsBlocks(_cdb: DataView, given: Given): number {
  const count = blockCount(given);
  return (count === 0 ? 0 : count) * given.blockLength;
}

/** A command that reads blocks. */
export function reading(opcode: number, length: Size): Form {
  return { opcode, length, fill: FILLS[length], reads: readsBlocks };
}

/** A command that takes blocks. */
export function writing(opcode: number, length: Size): Form {
  return { opcode, length, fill: FILLS[length] };
}

/** COMPARE AND WRITE: half of the data are compared. */
export function compareAndWrite(cdb: DataView, given: Given): void {
  cdb.setUint8(1, flags(given));
  setLba64(cdb, given);
  const pairs = given.data.length / given.blockLength / 2;
  cdb.setUint8(13, given.words.number("n", pairs));
}

/** WRITE SAME and its flags. */
export function writeSame(length: 10 | 16): Form["fill"] {
  return (cdb, given) => {
    const { words } = given;
    const wanted = words.bit("unmap", 0x08) | words.bit("anchor", 0x10) |
      words.bit("lbdata", 0x02) | words.bit("ndob", 0x01);
    FILLS[length](cdb, given);
    cdb.setUint8(1, wanted);
  };
}

/** SYNCHRONIZE CACHE, maybe with IMMED. */
export function immediate(length: 10 | 16): Form["fill"] {
  return (cdb, given) => {
    FILLS[length](cdb, given);
    cdb.setUint8(1, given.words.bit("immed", 0x02));
  };
}

/** A field whose value is the allocation length, where the CDB has it. */
export function allocation(
  at: number,
  bytes: 1 | 2 | 4,
  fallback: number,
): LengthField {
  return {
    put: (cdb, { words }) =>
      putLength(cdb, at, bytes, words.number("length", fallback)),
    reads: (_cdb, { words }) => words.number("length", fallback),
  };
}

function putLength(
  cdb: DataView,
  at: number,
  bytes: 1 | 2 | 4,
  length: number,
): void {
  if (bytes === 1) cdb.setUint8(at, length);
  else if (bytes === 2) cdb.setUint16(at, length);
  else cdb.setUint32(at, length);
}

/** A form that only has an allocation length, and what `more` adds. */
export function asking(
  codes: Codes,
  field: LengthField,
  more: Form["fill"] = () => {},
): Form {
  const { reads } = field;
  const fill: Form["fill"] = (cdb, given) => {
    field.put(cdb, given);
    more(cdb, given);
  };
  return { ...codes, fill, reads };
}

/** A form with the length of a parameter list, and what `more` adds. */
export function listing(
  codes: Codes,
  at: number,
  bytes: 1 | 2 | 4,
  more: Form["fill"] = () => {},
): Form {
  return {
    ...codes,
    fill: (cdb, given) => {
      const length = given.words.number("length", given.data.length);
      putLength(cdb, at, bytes, length);
      more(cdb, given);
    },
  };
}

/** Which page MODE SENSE wants. */
export function modePage(cdb: DataView, { words }: Given): void {
  const control = words.number("pc", 0);
  cdb.setUint8(1, words.bit("dbd", 0x08) | words.bit("llbaa", 0x10));
  cdb.setUint8(2, control << 6 | words.hex("page", 0x3f));
  cdb.setUint8(3, words.hex("subpage", 0));
}

/** Flags of MODE SELECT. */
export function modeSelect(cdb: DataView, { words }: Given): void {
  const format = words.has("nopf") ? 0 : 0x10;
  cdb.setUint8(1, format | words.bit("sp", 0x01) | words.bit("rtd", 0x02));
}

/** What REPORT SUPPORTED OPERATION CODES asks about. */
export function operationCode(cdb: DataView, { words }: Given): void {
  cdb.setUint8(2, words.number("option", 0) | words.bit("rctd", 0x80));
  cdb.setUint8(3, words.hex("op", 0));
  cdb.setUint16(4, words.hex("sa", 0));
}

/**
 * PERSISTENT RESERVE OUT and its parameter list; `ids=` are TransportIDs
 * behind it.
 */
export function reserveOut(action: number): Form {
  return reserveOutForm(action, ({ words }) => {
    const text = words.text("ids");
    const ids = transportIdsOf(text ?? "");
    const list = reserveList(words, text === undefined ? 0 : 4 + ids.length);
    const spec = words.bit("spec_i_pt", 0x08) | words.bit("all_tg_pt", 0x04) |
      (text === undefined ? 0 : 0x08);
    list.setUint8(20, spec | words.bit("aptpl", 0x01));
    if (text !== undefined) {
      list.setUint32(24, words.number("idlength", ids.length));
    }
    const bytes = new Uint8Array(list.buffer);
    bytes.set(ids, bytes.length - ids.length);
    return bytes;
  });
}

/** REGISTER AND MOVE: `to=` a TransportID at the target port `port=`. */
export function registerAndMove(action: number): Form {
  return reserveOutForm(action, ({ words }) => {
    const id = transportIdsOf(words.text("to") ?? "");
    const list = reserveList(words, id.length);
    list.setUint8(17, words.bit("unreg", 0x02) | words.bit("aptpl", 0x01));
    list.setUint16(18, words.number("port", 0));
    list.setUint32(20, words.number("idlength", id.length));
    const bytes = new Uint8Array(list.buffer);
    bytes.set(id, 24);
    return bytes;
  });
}

function reserveList(
  words: StoryArguments,
  more: number,
): DataView<ArrayBuffer> {
  const list = new DataView(new ArrayBuffer(24 + more));
  list.setBigUint64(0, BigInt(words.number("key", 0)));
  list.setBigUint64(8, BigInt(words.number("newkey", 0)));
  return list;
}

function reserveOutForm(
  action: number,
  sends: (given: Given) => Uint8Array,
): Form {
  const codes = { opcode: 0x5f, action, length: 10 };
  const fill: Form["fill"] = (cdb, { words, data }) => {
    const scope = words.number("scope", 0) << 4;
    cdb.setUint8(2, scope | words.number("type", 0));
    cdb.setUint32(5, words.number("length", data.length));
  };
  return { ...codes, fill, sends };
}

/** PERSISTENT RESERVE IN. */
export function reserveIn(action: number): Form {
  return asking({ opcode: 0x5e, action, length: 10 }, allocation(7, 2, 4096));
}

/** MAINTENANCE IN. */
export function maintenanceIn(action: number, more?: Form["fill"]): Form {
  const codes = { opcode: 0xa3, action, length: 12 };
  return asking(codes, allocation(6, 4, 4096), more);
}

/** The parameter list of UNMAP: `ranges=LBA+BLOCKS,…`. */
export function unmapList({ words }: Given): Uint8Array {
  const ranges = (words.text("ranges") ?? "").split(",")
    .filter((range) => range !== "")
    .map((range) => range.split("+").map(BigInt));
  const list = new DataView(new ArrayBuffer(8 + 16 * ranges.length));
  list.setUint16(0, list.byteLength - 2);
  list.setUint16(2, list.byteLength - 8);
  for (const [index, [lba = 0n, count = 0n]] of ranges.entries()) {
    list.setBigUint64(8 + 16 * index, lba);
    list.setUint32(16 + 16 * index, Number(count));
  }
  return new Uint8Array(list.buffer);
}

/** A CDB of zeroes after its operation code. */
export function nothing(opcode: number, length: number): Form {
  return { opcode, length, fill: () => {} };
}
