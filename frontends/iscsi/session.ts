/**
 * The full-feature phase of a normal session (RFC 7143 4.3, 11): PDUs in,
 * tasks to the core, PDUs out. It never touches a socket: bytes come by
 * `receive`, answers stand in the connection's output.
 *
 * @module
 */

import {
  ATTRIBUTE,
  type BufferPool,
  decodeLun,
  INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT,
  type Nexus,
  type ScsiTask,
  type Sense,
  STATUS,
  type TaskManagementRequest,
  type Transport,
  UNEXPECTED_UNSOLICITED_DATA,
} from "../../core/mod.ts";
import {
  sendLogoutRequest,
  sendPing,
  sendSessionDrop,
} from "./async_messages.ts";
import { ControlRequests, refusalOfOpcode } from "./control_requests.ts";
import { DataReceiver } from "./data_out.ts";
import { DataSender } from "./data_in.ts";
import { EarlyRequests } from "./early_requests.ts";
import type { ReceivedPdu } from "./framer.ts";
import { fillLongCdb, senseOfAhs } from "./long_cdb.ts";
import type { Output } from "./output.ts";
import type { SessionParameters } from "./parameters.ts";
import { Responder } from "./responder.ts";
import { TaskContext } from "./task_context.ts";
import { TaskManager } from "./task_manager.ts";
import { TaskWindow } from "./task_window.ts";
import {
  answerPairs,
  type TextAnswers,
  TextExchange,
} from "./text_exchange.ts";
import { decodeControl, REJECT_REASON } from "./wire/control.ts";
import { decodeDataOut, newDataOut } from "./wire/data.ts";
import {
  ahsLengthOf,
  At,
  isImmediate,
  opcodeOf,
  REQUEST,
  RESERVED_TAG,
} from "./wire/pdu.ts";
import {
  CDB_IN_HEADER_LENGTH,
  decodeScsiCommand,
  newScsiCommand,
} from "./wire/scsi.ts";

type Task = ScsiTask<TaskContext>;

/** What a session asks of the frontend around it. */
export interface SessionServices {
  /** Output of the connection. */
  readonly output: Output;
  /** Buffers for data that come before their command wants them. */
  readonly heldBuffers: BufferPool;
  /** Output may have to be sent although nothing was received. */
  readonly wakeOutput: () => void;
  /** SendTargets in a session (RFC 7143 Appendix C). */
  readonly sendTargets: TextAnswers["sendTargets"];
  /** A cold reset ends all sessions of the target. */
  readonly coldReset: () => void;
}

/** Bytes of immediate data held for waiting tasks, per session. */
export const HELD_BYTES_MAX: number = 16 * 2 ** 20;
/** Tasks of a session that are always taken, however full their unit is. */
const DEEP_QUEUE = 16;
/** Immediate requests that may be under way at once (RFC 7143 4.2.2.1). */
export const IMMEDIATE_TASKS_MAX = 64;

const NO_BYTES = new Uint8Array(0);

const command = newScsiCommand();
const dataOut = newDataOut();

/** One session with its one connection. */
export class IscsiSession implements Transport<TaskContext> {
  /** Why the connection is to be closed; null: it is not. */
  closing: string | null = null;
  readonly #services: SessionServices;
  readonly #parameters: SessionParameters;
  readonly #window: TaskWindow;
  readonly #responder: Responder;
  readonly #sender: DataSender;
  readonly #receiver: DataReceiver;
  readonly #manager: TaskManager;
  readonly #control: ControlRequests;
  readonly #tasks: Map<number, Task> = new Map();
  readonly #early: EarlyRequests = new EarlyRequests();
  readonly #waitingForRoom: Set<Task> = new Set();
  #nexus: Nexus<TaskContext> | null = null;
  #heldBytes = 0;
  #immediateTasks = 0;
  #nowMs = 0;

  /** A session that begins after the final Login Response. */
  constructor(
    services: SessionServices,
    parameters: SessionParameters,
    connectionId: number,
    expCmdSn: number,
    statSn: number,
  ) {
    const { output } = services;
    this.#services = services;
    this.#parameters = parameters;
    const window = new TaskWindow(expCmdSn);
    const responder = new Responder(output, window, parameters, statSn);
    this.#window = window;
    this.#responder = responder;
    this.#sender = new DataSender(output, responder, window, parameters);
    this.#receiver = new DataReceiver(
      output,
      responder,
      window,
      parameters,
      services.heldBuffers,
    );
    this.#manager = new TaskManager({
      responder,
      window,
      protocolLevel: parameters.protocolLevel,
      markReceived: (cmdSn) => this.#markReceived(cmdSn),
      executed: (closes) => {
        if (closes !== null) this.#close(closes);
        this.#takeEarly();
        services.wakeOutput();
      },
      coldReset: services.coldReset,
    });
    this.#control = new ControlRequests({
      responder,
      manager: this.#manager,
      text: new TextExchange(
        responder,
        (pairs) =>
          answerPairs(pairs, {
            sendTargets: services.sendTargets,
            declareSegmentLength: (length) => responder.limitSegment(length),
          }),
      ),
      connectionId,
      nexus: () => this.#requireNexus(),
      close: (reason) => this.#close(reason),
    });
  }

  /** Gives the session its nexus, before the first PDU. */
  attach(nexus: Nexus<TaskContext>): void {
    this.#nexus = nexus;
  }

  /** The nexus; null before `attach`. */
  get nexus(): Nexus<TaskContext> | null {
    return this.#nexus;
  }

  /** Bytes of data that came before their commands wanted them. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What was agreed at login. */
  get parameters(): SessionParameters {
    return this.#parameters;
  }

  /** One whole PDU has come. */
  receive(pdu: ReceivedPdu, nowMs: number): void {
    this.#nowMs = nowMs;
    const opcode = opcodeOf(pdu.view, pdu.start);
    if (opcode === REQUEST.DATA_OUT) this.#receiveDataOut(pdu);
    else if (pdu.dataCorrupt) this.#discard(opcode, pdu);
    else if (opcode === REQUEST.SCSI_COMMAND) this.#receiveCommand(pdu);
    else this.#receiveControl(opcode, pdu);
  }

  /** There is room in the output again: those who waited go on, in order. */
  outputDrained(): void {
    for (const task of this.#waitingForRoom) {
      if (!this.#sender.hasRoom) return;
      this.#wakeRoom(task);
    }
  }

  /** Sends a ping that the initiator has to answer. */
  ping(): void {
    sendPing(this.#responder);
    this.#services.wakeOutput();
  }

  /** A second has gone by: a gap in CmdSN does not stay open for ever. */
  secondPassed(): void {
    const { expCmdSn } = this.#window;
    if (!this.#early.secondPassed(expCmdSn)) return;
    this.#close(`CmdSN ${expCmdSn} does not come`);
    this.#services.wakeOutput();
  }

  /** Asks the initiator to log out. */
  requestLogout(): void {
    sendLogoutRequest(this.#responder);
    this.#services.wakeOutput();
  }

  /** Tells the initiator that the session is dropped, and drops it. */
  drop(reason: string): void {
    sendSessionDrop(this.#responder);
    this.#close(reason);
    this.#services.wakeOutput();
  }

  // Transport: what the core asks for.

  roomForDataIn(task: Task, lengthBytes: number): number {
    return this.#sender.room(task, lengthBytes);
  }

  dataInRoom(task: Task): Promise<void> {
    return new Promise((resolve) => {
      task.context.wakeRoom = resolve;
      this.#waitingForRoom.add(task);
    });
  }

  sendDataIn(task: Task, lengthBytes: number, ended: boolean): void {
    this.#sender.send(task, lengthBytes, ended);
    this.#services.wakeOutput();
  }

  receiveDataOut(
    task: Task,
    offset: number,
    lengthBytes: number,
    into: Uint8Array,
    at: number,
  ): boolean | Promise<boolean> {
    const received = this.#receiver
      .receive(task, offset, lengthBytes, into, at);
    if (received instanceof Promise) this.#services.wakeOutput();
    return received;
  }

  sendCommandComplete(task: Task): void {
    if (this.closing === null) this.#sender.complete(task);
    this.#release(task);
    this.#services.wakeOutput();
  }

  taskEnded(task: Task): void {
    this.#release(task);
  }

  abortTransfer(task: Task): void {
    this.#receiver.fail(task, null);
    this.#wakeRoom(task);
  }

  taskManagementFunctionExecuted(request: TaskManagementRequest): void {
    this.#manager.executed(request);
  }

  // SCSI Command (RFC 7143 11.3).

  #receiveCommand(pdu: ReceivedPdu): void {
    const { view, start } = pdu;
    const immediate = isImmediate(view, start);
    decodeScsiCommand(view, start, command);
    if (!immediate && !this.#inTurn(command.cmdSn, pdu)) return;
    const reason = this.#refusalOf(pdu, immediate);
    if (reason !== 0) this.#responder.reject(reason, pdu.bytes, start);
    else if (this.#isOverloaded(pdu)) {
      const lun = decodeLun(pdu.view, pdu.start + 8);
      this.#refuse(pdu, this.#requireNexus().overloadStatus(lun), null);
    } else {
      // No command that we have moves data both ways.
      const sense = command.read && command.write
        ? INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT
        : senseOfAhs(pdu.view, start, command.cdbAt);
      if (sense === null) this.#deliver(pdu, immediate);
      else this.#refuse(pdu, STATUS.CHECK_CONDITION, sense);
    }
    if (!immediate) this.#takeEarly();
  }

  // Too much of its own data is held, or its queue is deep and the unit full.
  #isOverloaded({ view, start }: ReceivedPdu): boolean {
    if (this.#heldBytes > HELD_BYTES_MAX) return true;
    return this.#tasks.size >= DEEP_QUEUE &&
      this.#requireNexus().isFull(decodeLun(view, start + 8));
  }

  // The reason to reject a command, or 0.
  #refusalOf(pdu: ReceivedPdu, immediate: boolean): number {
    const tag = command.initiatorTaskTag;
    if (tag === RESERVED_TAG || command.attribute > ATTRIBUTE.ACA) {
      return REJECT_REASON.INVALID_PDU_FIELD;
    }
    if (this.#tasks.size > 0 && this.#tasks.has(tag)) {
      return REJECT_REASON.TASK_IN_PROGRESS;
    }
    if (immediate && this.#immediateTasks >= IMMEDIATE_TASKS_MAX) {
      return REJECT_REASON.TOO_MANY_IMMEDIATE_COMMANDS;
    }
    const unsolicited = pdu.dataLength > 0 || !command.final;
    return unsolicited && !this.#allowsUnsolicited(pdu)
      ? REJECT_REASON.PROTOCOL_ERROR
      : 0;
  }

  #allowsUnsolicited(pdu: ReceivedPdu): boolean {
    const { immediateData, initialR2t } = this.#parameters;
    const limit = this.#receiver
      .unsolicitedLength(command.expectedDataTransferLength);
    if (!command.write || pdu.dataLength > limit) return false;
    if (pdu.dataLength > 0 && !immediateData) return false;
    return command.final || !initialR2t;
  }

  #deliver(pdu: ReceivedPdu, immediate: boolean): void {
    const nexus = this.#requireNexus();
    const task = nexus.takeTask();
    this.#fill(task, pdu);
    const { context } = task;
    if (immediate) {
      context.immediate = true;
      this.#immediateTasks += 1;
    } else {
      context.numbered = true;
      this.#window.begin();
    }
    if (!command.final) this.#receiver.expectUnsolicited(task);
    nexus.commandReceived(task);
    if (context.active) this.#keep(task, pdu.bytes);
  }

  #fill(task: Task, { view, start, bytes, dataAt, dataLength }: ReceivedPdu) {
    const expected = command.expectedDataTransferLength;
    task.context.reset(
      view.getUint32(start + 8),
      view.getUint32(start + 12),
      expected,
    );
    const { cdb } = task;
    const at = command.cdbAt;
    cdb.setUint32(0, view.getUint32(at));
    cdb.setUint32(4, view.getUint32(at + 4));
    cdb.setUint32(8, view.getUint32(at + 8));
    cdb.setUint32(12, view.getUint32(at + 12));
    task.cdbLength = CDB_IN_HEADER_LENGTH;
    if (ahsLengthOf(view, start) > 0) fillLongCdb(task, view, start);
    task.arrivedMs = this.#nowMs;
    task.visibleLun = decodeLun(view, start + 8);
    task.tag = command.initiatorTaskTag;
    // Every iSCSI task has a tag: an untagged one is a simple one.
    task.attribute = command.attribute || ATTRIBUTE.SIMPLE;
    task.priority = this.#parameters.protocolLevel < 2 ? 0 : command.priority;
    task.expectedDataInLength = command.read ? expected : 0;
    task.expectedDataOutLength = command.write ? expected : 0;
    task.immediate = bytes;
    task.immediateAt = dataAt;
    task.immediateLength = dataLength;
  }

  // The task goes on after this PDU: the receive buffer does not.
  #keep(task: Task, received: Uint8Array): void {
    const { context } = task;
    context.listed = true;
    this.#tasks.set(task.tag, task);
    const pending = context.takenLength < task.immediateLength;
    if (task.immediate === received) {
      if (pending) this.#receiver.hold(task, task.immediateLength);
      else {
        task.immediate = NO_BYTES;
        task.immediateAt = 0;
      }
    }
    this.#heldBytes += context.held?.length ?? 0;
  }

  // Ends a command before the core has heard of it.
  #refuse(pdu: ReceivedPdu, status: number, sense: Sense | null): void {
    const task = this.#requireNexus().takeTask();
    this.#fill(task, pdu);
    task.status = status;
    task.sense = sense;
    this.#sender.complete(task);
    this.#requireNexus().refused(task);
  }

  #release(task: Task): void {
    const { context } = task;
    if (context.listed) {
      this.#tasks.delete(task.tag);
      this.#heldBytes -= context.held?.length ?? 0;
    }
    this.#receiver.forget(task);
    this.#wakeRoom(task);
    if (context.numbered) this.#window.end();
    if (context.immediate) this.#immediateTasks -= 1;
    context.active = false;
  }

  #wakeRoom(task: Task): void {
    const { wakeRoom } = task.context;
    if (wakeRoom === null) return;
    task.context.wakeRoom = null;
    this.#waitingForRoom.delete(task);
    wakeRoom();
  }

  // Data-Out (RFC 7143 11.7).

  #receiveDataOut(pdu: ReceivedPdu): void {
    decodeDataOut(pdu.view, pdu.start, dataOut);
    if (pdu.dataCorrupt) this.#reject(REJECT_REASON.DATA_DIGEST_ERROR, pdu);
    if (dataOut.targetTransferTag !== RESERVED_TAG) {
      const fate = this.#receiver.solicited(dataOut, pdu);
      if (fate === "refused" && !pdu.dataCorrupt) {
        this.#reject(REJECT_REASON.INVALID_PDU_FIELD, pdu);
      }
      return;
    }
    const task = this.#tasks.get(dataOut.initiatorTaskTag);
    if (this.#parameters.initialR2t) {
      this.#reject(REJECT_REASON.PROTOCOL_ERROR, pdu);
      if (task !== undefined) {
        this.#receiver.fail(task, UNEXPECTED_UNSOLICITED_DATA);
      }
    } else if (task !== undefined) {
      this.#receiver.unsolicited(task, dataOut, pdu);
    }
    // Otherwise the command has ended before its unsolicited data came.
  }

  // Everything else.

  #receiveControl(opcode: number, pdu: ReceivedPdu): void {
    const reason = refusalOfOpcode(opcode);
    if (reason !== 0) return this.#reject(reason, pdu);
    const request = decodeControl(pdu.view, pdu.start);
    if (!request.immediate && !this.#inTurn(request.cmdSn, pdu)) return;
    this.#control.receive(opcode, request, pdu);
    if (!request.immediate) this.#takeEarly();
  }

  // A wrong data digest (RFC 7143 7.8): the request does not count. Its number
  // is missing until the initiator sends it once more, or aborts its task.
  #discard(opcode: number, pdu: ReceivedPdu): void {
    this.#reject(REJECT_REASON.DATA_DIGEST_ERROR, pdu);
    const { view, start } = pdu;
    if (isImmediate(view, start) || refusalOfOpcode(opcode) !== 0) return;
    const cmdSn = view.getUint32(start + At.CMD_SN);
    if (this.#window.arrival(cmdSn) !== "outside") this.#early.miss(cmdSn);
  }

  #reject(reason: number, pdu: ReceivedPdu): void {
    this.#responder.reject(reason, pdu.bytes, pdu.start);
  }

  // Command numbering (RFC 7143 4.2.2.1).

  /** Whether a numbered request is taken now; one that is early is kept. */
  #inTurn(cmdSn: number, pdu: ReceivedPdu): boolean {
    const arrival = this.#window.arrival(cmdSn);
    if (arrival === "next") {
      this.#window.advance();
      return true;
    }
    if (arrival === "outside") this.#services.output.patience.waste();
    else if (!this.#early.keep(cmdSn, pdu)) {
      this.#close(`a gap in CmdSN before ${cmdSn} does not close`);
    }
    return false;
  }

  // Its request never comes, or came early and does not count any more.
  #markReceived(cmdSn: number): void {
    this.#early.take(cmdSn);
    this.#window.markReceived(cmdSn);
  }

  #takeEarly(): void {
    if (this.#early.size === 0) return;
    const pdu = this.#early.take(this.#window.expCmdSn);
    if (pdu !== null) this.receive(pdu, this.#nowMs);
  }

  // What was built last is the last that leaves (RFC 7143 11.15).
  #close(reason: string): void {
    this.closing ??= reason;
    this.#services.output.seal();
  }

  #requireNexus(): Nexus<TaskContext> {
    if (this.#nexus === null) throw new TypeError("A session has no nexus");
    return this.#nexus;
  }
}
