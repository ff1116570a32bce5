/**
 * An initiator in the same process: commands to logical units without a wire.
 * Local ports are made of it, and so is every program that embeds a target.
 *
 * @module
 */

import { INITIATORS_PER_PORT_MAX } from "./initiator_port.ts";
import {
  fillLocalTask,
  type LocalBuffers,
  LocalTransport,
  senseDataOf,
} from "./local_transport.ts";
import { ManagementError } from "./management_error.ts";
import type { Nexus } from "./nexus.ts";
import type { Clock } from "./ports/host.ts";
import type { TargetPort } from "./target_port.ts";
import { ATTRIBUTE, CDB_LENGTH_MAX, type ScsiTask } from "./task.ts";
import {
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  type TaskManagementRequest,
  taskManagementRequest,
} from "./task_management.ts";

/** Most bytes that one command moves, either way. */
export const LOCAL_TRANSFER_MAX: number = 16 * 2 ** 20;

/** Who a local initiator is. */
export interface LocalInitiatorOptions {
  /** The port it talks to. */
  readonly port: TargetPort;
  /** Its name; one that comes again finds its reservations. */
  readonly name: string;
  /** Its TransportID (SPC-5 7.6.4). */
  readonly transportId: Uint8Array;
  /** Time, for statistics. */
  readonly clock: Clock;
}

/** A command of a local initiator. */
export interface LocalCommand {
  /** LUN as the port shows it. */
  readonly lun: number;
  /** Command descriptor block, at most 32 bytes. */
  readonly cdb: Uint8Array;
  /** Bytes of Data-In to take at the most; absent: none. */
  readonly dataInLength?: number;
  /** Data-Out; absent: none. */
  readonly dataOut?: Uint8Array;
  /** Task attribute (`ATTRIBUTE`); absent: simple. */
  readonly attribute?: number;
  /** Tag; absent: one that no other task has. */
  readonly tag?: number;
  /** Ends the command by ABORT TASK. */
  readonly signal?: AbortSignal;
}

/** How a command ended. */
export interface LocalResult {
  /** Tag that it had. */
  readonly tag: number;
  /** Status (SAM-5 5.3.1); null: it was aborted, and nobody is told. */
  readonly status: number | null;
  /** Sense data, in the format that the control mode page asks for. */
  readonly senseData: Uint8Array;
  /** What came in. */
  readonly dataIn: Uint8Array;
  /** Bytes that the command wanted to move, whatever there was room for. */
  readonly transferLength: number;
}

/** What a local initiator keeps with a task. */
export interface LocalContext extends LocalBuffers {
  /** Tells whoever sent the command. */
  resolve: ((result: LocalResult) => void) | null;
}

const NO_BYTES = new Uint8Array(0);

/** One I_T nexus between a program and a target port. */
export class LocalInitiator extends LocalTransport<LocalContext> {
  readonly #nexus: Nexus<LocalContext>;
  readonly #functions: Map<TaskManagementRequest, () => void> = new Map();
  readonly #clock: Clock;

  /** Connects to a port. */
  constructor({ port, name, transportId, clock }: LocalInitiatorOptions) {
    super();
    this.#clock = clock;
    const nexus = port.connect(name, transportId, this, newContext);
    if (nexus === null) {
      throw new ManagementError(
        "initiator-limit",
        `Cannot connect "${name}" to port ${port.number}: ` +
          `${INITIATORS_PER_PORT_MAX} initiators are there, which is the limit`,
      );
    }
    this.#nexus = nexus;
  }

  /** Sends a command; resolves with its end. */
  execute(command: LocalCommand): Promise<LocalResult> {
    checkCommand(command);
    const task = this.#nexus.takeTask();
    const { context } = task;
    this.#fill(task, command);
    return new Promise((resolve) => {
      context.resolve = withAbort(command.signal, resolve, () => {
        void this.manage(TASK_MANAGEMENT.ABORT_TASK, command.lun, task.tag);
      });
      this.#nexus.commandReceived(task);
    });
  }

  /** Asks for a task management function; resolves when it has been done. */
  manage(
    what: TaskManagementFunction,
    lun = 0,
    tag = 0,
  ): Promise<TaskManagementRequest> {
    const request = taskManagementRequest(what, lun, tag);
    return new Promise((resolve) => {
      this.#functions.set(request, () => resolve(request));
      this.#nexus.taskManagementRequestReceived(request);
    });
  }

  /** Ends the nexus; its commands end first. */
  async disconnect(): Promise<void> {
    await this.#nexus.nexusLost();
  }

  /** See `Transport`. */
  sendCommandComplete(task: ScsiTask<LocalContext>): void {
    finish(task, task.status);
  }

  /** See `Transport`. */
  taskEnded(task: ScsiTask<LocalContext>): void {
    finish(task, null);
  }

  /** See `Transport`. */
  taskManagementFunctionExecuted(request: TaskManagementRequest): void {
    const answered = this.#functions.get(request);
    this.#functions.delete(request);
    answered?.();
  }

  #fill(task: ScsiTask<LocalContext>, command: LocalCommand): void {
    const { cdb, dataOut = NO_BYTES, dataInLength = 0 } = command;
    fillLocalTask(task, {
      ...{ lun: command.lun, cdb, dataOut },
      dataIn: new Uint8Array(dataInLength),
      nowMs: this.#clock.nowMs(),
    });
    // Tags that callers choose are theirs to keep apart from these.
    task.tag = command.tag ?? this.takeTag();
    task.attribute = command.attribute ?? ATTRIBUTE.SIMPLE;
  }
}

function newContext(): LocalContext {
  return {
    dataIn: NO_BYTES,
    receivedLength: 0,
    dataOut: NO_BYTES,
    resolve: null,
  };
}

function checkCommand({ cdb, dataOut, dataInLength }: LocalCommand): void {
  if (cdb.length === 0 || cdb.length > CDB_LENGTH_MAX) {
    throw new ManagementError(
      "request",
      `A CDB of ${cdb.length} bytes cannot be sent: 1 to ${CDB_LENGTH_MAX} ` +
        `are possible`,
    );
  }
  const moved = Math.max(dataOut?.length ?? 0, dataInLength ?? 0);
  if (moved > LOCAL_TRANSFER_MAX) {
    throw new ManagementError(
      "request",
      `A transfer of ${moved} bytes is too long: ${LOCAL_TRANSFER_MAX} is ` +
        `the limit, split it`,
    );
  }
}

function withAbort(
  signal: AbortSignal | undefined,
  resolve: (result: LocalResult) => void,
  abort: () => void,
): (result: LocalResult) => void {
  if (signal === undefined) return resolve;
  // A signal that has gone off already still finds the task in the set.
  if (signal.aborted) queueMicrotask(abort);
  signal.addEventListener("abort", abort, { once: true });
  return (result) => {
    signal.removeEventListener("abort", abort);
    resolve(result);
  };
}

function finish(task: ScsiTask<LocalContext>, status: number | null): void {
  const { context } = task;
  const { resolve, dataIn, receivedLength } = context;
  context.resolve = null;
  context.dataIn = NO_BYTES;
  context.dataOut = NO_BYTES;
  resolve?.({
    tag: task.tag,
    status,
    senseData: senseDataOf(task),
    dataIn: dataIn.subarray(0, receivedLength),
    transferLength: task.transferLength,
  });
}
