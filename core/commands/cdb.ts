/**
 * Fields that many CDBs share (SPC-5 4.2, SBC-4 5).
 *
 * @module
 */

import type { LogicalUnit } from "../logical_unit.ts";
import type { ScsiTask } from "../task.ts";

/** DPO and FUA of byte 1. */
export const DPO = 0x10;
/** Force unit access. */
export const FUA = 0x08;

/** OPERATION CODE of variable length CDBs (SPC-5 4.2.3). */
export const VARIABLE_LENGTH = 0x7f;

/** Byte with the flags of a media command: 10 in 32-byte CDBs, else 1. */
export function flagsAt(task: ScsiTask): number {
  return task.cdb.getUint8(0) === VARIABLE_LENGTH ? 10 : 1;
}

/** The flags of a media command: DPO, FUA, BYTCHK and the like. */
export function flagsOf(task: ScsiTask): number {
  return task.cdb.getUint8(flagsAt(task));
}

/** Reads a 64-bit field as a number; beyond 2^53 it is only about right. */
export function getUint64(view: DataView, start: number): number {
  return view.getUint32(start) * 2 ** 32 + view.getUint32(start + 4);
}

/** Writes a number below 2^64 as eight bytes. */
export function setUint64(view: DataView, start: number, value: number): void {
  view.setUint32(start, Math.floor(value / 2 ** 32));
  view.setUint32(start + 4, value % 2 ** 32);
}

/** LBA and TRANSFER LENGTH of six-byte CDBs; length 0 means 256. */
export function range6(task: ScsiTask): void {
  task.lba = task.cdb.getUint32(0) & 0x1fffff;
  task.blockCount = task.cdb.getUint8(4) || 256;
}

/** LBA and TRANSFER LENGTH of ten-byte CDBs. */
export function range10(task: ScsiTask): void {
  task.lba = task.cdb.getUint32(2);
  task.blockCount = task.cdb.getUint16(7);
}

/** LBA and TRANSFER LENGTH of twelve-byte CDBs. */
export function range12(task: ScsiTask): void {
  task.lba = task.cdb.getUint32(2);
  task.blockCount = task.cdb.getUint32(6);
}

/** LBA and TRANSFER LENGTH of sixteen-byte CDBs. */
export function range16(task: ScsiTask): void {
  task.lba = getUint64(task.cdb, 2);
  task.blockCount = task.cdb.getUint32(10);
}

/**
 * LBA and TRANSFER LENGTH of 32-byte CDBs. The expected tags between them are
 * not looked at: nothing is formatted with protection information.
 */
export function range32(task: ScsiTask): void {
  task.lba = getUint64(task.cdb, 12);
  task.blockCount = task.cdb.getUint32(28);
}

/** LBA and the two-byte count of WRITE ATOMIC(16). */
export function rangeWriteAtomic(task: ScsiTask): void {
  task.lba = getUint64(task.cdb, 2);
  task.blockCount = task.cdb.getUint16(12);
}

/** LBA and the one-byte count of COMPARE AND WRITE. */
export function rangeCompareAndWrite(task: ScsiTask): void {
  task.lba = getUint64(task.cdb, 2);
  task.blockCount = task.cdb.getUint8(13);
}

/** Makes count 0 mean "to the end", as some ranges do. */
export function toTheEnd(
  range: (task: ScsiTask) => void,
): (task: ScsiTask, unit: LogicalUnit) => void {
  return (task, unit) => {
    range(task);
    if (task.blockCount > 0) return;
    task.blockCount = Math.max(0, unit.geometry.blockCount - task.lba);
  };
}
