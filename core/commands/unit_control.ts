/**
 * SYNCHRONIZE CACHE, START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL, TEST UNIT
 * READY (SBC-4 5.29 to 5.31, SPC-5 6.47, MMC-6 6.14).
 *
 * @module
 */

import { DEVICE_TYPE, FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import {
  type Completion,
  invalidFieldInCdb,
  MEDIUM_REMOVAL_PREVENTED,
  NOT_READY_MEDIUM_REMOVAL_PREVENTED,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { range10, range16 } from "./cdb.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { checkRange, flush, storeOf } from "./medium.ts";

const SYNCHRONIZE = {
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.SYNCHRONIZE,
  direction: "none",
  flags: 0,
  // It writes what it protects: refused where writes are.
  pattern: PATTERN.WRITE,
  execute: synchronizeCache,
} as const;

/** The commands that steer a unit. */
export const UNIT_CONTROL_COMMANDS: readonly CommandDefinition[] = [
  {
    name: "TEST UNIT READY",
    opcode: 0x00,
    deviceTypes: FOR.ALL,
    usage: "00 00 00 00 07",
    serialization: SERIALIZATION.TEST_UNIT_READY,
    direction: "none",
    flags: FLAG.PERSISTENT,
    pattern: PATTERN.TEST_UNIT_READY,
    // Judgement has found it ready.
    execute: () => STATUS.GOOD,
    executeOnWellKnown: () => STATUS.GOOD,
  },
  {
    ...SYNCHRONIZE,
    name: "SYNCHRONIZE CACHE(10)",
    opcode: 0x35,
    usage: "06 ffffffff 3f ffff 07",
    range: range10,
  },
  {
    ...SYNCHRONIZE,
    name: "SYNCHRONIZE CACHE(16)",
    opcode: 0x91,
    usage: "06 ffffffffffffffff ffffffff 3f 07",
    range: range16,
  },
  {
    name: "START STOP UNIT",
    opcode: 0x1b,
    deviceTypes: FOR.DISK_AND_CD,
    usage: "01 00 0f f7 07",
    serialization: SERIALIZATION.START_STOP,
    direction: "none",
    flags: FLAG.NO_MEDIUM | FLAG.PERSISTENT,
    pattern: PATTERN.NONE,
    execute: startStopUnit,
  },
  {
    name: "PREVENT ALLOW MEDIUM REMOVAL",
    opcode: 0x1e,
    deviceTypes: FOR.DISK_AND_CD,
    usage: "01 00 00 03 07",
    serialization: SERIALIZATION.START_STOP,
    direction: "none",
    flags: FLAG.NO_MEDIUM | FLAG.RESERVED | FLAG.PERSISTENT,
    pattern: PATTERN.NONE,
    supported: (unit) => unit.removable,
    execute: preventAllow,
  },
];

const START = 0x01;
const LOEJ = 0x02;
const NO_FLUSH = 0x04;

// IMMED allows an early status, and is not used: a flush that fails must be
// told to whoever relies on it.
function synchronizeCache(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const outside = checkRange(task, unit);
  if (outside !== null) return outside;
  return storeOf(unit).capabilities.volatileCache
    ? flush(task, unit)
    : STATUS.GOOD;
}

async function startStopUnit(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const control = task.cdb.getUint8(4);
  const powerCondition = control >> 4;
  const start = (control & START) !== 0;
  // Others may start it, and nothing else (SBC-4 table 13).
  if (
    (!start || powerCondition !== 0) &&
    !unit.reservations.persistent.admits(task.nexus.initiator)
  ) return STATUS.RESERVATION_CONFLICT;
  if (powerCondition !== 0) return STATUS.GOOD;
  const loadOrEject = (control & LOEJ) !== 0;
  if (loadOrEject && !unit.removable) return invalidFieldInCdb(4, 1);
  if (!start) return await stop(task, unit);
  if (loadOrEject && unit.ejected) {
    // The door is locked as it stands.
    if (isPrevented(unit)) return MEDIUM_REMOVAL_PREVENTED;
    unit.load(task.nexus);
  }
  unit.setStopped(false);
  return STATUS.GOOD;
}

async function stop(
  task: ScsiTask,
  unit: LogicalUnit,
): Promise<Completion> {
  const control = task.cdb.getUint8(4);
  const eject = (control & LOEJ) !== 0;
  const flushFirst = (control & NO_FLUSH) === 0;
  if (eject && isPrevented(unit)) {
    return unit.hasMedium && !unit.ejected
      ? MEDIUM_REMOVAL_PREVENTED
      : NOT_READY_MEDIUM_REMOVAL_PREVENTED;
  }
  // A stopped disk may be switched off: what it was given must be durable.
  const volatile = unit.store?.capabilities.volatileCache ?? false;
  if (flushFirst && volatile && !unit.readOnly) {
    const flushed = await flush(task, unit);
    if (flushed !== STATUS.GOOD) return flushed;
  }
  // A stopped unit tests itself no more (SPC-5 5.15.4).
  unit.selfTests.interrupt();
  if (eject) unit.eject();
  // A disc that stands still spins up for whoever wants it (MMC-6 6.42).
  else unit.setStopped(unit.deviceType !== DEVICE_TYPE.CD);
  return STATUS.GOOD;
}

function isPrevented(unit: LogicalUnit): boolean {
  for (const itl of unit.itls) if (itl.preventsRemoval) return true;
  return false;
}

// Whoever has no access may allow the removal, not prevent it (SPC-5 table 66).
function preventAllow(task: ScsiTask, unit: LogicalUnit): Completion {
  const prevents = (task.cdb.getUint8(4) & 0x01) !== 0;
  if (prevents && unit.reservations.conflicts(task.nexus, 0)) {
    return STATUS.RESERVATION_CONFLICT;
  }
  if (task.itl !== null) unit.setPreventsRemoval(task.itl, prevents);
  return STATUS.GOOD;
}
