/**
 * Codes of the wire and what they mean to the core.
 *
 * @module
 */

import {
  ATTRIBUTE,
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  type TaskManagementResponse,
} from "../../core/mod.ts";
import { ATTRIBUTE_CODE, FUNCTION_CODE, RESPONSE_CODE } from "./wire/frame.ts";

/** Task attributes by their codes. */
export const ATTRIBUTES: ReadonlyMap<number, number> = new Map<number, number>([
  [ATTRIBUTE_CODE.SIMPLE, ATTRIBUTE.SIMPLE],
  [ATTRIBUTE_CODE.HEAD_OF_QUEUE, ATTRIBUTE.HEAD_OF_QUEUE],
  [ATTRIBUTE_CODE.ORDERED, ATTRIBUTE.ORDERED],
  [ATTRIBUTE_CODE.ACA, ATTRIBUTE.ACA],
  [ATTRIBUTE_CODE.UNTAGGED, ATTRIBUTE.UNTAGGED],
]);

/** Codes of task attributes. */
export const ATTRIBUTE_CODES: ReadonlyMap<number, number> = reversed(
  ATTRIBUTES,
);

/** Functions by their codes. */
export const FUNCTIONS: ReadonlyMap<number, TaskManagementFunction> = new Map<
  number,
  TaskManagementFunction
>([
  [FUNCTION_CODE.ABORT_TASK, TASK_MANAGEMENT.ABORT_TASK],
  [FUNCTION_CODE.ABORT_TASK_SET, TASK_MANAGEMENT.ABORT_TASK_SET],
  [FUNCTION_CODE.CLEAR_TASK_SET, TASK_MANAGEMENT.CLEAR_TASK_SET],
  [FUNCTION_CODE.LOGICAL_UNIT_RESET, TASK_MANAGEMENT.LOGICAL_UNIT_RESET],
  [FUNCTION_CODE.I_T_NEXUS_RESET, TASK_MANAGEMENT.I_T_NEXUS_RESET],
  [FUNCTION_CODE.TARGET_RESET, TASK_MANAGEMENT.TARGET_RESET],
  [FUNCTION_CODE.BUS_RESET, TASK_MANAGEMENT.BUS_RESET],
  [FUNCTION_CODE.CLEAR_ACA, TASK_MANAGEMENT.CLEAR_ACA],
  [FUNCTION_CODE.QUERY_TASK, TASK_MANAGEMENT.QUERY_TASK],
  [FUNCTION_CODE.QUERY_TASK_SET, TASK_MANAGEMENT.QUERY_TASK_SET],
  [
    FUNCTION_CODE.QUERY_ASYNCHRONOUS_EVENT,
    TASK_MANAGEMENT.QUERY_ASYNCHRONOUS_EVENT,
  ],
]);

/** Codes of functions. */
export const FUNCTION_CODES: ReadonlyMap<TaskManagementFunction, number> =
  reversed(FUNCTIONS);

/** Codes of answers; FCP-4 has one for refusals of every kind. */
export const RESPONSE_CODES: Readonly<Record<TaskManagementResponse, number>> =
  {
    "FUNCTION COMPLETE": RESPONSE_CODE.COMPLETE,
    "FUNCTION SUCCEEDED": RESPONSE_CODE.SUCCEEDED,
    "FUNCTION REJECTED": RESPONSE_CODE.REJECTED,
    "FUNCTION NOT SUPPORTED": RESPONSE_CODE.REJECTED,
    "INCORRECT LOGICAL UNIT NUMBER": RESPONSE_CODE.INCORRECT_LUN,
  };

function reversed<Key, Value>(
  map: ReadonlyMap<Key, Value>,
): Map<Value, Key> {
  return new Map([...map].map(([key, value]) => [value, key]));
}
