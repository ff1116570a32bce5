/**
 * The commands of stories: a name and arguments become a CDB and data.
 *
 * Arguments that any command takes: `cdb=N:HH` puts a byte into the CDB,
 * `expect=N` is the expected data transfer length, `data=` blocks (one byte
 * names the fill of a block), `list=` bytes of a parameter list.
 *
 * @module
 */

import {
  allocation,
  asking,
  blockCount,
  compareAndWrite,
  type Form,
  type Given,
  immediate,
  listing,
  maintenanceIn,
  modePage,
  modeSelect,
  NO_BYTES,
  nothing,
  operationCode,
  reading,
  registerAndMove,
  reserveIn,
  reserveOut,
  setLba64,
  unmapList,
  writeSame,
  writing,
} from "./story_cdb.ts";
import { MEDIA_FORMS } from "./story_media.ts";
import { CONTROL_FORMS } from "./story_control.ts";
import { blocksOf, bytesOf, type StoryArguments } from "./story_values.ts";

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

const FORMS: Readonly<Record<string, Form>> = {
  ...MEDIA_FORMS,
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
      cdb.setUint8(1, words.bit("sp", 0x01));
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
  "PR REGISTER AND MOVE": registerAndMove(0x07),
  "REPORT TARGET PORT GROUPS": maintenanceIn(0x0a, (cdb, { words }) => {
    cdb.setUint8(1, words.number("format", 0) << 5);
  }),
  "RSOC": maintenanceIn(0x0c, operationCode),
  "RSTMF": maintenanceIn(0x0d, (cdb, { words }) => {
    cdb.setUint8(2, words.bit("repd", 0x80));
  }),
  ...CONTROL_FORMS,
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
