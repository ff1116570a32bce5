/**
 * REPORT TIMESTAMP and SET TIMESTAMP (SPC-5 6.39, 6.48).
 *
 * @module
 */

import { reply, withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import { SHARED } from "../ports/coordinator.ts";
import {
  type Completion,
  PARAMETER_LIST_LENGTH_ERROR,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { UNIT_ATTENTION } from "../unit_attention.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

/** The commands of the device clock. */
export const TIMESTAMP_COMMANDS: readonly CommandDefinition[] = [
  {
    name: "REPORT TIMESTAMP",
    opcode: 0xa3,
    serviceAction: 0x0f,
    deviceTypes: FOR.ALL,
    usage: "0f 00000000 ffffffff 00 07",
    serialization: SERIALIZATION.INQUIRY,
    direction: "in",
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY | FLAG.UNAVAILABLE | FLAG.PERSISTENT,
    pattern: PATTERN.NONE,
    execute: reportTimestamp,
  },
  {
    name: "SET TIMESTAMP",
    opcode: 0xa4,
    serviceAction: 0x0f,
    deviceTypes: FOR.ALL,
    usage: "0f 00000000 ffffffff 00 07",
    serialization: SERIALIZATION.MODE_SELECT,
    direction: "out",
    flags: FLAG.NO_MEDIUM | FLAG.STANDBY,
    pattern: PATTERN.NONE,
    execute: setTimestamp,
  },
];

/** Bytes of the parameter data of both. */
const LENGTH = 12;
const At = { LENGTH: 0, ORIGIN: 2, TIMESTAMP: 4 } as const;

function reportTimestamp(
  task: ScsiTask,
  { deviceClock }: LogicalUnit,
): MaybePromise<Completion> {
  return reply(task, LENGTH, task.cdb.getUint32(6), (view) => {
    const { timestampMs } = deviceClock;
    view.setUint16(At.LENGTH, LENGTH - 2);
    view.setUint8(At.ORIGIN, deviceClock.origin);
    view.setUint16(At.TIMESTAMP, Math.floor(timestampMs / 2 ** 32));
    view.setUint32(At.TIMESTAMP + 2, timestampMs % 2 ** 32);
  });
}

function setTimestamp(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const listLength = task.cdb.getUint32(6);
  if (listLength === 0) return STATUS.GOOD;
  if (listLength !== LENGTH) return PARAMETER_LIST_LENGTH_ERROR;
  return withParameters(task, LENGTH, (list) => {
    unit.deviceClock.set(
      list.getUint16(At.TIMESTAMP) * 2 ** 32 +
        list.getUint32(At.TIMESTAMP + 2),
    );
    unit.changed(SHARED.CONDITION);
    unit.raise(UNIT_ATTENTION.TIMESTAMP_CHANGED, task.nexus);
    return STATUS.GOOD;
  });
}
