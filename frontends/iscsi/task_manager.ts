/**
 * Task Management Function Requests of a session (RFC 7143 11.5, RFC 7144).
 *
 * @module
 */

import {
  type Nexus,
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  type TaskManagementRequest,
  taskManagementRequest,
} from "../../core/mod.ts";
import type { Responder } from "./responder.ts";
import type { TaskContext } from "./task_context.ts";
import type { TaskWindow } from "./task_window.ts";
import {
  type ControlRequest,
  FUNCTION,
  FUNCTION_RESPONSE,
} from "./wire/control.ts";
import { RESPONSE, serialBefore } from "./wire/pdu.ts";

/** What the manager works with. */
export interface TaskManagerServices {
  /** Sends answers. */
  readonly responder: Responder;
  /** Knows which commands have come. */
  readonly window: TaskWindow;
  /** iSCSIProtocolLevel that was agreed. */
  readonly protocolLevel: number;
  /** A CmdSN counts as received although its request did not come. */
  readonly markReceived: (cmdSn: number) => void;
  /** A function was answered; with a reason if the connection must close. */
  readonly executed: (closes: string | null) => void;
  /** Ends all sessions of the target. */
  readonly coldReset: () => void;
}

const FUNCTIONS: ReadonlyMap<number, TaskManagementFunction> = new Map([
  [FUNCTION.ABORT_TASK, TASK_MANAGEMENT.ABORT_TASK],
  [FUNCTION.ABORT_TASK_SET, TASK_MANAGEMENT.ABORT_TASK_SET],
  [FUNCTION.CLEAR_TASK_SET, TASK_MANAGEMENT.CLEAR_TASK_SET],
  [FUNCTION.LOGICAL_UNIT_RESET, TASK_MANAGEMENT.LOGICAL_UNIT_RESET],
  [FUNCTION.TARGET_WARM_RESET, TASK_MANAGEMENT.TARGET_RESET],
  [FUNCTION.TARGET_COLD_RESET, TASK_MANAGEMENT.TARGET_RESET],
  [FUNCTION.QUERY_TASK, TASK_MANAGEMENT.QUERY_TASK],
  [FUNCTION.QUERY_TASK_SET, TASK_MANAGEMENT.QUERY_TASK_SET],
  [FUNCTION.I_T_NEXUS_RESET, TASK_MANAGEMENT.I_T_NEXUS_RESET],
  [FUNCTION.QUERY_ASYNC_EVENT, TASK_MANAGEMENT.QUERY_ASYNCHRONOUS_EVENT],
]);

/** Functions that may wait at once for the tasks that they end. */
export const FUNCTIONS_MAX = 64;
/** Functions that concern every nexus of a unit. */
const RESETS: ReadonlySet<number> = new Set([
  FUNCTION.LOGICAL_UNIT_RESET,
  FUNCTION.TARGET_WARM_RESET,
  FUNCTION.TARGET_COLD_RESET,
]);
/** One costs as much as so many PDUs for nothing. */
const RESET_WASTE = 8;
/** The first function that RFC 7144 added. */
const FIRST_OF_LEVEL_2 = FUNCTION.QUERY_TASK;

/** Hands functions to the core and answers them when they are done. */
export class TaskManager {
  readonly #services: TaskManagerServices;
  readonly #pending: Map<TaskManagementRequest, ControlRequest> = new Map();

  /** A manager for one session. */
  constructor(services: TaskManagerServices) {
    this.#services = services;
  }

  /** A request has come, in its turn. */
  receive(
    pdu: ControlRequest,
    visibleLun: number,
    nexus: Nexus<TaskContext>,
  ): void {
    const what = FUNCTIONS.get(pdu.code);
    const tooNew = pdu.code >= FIRST_OF_LEVEL_2 &&
      this.#services.protocolLevel < 2;
    if (what === undefined || tooNew) {
      return this.#answer(pdu, FUNCTION_RESPONSE.NOT_SUPPORTED, 0);
    }
    if (this.#pending.size >= FUNCTIONS_MAX) {
      return this.#answer(pdu, FUNCTION_RESPONSE.REJECTED, 0);
    }
    const request = taskManagementRequest(what, visibleLun, pdu.tag);
    this.#pending.set(request, pdu);
    if (RESETS.has(pdu.code)) this.#services.responder.waste(RESET_WASTE);
    nexus.taskManagementRequestReceived(request);
  }

  /** The core has executed a function. */
  executed(request: TaskManagementRequest): void {
    const pdu = this.#pending.get(request);
    if (pdu === undefined) return;
    this.#pending.delete(request);
    this.#answer(
      pdu,
      this.#responseOf(request, pdu),
      request.additionalResponse,
    );
    if (pdu.code === FUNCTION.TARGET_COLD_RESET) this.#services.coldReset();
    this.#services.executed(
      pdu.code === FUNCTION.I_T_NEXUS_RESET ? "I_T nexus reset" : null,
    );
  }

  #responseOf(request: TaskManagementRequest, pdu: ControlRequest): number {
    switch (request.response) {
      case "FUNCTION COMPLETE":
        return pdu.code === FUNCTION.ABORT_TASK && request.tasksFound === 0
          ? this.#responseForMissing(pdu)
          : FUNCTION_RESPONSE.COMPLETE;
      case "FUNCTION SUCCEEDED":
        return FUNCTION_RESPONSE.SUCCEEDED;
      case "INCORRECT LOGICAL UNIT NUMBER":
        return FUNCTION_RESPONSE.LUN_DOES_NOT_EXIST;
      case "FUNCTION REJECTED":
        return FUNCTION_RESPONSE.REJECTED;
      default:
        return FUNCTION_RESPONSE.NOT_SUPPORTED;
    }
  }

  // ABORT TASK for a task that is not here (RFC 7143 11.6.1): one that has
  // not come yet counts as come and aborted; one that has ended does not
  // exist.
  #responseForMissing(pdu: ControlRequest): number {
    const { window } = this.#services;
    const { refCmdSn } = pdu;
    const notCome = !serialBefore(refCmdSn, window.expCmdSn) &&
      !serialBefore(window.maxCmdSn, refCmdSn) &&
      serialBefore(refCmdSn, pdu.cmdSn);
    if (!notCome) return FUNCTION_RESPONSE.TASK_DOES_NOT_EXIST;
    this.#services.markReceived(refCmdSn);
    return FUNCTION_RESPONSE.COMPLETE;
  }

  #answer(pdu: ControlRequest, code: number, additional: number): void {
    this.#services.responder.respond({
      opcode: RESPONSE.TASK_MANAGEMENT,
      code,
      // Bytes 8 to 10: additional response information (RFC 7144).
      lunHigh: additional << 8,
      initiatorTaskTag: pdu.initiatorTaskTag,
    });
  }
}
