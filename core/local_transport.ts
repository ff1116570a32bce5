/**
 * A transport without a wire: the data of a command are in buffers of this
 * process, all at hand at once.
 *
 * @module
 */

import type { Transport } from "./ports/transport.ts";
import { CDB_LENGTH_MAX, type ScsiTask } from "./task.ts";
import type { TaskManagementRequest } from "./task_management.ts";
import { putSense } from "./task_sense.ts";
import { SENSE_LENGTH_MAX } from "./wire/sense_data.ts";

/** The data of a command. */
export interface LocalBuffers {
  /** Room for Data-In. */
  dataIn: Uint8Array;
  /** Bytes of it that have come. */
  receivedLength: number;
  /** Data-Out. */
  dataOut: Uint8Array;
}

/** A command that is sent without a wire. */
export interface LocalRequest {
  /** LUN as the port shows it. */
  readonly lun: number;
  /** Command descriptor block, at most 32 bytes. */
  readonly cdb: Uint8Array;
  /** Room for Data-In. */
  readonly dataIn: Uint8Array;
  /** Data-Out. */
  readonly dataOut: Uint8Array;
  /** When it is sent, by the clock of the target. */
  readonly nowMs: number;
}

/** What all initiators in this process do alike. */
export abstract class LocalTransport<Context extends LocalBuffers>
  implements Transport<Context> {
  #lastTag = 0;

  /** See `Transport`. */
  roomForDataIn(task: ScsiTask<Context>, lengthBytes: number): number {
    const { dataIn, receivedLength } = task.context;
    task.dataIn = dataIn;
    task.dataInAt = receivedLength;
    return Math.min(lengthBytes, dataIn.length - receivedLength);
  }

  /** See `Transport`. */
  dataInRoom(): Promise<void> {
    throw new TypeError("A local initiator has room for what it expects");
  }

  /** See `Transport`. */
  sendDataIn(task: ScsiTask<Context>, lengthBytes: number): void {
    task.context.receivedLength += lengthBytes;
  }

  /** See `Transport`. */
  receiveDataOut(
    task: ScsiTask<Context>,
    offset: number,
    lengthBytes: number,
    into: Uint8Array,
    at: number,
  ): boolean {
    const { dataOut } = task.context;
    into.set(dataOut.subarray(offset, offset + lengthBytes), at);
    return true;
  }

  /** See `Transport`. */
  abortTransfer(): void {
    // Nothing ever waits for this transport.
  }

  /** See `Transport`. */
  abstract sendCommandComplete(task: ScsiTask<Context>): void;

  /** See `Transport`. */
  abstract taskEnded(task: ScsiTask<Context>): void;

  /** See `Transport`. */
  abstract taskManagementFunctionExecuted(request: TaskManagementRequest): void;

  /** A tag that none of the last four billion commands had. */
  takeTag(): number {
    this.#lastTag = this.#lastTag % 0xffffffff + 1;
    return this.#lastTag;
  }
}

/** Puts a command into a task; tag and attribute are the sender's own. */
export function fillLocalTask(
  task: ScsiTask<LocalBuffers>,
  { lun, cdb, dataIn, dataOut, nowMs }: LocalRequest,
): void {
  const { context } = task;
  context.dataIn = dataIn;
  context.receivedLength = 0;
  context.dataOut = dataOut;
  for (let at = 0; at < CDB_LENGTH_MAX; at += 1) {
    task.cdb.setUint8(at, cdb[at] ?? 0);
  }
  task.cdbLength = cdb.length;
  task.visibleLun = lun;
  task.arrivedMs = nowMs;
  task.expectedDataInLength = dataIn.length;
  task.expectedDataOutLength = dataOut.length;
  task.immediate = dataOut;
  task.immediateAt = 0;
  task.immediateLength = dataOut.length;
}

/** Sense data that a task ended with, as the control mode page asks for. */
export function senseDataOf(task: ScsiTask): Uint8Array {
  const bytes = new Uint8Array(SENSE_LENGTH_MAX);
  return bytes.subarray(0, putSense(new DataView(bytes.buffer), 0, task));
}
