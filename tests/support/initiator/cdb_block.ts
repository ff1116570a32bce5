/**
 * CDBs of block devices (SBC-3 5), a function each.
 *
 * @module
 */

import { makeCdb, setUint64 } from "./cdb.ts";

/** Bits of byte 1 of reads, writes and their kin. */
export interface BlockFlags {
  /** RDPROTECT, WRPROTECT, VRPROTECT or ORPROTECT. */
  readonly protect?: number;
  /** Disable page out. */
  readonly dpo?: boolean;
  /** Force unit access. */
  readonly fua?: boolean;
  /** BYTCHK of VERIFY and WRITE AND VERIFY. */
  readonly byteCheck?: number;
}

function flagsByte(flags: BlockFlags): number {
  return (flags.protect ?? 0) << 5 | (flags.dpo === true ? 0x10 : 0) |
    (flags.fua === true ? 0x08 : 0) | (flags.byteCheck ?? 0) << 1;
}

function block6(opcode: number, lba: number, blocks: number): Uint8Array {
  return makeCdb(6, opcode, (view) => {
    view.setUint32(0, (opcode << 24 | lba & 0x1fffff) >>> 0);
    view.setUint8(4, blocks);
  });
}

function block10(
  opcode: number,
  lba: number,
  blocks: number,
  flags: BlockFlags = {},
): Uint8Array {
  return makeCdb(10, opcode, (view) => {
    view.setUint8(1, flagsByte(flags));
    view.setUint32(2, lba);
    view.setUint16(7, blocks);
  });
}

function block12(
  opcode: number,
  lba: number,
  blocks: number,
  flags: BlockFlags = {},
): Uint8Array {
  return makeCdb(12, opcode, (view) => {
    view.setUint8(1, flagsByte(flags));
    view.setUint32(2, lba);
    view.setUint32(6, blocks);
  });
}

/** A 32-byte CDB (SPC-5 4.2.3): READ is 9, WRITE 0Bh. */
function block32(
  serviceAction: number,
  lba: number,
  blocks: number,
  flags: BlockFlags = {},
): Uint8Array {
  return makeCdb(32, 0x7f, (view) => {
    view.setUint8(7, 24);
    view.setUint16(8, serviceAction);
    view.setUint8(10, flagsByte(flags));
    setUint64(view, 12, lba);
    view.setUint32(28, blocks);
  });
}

function block16(
  opcode: number,
  lba: number,
  blocks: number,
  flags: BlockFlags = {},
): Uint8Array {
  return makeCdb(16, opcode, (view) => {
    view.setUint8(1, flagsByte(flags));
    setUint64(view, 2, lba);
    view.setUint32(10, blocks);
  });
}

/** READ (6); 0 blocks stand for 256. */
export function read6(lba: number, blocks: number): Uint8Array {
  return block6(0x08, lba, blocks);
}

/** READ (10). */
export function read10(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block10(0x28, lba, blocks, flags);
}

/** READ (12). */
export function read12(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block12(0xa8, lba, blocks, flags);
}

/** READ (16). */
export function read16(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block16(0x88, lba, blocks, flags);
}

/** READ (32). */
export function read32(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block32(0x0009, lba, blocks, flags);
}

/** WRITE (32). */
export function write32(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block32(0x000b, lba, blocks, flags);
}

/** WRITE (6); 0 blocks stand for 256. */
export function write6(lba: number, blocks: number): Uint8Array {
  return block6(0x0a, lba, blocks);
}

/** WRITE (10). */
export function write10(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block10(0x2a, lba, blocks, flags);
}

/** WRITE (12). */
export function write12(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block12(0xaa, lba, blocks, flags);
}

/** WRITE (16). */
export function write16(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block16(0x8a, lba, blocks, flags);
}

/** WRITE AND VERIFY (10). */
export function writeAndVerify10(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block10(0x2e, lba, blocks, flags);
}

/** WRITE AND VERIFY (16). */
export function writeAndVerify16(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block16(0x8e, lba, blocks, flags);
}

/** VERIFY (10). */
export function verify10(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block10(0x2f, lba, blocks, flags);
}

/** VERIFY (16). */
export function verify16(
  lba: number,
  blocks: number,
  flags?: BlockFlags,
): Uint8Array {
  return block16(0x8f, lba, blocks, flags);
}

/** READ CAPACITY (10). */
export function readCapacity10(): Uint8Array {
  return makeCdb(10, 0x25);
}

/** READ CAPACITY (16). */
export function readCapacity16(allocationLength = 32): Uint8Array {
  return makeCdb(16, 0x9e, (view) => {
    view.setUint8(1, 0x10);
    view.setUint32(10, allocationLength);
  });
}

/** GET LBA STATUS (16). */
export function getLbaStatus(lba: number, allocationLength = 24): Uint8Array {
  return makeCdb(16, 0x9e, (view) => {
    view.setUint8(1, 0x12);
    setUint64(view, 2, lba);
    view.setUint32(10, allocationLength);
  });
}

/** SYNCHRONIZE CACHE (10); without arguments, of everything. */
export function synchronizeCache10(
  lba = 0,
  blocks = 0,
  immediate = false,
): Uint8Array {
  return block10(0x35, lba, blocks, { byteCheck: immediate ? 1 : 0 });
}

/** SYNCHRONIZE CACHE (16); without arguments, of everything. */
export function synchronizeCache16(
  lba = 0,
  blocks = 0,
  immediate = false,
): Uint8Array {
  return block16(0x91, lba, blocks, { byteCheck: immediate ? 1 : 0 });
}

/** START STOP UNIT. */
export function startStopUnit(start: boolean, immediate = false): Uint8Array {
  return makeCdb(6, 0x1b, (view) => {
    view.setUint8(1, immediate ? 1 : 0);
    view.setUint8(4, start ? 1 : 0);
  });
}

/** PREVENT ALLOW MEDIUM REMOVAL. */
export function preventAllowMediumRemoval(prevent: number): Uint8Array {
  return makeCdb(6, 0x1e, (view) => view.setUint8(4, prevent));
}

/** COMPARE AND WRITE; the data is twice as long as the blocks. */
export function compareAndWrite(
  lba: number,
  blocks: number,
  flags: BlockFlags = {},
): Uint8Array {
  return makeCdb(16, 0x89, (view) => {
    view.setUint8(1, flagsByte(flags));
    setUint64(view, 2, lba);
    view.setUint8(13, blocks);
  });
}

/** Bits of byte 1 of WRITE SAME. */
export interface WriteSameFlags {
  /** WRPROTECT. */
  readonly protect?: number;
  /** Anchor. */
  readonly anchor?: boolean;
  /** Unmap instead of write, where that is possible. */
  readonly unmap?: boolean;
  /** No data-out buffer: the block is zeroes (16-byte CDB only). */
  readonly noDataOut?: boolean;
}

function writeSameByte(flags: WriteSameFlags): number {
  return (flags.protect ?? 0) << 5 | (flags.anchor === true ? 0x10 : 0) |
    (flags.unmap === true ? 0x08 : 0) | (flags.noDataOut === true ? 0x01 : 0);
}

/** WRITE SAME (10). */
export function writeSame10(
  lba: number,
  blocks: number,
  flags: WriteSameFlags = {},
): Uint8Array {
  const cdb = block10(0x41, lba, blocks);
  cdb[1] = writeSameByte(flags);
  return cdb;
}

/** WRITE SAME (16). */
export function writeSame16(
  lba: number,
  blocks: number,
  flags: WriteSameFlags = {},
): Uint8Array {
  const cdb = block16(0x93, lba, blocks);
  cdb[1] = writeSameByte(flags);
  return cdb;
}

/** UNMAP. */
export function unmap(parameterLength: number, anchor = false): Uint8Array {
  return makeCdb(10, 0x42, (view) => {
    view.setUint8(1, anchor ? 1 : 0);
    view.setUint16(7, parameterLength);
  });
}

/** Parameter list of UNMAP: ranges of first block and number of blocks. */
export function unmapList(
  ranges: readonly (readonly [lba: number, blocks: number])[],
): Uint8Array {
  const list = new Uint8Array(8 + 16 * ranges.length);
  const view = new DataView(list.buffer);
  view.setUint16(0, list.length - 2);
  view.setUint16(2, 16 * ranges.length);
  for (const [index, [lba, blocks]] of ranges.entries()) {
    setUint64(view, 8 + 16 * index, lba);
    view.setUint32(16 + 16 * index, blocks);
  }
  return list;
}

/** READ DEFECT DATA (10). */
export function readDefectData10(
  format: number,
  allocationLength: number,
): Uint8Array {
  return makeCdb(10, 0x37, (view) => {
    view.setUint8(2, format);
    view.setUint16(7, allocationLength);
  });
}
