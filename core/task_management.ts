/**
 * Task management functions (SAM-5 clause 7).
 *
 * @module
 */

/** Functions that a nexus can ask for. */
export const TASK_MANAGEMENT = {
  ABORT_TASK: "ABORT TASK",
  ABORT_TASK_SET: "ABORT TASK SET",
  CLEAR_ACA: "CLEAR ACA",
  CLEAR_TASK_SET: "CLEAR TASK SET",
  LOGICAL_UNIT_RESET: "LOGICAL UNIT RESET",
  /** All units that the port maps; SAM calls it a hard reset. */
  TARGET_RESET: "TARGET RESET",
  /** The same, told as 29/02: what parallel buses and CAM know. */
  BUS_RESET: "BUS RESET",
  I_T_NEXUS_RESET: "I_T NEXUS RESET",
  QUERY_TASK: "QUERY TASK",
  QUERY_TASK_SET: "QUERY TASK SET",
  QUERY_ASYNCHRONOUS_EVENT: "QUERY ASYNCHRONOUS EVENT",
} as const;

/** One of {@linkcode TASK_MANAGEMENT}. */
export type TaskManagementFunction =
  (typeof TASK_MANAGEMENT)[keyof typeof TASK_MANAGEMENT];

/** Service responses (SAM-5 7.1). */
export type TaskManagementResponse =
  | "FUNCTION COMPLETE"
  | "FUNCTION SUCCEEDED"
  | "FUNCTION REJECTED"
  | "INCORRECT LOGICAL UNIT NUMBER"
  | "FUNCTION NOT SUPPORTED";

/** One request; the core fills in the answer and hands it back. */
export interface TaskManagementRequest {
  /** What to do. */
  readonly function: TaskManagementFunction;
  /** LUN as the nexus sees it, where the function has one. */
  readonly visibleLun: number;
  /** Tag of the task to abort or query. */
  readonly tag: number;
  /** The answer; set when the function has been executed. */
  response: TaskManagementResponse;
  /** Tasks that the function found. */
  tasksFound: number;
  /** ADDITIONAL RESPONSE INFORMATION of a query: three bytes as a number. */
  additionalResponse: number;
}

/** A request that has not been answered yet. */
export function taskManagementRequest(
  what: TaskManagementFunction,
  visibleLun: number,
  tag: number,
): TaskManagementRequest {
  return {
    function: what,
    visibleLun,
    tag,
    response: "FUNCTION COMPLETE",
    tasksFound: 0,
    additionalResponse: 0,
  };
}
