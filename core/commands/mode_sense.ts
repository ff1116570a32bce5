/**
 * MODE SENSE (SPC-5 6.14, 6.15).
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { DEVICE_TYPE, FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { type ModePage, valuesOf } from "../mode_pages.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { setUint64 } from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

const MODE_SENSE = {
  deviceTypes: FOR.ALL,
  serialization: SERIALIZATION.MODE_SENSE,
  direction: "in",
  flags: FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.WRITE_EXCLUSIVE,
  pattern: PATTERN.NONE,
} as const;

/** The MODE SENSE commands. */
export const MODE_SENSE_COMMANDS: readonly CommandDefinition[] = [
  {
    ...MODE_SENSE,
    name: "MODE SENSE(6)",
    opcode: 0x1a,
    usage: "08 ff ff ff 07",
    execute: modeSense6,
  },
  {
    ...MODE_SENSE,
    name: "MODE SENSE(10)",
    opcode: 0x5a,
    usage: "18 ff ff 000000 ffff 07",
    execute: modeSense10,
  },
];

/** Bytes of the mode parameter headers (SPC-5 7.5.5). */
export const MODE_HEADER_6 = 4;
/** Bytes of the header of the ten-byte commands. */
export const MODE_HEADER_10 = 8;

const DBD = 0x08;
const LLBAA = 0x10;
const LONGLBA = 0x01;
const ALL_PAGES = 0x3f;
const ALL_SUBPAGES = 0xff;
const PS = 0x80;
const DPOFUA = 0x10;
const WRITE_PROTECTED = 0x80;
const SHORT_DESCRIPTOR = 8;
const LONG_DESCRIPTOR = 16;

function modeSense6(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const pages = selectPages(task, unit);
  if (!Array.isArray(pages)) return pages;
  const descriptor = descriptorLength(task, false);
  const length = MODE_HEADER_6 + descriptor + lengthOf(pages);
  return reply(task, length, task.cdb.getUint8(4), (view) => {
    view.setUint8(0, Math.min(length - 1, 254));
    view.setUint8(2, deviceSpecific(unit));
    view.setUint8(3, descriptor);
    writeDescriptor(view, MODE_HEADER_6, descriptor, unit);
    writePages(view, MODE_HEADER_6 + descriptor, pages, pageControl(task));
  });
}

function modeSense10(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const pages = selectPages(task, unit);
  if (!Array.isArray(pages)) return pages;
  const long = (task.cdb.getUint8(1) & LLBAA) !== 0 &&
    unit.deviceType === DEVICE_TYPE.DISK;
  const descriptor = descriptorLength(task, long);
  const length = MODE_HEADER_10 + descriptor + lengthOf(pages);
  return reply(task, length, task.cdb.getUint16(7), (view) => {
    view.setUint16(0, Math.min(length - 2, 65533));
    view.setUint8(3, deviceSpecific(unit));
    view.setUint8(4, descriptor === LONG_DESCRIPTOR ? LONGLBA : 0);
    view.setUint16(6, descriptor);
    writeDescriptor(view, MODE_HEADER_10, descriptor, unit);
    writePages(view, MODE_HEADER_10 + descriptor, pages, pageControl(task));
  });
}

function pageControl(task: ScsiTask): number {
  return task.cdb.getUint8(2) >> 6;
}

/** The pages that a CDB asks for, or the sense of what is wrong with it. */
function selectPages(
  task: ScsiTask,
  unit: LogicalUnit,
): ModePage[] | Completion {
  const code = task.cdb.getUint8(2) & ALL_PAGES;
  const subcode = task.cdb.getUint8(3);
  const everySubpage = subcode === ALL_SUBPAGES;
  if (code === ALL_PAGES && subcode !== 0 && !everySubpage) {
    return invalidFieldInCdb(3);
  }
  const pages = unit.modePages.all.filter((page) =>
    (code === ALL_PAGES || page.code === code) &&
    (everySubpage || page.subcode === subcode)
  );
  return pages.length > 0 ? pages : invalidFieldInCdb(2, 5);
}

function descriptorLength(task: ScsiTask, long: boolean): number {
  if ((task.cdb.getUint8(1) & DBD) !== 0) return 0;
  return long ? LONG_DESCRIPTOR : SHORT_DESCRIPTOR;
}

function deviceSpecific(unit: LogicalUnit): number {
  if (unit.deviceType !== DEVICE_TYPE.DISK) return 0;
  const refused = unit.readOnly || unit.modePages.settings.softwareWriteProtect;
  return DPOFUA | (refused ? WRITE_PROTECTED : 0);
}

function writeDescriptor(
  view: DataView,
  at: number,
  length: number,
  unit: LogicalUnit,
): void {
  if (unit.deviceType !== DEVICE_TYPE.DISK) return;
  const { blockCount, blockLength } = unit.geometry;
  if (length === LONG_DESCRIPTOR) {
    setUint64(view, at, blockCount);
    view.setUint32(at + 12, blockLength);
  } else if (length === SHORT_DESCRIPTOR) {
    view.setUint32(at, Math.min(blockCount, 0xffffffff));
    view.setUint32(at + 4, blockLength & 0xffffff);
  }
}

function lengthOf(pages: readonly ModePage[]): number {
  return pages.reduce((sum, page) => sum + page.current.length, 0);
}

function writePages(
  view: DataView,
  start: number,
  pages: readonly ModePage[],
  control: number,
): void {
  let at = start;
  for (const page of pages) {
    const first = at;
    for (const byte of valuesOf(page, control)) view.setUint8(at++, byte);
    if (page.savable) view.setUint8(first, view.getUint8(first) | PS);
  }
}
