/**
 * Data-In and the ends of commands: the sending half of the data path.
 *
 * @module
 */

import {
  putSense,
  type ScsiTask,
  SENSE_LENGTH_MAX,
  STATUS,
} from "../../core/mod.ts";
import type { Output } from "./output.ts";
import type { SessionParameters } from "./parameters.ts";
import type { Responder } from "./responder.ts";
import type { TaskContext } from "./task_context.ts";
import type { TaskWindow } from "./task_window.ts";
import { encodeDataIn, newDataIn } from "./wire/data.ts";
import { BHS_LENGTH } from "./wire/pdu.ts";
import { encodeScsiResponse, newScsiResponse, RESIDUAL } from "./wire/scsi.ts";

type Task = ScsiTask<TaskContext>;

// Filled and written in one go: one of each serves all sessions.
const dataIn = newDataIn();
const response = newScsiResponse();

const SENSE_HEADER_LENGTH = 2;

/** Builds Data-In and SCSI Response PDUs in the output of a connection. */
export class DataSender {
  readonly #output: Output;
  readonly #responder: Responder;
  readonly #window: TaskWindow;
  readonly #burstLengthMax: number;

  /** A sender for a session with these parameters. */
  constructor(
    output: Output,
    responder: Responder,
    window: TaskWindow,
    parameters: SessionParameters,
  ) {
    this.#output = output;
    this.#responder = responder;
    this.#window = window;
    this.#burstLengthMax = parameters.maxBurstLengthBytes;
  }

  /** Whether more Data-In may be built now. */
  get hasRoom(): boolean {
    return this.#output.hasRoom;
  }

  /** Lends room in the output for one Data-In; see `Transport`. */
  room(task: Task, lengthBytes: number): number {
    if (!this.hasRoom) return 0;
    const length = Math.min(
      lengthBytes,
      this.#responder.segmentLengthMax,
      this.#burstLengthMax - task.context.sequenceLength,
    );
    task.context.wantedLength = lengthBytes;
    this.#output.reserve(this.#responder.lengthOf(length));
    task.dataIn = this.#output.bytes;
    task.dataInAt = this.#output.at + this.#responder.headLength;
    return length;
  }

  /** Sends the Data-In whose data stand in the room lent last. */
  send(task: Task, lengthBytes: number, ended: boolean): void {
    const { context } = task;
    const offset = context.sentLength;
    context.sentLength = offset + lengthBytes;
    context.sequenceLength += lengthBytes;
    const complete = context.sentLength ===
      Math.min(task.transferLength, context.expectedLength);
    dataIn.final = complete || this.#endsSequence(context, lengthBytes);
    if (dataIn.final) context.sequenceLength = 0;
    dataIn.initiatorTaskTag = task.tag;
    dataIn.dataSegmentLength = lengthBytes;
    dataIn.dataSn = context.dataSn++;
    dataIn.bufferOffset = offset;
    this.#putStatus(task, ended && complete);
    dataIn.expCmdSn = this.#window.expCmdSn;
    dataIn.maxCmdSn = this.#window.maxCmdSn;
    encodeDataIn(this.#output.view, this.#output.at, dataIn);
    this.#responder.finish(lengthBytes);
  }

  /** Sends the SCSI Response of a task that has ended. */
  complete(task: Task): void {
    if (task.context.statusSent) return;
    if (task.context.sequenceLength > 0) this.#closeSequence(task);
    this.#leaveWindow(task.context);
    const output = this.#output;
    output.reserve(
      this.#responder.lengthOf(SENSE_HEADER_LENGTH + SENSE_LENGTH_MAX),
    );
    const dataAt = output.at + this.#responder.headLength;
    const length = putSenseSegment(output.view, dataAt, task);
    response.status = task.status;
    response.dataSegmentLength = length;
    response.initiatorTaskTag = task.tag;
    response.statSn = this.#responder.takeStatSn();
    response.expCmdSn = this.#window.expCmdSn;
    response.maxCmdSn = this.#window.maxCmdSn;
    response.expDataSn = task.context.dataSn + task.context.r2tSn;
    response.residual = residualOf(task);
    response.residualFlag = residualFlagOf(task);
    encodeScsiResponse(output.view, output.at, response);
    this.#responder.finish(length);
  }

  // A sequence ends with the burst, and with what was at hand: the command
  // will wait for its store, which may fail.
  #endsSequence(context: TaskContext, lengthBytes: number): boolean {
    return context.sequenceLength >= this.#burstLengthMax ||
      lengthBytes === context.wantedLength;
  }

  // The command has ended where nobody saw it coming: F comes by itself.
  #closeSequence(task: Task): void {
    const { context } = task;
    context.sequenceLength = 0;
    this.#output.reserve(this.#responder.lengthOf(0));
    dataIn.final = true;
    dataIn.initiatorTaskTag = task.tag;
    dataIn.dataSegmentLength = 0;
    dataIn.dataSn = context.dataSn++;
    dataIn.bufferOffset = context.sentLength;
    this.#putStatus(task, false);
    dataIn.expCmdSn = this.#window.expCmdSn;
    dataIn.maxCmdSn = this.#window.maxCmdSn;
    encodeDataIn(this.#output.view, this.#output.at, dataIn);
    this.#responder.finish(0);
  }

  // Status leaves with the last data when it is GOOD: one PDU less a command.
  #putStatus(task: Task, ended: boolean): void {
    if (ended) this.#leaveWindow(task.context);
    dataIn.statusPresent = ended;
    dataIn.status = STATUS.GOOD;
    dataIn.statSn = ended ? this.#responder.takeStatSn() : 0;
    dataIn.residual = ended ? residualOf(task) : 0;
    dataIn.residualFlag = ended ? residualFlagOf(task) : RESIDUAL.NONE;
    task.context.statusSent = ended;
  }

  // Its status shows the room that it leaves: no later PDU may come to tell.
  #leaveWindow(context: TaskContext): void {
    if (!context.numbered) return;
    context.numbered = false;
    this.#window.end();
  }
}

/** Room that sense data take beyond a header, so that any PDU fits. */
export const RESPONSE_LENGTH_MAX: number = BHS_LENGTH + SENSE_HEADER_LENGTH +
  SENSE_LENGTH_MAX;

function residualOf(task: Task): number {
  return Math.abs(task.transferLength - expectedOf(task));
}

function residualFlagOf(task: Task): number {
  const expected = expectedOf(task);
  if (task.transferLength === expected) return RESIDUAL.NONE;
  return task.transferLength > expected
    ? RESIDUAL.OVERFLOW
    : RESIDUAL.UNDERFLOW;
}

// What the initiator was ready to move in the direction of the command.
function expectedOf(task: Task): number {
  const direction = task.row?.direction;
  if (task.transferLength > 0) {
    if (direction === "in") return task.expectedDataInLength;
    if (direction === "out") return task.expectedDataOutLength;
  }
  return task.context.expectedLength;
}

/** Writes SenseLength and sense data. @returns bytes of the data segment */
function putSenseSegment(view: DataView, at: number, task: Task): number {
  const length = putSense(view, at + SENSE_HEADER_LENGTH, task);
  if (length === 0) return 0;
  view.setUint16(at, length);
  return SENSE_HEADER_LENGTH + length;
}
