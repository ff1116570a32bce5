/**
 * VPD page 8Fh: Third-party Copy (SPC-5 7.7.18).
 *
 * @module
 */

import { FOR, type VpdContext, type VpdPage } from "../../core/mod.ts";
import { RUNNING_MAX } from "./operations.ts";
import {
  CSCDS_MAX,
  DESCRIPTOR,
  DESCRIPTORS_LENGTH_MAX,
  SEGMENTS_MAX,
} from "./parameter_list.ts";
import { putBytes } from "./receive_results.ts";
import {
  blockDeviceRodLimits,
  hasSnapshots,
  rodTokenFeatures,
  supportedRodTypes,
} from "./tokens/mod.ts";

const HEADER = 4;

/** The page. */
export const THIRD_PARTY_COPY_PAGE: VpdPage = {
  code: 0x8f,
  deviceTypes: FOR.ALL,
  length: (context) =>
    descriptorsOf(context).reduce((sum, { length }) => sum + length, 0),
  write: (body, context) => {
    let at = 0;
    for (const bytes of descriptorsOf(context)) {
      putBytes(body, at, bytes);
      at += bytes.length;
    }
  },
};

// Third-party copy descriptors, in the order of their types.
function descriptorsOf({ unit }: VpdContext): Uint8Array[] {
  return [
    blockDeviceRodLimits(unit.geometry.blockLength),
    descriptor(0x0001, 16, writeCommands),
    descriptor(0x0004, 28, writeParameterData),
    descriptor(0x0008, 8, writeDescriptorTypes),
    descriptor(0x000c, 4, writeCscdIds),
    rodTokenFeatures(),
    supportedRodTypes(hasSnapshots(unit)),
    descriptor(0x8001, 32, writeGeneral),
  ];
}

function descriptor(
  type: number,
  length: number,
  write: (view: DataView) => void,
): Uint8Array {
  const bytes = new Uint8Array(HEADER + length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, type);
  view.setUint16(2, length);
  write(new DataView(bytes.buffer, HEADER));
  return bytes;
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

// General Copy Operations.
function writeGeneral(view: DataView): void {
  view.setUint32(0, RUNNING_MAX);
  view.setUint32(4, RUNNING_MAX);
}
