/**
 * Commands of stories that act on the medium as a whole, or in 32 bytes.
 *
 * `READ(32) lba=8 n=2`; `FORMAT UNIT list=…` sets FMTDATA; `SANITIZE OVERWRITE
 * pattern=aa passes=2 invert immed` builds its parameter list.
 *
 * @module
 */

import {
  allocation,
  asking,
  blockCount,
  flags,
  type Form,
  type Given,
  immediate,
  listing,
  nothing,
  setLba64,
  writing,
} from "./story_cdb.ts";
import { bytesOf } from "./story_values.ts";

/** The 32-byte command with a service action; its flags are in byte 10. */
function long(action: number, more: Partial<Form> = {}): Form {
  const fill: Form["fill"] = (cdb, given) => {
    const { words } = given;
    cdb.setUint8(7, words.number("additional", 24));
    cdb.setUint16(8, action);
    const writeSame = words.bit("unmap", 0x08) | words.bit("anchor", 0x10) |
      words.bit("ndob", 0x01);
    cdb.setUint8(10, flags(given) | writeSame);
    cdb.setBigUint64(12, BigInt.asUintN(64, BigInt(words.text("lba") ?? "0")));
    cdb.setUint32(20, words.hex("reftag", 0));
    cdb.setUint32(28, blockCount(given));
  };
  return { ...nothing(0x7f, 32), fill, ...more };
}

function readsBlocks(_cdb: DataView, given: Given): number {
  return blockCount(given) * given.blockLength;
}

/** REQ_PLIST, REQ_GLIST and DEFECT LIST FORMAT at a byte. */
function defectLists(at: number): Form["fill"] {
  return (cdb, { words }) =>
    cdb.setUint8(
      at,
      words.bit("plist", 0x10) | words.bit("glist", 0x08) |
        words.number("format", 0),
    );
}

function formatUnit(cdb: DataView, { words, data }: Given): void {
  cdb.setUint8(
    1,
    words.number("fmtpinfo", 0) << 6 | words.bit("longlist", 0x20) |
      (data.length > 0 || words.has("fmtdata") ? 0x10 : 0) |
      words.bit("cmplst", 0x08) | words.number("format", 0),
  );
}

function writeAtomic(cdb: DataView, given: Given): void {
  cdb.setUint8(1, flags(given));
  setLba64(cdb, given);
  cdb.setUint16(12, blockCount(given));
}

function sanitize(action: number): Form {
  return listing(
    { opcode: 0x48, action, length: 10 },
    7,
    2,
    (cdb, { words }) =>
      cdb.setUint8(
        1,
        words.bit("immed", 0x80) | words.bit("znr", 0x40) |
          words.bit("ause", 0x20),
      ),
  );
}

// `pattern=hex`, `passes=N`, `invert`.
function overwriteList({ words }: Given): Uint8Array {
  const pattern = bytesOf(words.text("pattern") ?? "00");
  const list = new Uint8Array(4 + pattern.length);
  list[0] = words.bit("invert", 0x80) | words.number("passes", 1);
  new DataView(list.buffer).setUint16(2, pattern.length);
  list.set(pattern, 4);
  return list;
}

/** The forms by their names. */
export const MEDIA_FORMS: Readonly<Record<string, Form>> = {
  "PRE-FETCH(10)": { ...nothing(0x34, 10), fill: immediate(10) },
  "PRE-FETCH(16)": { ...nothing(0x90, 16), fill: immediate(16) },
  "ORWRITE(16)": writing(0x8b, 16),
  "WRITE ATOMIC(16)": { ...nothing(0x9c, 16), fill: writeAtomic },
  "READ DEFECT DATA(10)": asking(
    { opcode: 0x37, length: 10 },
    allocation(7, 2, 8),
    defectLists(2),
  ),
  "READ DEFECT DATA(12)": asking(
    { opcode: 0xb7, length: 12 },
    allocation(6, 4, 16),
    defectLists(1),
  ),
  "READ(32)": long(0x0009, { reads: readsBlocks }),
  "VERIFY(32)": long(0x000a),
  "WRITE(32)": long(0x000b),
  "WRITE AND VERIFY(32)": long(0x000c),
  "WRITE SAME(32)": long(0x000d),
  "FORMAT UNIT": { ...nothing(0x04, 6), fill: formatUnit },
  "SANITIZE OVERWRITE": { ...sanitize(0x01), sends: overwriteList },
  "SANITIZE BLOCK ERASE": sanitize(0x02),
  "SANITIZE CRYPTOGRAPHIC ERASE": sanitize(0x03),
  "SANITIZE EXIT FAILURE MODE": sanitize(0x1f),
};
