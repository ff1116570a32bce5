/**
 * What a CD/DVD unit tells of its disc and its drive: READ TOC/PMA/ATIP, READ
 * DISC INFORMATION, READ TRACK INFORMATION, READ DISC STRUCTURE, MECHANISM
 * STATUS (MMC-6 6.25, 6.21, 6.27, 6.22, 6.10). The disc is one closed session
 * with one data track.
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb, lbaOutOfRange } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { msfOf } from "./raw_sector.ts";

const ROW = {
  deviceTypes: FOR.CD,
  serialization: SERIALIZATION.READ_CAPACITY,
  direction: "in",
  pattern: PATTERN.NONE,
} as const;

/** The commands that tell of disc and drive. */
export const MULTIMEDIA_COMMANDS: readonly CommandDefinition[] = [
  {
    ...ROW,
    name: "READ TOC/PMA/ATIP",
    opcode: 0x43,
    usage: "02 01 000000 ff ffff 07",
    flags: FLAG.WRITE_EXCLUSIVE,
    execute: readToc,
  },
  {
    ...ROW,
    name: "READ DISC INFORMATION",
    opcode: 0x51,
    usage: "07 0000000000 ffff 07",
    flags: FLAG.WRITE_EXCLUSIVE,
    execute: readDiscInformation,
  },
  {
    ...ROW,
    name: "READ TRACK INFORMATION",
    opcode: 0x52,
    usage: "03 ffffffff 00 ffff 07",
    flags: FLAG.WRITE_EXCLUSIVE,
    execute: readTrackInformation,
  },
  {
    ...ROW,
    name: "READ DISC STRUCTURE",
    opcode: 0xad,
    usage: "0f ffffffff ff ff ffff 00 07",
    flags: FLAG.WRITE_EXCLUSIVE,
    execute: readDiscStructure,
  },
  {
    ...ROW,
    name: "MECHANISM STATUS",
    opcode: 0xbd,
    usage: "00 000000000000 ffff 00 07",
    flags: FLAG.NO_MEDIUM | FLAG.PERSISTENT,
    execute: mechanismStatus,
  },
];

const MSF = 0x02;
/** FORMAT of READ TOC/PMA/ATIP that is not the table of contents itself. */
const FORMAT_SESSIONS = 1;
const ONLY_TRACK = 1;
const LEAD_OUT = 0xaa;
/** ADR 1, CONTROL 4: a data track. */
const DATA_TRACK = 0x14;
const TOC_HEADER = 4;
const TRACK_LENGTH = 8;

function readToc(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const first = task.cdb.getUint8(6);
  const sessions = task.cdb.getUint8(2) === FORMAT_SESSIONS;
  if (!sessions && first > ONLY_TRACK && first !== LEAD_OUT) {
    return invalidFieldInCdb(6);
  }
  const tracks = sessions
    ? [ONLY_TRACK]
    : [ONLY_TRACK, LEAD_OUT].filter((track) => track >= first);
  const length = TOC_HEADER + tracks.length * TRACK_LENGTH;
  return reply(task, length, task.cdb.getUint16(7), (view) => {
    view.setUint16(0, length - 2);
    // First and last track, or session.
    view.setUint8(2, 1);
    view.setUint8(3, 1);
    const msf = (task.cdb.getUint8(1) & MSF) !== 0;
    tracks.forEach((track, index) => {
      const at = TOC_HEADER + index * TRACK_LENGTH;
      const lba = track === LEAD_OUT ? unit.geometry.blockCount : 0;
      view.setUint8(at + 1, DATA_TRACK);
      view.setUint8(at + 2, track);
      view.setUint32(at + 4, msf ? msfBytes(lba) : lba);
    });
  });
}

/** Minute, second and frame of an LBA, one byte each. */
function msfBytes(lba: number): number {
  const [minute, second, frame] = msfOf(lba);
  return minute << 16 | second << 8 | frame;
}

const DISC_INFORMATION_LENGTH = 34;
/** Not erasable; the last session and the disc are complete. */
const FINALIZED = 0x0e;
/** URU: the disc may be used without restriction. */
const UNRESTRICTED = 0x20;
const NO_ADDRESS = 0xffffffff;

function readDiscInformation(task: ScsiTask): MaybePromise<Completion> {
  // DATA TYPE: standard disc information; we record nothing.
  if (task.cdb.getUint8(1) !== 0) return invalidFieldInCdb(1, 2);
  const allocationLength = task.cdb.getUint16(7);
  return reply(task, DISC_INFORMATION_LENGTH, allocationLength, (view) => {
    view.setUint16(0, DISC_INFORMATION_LENGTH - 2);
    view.setUint8(2, FINALIZED);
    // First track; sessions; first and last track of the last session.
    for (const at of [3, 4, 5, 6]) view.setUint8(at, 1);
    view.setUint8(7, UNRESTRICTED);
    // Lead-in of a next session, and its last possible lead-out: none.
    view.setUint32(16, NO_ADDRESS);
    view.setUint32(20, NO_ADDRESS);
  });
}

/** ADDRESS/NUMBER TYPE of READ TRACK INFORMATION. */
const ASKED_BY = { LBA: 0, TRACK: 1, SESSION: 2 } as const;
const TRACK_INFORMATION_LENGTH = 36;
/** TRACK MODE of a data track that is recorded in one go. */
const TRACK_MODE = 0x04;
/** DATA MODE 1; neither blank, nor reserved, nor in packets. */
const DATA_MODE = 0x01;
const LRA_VALID = 0x02;

function readTrackInformation(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { blockCount } = unit.geometry;
  const askedBy = task.cdb.getUint8(1) & 0x03;
  const asked = task.cdb.getUint32(2);
  if (askedBy > ASKED_BY.SESSION) return invalidFieldInCdb(1, 1);
  if (askedBy === ASKED_BY.LBA && asked >= blockCount) {
    return lbaOutOfRange(asked);
  }
  if (askedBy !== ASKED_BY.LBA && asked !== ONLY_TRACK) {
    return invalidFieldInCdb(2);
  }
  const allocationLength = task.cdb.getUint16(7);
  return reply(task, TRACK_INFORMATION_LENGTH, allocationLength, (view) => {
    view.setUint16(0, TRACK_INFORMATION_LENGTH - 2);
    // Track and session; the start address stays 0.
    view.setUint8(2, ONLY_TRACK);
    view.setUint8(3, 1);
    view.setUint8(5, TRACK_MODE);
    view.setUint8(6, DATA_MODE);
    view.setUint8(7, LRA_VALID);
    view.setUint32(24, blockCount);
    view.setUint32(28, blockCount - 1);
  });
}

/** FORMAT of READ DISC STRUCTURE, for the media of the DVD family. */
const STRUCTURE = { PHYSICAL: 0, COPYRIGHT: 1, LIST: 0xff } as const;
const STRUCTURE_HEADER = 4;
const PHYSICAL_LENGTH = 2048;
/** DVD-ROM, part version 1; 120 mm, rate not specified; one layer. */
const DVD_ROM = [0x01, 0x0f, 0x01, 0x00];
/** First sector of the data area of a DVD. */
const DATA_AREA_START = 0x30000;

function readDiscStructure(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  // MEDIA TYPE: DVD and HD DVD; LAYER: there is one.
  if ((task.cdb.getUint8(1) & 0x0f) !== 0) return invalidFieldInCdb(1, 3);
  if (task.cdb.getUint8(6) !== 0) return invalidFieldInCdb(6);
  switch (task.cdb.getUint8(7)) {
    case STRUCTURE.PHYSICAL:
      return replyStructure(task, PHYSICAL_LENGTH, (view) => {
        DVD_ROM.forEach((byte, at) => view.setUint8(4 + at, byte));
        view.setUint32(8, DATA_AREA_START);
        view.setUint32(12, DATA_AREA_START + unit.geometry.blockCount - 1);
      });
    case STRUCTURE.COPYRIGHT:
      // No copy protection, all regions.
      return replyStructure(task, 4, () => {});
    case STRUCTURE.LIST:
      return replyStructure(task, 8, (view) => {
        [[STRUCTURE.PHYSICAL, PHYSICAL_LENGTH], [STRUCTURE.COPYRIGHT, 4]]
          .forEach(([format = 0, length = 0], index) => {
            const at = STRUCTURE_HEADER + 4 * index;
            view.setUint8(at, format);
            view.setUint8(at + 1, READABLE);
            view.setUint16(at + 2, STRUCTURE_HEADER + length);
          });
      });
    default:
      return invalidFieldInCdb(7);
  }
}

/** RDS: the structure can be read. */
const READABLE = 0x40;

function replyStructure(
  task: ScsiTask,
  lengthBytes: number,
  write: (view: DataView) => void,
): MaybePromise<Completion> {
  const length = STRUCTURE_HEADER + lengthBytes;
  return reply(task, length, task.cdb.getUint16(8), (view) => {
    view.setUint16(0, length - 2);
    write(view);
  });
}

const MECHANISM_LENGTH = 8;
/** MECHANISM STATE 7: no state is known. */
const NO_STATE = 0xe0;
const DOOR_OPEN = 0x10;

function mechanismStatus(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  return reply(task, MECHANISM_LENGTH, task.cdb.getUint16(8), (view) => {
    view.setUint8(1, NO_STATE | (unit.ejected ? DOOR_OPEN : 0));
  });
}
