/**
 * The well-known logical unit REPORT LUNS (SPC-5 8.2): what it takes, and the
 * unit attentions and tasks that a nexus has there. It is no `LogicalUnit`: it
 * has no store, no mode pages, no reservations.
 *
 * @module
 */

import type { CommandRow } from "./commands/command_row.ts";
import { FLAG } from "./commands/command_row.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Nexus } from "./nexus.ts";
import {
  type Completion,
  INVALID_COMMAND_OPERATION_CODE,
  type Sense,
} from "./sense.ts";
import { ABORT, type ScsiTask } from "./task.ts";
import {
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  type TaskManagementRequest,
  type TaskManagementResponse,
} from "./task_management.ts";
import {
  afterReporting,
  firstCondition,
  senseOfCondition,
  UNIT_ATTENTION,
} from "./unit_attention.ts";
import { LUN_REPORT_LUNS } from "./wire/lun_address.ts";

/** Judges a task that was sent there; sets `task.row`. */
export function judgeWellKnown(
  task: ScsiTask,
  row: CommandRow,
): Completion | null {
  if (row.executeOnWellKnown === undefined) {
    return INVALID_COMMAND_OPERATION_CODE;
  }
  task.row = row;
  return (row.flags & FLAG.AHEAD_OF_ATTENTION) === 0
    ? takeWellKnownAttention(task.nexus)
    : null;
}

/** Reports one unit attention that a nexus has there; null: there is none. */
export function takeWellKnownAttention(nexus: Nexus): Sense | null {
  if (nexus.wellKnownPending === 0) return null;
  const condition = firstCondition(nexus.wellKnownPending);
  nexus.wellKnownPending = afterReporting(nexus.wellKnownPending, condition);
  // The nexus knows now, wherever else it would have heard it.
  if (condition === UNIT_ATTENTION.LUNS_CHANGED) {
    for (const itl of nexus.itls) itl.pending &= ~condition;
  }
  return senseOfCondition(condition);
}

const ONE_TASK: ReadonlySet<TaskManagementFunction> = new Set([
  TASK_MANAGEMENT.ABORT_TASK,
  TASK_MANAGEMENT.QUERY_TASK,
]);

/**
 * Executes a task management function. Tasks there only wait for their
 * initiator to take data, and there is nothing to reset.
 */
export function manageWellKnown(
  dispatcher: Dispatcher,
  nexus: Nexus,
  request: TaskManagementRequest,
): void {
  const answer = (response: TaskManagementResponse) => {
    dispatcher.answerFunction(nexus, request, response);
  };
  const tasks = dispatcher.tasksWithoutUnit.filter((task) =>
    task.nexus === nexus && task.visibleLun === LUN_REPORT_LUNS &&
    (!ONE_TASK.has(request.function) || task.tag === request.tag)
  );
  request.tasksFound = tasks.length;
  switch (request.function) {
    case TASK_MANAGEMENT.QUERY_ASYNCHRONOUS_EVENT:
      return answer(tellPending(nexus, request));
    case TASK_MANAGEMENT.QUERY_TASK:
    case TASK_MANAGEMENT.QUERY_TASK_SET:
      return answer(
        tasks.length > 0 ? "FUNCTION SUCCEEDED" : "FUNCTION COMPLETE",
      );
    default:
      return dispatcher.abort(
        tasks.map((task) => ({ task, how: ABORT.SILENT })),
        () => answer("FUNCTION COMPLETE"),
      );
  }
}

function tellPending(
  { wellKnownPending: pending }: Nexus,
  request: TaskManagementRequest,
): TaskManagementResponse {
  request.tasksFound = 0;
  if (pending === 0) return "FUNCTION COMPLETE";
  const first = firstCondition(pending);
  const { key, asc, ascq } = senseOfCondition(first);
  const many = pending === first ? 0x10 : 0x20;
  request.additionalResponse = (key | many) << 16 | asc << 8 | ascq;
  return "FUNCTION SUCCEEDED";
}
