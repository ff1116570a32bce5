/**
 * The commands of stories: a name and arguments become a CDB and data.
 *
 * Arguments that any command takes: `cdb=N:HH` puts a byte into the CDB,
 * `expect=N` is the expected data transfer length, `data=` blocks (one byte
 * names the fill of a block), `list=` bytes of a parameter list.
 *
 * @module
 */

import { blocksOf, bytesOf, StoryArguments } from "./story_values.ts";

/** What a command is sent with. */
export interface StoryCommand {
  /** The command descriptor block. */
  readonly cdb: Uint8Array;
  /** Bytes the initiator is ready to take. */
  readonly read: number;
  /** What it sends. */
  readonly write: Uint8Array;
  /** Bytes it is ready to send. */
  readonly expectedOut: number;
}

/** A form of CDB: where the fields that its family shares stand. */
interface Form {
  readonly opcode: number;
  readonly action?: number;
  readonly length: number;
  readonly fill: (cdb: DataView, given: Given) => void;
  /** Bytes of Data-In that an initiator expects; absent: none. */
  readonly reads?: (cdb: DataView, given: Given) => number;
  /** What an initiator sends when no `data` or `list` is given. */
  readonly sends?: (given: Given) => Uint8Array;
}

/** The arguments, and what the LUN is like. */
interface Given {
  readonly words: StoryArguments;
  readonly blockLength: number;
  readonly data: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** The byte 1 flags that media commands have. */
function flags({ words }: Given): number {
  return words.bit("dpo", 0x10) | words.bit("fua", 0x08) |
    words.number("bytchk", 0) << 1;
}

/** Blocks asked for: `n=`, else as many as there are data. */
function blockCount({ words, data, blockLength }: Given): number {
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

function setLba64(cdb: DataView, { words }: Given): void {
  const lba = words.text("lba") ?? "0";
  cdb.setBigUint64(2, BigInt.asUintN(64, BigInt(lba)));
}

const FILLS = { 6: fill6, 10: fill10, 12: fill12, 16: fill16 } as const;

type Size = keyof typeof FILLS;

function readsBlocks(_cdb: DataView, given: Given): number {
  const count = blockCount(given);
  return (count === 0 ? 0 : count) * given.blockLength;
}

function reading(opcode: number, length: Size): Form {
  return { opcode, length, fill: FILLS[length], reads: readsBlocks };
}

function writing(opcode: number, length: Size): Form {
  return { opcode, length, fill: FILLS[length] };
}

function compareAndWrite(cdb: DataView, given: Given): void {
  cdb.setUint8(1, flags(given));
  setLba64(cdb, given);
  const pairs = given.data.length / given.blockLength / 2;
  cdb.setUint8(13, given.words.number("n", pairs));
}

function writeSame(length: 10 | 16): Form["fill"] {
  return (cdb, given) => {
    const { words } = given;
    const wanted = words.bit("unmap", 0x08) | words.bit("anchor", 0x10) |
      words.bit("lbdata", 0x02) | words.bit("ndob", 0x01);
    FILLS[length](cdb, given);
    cdb.setUint8(1, wanted);
  };
}

function immediate(length: 10 | 16): Form["fill"] {
  return (cdb, given) => {
    FILLS[length](cdb, given);
    cdb.setUint8(1, given.words.bit("immed", 0x02));
  };
}

/** A field whose value is the allocation length, where the CDB has it. */
function allocation(at: number, bytes: 1 | 2 | 4, fallback: number) {
  return {
    put(cdb: DataView, { words }: Given): void {
      const length = words.number("length", fallback);
      if (bytes === 1) cdb.setUint8(at, length);
      else if (bytes === 2) cdb.setUint16(at, length);
      else cdb.setUint32(at, length);
    },
    reads: (_: DataView, { words }: Given) => words.number("length", fallback),
  };
}

/** A form that only has an allocation length, and what `more` adds. */
function asking(
  codes: Pick<Form, "opcode" | "action" | "length">,
  field: ReturnType<typeof allocation>,
  more: Form["fill"] = () => {},
): Form {
  const { reads } = field;
  const fill: Form["fill"] = (cdb, given) => {
    field.put(cdb, given);
    more(cdb, given);
  };
  return { ...codes, fill, reads };
}

function listing(
  codes: Pick<Form, "opcode" | "action" | "length">,
  at: number,
  bytes: 1 | 2 | 4,
  more: Form["fill"] = () => {},
): Form {
  return {
    ...codes,
    fill: (cdb, given) => {
      const length = given.words.number("length", given.data.length);
      if (bytes === 1) cdb.setUint8(at, length);
      else if (bytes === 2) cdb.setUint16(at, length);
      else cdb.setUint32(at, length);
      more(cdb, given);
    },
  };
}

function modePage(cdb: DataView, { words }: Given): void {
  const control = words.number("pc", 0);
  cdb.setUint8(1, words.bit("dbd", 0x08) | words.bit("llbaa", 0x10));
  cdb.setUint8(2, control << 6 | words.hex("page", 0x3f));
  cdb.setUint8(3, words.hex("subpage", 0));
}

function modeSelect(cdb: DataView, { words }: Given): void {
  const format = words.has("nopf") ? 0 : 0x10;
  cdb.setUint8(1, format | words.bit("sp", 0x01) | words.bit("rtd", 0x02));
}

function operationCode(cdb: DataView, { words }: Given): void {
  cdb.setUint8(2, words.number("option", 0) | words.bit("rctd", 0x80));
  cdb.setUint8(3, words.hex("op", 0));
  cdb.setUint16(4, words.hex("sa", 0));
}

function reserveOut(action: number): Form {
  const sends = ({ words }: Given) => {
    const list = new DataView(new ArrayBuffer(24));
    list.setBigUint64(0, BigInt(words.number("key", 0)));
    list.setBigUint64(8, BigInt(words.number("newkey", 0)));
    const spec = words.bit("spec_i_pt", 0x08) | words.bit("all_tg_pt", 0x04);
    list.setUint8(20, spec | words.bit("aptpl", 0x01));
    return new Uint8Array(list.buffer);
  };
  const codes = { opcode: 0x5f, action, length: 10 };
  const fill: Form["fill"] = (cdb, { words, data }) => {
    const scope = words.number("scope", 0) << 4;
    cdb.setUint8(2, scope | words.number("type", 0));
    cdb.setUint32(5, words.number("length", data.length));
  };
  return { ...codes, fill, sends };
}

function reserveIn(action: number): Form {
  return asking({ opcode: 0x5e, action, length: 10 }, allocation(7, 2, 4096));
}

function maintenanceIn(action: number, more?: Form["fill"]): Form {
  const codes = { opcode: 0xa3, action, length: 12 };
  return asking(codes, allocation(6, 4, 4096), more);
}

function unmapList({ words }: Given): Uint8Array {
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

function nothing(opcode: number, length: number): Form {
  return { opcode, length, fill: () => {} };
}

const FORMS: Readonly<Record<string, Form>> = {
  "TEST UNIT READY": nothing(0x00, 6),
  "REQUEST SENSE": asking(
    { opcode: 0x03, length: 6 },
    allocation(4, 1, 252),
    (cdb, { words }) => cdb.setUint8(1, words.bit("desc", 1)),
  ),
  "INQUIRY": asking(
    { opcode: 0x12, length: 6 },
    allocation(3, 2, 1024),
    (cdb, { words }) => {
      cdb.setUint8(1, words.bit("evpd", 1));
      cdb.setUint8(2, words.hex("page", 0));
    },
  ),
  "MODE SENSE(6)": asking(
    { opcode: 0x1a, length: 6 },
    allocation(4, 1, 255),
    modePage,
  ),
  "MODE SENSE(10)": asking(
    { opcode: 0x5a, length: 10 },
    allocation(7, 2, 1024),
    modePage,
  ),
  "MODE SELECT(6)": listing({ opcode: 0x15, length: 6 }, 4, 1, modeSelect),
  "MODE SELECT(10)": listing({ opcode: 0x55, length: 10 }, 7, 2, modeSelect),
  "RESERVE(6)": nothing(0x16, 6),
  "RELEASE(6)": nothing(0x17, 6),
  "RESERVE(10)": nothing(0x56, 10),
  "RELEASE(10)": nothing(0x57, 10),
  "START STOP UNIT": {
    ...nothing(0x1b, 6),
    fill: (cdb, { words }) => {
      cdb.setUint8(1, words.bit("immed", 0x01));
      cdb.setUint8(
        4,
        words.bit("start", 0x01) | words.bit("loej", 0x02) |
          words.bit("noflush", 0x04) | words.number("power", 0) << 4,
      );
    },
  },
  "PREVENT ALLOW": {
    ...nothing(0x1e, 6),
    fill: (cdb, { words }) => cdb.setUint8(4, words.number("prevent", 0)),
  },
  "READ CAPACITY(10)": {
    ...nothing(0x25, 10),
    reads: () => 8,
  },
  "READ CAPACITY(16)": asking(
    { opcode: 0x9e, action: 0x10, length: 16 },
    allocation(10, 4, 32),
  ),
  "GET LBA STATUS": asking(
    { opcode: 0x9e, action: 0x12, length: 16 },
    allocation(10, 4, 24),
    setLba64,
  ),
  "READ(6)": {
    ...reading(0x08, 6),
    reads: (_, given) => (blockCount(given) || 256) * given.blockLength,
  },
  "READ(10)": reading(0x28, 10),
  "READ(12)": reading(0xa8, 12),
  "READ(16)": reading(0x88, 16),
  "WRITE(6)": writing(0x0a, 6),
  "WRITE(10)": writing(0x2a, 10),
  "WRITE(12)": writing(0xaa, 12),
  "WRITE(16)": writing(0x8a, 16),
  "VERIFY(10)": writing(0x2f, 10),
  "VERIFY(12)": writing(0xaf, 12),
  "VERIFY(16)": writing(0x8f, 16),
  "WRITE AND VERIFY(10)": writing(0x2e, 10),
  "WRITE AND VERIFY(12)": writing(0xae, 12),
  "WRITE AND VERIFY(16)": writing(0x8e, 16),
  "COMPARE AND WRITE": { ...nothing(0x89, 16), fill: compareAndWrite },
  "WRITE SAME(10)": { ...writing(0x41, 10), fill: writeSame(10) },
  "WRITE SAME(16)": { ...writing(0x93, 16), fill: writeSame(16) },
  "UNMAP": {
    ...listing(
      { opcode: 0x42, length: 10 },
      7,
      2,
      (cdb, { words }) => cdb.setUint8(1, words.bit("anchor", 1)),
    ),
    sends: unmapList,
  },
  "SYNCHRONIZE CACHE(10)": { ...nothing(0x35, 10), fill: immediate(10) },
  "SYNCHRONIZE CACHE(16)": { ...nothing(0x91, 16), fill: immediate(16) },
  "LOG SENSE": asking(
    { opcode: 0x4d, length: 10 },
    allocation(7, 2, 1024),
    (cdb, { words }) => {
      cdb.setUint8(2, words.number("pc", 1) << 6 | words.hex("page", 0));
      cdb.setUint8(3, words.hex("subpage", 0));
      cdb.setUint16(5, words.hex("pointer", 0));
    },
  ),
  "REPORT LUNS": asking(
    { opcode: 0xa0, length: 12 },
    allocation(6, 4, 1024),
    (cdb, { words }) => cdb.setUint8(2, words.hex("select", 0)),
  ),
  "READ KEYS": reserveIn(0x00),
  "READ RESERVATION": reserveIn(0x01),
  "REPORT CAPABILITIES": reserveIn(0x02),
  "READ FULL STATUS": reserveIn(0x03),
  "PR REGISTER": reserveOut(0x00),
  "PR RESERVE": reserveOut(0x01),
  "PR RELEASE": reserveOut(0x02),
  "PR CLEAR": reserveOut(0x03),
  "PR PREEMPT": reserveOut(0x04),
  "PR PREEMPT AND ABORT": reserveOut(0x05),
  "PR REGISTER AND IGNORE": reserveOut(0x06),
  "REPORT TARGET PORT GROUPS": maintenanceIn(0x0a, (cdb, { words }) => {
    cdb.setUint8(1, words.number("format", 0) << 5);
  }),
  "RSOC": maintenanceIn(0x0c, operationCode),
  "RSTMF": maintenanceIn(0x0d, (cdb, { words }) => {
    cdb.setUint8(2, words.bit("repd", 0x80));
  }),
  "RAW": {
    opcode: 0,
    length: 0,
    fill: () => {},
    reads: (_, { words }) => words.number("length", 0),
  },
};

/** Whether there is a command of that name. */
export function isCommand(name: string): boolean {
  return FORMS[name] !== undefined;
}

/** Builds a command out of its name and the words after it. */
export function buildCommand(
  name: string,
  words: StoryArguments,
  blockLength: number,
): StoryCommand {
  const form = FORMS[name];
  if (form === undefined) throw new TypeError(`There is no command "${name}"`);
  const given = { words, blockLength, data: NO_BYTES };
  const data = dataOf(given) ?? form.sends?.(given) ?? NO_BYTES;
  const cdb = cdbOf(form, { ...given, data });
  const reads = form.reads?.(cdb, { ...given, data }) ?? 0;
  return {
    cdb: new Uint8Array(cdb.buffer),
    read: reads > 0 ? words.number("expect", reads) : 0,
    write: data,
    expectedOut: words.number("expect", data.length),
  };
}

function dataOf({ words, blockLength }: Given): Uint8Array | undefined {
  const blocks = words.text("data");
  if (blocks !== undefined) return blocksOf(blocks, blockLength);
  const list = words.text("list");
  return list === undefined ? undefined : bytesOf(list);
}

function cdbOf(form: Form, given: Given): DataView<ArrayBuffer> {
  const raw = given.words.text("raw");
  const bytes = raw === undefined
    ? new Uint8Array(form.length)
    : Uint8Array.from(bytesOf(raw));
  const cdb = new DataView(bytes.buffer);
  if (raw === undefined) {
    cdb.setUint8(0, form.opcode);
    form.fill(cdb, given);
  }
  if (form.action !== undefined) {
    cdb.setUint8(1, cdb.getUint8(1) | form.action);
  }
  for (const each of given.words.text("cdb")?.split(",") ?? []) {
    const [at = "", value = ""] = each.split(":");
    const byte = Number(at);
    cdb.setUint8(byte, cdb.getUint8(byte) | parseInt(value, 16));
  }
  return cdb;
}
