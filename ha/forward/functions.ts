/**
 * Task management functions that concern what the other node serves. It
 * answers when the last task that it has aborted has ended; so ours is
 * answered when those of both nodes have.
 *
 * What aborts tasks of one initiator alone needs no function there: each of
 * them is a task of ours, too, and its abort is told one by one.
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
import { type Channel, malformed } from "./channel.ts";
import { FUNCTIONS_MAX } from "./limits.ts";
import {
  encodeFunction,
  FUNCTION_CODE,
  type FunctionFrame,
} from "./wire/function.ts";
import { KIND } from "./wire/kinds.ts";

const CODES: ReadonlyMap<TaskManagementFunction, number> = new Map([
  [TASK_MANAGEMENT.CLEAR_TASK_SET, FUNCTION_CODE.CLEAR_TASK_SET],
  [TASK_MANAGEMENT.LOGICAL_UNIT_RESET, FUNCTION_CODE.LOGICAL_UNIT_RESET],
  [TASK_MANAGEMENT.TARGET_RESET, FUNCTION_CODE.TARGET_RESET],
  [TASK_MANAGEMENT.I_T_NEXUS_RESET, FUNCTION_CODE.I_T_NEXUS_RESET],
]);

const FUNCTIONS: ReadonlyMap<number, TaskManagementFunction> = new Map(
  [...CODES].map(([name, code]) => [code, name]),
);

/** The functions of both nodes. */
export class Functions {
  readonly #channel: Channel;
  /** Asked for here: who waits. */
  readonly #asked: Map<number, () => void> = new Map();
  /** Asked for there: their numbers. */
  #executing: Map<TaskManagementRequest, number> = new Map();
  #next = 0;

  /** None is under way. */
  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Functions that the other node executes. */
  get askedCount(): number {
    return this.#asked.size;
  }

  /** Whether the other node has to do its part of a function. */
  concernsBoth({ function: name }: TaskManagementRequest): boolean {
    return CODES.has(name);
  }

  /** Asks the other node; resolves when it has done it, or is not there. */
  ask(nexusId: number, request: TaskManagementRequest): Promise<void> {
    this.#next = (this.#next + 1) % 2 ** 32;
    const frame = {
      request: this.#next,
      nexus: nexusId,
      visibleLun: request.visibleLun,
      tag: request.tag,
      code: CODES.get(request.function) ?? 0,
    };
    this.#channel.send(KIND.FUNCTION, encodeFunction(frame));
    return new Promise((resolve) => this.#asked.set(frame.request, resolve));
  }

  /** The link has ended: nobody is waited for. */
  linkDown(): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    this.#executing = new Map();
    for (const resolve of asked) resolve();
  }

  // Frames of the other node.

  /** FUNCTION, of an initiator that is connected if its port is there. */
  requested(frame: FunctionFrame, nexus: Nexus | null): void {
    const name = FUNCTIONS.get(frame.code);
    if (name === undefined) malformed("an unknown function");
    if (this.#executing.size === FUNCTIONS_MAX) malformed("many functions");
    if (nexus === null) {
      return this.#channel.sendNumber(KIND.FUNCTION_DONE, frame.request);
    }
    const request = taskManagementRequest(name, frame.visibleLun, frame.tag);
    this.#executing.set(request, frame.request);
    nexus.taskManagementRequestReceived(request);
  }

  /** Our target has executed what the other node asked for. */
  executed(request: TaskManagementRequest): void {
    const number = this.#executing.get(request);
    if (number === undefined) return; // Its link has ended.
    this.#executing.delete(request);
    this.#channel.sendNumber(KIND.FUNCTION_DONE, number);
  }

  /** FUNCTION_DONE. */
  done(number: number): void {
    const resolve = this.#asked.get(number);
    if (resolve === undefined) malformed("the end of an unknown function");
    this.#asked.delete(number);
    resolve();
  }
}
