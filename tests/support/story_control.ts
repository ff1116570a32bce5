/**
 * Commands of stories that steer and describe a unit rather than move its
 * blocks: logs, diagnostics, clocks, names, buffers, discs.
 *
 * @module
 */

import {
  allocation,
  asking,
  type Form,
  type Given,
  listing,
  maintenanceIn,
} from "./story_cdb.ts";

const MAINTENANCE_OUT = 0xa4;

/** Forms by the names that stories use. */
export const CONTROL_FORMS: Readonly<Record<string, Form>> = {
  "LOG SELECT": listing(
    { opcode: 0x4c, length: 10 },
    7,
    2,
    (cdb, { words }) => {
      cdb.setUint8(1, words.bit("pcr", 0x02) | words.bit("sp", 0x01));
      cdb.setUint8(2, words.number("pc", 1) << 6 | words.hex("page", 0));
      cdb.setUint8(3, words.hex("subpage", 0));
    },
  ),
  "SEND DIAGNOSTIC": listing(
    { opcode: 0x1d, length: 6 },
    3,
    2,
    (cdb, { words }) => {
      const offline = words.bit("devoffl", 0x02) | words.bit("unitoffl", 0x01);
      cdb.setUint8(
        1,
        words.number("code", 0) << 5 | words.bit("pf", 0x10) |
          words.bit("selftest", 0x04) | offline,
      );
    },
  ),
  "RECEIVE DIAGNOSTIC": asking(
    { opcode: 0x1c, length: 6 },
    allocation(3, 2, 1024),
    (cdb, { words }) => {
      cdb.setUint8(1, words.bit("pcv", 0x01));
      cdb.setUint8(2, words.hex("page", 0));
    },
  ),
  "REPORT TIMESTAMP": maintenanceIn(0x0f),
  "SET TIMESTAMP": maintenanceOut(0x0f),
  "REPORT IDENTIFYING INFORMATION": maintenanceIn(0x05, informationType),
  "SET IDENTIFYING INFORMATION": maintenanceOut(0x06, informationType),
  "WRITE BUFFER": {
    opcode: 0x3b,
    length: 10,
    fill: (cdb, given) => bufferPiece(cdb, given, given.data.length),
  },
  "READ BUFFER(10)": {
    opcode: 0x3c,
    length: 10,
    fill: (cdb, given) => bufferPiece(cdb, given, 4096),
    reads: (_, { words }) => words.number("length", 4096),
  },
  "READ BUFFER(16)": asking(
    { opcode: 0x9b, length: 16 },
    allocation(10, 4, 4096),
    (cdb, { words }) => {
      cdb.setUint8(1, words.hex("mode", 2));
      cdb.setBigUint64(2, BigInt(words.text("offset") ?? "0"));
    },
  ),
  "READ TOC": asking(
    { opcode: 0x43, length: 10 },
    allocation(7, 2, 1024),
    (cdb, { words }) => {
      cdb.setUint8(1, words.bit("msf", 0x02));
      cdb.setUint8(2, words.number("format", 0));
      cdb.setUint8(6, words.hex("track", 0));
    },
  ),
  "GET CONFIGURATION": asking(
    { opcode: 0x46, length: 10 },
    allocation(7, 2, 1024),
    (cdb, { words }) => {
      cdb.setUint8(1, words.number("rt", 0));
      cdb.setUint16(2, words.hex("feature", 0));
    },
  ),
  "GET EVENT STATUS": asking(
    { opcode: 0x4a, length: 10 },
    allocation(7, 2, 1024),
    (cdb, { words }) => {
      cdb.setUint8(1, words.has("waiting") ? 0 : 0x01);
      cdb.setUint8(4, words.hex("classes", 0x10));
    },
  ),
  "READ DISC INFORMATION": asking(
    { opcode: 0x51, length: 10 },
    allocation(7, 2, 1024),
    (cdb, { words }) => cdb.setUint8(1, words.number("type", 0)),
  ),
  "READ TRACK INFORMATION": asking(
    { opcode: 0x52, length: 10 },
    allocation(7, 2, 1024),
    (cdb, { words }) => {
      cdb.setUint8(1, words.number("by", 1));
      cdb.setUint32(2, words.number("number", 1));
    },
  ),
  "READ DISC STRUCTURE": asking(
    { opcode: 0xad, length: 12 },
    allocation(8, 2, 4096),
    (cdb, { words }) => {
      cdb.setUint8(1, words.number("media", 0));
      cdb.setUint8(6, words.number("layer", 0));
      cdb.setUint8(7, words.hex("format", 0));
    },
  ),
  "READ CD": {
    opcode: 0xbe,
    length: 12,
    fill: (cdb, { words }) => {
      const count = words.number("n", 1);
      cdb.setUint8(1, words.number("type", 0) << 2);
      cdb.setUint32(2, words.number("lba", 0));
      cdb.setUint8(6, count >> 16);
      cdb.setUint16(7, count & 0xffff);
      cdb.setUint8(9, words.hex("fields", 0x10));
    },
    reads: sectorsOf,
  },
  "READ CD MSF": {
    opcode: 0xb9,
    length: 12,
    fill: (cdb, { words }) => {
      const times = [words.text("from"), words.text("to")];
      times.forEach((time = "0:2:0", index) =>
        time.split(":").forEach((part, place) =>
          cdb.setUint8(3 + 3 * index + place, Number(part))
        )
      );
      cdb.setUint8(9, words.hex("fields", 0x10));
    },
    reads: sectorsOf,
  },
  "MECHANISM STATUS": asking(
    { opcode: 0xbd, length: 12 },
    allocation(8, 2, 1024),
  ),
};

/** Room for some whole sectors. */
const SECTORS_BYTES = 256 * 1024;

function sectorsOf(_cdb: DataView, { words }: Given): number {
  return words.number("room", SECTORS_BYTES);
}

function maintenanceOut(action: number, more?: Form["fill"]): Form {
  return listing({ opcode: MAINTENANCE_OUT, action, length: 12 }, 6, 4, more);
}

function informationType(cdb: DataView, { words }: Given): void {
  cdb.setUint8(10, words.hex("type", 0));
}

function bufferPiece(
  cdb: DataView,
  { words }: Given,
  lengthDefault: number,
): void {
  cdb.setUint8(1, words.hex("mode", 2));
  const offset = words.number("offset", 0);
  cdb.setUint8(3, offset >> 16);
  cdb.setUint16(4, offset & 0xffff);
  const length = words.number("length", lengthDefault);
  cdb.setUint8(6, length >> 16);
  cdb.setUint16(7, length & 0xffff);
}
