/**
 * The order of judgement: what is checked before a command may run, and in
 * which order. One function, so that the order can be read.
 *
 * @module
 */

import { FLAG, PATTERN } from "./commands/command_row.ts";
import {
  checkUsage,
  type CommandRow,
  type CommandTable,
  unknownCommand,
} from "./commands/command_table.ts";
import { INTERLOCK } from "./control_page.ts";
import { maskOfDeviceType } from "./device_type.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { ItlNexus, Nexus } from "./nexus.ts";
import { ACCESS } from "./ports/coordinator.ts";
import {
  ASYMMETRIC_ACCESS_STATE_TRANSITION,
  type Completion,
  HARDWARE_WRITE_PROTECTED,
  INITIALIZING_COMMAND_REQUIRED,
  INVALID_COMMAND_OPERATION_CODE,
  invalidFieldInCdb,
  LOGICAL_UNIT_NOT_SUPPORTED,
  LOGICAL_UNIT_SOFTWARE_WRITE_PROTECTED,
  MANUAL_INTERVENTION_REQUIRED,
  MEDIUM_NOT_PRESENT_TRAY_CLOSED,
  MEDIUM_NOT_PRESENT_TRAY_OPEN,
  type Sense,
  STATUS,
  TARGET_PORT_IN_STANDBY_STATE,
  TARGET_PORT_IN_UNAVAILABLE_STATE,
} from "./sense.ts";
import type { Sender } from "./reservations.ts";
import type { ScsiTask } from "./task.ts";
import {
  afterReporting,
  firstCondition,
  RESET_CONDITIONS,
  UNIT_ATTENTION,
} from "./unit_attention.ts";
import { judgeWellKnown } from "./well_known_unit.ts";
import { LUN_REPORT_LUNS } from "./wire/lun_address.ts";

/**
 * Judges a task that has just arrived; sets `task.row` and its block range.
 *
 * 1. the command is known, its CDB is whole and has no bit that must be zero
 * 2. there is a logical unit, or the command needs none
 * 3. the unit offers the command, by its device type and options
 * 4. a unit attention of a reset
 * 5. reservations
 * 6. any other unit attention
 * 7. a format, sanitize or foreground self-test, write protection, medium
 * 8. overlap with the tag of an older task
 *
 * A unit in another access state than active/optimized is judged by
 * `judgeAway` from step 3 on.
 *
 * Unit attentions of resets come before reservations and others after them
 * (SAM-5 5.3.3).
 *
 * @returns how the command ends now, or null when it goes on to be ordered
 */
export function judge(
  task: ScsiTask,
  commands: CommandTable,
): Completion | null {
  // A command of the target's own brings its row: no CDB leads to it.
  const row = task.row ?? commands.find(task.cdb);
  if (row === null) return unknownCommand(commands, task.cdb);
  if (task.cdbLength < row.cdbLength) return invalidFieldInCdb(task.cdbLength);
  const malformed = checkUsage(row, task.cdb);
  if (malformed !== null) return malformed;
  const { itl } = task;
  if (itl === null) return judgeWithoutUnit(task, row);
  const { unit } = itl;
  if (unit.away) return judgeAway(task, row, itl);
  if (!offers(unit, row)) return INVALID_COMMAND_OPERATION_CODE;
  task.row = row;
  if (row.range !== undefined) row.range(task, unit);
  return judgeAttention(itl, row, RESET_CONDITIONS) ??
    judgeReservations(unit, row, task.nexus) ??
    judgeAttention(itl, row, ~0) ??
    judgeUnitState(unit, row) ??
    (task.older === null ? null : unit.taskSet.overlap(task));
}

// The node that serves the unit judges the rest, and orders its tasks: here
// nobody waits for this one.
function judgeAway(
  task: ScsiTask,
  row: CommandRow,
  itl: ItlNexus,
): Completion | null {
  const { unit } = itl;
  if ((row.deviceTypes & maskOfDeviceType(unit.deviceType)) === 0) {
    return INVALID_COMMAND_OPERATION_CODE;
  }
  task.row = row;
  task.aside = true;
  return judgeAttention(itl, row, ~0) ??
    judgeAccess(accessFor(task.nexus, unit), row);
}

// What is done in the name of an initiator does not take its path: it goes to
// the node that serves the unit.
function accessFor({ actsFor }: Nexus, { access }: LogicalUnit): number {
  return actsFor !== null && access === ACCESS.STANDBY
    ? ACCESS.NONOPTIMIZED
    : access;
}

/** Whether an access state keeps a command away; null: it does not. */
export function judgeAccess(access: number, row: CommandRow): Sense | null {
  const [flag, sense] = ACCESS_RULES.get(access) ?? [0, null];
  return (row.flags & flag) === flag ? null : sense;
}

// What a command needs to run in an access state (SPC-5 5.18.2).
const ACCESS_RULES: ReadonlyMap<number, readonly [number, Sense]> = new Map([
  [ACCESS.STANDBY, [FLAG.STANDBY, TARGET_PORT_IN_STANDBY_STATE]],
  [ACCESS.UNAVAILABLE, [FLAG.UNAVAILABLE, TARGET_PORT_IN_UNAVAILABLE_STATE]],
  [
    ACCESS.TRANSITIONING,
    [FLAG.UNAVAILABLE, ASYMMETRIC_ACCESS_STATE_TRANSITION],
  ],
]);

/** Whether a unit has a command, by its type and its options. */
export function offers(unit: LogicalUnit, row: CommandRow): boolean {
  return (row.deviceTypes & maskOfDeviceType(unit.deviceType)) !== 0 &&
    (row.supported === undefined || row.supported(unit));
}

/**
 * Judges once more a task that had to wait: what others did meanwhile to
 * reservations, write protection and the medium holds for it.
 */
export function judgeAgain(
  task: ScsiTask,
  row: CommandRow,
  unit: LogicalUnit,
): Completion | null {
  if (unit.away) return judgeAccess(accessFor(task.nexus, unit), row);
  return judgeReservations(unit, row, task.nexus) ?? judgeUnitState(unit, row);
}

function judgeWithoutUnit(
  task: ScsiTask,
  row: CommandRow,
): Completion | null {
  if (task.visibleLun === LUN_REPORT_LUNS) return judgeWellKnown(task, row);
  if (row.executeWithoutUnit === undefined) return LOGICAL_UNIT_NOT_SUPPORTED;
  task.row = row;
  return null;
}

function judgeAttention(
  itl: ItlNexus,
  row: CommandRow,
  conditions: number,
): Completion | null {
  const condition = dueAttention(itl.pending, row, conditions);
  if (condition === 0) return null;
  const { unit } = itl;
  unit.attentionsReported += 1;
  // UA_INTLCK_CTRL 10b and 11b: REQUEST SENSE alone clears it.
  return unit.modePages.settings.attentionInterlock === INTERLOCK.NONE
    ? takeAttention(itl, condition)
    : unit.attentionSense(condition);
}

/** The unit attention that a command would report; 0: none. */
export function dueAttention(
  pending: number,
  row: CommandRow,
  conditions: number,
): number {
  const due = pending & conditions;
  return due === 0 || (row.flags & FLAG.AHEAD_OF_ATTENTION) !== 0
    ? 0
    : firstCondition(due);
}

/** Reports one pending unit attention of a nexus and clears what it covers. */
export function takeAttention(itl: ItlNexus, condition: number): Sense {
  const { unit } = itl;
  itl.pending = afterReporting(itl.pending, condition);
  if (condition === UNIT_ATTENTION.LUNS_CHANGED) {
    clearLunsChanged(itl.nexus);
  }
  // SITUA: one nexus hears of a threshold, not all of them (SBC-4 4.7.3.7).
  if (
    condition === UNIT_ATTENTION.THRESHOLD_REACHED &&
    unit.modePages.settings.singleThresholdAttention
  ) unit.clear(condition);
  return unit.attentionSense(condition);
}

/** The nexus knows now that the inventory has changed, on all its units. */
export function clearLunsChanged(nexus: Nexus): void {
  nexus.wellKnownPending &= ~UNIT_ATTENTION.LUNS_CHANGED;
  for (const itl of nexus.itls) itl.pending &= ~UNIT_ATTENTION.LUNS_CHANGED;
}

/** Whether a reservation keeps a command away; null: it does not. */
export function judgeReservations(
  unit: LogicalUnit,
  row: CommandRow,
  nexus: Sender,
): Completion | null {
  const { reservations } = unit;
  if (!reservations.inForce) return null;
  return reservations.conflicts(nexus, row.flags)
    ? STATUS.RESERVATION_CONFLICT
    : null;
}

/** What of the state of a unit is against a command; null: nothing. */
export function judgeUnitState(
  unit: LogicalUnit,
  row: CommandRow,
): Completion | null {
  if (unit.operation !== null) {
    const refused = unit.operation.refusal(row);
    if (refused !== null) return refused;
  }
  if (
    unit.selfTests.refusesCommands &&
    (row.flags & FLAG.AHEAD_OF_ATTENTION) === 0
  ) {
    return unit.selfTests.inProgress;
  }
  if ((row.pattern & PATTERN.WRITE) !== 0) {
    if (unit.readOnly) return HARDWARE_WRITE_PROTECTED;
    if (unit.modePages.settings.softwareWriteProtect) {
      return LOGICAL_UNIT_SOFTWARE_WRITE_PROTECTED;
    }
  }
  return (row.flags & FLAG.NO_MEDIUM) === 0 ? judgeMedium(unit) : null;
}

function judgeMedium(unit: LogicalUnit): Completion | null {
  if (unit.ejected) return MEDIUM_NOT_PRESENT_TRAY_OPEN;
  if (!unit.hasMedium) {
    return unit.removable
      ? MEDIUM_NOT_PRESENT_TRAY_CLOSED
      : MANUAL_INTERVENTION_REQUIRED;
  }
  return unit.stopped ? INITIALIZING_COMMAND_REQUIRED : null;
}
