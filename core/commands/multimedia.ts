/**
 * What a CD/DVD unit tells of its disc and its drive: READ TOC/PMA/ATIP, READ
 * DISC INFORMATION, MECHANISM STATUS (MMC-6 6.25, 6.21, 6.10). The disc is one
 * closed session with one data track.
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { type Completion, invalidFieldInCdb } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

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
      view.setUint32(at + 4, msf ? msfOf(lba) : lba);
    });
  });
}

const FRAMES_PER_SECOND = 75;
/** The first block lies two seconds into the disc. */
const PREGAP_FRAMES = 2 * FRAMES_PER_SECOND;
/** The highest address in minutes, seconds and frames: 255:59:74. */
const FRAMES_MAX = 256 * 60 * FRAMES_PER_SECOND - 1;

/** Minute, second and frame of an LBA, one byte each. */
function msfOf(lba: number): number {
  const frames = Math.min(lba + PREGAP_FRAMES, FRAMES_MAX);
  const seconds = Math.floor(frames / FRAMES_PER_SECOND);
  return Math.floor(seconds / 60) << 16 | (seconds % 60) << 8 |
    frames % FRAMES_PER_SECOND;
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
