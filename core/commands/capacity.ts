/**
 * READ CAPACITY (SBC-4 5.20, 5.21).
 *
 * @module
 */

import { reply } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import type { Completion } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { setUint64 } from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

const LBPME = 0x8000;
const LBPRZ = 0x4000;

/** The READ CAPACITY commands. */
export const CAPACITY_COMMANDS: readonly CommandDefinition[] = [
  {
    name: "READ CAPACITY(10)",
    opcode: 0x25,
    deviceTypes: FOR.DISK_AND_CD,
    usage: "00 00000000 0000 00 07",
    serialization: SERIALIZATION.READ_CAPACITY,
    direction: "in",
    flags: FLAG.PERSISTENT,
    pattern: PATTERN.READ_CAPACITY,
    execute: readCapacity10,
  },
  {
    name: "READ CAPACITY(16)",
    opcode: 0x9e,
    serviceAction: 0x10,
    deviceTypes: FOR.DISK,
    usage: "10 0000000000000000 ffffffff 00 07",
    serialization: SERIALIZATION.READ_CAPACITY,
    direction: "in",
    flags: FLAG.PERSISTENT,
    pattern: PATTERN.READ_CAPACITY,
    execute: readCapacity16,
  },
];

function readCapacity10(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { blockCount, blockLength } = unit.geometry;
  return reply(task, 8, 8, (view) => {
    view.setUint32(0, Math.min(blockCount - 1, 0xffffffff));
    view.setUint32(4, blockLength);
  });
}

function readCapacity16(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const { geometry } = unit;
  return reply(task, 32, task.cdb.getUint32(10), (view) => {
    setUint64(view, 0, geometry.blockCount - 1);
    view.setUint32(8, geometry.blockLength);
    view.setUint8(13, geometry.physicalBlockExponent & 0x0f);
    const provisioning = unit.unmapSupported ? LBPME | LBPRZ : 0;
    view.setUint16(14, provisioning | (geometry.lowestAlignedLba & 0x3fff));
  });
}
