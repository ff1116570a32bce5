/**
 * SEND DIAGNOSTIC and RECEIVE DIAGNOSTIC RESULTS (SPC-5 6.42, 6.20).
 *
 * @module
 */

import { reply, withParameters } from "../data_transfer.ts";
import { FOR } from "../device_type.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { MaybePromise } from "../ports/block_store.ts";
import {
  type Completion,
  invalidFieldInCdb,
  invalidFieldInParameterList,
  PARAMETER_LIST_LENGTH_ERROR,
  STATUS,
} from "../sense.ts";
import { SELF_TEST_CODE } from "../self_test_results.ts";
import { SERIALIZATION } from "../serialization.ts";
import { ABORT, type ScsiTask } from "../task.ts";
import { type CommandDefinition, FLAG, PATTERN } from "./command_row.ts";
import { withKeptState } from "./kept_state.ts";

const ROW = {
  deviceTypes: FOR.ALL,
  flags: FLAG.NO_MEDIUM | FLAG.STANDBY,
  pattern: PATTERN.NONE,
} as const;

/** The diagnostic commands. */
export const DIAGNOSTIC_COMMANDS: readonly CommandDefinition[] = [
  {
    ...ROW,
    name: "RECEIVE DIAGNOSTIC RESULTS",
    opcode: 0x1c,
    usage: "01 ff ffff 07",
    serialization: SERIALIZATION.LOG_SENSE,
    direction: "in",
    execute: receiveDiagnosticResults,
  },
  {
    ...ROW,
    name: "SEND DIAGNOSTIC",
    opcode: 0x1d,
    usage: "f7 00 ffff 07",
    // REQUEST SENSE tells its progress: it must not wait for it.
    serialization: SERIALIZATION.FORMAT,
    direction: "out",
    // As long as the longest: an extended self-test in the foreground.
    recommendedTimeoutS: (unit) => 60 * unit.selfTests.completionMinutes,
    execute: sendDiagnostic,
  },
];

const PCV = 0x01;
const PF = 0x10;
const SELFTEST = 0x04;
const PAGE_HEADER = 4;
/** The diagnostic pages that there are: the list of them. */
const PAGES: readonly number[] = [0x00];

// Without PCV the page is that of the last SEND DIAGNOSTIC: of ours, there is
// one that it can have been.
function receiveDiagnosticResults(task: ScsiTask): MaybePromise<Completion> {
  const named = (task.cdb.getUint8(1) & PCV) !== 0;
  if (named && !PAGES.includes(task.cdb.getUint8(2))) {
    return invalidFieldInCdb(2);
  }
  const length = PAGE_HEADER + PAGES.length;
  return reply(task, length, task.cdb.getUint16(3), (view) => {
    view.setUint16(2, PAGES.length);
    PAGES.forEach((page, index) => view.setUint8(PAGE_HEADER + index, page));
  });
}

function sendDiagnostic(
  task: ScsiTask,
  unit: LogicalUnit,
): MaybePromise<Completion> {
  const flags = task.cdb.getUint8(1);
  const code = flags >> 5;
  const isDefault = (flags & SELFTEST) !== 0;
  if (isDefault && code !== 0) return invalidFieldInCdb(1, 7);
  if (!isDefault && code === 0) return takePage(task);
  if (task.cdb.getUint16(3) !== 0) return invalidFieldInCdb(3);
  return selfTest(task, unit, isDefault ? null : code);
}

// DEVOFFL and UNITOFFL allow what no test of ours does.
function selfTest(
  task: ScsiTask,
  unit: LogicalUnit,
  code: number | null,
): MaybePromise<Completion> {
  const { selfTests } = unit;
  if (code === SELF_TEST_CODE.ABORT_BACKGROUND) {
    return selfTests.abort() ? STATUS.GOOD : invalidFieldInCdb(1, 7);
  }
  const busy = selfTests.inProgress;
  if (busy !== null) return busy;
  return withKeptState(() => {
    switch (code) {
      case null:
        return endOf(task, selfTests.runDefault());
      case SELF_TEST_CODE.BACKGROUND_SHORT:
      case SELF_TEST_CODE.BACKGROUND_EXTENDED:
        selfTests.startBackground(code);
        return STATUS.GOOD;
      case SELF_TEST_CODE.FOREGROUND_SHORT:
      case SELF_TEST_CODE.FOREGROUND_EXTENDED:
        return endOf(
          task,
          selfTests.runForeground(code, () => task.abort !== ABORT.NONE),
        );
      default:
        return invalidFieldInCdb(1, 7);
    }
  });
}

async function endOf(
  task: ScsiTask,
  test: ReturnType<LogicalUnit["selfTests"]["runDefault"]>,
): Promise<Completion> {
  const wrong = await test;
  if (task.abort !== ABORT.NONE) return STATUS.TASK_ABORTED;
  return wrong ?? STATUS.GOOD;
}

// A diagnostic page: only the empty one that asks for the list.
function takePage(task: ScsiTask): MaybePromise<Completion> {
  const listLength = task.cdb.getUint16(3);
  if (listLength === 0) return STATUS.GOOD;
  if ((task.cdb.getUint8(1) & PF) === 0) return invalidFieldInCdb(1, 4);
  return withParameters(task, listLength, (list) => {
    if (list.byteLength < PAGE_HEADER) return PARAMETER_LIST_LENGTH_ERROR;
    if (!PAGES.includes(list.getUint8(0))) {
      return invalidFieldInParameterList(0);
    }
    if (list.getUint16(2) !== 0) return invalidFieldInParameterList(2);
    return list.byteLength === PAGE_HEADER
      ? STATUS.GOOD
      : PARAMETER_LIST_LENGTH_ERROR;
  });
}
