/**
 * SANITIZE (SBC-4 5.30).
 *
 * @module
 */

import { withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { carryOut } from "../medium_operation.ts";
import { OPERATION, type OperationPlan } from "../operation_record.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import {
  type Completion,
  INTERNAL_TARGET_FAILURE,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  PARAMETER_LIST_LENGTH_ERROR,
  STATUS,
} from "../sense.ts";
import { SERIALIZATION } from "../serialization.ts";
import type { ScsiTask } from "../task.ts";
import { type CommandDefinition, PATTERN } from "./command_row.ts";

const SANITIZE = {
  opcode: 0x48,
  deviceTypes: FOR.DISK,
  serialization: SERIALIZATION.FORMAT,
  flags: 0,
} as const;

/** The service actions of SANITIZE; ZNR is for zoned media, and refused. */
export const SANITIZE_COMMANDS: readonly CommandDefinition[] = [
  {
    ...SANITIZE,
    name: "SANITIZE OVERWRITE",
    serviceAction: 0x01,
    usage: "a1 0000000000 ffff 07",
    direction: "out",
    pattern: PATTERN.WRITE,
    execute: overwrite,
  },
  {
    ...SANITIZE,
    name: "SANITIZE BLOCK ERASE",
    serviceAction: 0x02,
    usage: "a2 0000000000 ffff 07",
    direction: "none",
    pattern: PATTERN.WRITE,
    supported: erasesBlocks,
    execute: blockErase,
  },
  {
    ...SANITIZE,
    name: "SANITIZE CRYPTOGRAPHIC ERASE",
    serviceAction: 0x03,
    usage: "a3 0000000000 ffff 07",
    direction: "none",
    pattern: PATTERN.WRITE,
    supported: encrypts,
    execute: cryptographicErase,
  },
  {
    ...SANITIZE,
    name: "SANITIZE EXIT FAILURE MODE",
    serviceAction: 0x1f,
    usage: "bf 0000000000 ffff 07",
    direction: "none",
    pattern: PATTERN.NONE,
    execute: exitFailureMode,
  },
];

const IMMED = 0x80;
const AUSE = 0x20;
const LENGTH_FIELD = 7;

const ListAt = { FLAGS: 0, PATTERN_LENGTH: 2, PATTERN: 4 } as const;
const INVERT = 0x80;
const TEST = 0x60;
const COUNT = 0x1f;

/** Whether BLOCK ERASE is offered: where blocks can be deallocated. */
export function erasesBlocks(unit: LogicalUnit): boolean {
  return unit.unmapSupported;
}

function overwrite(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const length = task.cdb.getUint16(LENGTH_FIELD);
  const longest = ListAt.PATTERN + unit.geometry.blockLength;
  if (length <= ListAt.PATTERN || length > longest) {
    return invalidFieldInCdb(LENGTH_FIELD);
  }
  const refused = checkExit(task, unit);
  if (refused !== null) return refused;
  return withParameters(task, length, (list) => {
    const plan = planOf(list, task, unit);
    return "kind" in plan ? sanitize(task, unit, plan) : plan.refused;
  });
}

function planOf(
  list: DataView,
  task: ScsiTask,
  unit: LogicalUnit,
): OperationPlan | { readonly refused: Completion } {
  const flags = list.getUint8(ListAt.FLAGS);
  const length = list.getUint16(ListAt.PATTERN_LENGTH);
  if ((flags & TEST) !== 0) {
    return { refused: invalidFieldInParameterList(0, 6) };
  }
  if ((flags & COUNT) === 0) {
    return { refused: invalidFieldInParameterList(0, 4) };
  }
  if (list.getUint8(1) !== 0) {
    return { refused: invalidFieldInParameterList(1) };
  }
  if (length === 0 || length > unit.geometry.blockLength) {
    return { refused: invalidFieldInParameterList(ListAt.PATTERN_LENGTH) };
  }
  if (length > list.byteLength - ListAt.PATTERN) {
    return { refused: PARAMETER_LIST_LENGTH_ERROR };
  }
  const at = list.byteOffset + ListAt.PATTERN;
  return {
    kind: OPERATION.SANITIZE,
    pattern: new Uint8Array(list.buffer, at, length).slice(),
    passes: flags & COUNT,
    invert: (flags & INVERT) !== 0,
    cryptographic: false,
    unrestrictedExit: allowsExit(task),
  };
}

/** Whether CRYPTOGRAPHIC ERASE is offered: where data are encrypted. */
export function encrypts(unit: LogicalUnit): boolean {
  return unit.store?.capabilities.cryptographicErase ?? false;
}

function blockErase(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  return erase(task, unit, false);
}

function cryptographicErase(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  return erase(task, unit, true);
}

function erase(
  task: ScsiTask,
  unit: LogicalUnit,
  cryptographic: boolean,
): MaybePromise<Completion> {
  if (task.cdb.getUint16(LENGTH_FIELD) !== 0) {
    return invalidFieldInCdb(LENGTH_FIELD);
  }
  return checkExit(task, unit) ?? sanitize(task, unit, {
    kind: OPERATION.SANITIZE,
    pattern: null,
    passes: 1,
    invert: false,
    cryptographic,
    unrestrictedExit: allowsExit(task),
  });
}

function exitFailureMode(task: ScsiTask, unit: LogicalUnit): Completion {
  if (task.cdb.getUint16(LENGTH_FIELD) !== 0) {
    return invalidFieldInCdb(LENGTH_FIELD);
  }
  const { operation } = unit;
  if (operation === null || operation.plan.kind !== OPERATION.SANITIZE) {
    return STATUS.GOOD;
  }
  if (!operation.plan.unrestrictedExit) return invalidFieldInCdb(1, 4);
  return operation.leaveFailure() ? STATUS.GOOD : INTERNAL_TARGET_FAILURE;
}

function allowsExit(task: ScsiTask): boolean {
  return (task.cdb.getUint8(1) & AUSE) !== 0;
}

// What has failed without AUSE is not to be left by another with it.
function checkExit(task: ScsiTask, unit: LogicalUnit): Completion | null {
  const { operation } = unit;
  const restricted = operation?.plan.kind === OPERATION.SANITIZE &&
    !operation.plan.unrestrictedExit;
  return restricted && allowsExit(task) ? invalidFieldInCdb(1, 5) : null;
}

function sanitize(
  task: ScsiTask,
  unit: LogicalUnit,
  plan: OperationPlan,
): MaybePromise<Completion> {
  return carryOut(task, unit, plan, (task.cdb.getUint8(1) & IMMED) !== 0);
}
