/**
 * VPD page 8Fh: Third-party Copy (SPC-5 7.7.18).
 *
 * @module
 */

import { FOR, type VpdPage } from "../../core/mod.ts";
import { RUNNING_MAX } from "./operations.ts";
import {
  CSCDS_MAX,
  DESCRIPTOR,
  DESCRIPTORS_LENGTH_MAX,
  SEGMENTS_MAX,
} from "./parameter_list.ts";
import {
  RANGES_MAX,
  ROD_TYPES,
  ROUND_BYTES,
  TIMEOUT_DEFAULT_S,
  TIMEOUT_MAX_S,
} from "./tokens/rod_types.ts";

/** A third-party copy descriptor: its type, and bytes behind its length. */
interface Descriptor {
  readonly type: number;
  readonly length: number;
  readonly write: (view: DataView) => void;
}

const HEADER = 4;
const ROD_TYPE_LENGTH = 64;
const UNLIMITED = 0xffffffff;

const DESCRIPTORS: readonly Descriptor[] = [
  { type: 0x0000, length: 32, write: writeBlockLimits },
  { type: 0x0001, length: 16, write: writeCommands },
  { type: 0x0004, length: 28, write: writeParameterData },
  { type: 0x0008, length: 8, write: writeDescriptorTypes },
  { type: 0x000c, length: 4, write: writeCscdIds },
  { type: 0x0106, length: 92, write: writeTokenFeatures },
  {
    type: 0x0108,
    length: 4 + ROD_TYPE_LENGTH * ROD_TYPES.length,
    write: writeRodTypes,
  },
  { type: 0x8001, length: 32, write: writeGeneral },
];

/** The page: the same for every unit. */
export const THIRD_PARTY_COPY_PAGE: VpdPage = {
  code: 0x8f,
  deviceTypes: FOR.ALL,
  length: () =>
    DESCRIPTORS.reduce((sum, { length }) => sum + HEADER + length, 0),
  write: (body) => {
    let at = 0;
    for (const { type, length, write } of DESCRIPTORS) {
      body.setUint16(at, type);
      body.setUint16(at + 2, length);
      const start = body.byteOffset + at + HEADER;
      write(new DataView(body.buffer, start, length));
      at += HEADER + length;
    }
  },
};

// Block Device ROD Limits; six bytes are the vendor's.
function writeBlockLimits(view: DataView): void {
  view.setUint16(6, RANGES_MAX);
  view.setUint32(8, TIMEOUT_MAX_S);
  view.setUint32(12, TIMEOUT_DEFAULT_S);
}

/** Service actions by operation code. */
const COMMANDS = [
  [0x83, [0x00, 0x01, 0x10, 0x11, 0x1c]],
  [0x84, [0x00, 0x04, 0x05, 0x03, 0x07, 0x08]],
] as const;

function writeCommands(view: DataView): void {
  let at = 1;
  for (const [opcode, serviceActions] of COMMANDS) {
    view.setUint8(at, opcode);
    view.setUint8(at + 1, serviceActions.length);
    serviceActions.forEach((each, index) =>
      view.setUint8(at + 2 + index, each)
    );
    at += 2 + serviceActions.length;
  }
  view.setUint8(0, at - 1);
}

function writeParameterData(view: DataView): void {
  view.setUint16(4, CSCDS_MAX);
  view.setUint16(6, SEGMENTS_MAX);
  view.setUint32(8, DESCRIPTORS_LENGTH_MAX);
}

function writeDescriptorTypes(view: DataView): void {
  const codes = Object.values(DESCRIPTOR);
  view.setUint8(0, codes.length);
  codes.forEach((code, index) => view.setUint8(1 + index, code));
}

// The unit that received the command.
function writeCscdIds(view: DataView): void {
  view.setUint16(0, 2);
  view.setUint16(2, 0xffff);
}

function writeTokenFeatures(view: DataView): void {
  // REMOTE TOKENS 0: those of this copy manager alone. Lifetimes, then.
  view.setUint32(12, 1);
  view.setUint32(16, UNLIMITED);
  view.setUint32(20, TIMEOUT_MAX_S);
  view.setUint16(42, 48);
  // Block ROD device type feature.
  view.setUint16(46, 44);
  view.setUint32(68, UNLIMITED);
  view.setUint32(72, UNLIMITED);
  view.setUint32(80, ROUND_BYTES);
}

function writeRodTypes(view: DataView): void {
  view.setUint16(2, ROD_TYPE_LENGTH * ROD_TYPES.length);
  ROD_TYPES.forEach(({ type, flags, preference }, index) => {
    const at = 4 + ROD_TYPE_LENGTH * index;
    view.setUint32(at, type);
    view.setUint8(at + 4, flags);
    view.setUint16(at + 6, preference);
  });
}

// General Copy Operations.
function writeGeneral(view: DataView): void {
  view.setUint32(0, RUNNING_MAX);
  view.setUint32(4, RUNNING_MAX);
}
