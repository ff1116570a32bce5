/**
 * The port between the core and what carries commands of one I_T nexus: the
 * SCSI transport protocol services of SAM-5 5.4 and 7.12, by their names.
 *
 * @module
 */

import type { ScsiTask } from "../task.ts";
import type { TaskManagementRequest } from "../task_management.ts";
import type { MaybePromise } from "./block_store.ts";

/**
 * What the core asks of a transport.
 *
 * Data-In is written by the core into the transport's own send buffer:
 * `roomForDataIn` lends a piece of it (`task.dataIn` from `task.dataInAt`),
 * the core fills the piece and calls `sendDataIn`. Between the two nothing
 * else happens on the nexus. No room means: the peer is slow; the core then
 * awaits `dataInRoom`.
 */
export interface Transport<Context = unknown> {
  /**
   * Lends room for Data-In: sets `task.dataIn` and `task.dataInAt`.
   *
   * @returns bytes lent, at most `lengthBytes`; 0: no room now
   */
  roomForDataIn(task: ScsiTask<Context>, lengthBytes: number): number;

  /**
   * Resolves when there may be room again, or when no data will move any more:
   * the task was aborted, or the reason stands in `task.transportSense`.
   */
  dataInRoom(task: ScsiTask<Context>): Promise<void>;

  /**
   * For transports that set `task.moving` in `sendDataIn`, because what was
   * sent needs the task until it has arrived: calls back once, when all of it
   * has, or when `task.transportSense` tells why it will not. No call follows
   * `abortTransfer`, which ends `task.moving`.
   */
  whenMoved?(task: ScsiTask<Context>, moved: () => void): void;

  /**
   * Send Data-In (SAM-5 5.4.3.2.1): `lengthBytes` of the room lent last are
   * filled. `ended` tells that these are the last bytes of a command that has
   * ended GOOD, so that the status may leave with them.
   */
  sendDataIn(
    task: ScsiTask<Context>,
    lengthBytes: number,
    ended: boolean,
  ): void;

  /**
   * Receive Data-Out (SAM-5 5.4.3.2.3): puts `lengthBytes` of the initiator's
   * data, from byte `offset` of its buffer, into `into` from byte `at`.
   *
   * @returns false when the data will not come: the task was aborted, or the
   *          transport has put the reason into `task.transportSense`
   */
  receiveDataOut(
    task: ScsiTask<Context>,
    offset: number,
    lengthBytes: number,
    into: Uint8Array,
    at: number,
  ): MaybePromise<boolean>;

  /**
   * Send Command Complete (SAM-5 5.4.2.4): `task.status`, `task.sense`,
   * `task.transferLength` are set. The task is free after this call.
   */
  sendCommandComplete(task: ScsiTask<Context>): void;

  /**
   * The task was aborted and its initiator hears nothing of it (SAM-5 5.6).
   * The task is free after this call.
   */
  taskEnded(task: ScsiTask<Context>): void;

  /** The task is being aborted: end its waits for room and for Data-Out. */
  abortTransfer(task: ScsiTask<Context>): void;

  /**
   * Task Management Function Executed (SAM-5 7.12): the function has been
   * done, and no task it aborted can touch data or send anything any more.
   */
  taskManagementFunctionExecuted(request: TaskManagementRequest): void;
}
