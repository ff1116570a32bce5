/**
 * One login at an HBA: the transport of its I_T nexus. Commands come as
 * accept-target-I/O (ATIO), functions as immediate notifies (INOT), in the
 * order in which they were sent; data and status leave by CTIOs.
 *
 * @module
 */

import {
  CDB_LENGTH_MAX,
  decodeLun,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  type Nexus,
  putSense,
  type Sense,
  SENSE_LENGTH_MAX,
  STATUS,
  type TaskManagementRequest,
  taskManagementRequest,
  type Transport,
} from "../../core/mod.ts";
import { ATTRIBUTES, FUNCTIONS, RESPONSE_CODES } from "./codes.ts";
import { DataInMover, type MoverServices } from "./data_in.ts";
import { DataOutMover } from "./data_out.ts";
import { type CamTask, type Exchange, resetExchange } from "./exchange.ts";
import { CROWDED_TASKS, RESET_WASTE, RESPONSES_KEPT } from "./limits.ts";
import {
  FRAME,
  type Frame,
  FRAME_FLAG,
  type FrameHeader,
  FUNCTION_CODE,
  RESPONSE_CODE,
  RETRANSMISSION,
} from "./wire/frame.ts";
import { decodeCommand, viewOf } from "./wire/payloads.ts";

/** What a login needs of its HBA. */
export interface CamNexusServices extends Omit<MoverServices, "sendStatus"> {
  /** Sense data go with the status. */
  readonly autosense: boolean;
  /** Takes one of the HBA's ATIOs; false: all are in use. */
  takeAtio(): boolean;
  /** Gives one back. */
  giveAtio(): void;
  /** Takes one of the HBA's INOTs; false: all are in use. */
  takeInot(): boolean;
  /** Gives one back. */
  giveInot(): void;
}

interface Response {
  readonly header: FrameHeader;
  readonly payload: Uint8Array;
}

const OPCODE_REQUEST_SENSE = 0x03;
const NO_BYTES = new Uint8Array(0);
/** Functions that end commands of others. */
const RESETS: ReadonlySet<number> = new Set([
  FUNCTION_CODE.CLEAR_TASK_SET,
  FUNCTION_CODE.LOGICAL_UNIT_RESET,
  FUNCTION_CODE.TARGET_RESET,
  FUNCTION_CODE.BUS_RESET,
]);

/** One I_T nexus of an HBA. */
export class CamNexus implements Transport<Exchange> {
  readonly #services: CamNexusServices;
  readonly #dataIn: DataInMover;
  readonly #dataOut: DataOutMover;
  readonly #exchanges: Map<number, CamTask> = new Map();
  readonly #functions: Map<TaskManagementRequest, number> = new Map();
  /** The last responses, for initiators that lost them. */
  readonly #responses: Map<number, Response> = new Map();
  #nexus: Nexus<Exchange> | null = null;
  #over = false;

  /** A transport without a nexus yet. */
  constructor(services: CamNexusServices) {
    this.#services = services;
    const movers = {
      ...services,
      sendStatus: (task: CamTask) => this.#sendStatus(task),
    };
    this.#dataIn = new DataInMover(movers);
    this.#dataOut = new DataOutMover(movers);
  }

  /** Names the nexus that it carries. */
  begin(nexus: Nexus<Exchange>): void {
    this.#nexus = nexus;
  }

  /** Commands that are under way. */
  get commands(): number {
    return this.#exchanges.size;
  }

  /** Bytes of segments that are in use. */
  get heldBytes(): number {
    return this.#dataIn.heldBytes;
  }

  /** The login is over: its commands end; resolves when all have. */
  async end(): Promise<void> {
    this.#over = true;
    const lost = this.#nexus?.nexusLost();
    // Whoever still waits for the initiator waits for nobody.
    for (const task of [...this.#exchanges.values()]) {
      this.#dataIn.fail(task);
      this.#dataOut.fail(task);
    }
    await lost;
  }

  /**
   * A frame of the initiator.
   *
   * @returns what it wasted, 0 if nothing; or why the link has to close
   */
  frame(frame: Frame): number | string {
    switch (frame.type) {
      case FRAME.COMMAND:
        return this.#command(frame) ?? 0;
      case FRAME.TASK_MANAGEMENT:
        this.#manage(frame);
        return RESETS.has(frame.code) ? RESET_WASTE : 0;
      case FRAME.RETRANSMIT:
        return this.#retransmit(frame);
      case FRAME.DATA:
      case FRAME.ACKNOWLEDGE:
      case FRAME.DATA_LOST:
        return this.#transferred(frame) ? 0 : 1;
      default:
        return `an initiator does not send frame type ${frame.type}`;
    }
  }

  // Transport: what the core asks for.

  /** See `Transport`. */
  roomForDataIn(task: CamTask, lengthBytes: number): number {
    return this.#dataIn.room(task, lengthBytes);
  }

  /** See `Transport`. */
  dataInRoom(task: CamTask): Promise<void> {
    return this.#dataIn.whenRoom(task);
  }

  /** See `Transport`. */
  sendDataIn(task: CamTask, lengthBytes: number, ended: boolean): void {
    this.#dataIn.add(task, lengthBytes, ended);
  }

  /** See `Transport`. */
  whenMoved(task: CamTask, moved: () => void): void {
    this.#dataIn.whenMoved(task, moved);
  }

  /** See `Transport`. */
  receiveDataOut(
    task: CamTask,
    offset: number,
    lengthBytes: number,
    into: Uint8Array,
    at: number,
  ): Promise<boolean> {
    return this.#dataOut.receive(task, offset, lengthBytes, into, at);
  }

  /** See `Transport`. */
  sendCommandComplete(task: CamTask): void {
    if (!task.context.statusSent) this.#sendStatus(task);
    this.#release(task);
  }

  /** See `Transport`. */
  taskEnded(task: CamTask): void {
    this.#services.send({
      type: FRAME.ABORTED,
      exchange: task.context.id,
      parameter: task.transferLength,
    });
    this.#release(task);
  }

  /** See `Transport`. */
  abortTransfer(task: CamTask): void {
    this.#dataIn.drop(task);
    this.#dataOut.drop(task);
  }

  /** See `Transport`. */
  taskManagementFunctionExecuted(request: TaskManagementRequest): void {
    const exchange = this.#functions.get(request);
    if (exchange === undefined) return;
    this.#functions.delete(request);
    this.#services.giveInot();
    this.#answer(
      exchange,
      RESPONSE_CODES[request.response],
      request.additionalResponse,
    );
  }

  #command(frame: Frame): string | null {
    const nexus = this.#nexus;
    const { exchange } = frame;
    if (nexus === null || this.#over) return null;
    if (this.#exchanges.has(exchange)) {
      return `exchange ${exchange} is in use already`;
    }
    const task = nexus.takeTask();
    const problem = this.#fill(task, frame);
    const status = problem === null ? this.#overload(task) : null;
    if (problem === null && status === null) {
      this.#exchanges.set(exchange, task);
      nexus.commandReceived(task);
      return null;
    }
    task.status = status ?? STATUS.CHECK_CONDITION;
    task.sense = problem;
    this.#sendStatus(task);
    nexus.refused(task);
    return null;
  }

  // @returns why it cannot be a command
  #fill(task: CamTask, frame: Frame): Sense | null {
    const { flags, code, parameter, payload } = frame;
    const { lun, dataLength, tag, cdb } = decodeCommand(payload);
    resetExchange(task.context, frame.exchange);
    for (let at = 0; at < CDB_LENGTH_MAX; at += 1) {
      task.cdb.setUint8(at, cdb[at] ?? 0);
    }
    task.cdbLength = cdb.length;
    task.visibleLun = decodeLun(viewOf(lun), 0);
    task.tag = tag;
    task.priority = parameter & 0x0f;
    task.arrivedMs = this.#services.clock.nowMs();
    const reads = (flags & FRAME_FLAG.READ) !== 0;
    const writes = (flags & FRAME_FLAG.WRITE) !== 0;
    task.expectedDataInLength = reads ? dataLength : 0;
    task.expectedDataOutLength = writes && !reads ? dataLength : 0;
    this.#forgetSense(task);
    const attribute = ATTRIBUTES.get(code);
    // No command here moves data both ways.
    if (attribute === undefined || reads && writes) {
      return INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT;
    }
    task.attribute = attribute;
    return null;
  }

  // @returns the status for a command that there is no room for
  #overload(task: CamTask): number | null {
    const { visibleLun, nexus } = task;
    if (this.commands >= CROWDED_TASKS && nexus.isFull(visibleLun)) {
      return STATUS.TASK_SET_FULL;
    }
    return this.#services.takeAtio() ? null : nexus.overloadStatus(visibleLun);
  }

  // Sense is kept until the next command but REQUEST SENSE (SPC-5 6.39).
  #forgetSense(task: CamTask): void {
    if (this.#services.autosense) return;
    if (task.cdb.getUint8(0) === OPCODE_REQUEST_SENSE) return;
    const itl = task.nexus.itl(task.visibleLun);
    if (itl !== null) itl.storedSense = null;
  }

  #manage({ exchange, code, parameter, payload }: Frame): void {
    const nexus = this.#nexus;
    if (nexus === null || this.#over) return;
    const what = FUNCTIONS.get(code);
    if (what === undefined) {
      return this.#answer(exchange, RESPONSE_CODE.REJECTED, 0);
    }
    if (!this.#services.takeInot()) {
      return this.#answer(exchange, RESPONSE_CODE.FAILED, 0);
    }
    const lun = decodeLun(viewOf(payload), 0);
    const request = taskManagementRequest(what, lun, parameter);
    this.#functions.set(request, exchange);
    nexus.taskManagementRequestReceived(request);
  }

  #answer(exchange: number, code: number, additional: number): void {
    this.#services.send({
      type: FRAME.TASK_MANAGEMENT_RESPONSE,
      code,
      exchange,
      parameter: additional,
    });
  }

  #transferred(frame: Frame): boolean {
    const task = this.#exchanges.get(frame.exchange);
    if (task === undefined) return false;
    switch (frame.type) {
      case FRAME.DATA:
        return this.#dataOut.received(task, frame) && frame.payload.length > 0;
      case FRAME.ACKNOWLEDGE:
        return this.#dataIn.acknowledged(task, frame.parameter);
      default:
        if (!task.moving) return false;
        this.#dataIn.fail(task);
        return true;
    }
  }

  #retransmit(frame: Frame): number {
    const { exchange, code, parameter } = frame;
    if (this.#sendAgain(frame)) return 0;
    this.#services.send({
      type: FRAME.RETRANSMIT_REJECT,
      code,
      exchange,
      parameter,
    });
    return 1;
  }

  #sendAgain({ exchange, code, parameter }: Frame): boolean {
    const task = this.#exchanges.get(exchange);
    if (code === RETRANSMISSION.STATUS) {
      const response = this.#responses.get(exchange);
      if (task !== undefined || response === undefined) return false;
      this.#services.send(response.header, response.payload);
      return true;
    }
    if (task === undefined) return false;
    return code === RETRANSMISSION.DATA_IN
      ? this.#dataIn.retransmit(task, parameter)
      : code === RETRANSMISSION.DATA_OUT &&
        this.#dataOut.retransmit(task, parameter);
  }

  #sendStatus(task: CamTask): void {
    const { id: exchange } = task.context;
    const residual = task.transferLength - expectedOf(task);
    const header = {
      type: FRAME.RESPONSE,
      code: task.status,
      flags: flagsOf(residual),
      exchange,
      parameter: Math.abs(residual),
    };
    const payload = this.#senseOf(task);
    this.#responses.delete(exchange);
    this.#responses.set(exchange, { header, payload });
    if (this.#responses.size > RESPONSES_KEPT) {
      const [oldest] = this.#responses.keys();
      if (oldest !== undefined) this.#responses.delete(oldest);
    }
    this.#services.send(header, payload);
  }

  // Without autosense they wait for REQUEST SENSE.
  #senseOf(task: CamTask): Uint8Array {
    if (task.sense === null) return NO_BYTES;
    if (!this.#services.autosense) {
      if (task.itl !== null) task.itl.storedSense = task.sense;
      return NO_BYTES;
    }
    const bytes = new Uint8Array(SENSE_LENGTH_MAX);
    return bytes.subarray(0, putSense(new DataView(bytes.buffer), 0, task));
  }

  #release(task: CamTask): void {
    this.#dataIn.drop(task);
    this.#dataOut.drop(task);
    this.#exchanges.delete(task.context.id);
    this.#services.giveAtio();
  }
}

function flagsOf(residual: number): number {
  if (residual === 0) return 0;
  return residual > 0 ? FRAME_FLAG.OVERFLOW : FRAME_FLAG.UNDERFLOW;
}

// What the initiator was ready to move in the direction of the command.
function expectedOf(task: CamTask): number {
  const direction = task.row?.direction;
  if (task.transferLength > 0) {
    if (direction === "in") return task.expectedDataInLength;
    if (direction === "out") return task.expectedDataOutLength;
  }
  return task.expectedDataInLength + task.expectedDataOutLength;
}
