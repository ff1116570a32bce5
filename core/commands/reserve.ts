/**
 * RESERVE and RELEASE (SPC-2 7.21, 7.17).
 *
 * @module
 */

import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { SHARED } from "../ports/coordinator.ts";
import { type Completion, STATUS } from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";

const ROW = {
  deviceTypes: FOR.ALL,
  serialization: SERIALIZATION.RESERVE,
  direction: "none",
  flags: FLAG.RESERVED | FLAG.NO_MEDIUM | FLAG.STANDBY,
  pattern: PATTERN.NONE,
} as const;

/** The RESERVE and RELEASE commands. */
export const RESERVE_COMMANDS: readonly CommandDefinition[] = [
  {
    ...ROW,
    name: "RESERVE(6)",
    opcode: 0x16,
    usage: "00 00 00 00 07",
    execute: reserve,
  },
  {
    ...ROW,
    name: "RELEASE(6)",
    opcode: 0x17,
    usage: "00 00 00 00 07",
    execute: release,
  },
  {
    ...ROW,
    name: "RESERVE(10)",
    opcode: 0x56,
    usage: "00 00000000 000000 07",
    execute: reserve,
  },
  {
    ...ROW,
    name: "RELEASE(10)",
    opcode: 0x57,
    usage: "00 00000000 000000 07",
    execute: release,
  },
];

function reserve(task: ScsiTask, unit: LogicalUnit): Completion {
  const { reservations } = unit;
  // Compatible reservation handling: a registrant is told GOOD (SPC-5 5.14.3).
  if (reservations.persistent.type !== 0) return STATUS.GOOD;
  if (reservations.holder !== null && reservations.holder !== task.nexus) {
    return STATUS.RESERVATION_CONFLICT;
  }
  if (reservations.holder === task.nexus) return STATUS.GOOD;
  reservations.holder = task.nexus;
  unit.changed(SHARED.RESERVE);
  return STATUS.GOOD;
}

function release(task: ScsiTask, unit: LogicalUnit): Completion {
  unit.dropHolder(task.nexus);
  return STATUS.GOOD;
}
