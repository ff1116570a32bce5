/**
 * CDBs of the commands that copies are made of.
 *
 * @module
 */

import { DEVICE_TYPE, type LogicalUnit } from "../../core/mod.ts";

const OPCODE = {
  TEST_UNIT_READY: 0x00,
  READ_10: 0x28,
  PERSISTENT_RESERVE_OUT: 0x5f,
  READ_16: 0x88,
  WRITE_16: 0x8a,
  WRITE_SAME_16: 0x93,
  SERVICE_ACTION_IN_16: 0x9e,
} as const;

const READ_CAPACITY_16 = 0x10;

const WRITE_SAME_UNMAP = 0x08;
const WRITE_SAME_NDOB = 0x01;
const REGISTER_LIST_LENGTH = 24;

/** READ: of ten bytes for media of CD and DVD, which have no other. */
export function readCdb(
  unit: LogicalUnit,
  lba: number,
  blockCount: number,
): Uint8Array {
  if (unit.deviceType !== DEVICE_TYPE.CD) {
    return rangeCdb(OPCODE.READ_16, 0, lba, blockCount);
  }
  const cdb = new Uint8Array(10);
  const view = new DataView(cdb.buffer);
  view.setUint8(0, OPCODE.READ_10);
  view.setUint32(2, lba);
  view.setUint16(7, blockCount);
  return cdb;
}

/** How a question about extents looks: as READ(16), on any unit. */
export function extentsCdb(lba: number, blockCount: number): Uint8Array {
  return rangeCdb(OPCODE.READ_16, 0, lba, blockCount);
}

/** A command of 16 bytes on a range of blocks. */
export function blocksCdb(
  opcode: number,
  lba: number,
  blockCount: number,
): Uint8Array {
  return rangeCdb(opcode, 0, lba, blockCount);
}

/** WRITE(16). */
export function writeCdb(lba: number, blockCount: number): Uint8Array {
  return rangeCdb(OPCODE.WRITE_16, 0, lba, blockCount);
}

/** WRITE SAME(16) of zeroes without data; with `unmap` space may be freed. */
export function writeZeroesCdb(
  lba: number,
  blockCount: number,
  unmap: boolean,
): Uint8Array {
  const flags = WRITE_SAME_NDOB | (unmap ? WRITE_SAME_UNMAP : 0);
  return rangeCdb(OPCODE.WRITE_SAME_16, flags, lba, blockCount);
}

/** TEST UNIT READY. */
export function testUnitReadyCdb(): Uint8Array {
  return new Uint8Array(6);
}

/** READ CAPACITY(16). */
export function readCapacityCdb(allocationLength: number): Uint8Array {
  const cdb = new Uint8Array(16);
  const view = new DataView(cdb.buffer);
  view.setUint8(0, OPCODE.SERVICE_ACTION_IN_16);
  view.setUint8(1, READ_CAPACITY_16);
  view.setUint32(10, allocationLength);
  return cdb;
}

/** PERSISTENT RESERVE OUT, REGISTER. */
export function registerCdb(): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb[0] = OPCODE.PERSISTENT_RESERVE_OUT;
  cdb[8] = REGISTER_LIST_LENGTH;
  return cdb;
}

/** Parameter list of REGISTER (SPC-5 6.17.3). */
export function registerList(key: bigint, actionKey: bigint): Uint8Array {
  const list = new Uint8Array(REGISTER_LIST_LENGTH);
  const view = new DataView(list.buffer);
  view.setBigUint64(0, key);
  view.setBigUint64(8, actionKey);
  return list;
}

function rangeCdb(
  opcode: number,
  flags: number,
  lba: number,
  blockCount: number,
): Uint8Array {
  const cdb = new Uint8Array(16);
  const view = new DataView(cdb.buffer);
  view.setUint8(0, opcode);
  view.setUint8(1, flags);
  view.setUint32(2, Math.floor(lba / 2 ** 32));
  view.setUint32(6, lba % 2 ** 32);
  view.setUint32(10, blockCount);
  return cdb;
}
