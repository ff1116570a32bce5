/**
 * GET CONFIGURATION (MMC-6 6.5, 5.3): the features of a CD/DVD unit.
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

/** The command. */
export const GET_CONFIGURATION_COMMANDS: readonly CommandDefinition[] = [{
  name: "GET CONFIGURATION",
  opcode: 0x46,
  deviceTypes: FOR.CD,
  usage: "03 ffff 000000 ffff 07",
  serialization: SERIALIZATION.INQUIRY,
  direction: "in",
  flags: FLAG.NO_MEDIUM | FLAG.PERSISTENT,
  pattern: PATTERN.NONE,
  execute: getConfiguration,
}];

/** RT: which features are told. */
const REQUESTED = { ALL: 0, CURRENT: 1, ONE: 2 } as const;
const HEADER_LENGTH = 8;
const FEATURE_HEADER = 4;
const CURRENT = 0x01;
const PERSISTENT = 0x02;
const PROFILE = { NONE: 0x0000, CD_ROM: 0x0008, DVD_ROM: 0x0010 } as const;

/** One feature. */
interface Feature {
  readonly code: number;
  /** VERSION, in its place. */
  readonly version: number;
  /** It is current whatever the medium. */
  readonly persistent?: boolean;
  /** FEATURE DEPENDENT DATA. */
  data(unit: LogicalUnit): Uint8Array;
}

const NO_DATA = new Uint8Array(0);
// In the order of their codes.
const FEATURES: readonly Feature[] = [
  { code: 0x0000, version: 0, persistent: true, data: profiles },
  {
    code: 0x0001, // Core: SCSI family; INQ2, DBEVENT
    version: 0x08,
    persistent: true,
    data: () => Uint8Array.of(0, 0, 0, 0, 0x03, 0, 0, 0),
  },
  {
    code: 0x0002, // Morphing: OCEVENT
    version: 0x04,
    persistent: true,
    data: () => Uint8Array.of(0x02, 0, 0, 0),
  },
  {
    code: 0x0003, // Removable Medium: tray, load, eject, lock
    version: 0x04,
    persistent: true,
    data: () => Uint8Array.of(0x39, 0, 0, 0),
  },
  { code: 0x0010, version: 0, data: randomReadable },
  { code: 0x001d, version: 0, data: () => NO_DATA }, // Multi-Read
  { code: 0x001e, version: 0, data: zeroes(4) }, // CD Read
  {
    code: 0x001f, // DVD Read
    version: 0x08,
    data: () => Uint8Array.of(0x01, 0, 0x03, 0),
  },
  { code: 0x002a, version: 0x04, data: zeroes(4) }, // DVD+RW: reads it
  { code: 0x002b, version: 0, data: zeroes(4) }, // DVD+R
  { code: 0x003a, version: 0, data: zeroes(4) }, // DVD+RW Dual Layer
  { code: 0x003b, version: 0, data: zeroes(4) }, // DVD+R Dual Layer
];

function zeroes(length: number): () => Uint8Array {
  return () => new Uint8Array(length);
}

function profiles(unit: LogicalUnit): Uint8Array {
  const current = hasDisc(unit) ? CURRENT : 0;
  return Uint8Array.of(
    ...[0, PROFILE.CD_ROM, 0, 0],
    ...[0, PROFILE.DVD_ROM, current, 0],
  );
}

function randomReadable({ geometry }: LogicalUnit): Uint8Array {
  const data = new DataView(new ArrayBuffer(8));
  data.setUint32(0, geometry.blockLength);
  // BLOCKING: blocks that are read in one go.
  data.setUint16(4, 1);
  return new Uint8Array(data.buffer);
}

function hasDisc(unit: LogicalUnit): boolean {
  return unit.hasMedium && !unit.ejected;
}

function getConfiguration(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const requested = task.cdb.getUint8(1) & 0x03;
  if (requested > REQUESTED.ONE) return invalidFieldInCdb(1, 1);
  const features = select(unit, requested, task.cdb.getUint16(2))
    .map((feature) => ({ feature, data: feature.data(unit) }));
  const length = features.reduce(
    (sum, { data }) => sum + FEATURE_HEADER + data.length,
    HEADER_LENGTH,
  );
  return reply(task, length, task.cdb.getUint16(7), (view) => {
    view.setUint32(0, length - 4);
    view.setUint16(6, hasDisc(unit) ? PROFILE.DVD_ROM : PROFILE.NONE);
    let at = HEADER_LENGTH;
    for (const { feature, data } of features) {
      writeFeature(view, at, unit, feature, data);
      at += FEATURE_HEADER + data.length;
    }
  });
}

function select(
  unit: LogicalUnit,
  requested: number,
  start: number,
): Feature[] {
  switch (requested) {
    case REQUESTED.ONE:
      return FEATURES.filter(({ code }) => code === start);
    case REQUESTED.CURRENT:
      return FEATURES.filter((feature) =>
        feature.code >= start && isCurrent(unit, feature)
      );
    default:
      return FEATURES.filter(({ code }) => code >= start);
  }
}

function isCurrent(unit: LogicalUnit, { persistent }: Feature): boolean {
  return persistent === true || hasDisc(unit);
}

function writeFeature(
  view: DataView,
  at: number,
  unit: LogicalUnit,
  feature: Feature,
  data: Uint8Array,
): void {
  const current = isCurrent(unit, feature) ? CURRENT : 0;
  const persistent = feature.persistent === true ? PERSISTENT : 0;
  view.setUint16(at, feature.code);
  view.setUint8(at + 2, feature.version | persistent | current);
  view.setUint8(at + 3, data.length);
  data.forEach((byte, index) =>
    view.setUint8(at + FEATURE_HEADER + index, byte)
  );
}
