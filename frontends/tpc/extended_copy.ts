/**
 * EXTENDED COPY in both its forms, and COPY OPERATION ABORT (SPC-5 6.6, 6.5).
 *
 * @module
 */

import {
  type CommandDefinition,
  type Completion,
  FLAG,
  FOR,
  invalidFieldInCdb,
  type LogicalUnit,
  type MaybePromise,
  PARAMETER_LIST_LENGTH_ERROR,
  PARAMETER_LIST_LENGTH_MAX,
  PATTERN,
  type ScsiTask,
  SERIALIZATION,
  STATUS,
  withParameters,
} from "../../core/mod.ts";
import type { CopyManager } from "./copy_manager.ts";
import { CopyOperation } from "./operations.ts";
import {
  type CopyList,
  decodeCopyList,
  DESCRIPTORS_LENGTH_MAX,
  descriptorsLengthOf,
  HEADER_LENGTH,
  isSense,
  type ListForm,
} from "./parameter_list.ts";
import { runSegments } from "./segments.ts";
import { carryOut } from "./tokens/carry_out.ts";

const OPCODE = 0x83;
const SERVICE_ACTION = { LID1: 0x00, LID4: 0x01, ABORT: 0x1c } as const;
const CdbAt = { LIST_ID: 2, PARAMETER_LIST_LENGTH: 10 } as const;
/** Where CTL points when a parameter list has an impossible length. */
const LENGTH_FIELD = 9;

const ROW = {
  opcode: OPCODE,
  deviceTypes: FOR.ALL,
  serialization: SERIALIZATION.READ_CAPACITY,
  flags: FLAG.NO_MEDIUM,
  pattern: PATTERN.NONE,
} as const;

/** The commands that begin and end copies by lists of segments. */
export function extendedCopyCommands(
  manager: CopyManager,
): readonly CommandDefinition[] {
  const copy = (form: ListForm): CommandDefinition => ({
    ...ROW,
    name: `EXTENDED COPY(${form})`,
    serviceAction: SERVICE_ACTION[form],
    usage: `0${SERVICE_ACTION[form]} 0000000000000000 ffffffff 00 07`,
    direction: "out",
    execute: (task, unit) => extendedCopy(manager, task, unit, form),
  });
  return [copy("LID1"), copy("LID4"), {
    ...ROW,
    name: "COPY OPERATION ABORT",
    serviceAction: SERVICE_ACTION.ABORT,
    usage: "1c ffffffff 000000000000000000 07",
    direction: "none",
    execute: (task, unit) => abortOperation(manager, task, unit),
  }];
}

function extendedCopy(
  manager: CopyManager,
  task: ScsiTask,
  unit: LogicalUnit,
  form: ListForm,
): MaybePromise<Completion> {
  const length = task.cdb.getUint32(CdbAt.PARAMETER_LIST_LENGTH);
  const header = HEADER_LENGTH[form];
  if (length === 0) return STATUS.GOOD;
  if (length < header || length > PARAMETER_LIST_LENGTH_MAX) {
    return invalidFieldInCdb(LENGTH_FIELD);
  }
  return withParameters(task, length, (view) => {
    if (length > header + DESCRIPTORS_LENGTH_MAX) return tooLong(view, form);
    const list = decodeCopyList(view, form);
    return isSense(list) ? list : begin(manager, task, unit, { form, list });
  });
}

// What is wrong is the list when it says that it is so long, else the CDB.
function tooLong(view: DataView, form: ListForm): Completion {
  return descriptorsLengthOf(view, form) > DESCRIPTORS_LENGTH_MAX
    ? PARAMETER_LIST_LENGTH_ERROR
    : invalidFieldInCdb(LENGTH_FIELD);
}

interface WantedCopy {
  readonly form: ListForm;
  readonly list: CopyList;
}

function begin(
  manager: CopyManager,
  task: ScsiTask,
  unit: LogicalUnit,
  { form, list }: WantedCopy,
): MaybePromise<Completion> {
  const operation = manager.operations.begin({
    unit,
    asker: task.nexus,
    listId: list.listId,
    kind: `EXTENDED COPY(${form})`,
    anonymous: list.anonymous,
  });
  if (!(operation instanceof CopyOperation)) return operation;
  const work = () => runSegments(manager, operation, list);
  return carryOut(manager, task, operation, work);
}

function abortOperation(
  { operations }: CopyManager,
  task: ScsiTask,
  unit: LogicalUnit,
): Completion {
  const listId = task.cdb.getUint32(CdbAt.LIST_ID);
  const operation = operations.find(unit, task.nexus, listId);
  if (operation === null) return invalidFieldInCdb(CdbAt.LIST_ID);
  operation.stop();
  return STATUS.GOOD;
}
