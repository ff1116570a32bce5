/**
 * READ CD and READ CD MSF (MMC-6 6.15, 6.16): sectors of the one data track,
 * with as much of what stands around their data as is asked for.
 *
 * @module
 */

import { bufferFor, sendBytes } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { type MaybePromise, OK } from "../ports/block_store.ts";
import {
  type Completion,
  ILLEGAL_MODE_FOR_THIS_TRACK,
  invalidFieldInCdb,
  senseOfStoreFault,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import { Slices } from "../slices.ts";
import type { ScsiTask } from "../task.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { checkRange, interruption, readBlocks, readRange } from "./medium.ts";
import {
  completeSector,
  lbaAt,
  RAW_SECTOR_LENGTH,
  SECTOR_FIELD,
  USER_DATA_LENGTH,
} from "./raw_sector.ts";

const ROW = {
  deviceTypes: FOR.CD,
  serialization: SERIALIZATION.READ,
  direction: "in",
  flags: FLAG.WRITE_EXCLUSIVE,
  pattern: PATTERN.READ | PATTERN.RANGE,
  supported: hasSectors,
} as const;

/** The commands that read sectors. */
export const READ_CD_COMMANDS: readonly CommandDefinition[] = [
  {
    ...ROW,
    name: "READ CD",
    opcode: 0xbe,
    usage: "1e ffffffff ffffff f8 00 07",
    range: rangeOfBlocks,
    execute: readSectors,
  },
  {
    ...ROW,
    name: "READ CD MSF",
    opcode: 0xb9,
    usage: "1e 00 ffffff ffffff f8 00 07",
    range: rangeOfTime,
    execute: readSectorsByTime,
  },
];

// Sectors of a CD hold 2,048 bytes of a block, no more and no less.
function hasSectors({ geometry }: LogicalUnit): boolean {
  return geometry.blockLength === USER_DATA_LENGTH;
}

function rangeOfBlocks(task: ScsiTask): void {
  task.lba = task.cdb.getUint32(2);
  task.blockCount = task.cdb.getUint32(5) & 0xffffff;
}

function rangeOfTime(task: ScsiTask): void {
  task.lba = Math.max(0, addressAt(task, 3));
  task.blockCount = Math.max(0, addressAt(task, 6) - task.lba);
}

function addressAt({ cdb }: ScsiTask, at: number): number {
  return lbaAt(cdb.getUint8(at), cdb.getUint8(at + 1), cdb.getUint8(at + 2));
}

function readSectorsByTime(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  // Seconds and frames of the start and the end.
  for (const [at, end] of [[4, 60], [5, 75], [7, 60], [8, 75]] as const) {
    if (task.cdb.getUint8(at) >= end) return invalidFieldInCdb(at);
  }
  if (addressAt(task, 3) < 0) return invalidFieldInCdb(3);
  if (addressAt(task, 6) < addressAt(task, 3)) return invalidFieldInCdb(6);
  return readSectors(task, unit);
}

/** EXPECTED SECTOR TYPE. */
const SECTOR_TYPE = { ANY: 0, MODE_1: 2, LAST: 5 } as const;
/** Byte 9: what of a sector is sent. */
const SELECT = {
  SYNC: 0x80,
  SUBHEADER: 0x40,
  HEADER: 0x20,
  USER_DATA: 0x10,
  EDC_AND_ECC: 0x08,
} as const;

/** A piece of each sector. */
interface Selection {
  /** Where it begins. */
  readonly start: number;
  /** Bytes of it. */
  readonly length: number;
}

function readSectors(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const type = task.cdb.getUint8(1) >> 2 & 0x07;
  if (type > SECTOR_TYPE.LAST) return invalidFieldInCdb(1, 4);
  const selection = select(task.cdb.getUint8(9));
  if (selection === undefined) return invalidFieldInCdb(9, 7);
  const outside = checkRange(task, unit);
  if (outside !== null) return outside;
  if (type !== SECTOR_TYPE.ANY && type !== SECTOR_TYPE.MODE_1) {
    return ILLEGAL_MODE_FOR_THIS_TRACK;
  }
  if (selection.length === 0) return STATUS.GOOD;
  const isPlain = selection.start === SECTOR_FIELD.USER_DATA &&
    selection.length === USER_DATA_LENGTH;
  return isPlain ? readRange(task, unit) : readRaw(task, unit, selection);
}

// Fields in the order of the disc; those of Mode 1 have no subheader. What is
// sent must stand together (MMC-6 table 355).
function select(flags: number): Selection | undefined {
  const { SYNC, HEADER, USER_DATA, EDC } = SECTOR_FIELD;
  const fields = [
    [SELECT.SYNC, SYNC, HEADER],
    [SELECT.HEADER, HEADER, USER_DATA],
    [SELECT.USER_DATA, USER_DATA, EDC],
    [SELECT.EDC_AND_ECC, EDC, RAW_SECTOR_LENGTH],
  ] as const;
  const chosen = fields.filter(([bit]) => (flags & bit) !== 0);
  const start = chosen.at(0)?.[1] ?? 0;
  const end = chosen.at(-1)?.[2] ?? 0;
  const length = chosen.reduce((sum, [, from, to]) => sum + to - from, 0);
  return end - start === length ? { start, length } : undefined;
}

/** Sectors that are completed at a time: a matter of a few milliseconds. */
const SECTORS_MAX = 16;

async function readRaw(
  task: ScsiTask,
  unit: LogicalUnit,
  { start, length }: Selection,
): Promise<Completion> {
  task.transferLength = task.blockCount * length;
  const wanted = Math.min(task.transferLength, task.expectedDataInLength);
  const buffer = await bufferFor(task, SECTORS_MAX * RAW_SECTOR_LENGTH);
  if (buffer === null) return STATUS.TASK_ABORTED;
  const slices = new Slices(unit.clock);
  try {
    for (let done = 0; done < task.blockCount && task.movedLength < wanted;) {
      if (slices.used) await slices.next();
      const stopped = interruption(task, unit);
      if (stopped !== null) return stopped;
      const sectors = Math.min(task.blockCount - done, SECTORS_MAX);
      const lba = task.lba + done;
      const result = await readBlocks(unit, lba, sectors, buffer, task);
      if (result !== OK) return senseOfStoreFault(result, "read");
      const bytes = takeFields(buffer, lba, sectors, { start, length });
      done += sectors;
      const left = wanted - task.movedLength;
      const last = bytes >= left;
      const sent = await sendBytes(task, buffer, Math.min(bytes, left), last);
      if (!sent) return STATUS.TASK_ABORTED;
    }
    return STATUS.GOOD;
  } finally {
    task.nexus.buffers.release(buffer);
  }
}

const SECTOR = new Uint8Array(RAW_SECTOR_LENGTH);

// The sectors make room for each other from the last to the first, when what
// is taken of them is more than their data; else from the first to the last.
// @returns bytes at the beginning of the buffer
function takeFields(
  buffer: Uint8Array,
  lba: number,
  sectors: number,
  { start, length }: Selection,
): number {
  for (let index = 0; index < sectors; index += 1) {
    const sector = length > USER_DATA_LENGTH ? sectors - 1 - index : index;
    const at = sector * USER_DATA_LENGTH;
    SECTOR.set(
      buffer.subarray(at, at + USER_DATA_LENGTH),
      SECTOR_FIELD.USER_DATA,
    );
    completeSector(SECTOR, lba + sector);
    buffer.set(SECTOR.subarray(start, start + length), sector * length);
  }
  return sectors * length;
}
