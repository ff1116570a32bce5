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
