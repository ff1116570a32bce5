/**
 * The initiator behind copies: sends ordinary commands to units through the
 * port `tpc`, in the name of the nexus that asked for the copy. Reservations
 * judge it as that nexus; it sees every unit by its number in the target.
 *
 * @module
 */

import {
  assert,
  ATTRIBUTE,
  CDB_LENGTH_MAX,
  type Clock,
  type CommandRow,
  fillLocalTask,
  type LocalBuffers,
  LocalTransport,
  LOGICAL_UNIT_NOT_SUPPORTED,
  type LogicalUnit,
  type Nexus,
  type ScsiTask,
  SENSE_KEY,
  senseDataOf,
  STATUS,
  type TargetPort,
} from "../../core/mod.ts";

import { bytesOfSense } from "./sense.ts";

/** A command of the copy manager. */
export interface InnerCommand {
  /** The unit. */
  readonly unit: LogicalUnit;
  /** Command descriptor block. */
  readonly cdb: Uint8Array;
  /** Where Data-In goes, whole; absent: none is expected. */
  readonly dataIn?: Uint8Array;
  /** Data-Out; absent: none. */
  readonly dataOut?: Uint8Array;
  /** Bytes that it moves without a buffer: limits count them. */
  readonly movesBytes?: number;
  /** A row that is in no table: what the command does is the plugin's own. */
  readonly row?: CommandRow;
}

/** How a command of the copy manager ended. */
export interface InnerResult {
  /** Status; TASK ABORTED also for one that was aborted in silence. */
  readonly status: number;
  /** Sense data; empty: none. */
  readonly senseData: Uint8Array;
}

/** What the initiator keeps with a task. */
interface InnerContext extends LocalBuffers {
  resolve: ((result: InnerResult) => void) | null;
}

const NO_BYTES = new Uint8Array(0);
const GOOD: InnerResult = { status: STATUS.GOOD, senseData: NO_BYTES };
const ABORTED: InnerResult = {
  status: STATUS.TASK_ABORTED,
  senseData: NO_BYTES,
};
const GONE: InnerResult = {
  status: STATUS.CHECK_CONDITION,
  senseData: bytesOfSense(LOGICAL_UNIT_NOT_SUPPORTED),
};
/** Tries of a command that others keep from being done. */
const TRIES_MAX = 4;
/** Unit attentions that one command may meet: each is reported once. */
export const ATTENTIONS_MAX = 32;
/** Milliseconds before a unit that was busy is asked again. */
const BUSY_MS = 20;

/** One I_T nexus between the copy manager and the units, for one asker. */
export class InnerInitiator extends LocalTransport<InnerContext> {
  readonly #port: TargetPort;
  readonly #nexus: Nexus<InnerContext>;
  readonly #clock: Clock;
  #commands = 0;
  #gone = false;

  /** Connects to the port in the name of a nexus. */
  constructor(port: TargetPort, asker: Nexus, clock: Clock) {
    super();
    this.#clock = clock;
    this.#port = port;
    this.#nexus = port.connectFor(asker, this, newContext);
  }

  /** Commands that have ended. */
  get commands(): number {
    return this.#commands;
  }

  /**
   * Sends a command; resolves with its end. Unit attentions are taken and the
   * command is sent again; so it is, a few times, when the unit is busy or
   * another error may pass.
   */
  async execute(command: InnerCommand): Promise<InnerResult> {
    let attentions = 0;
    for (let failures = 1;;) {
      const result = await this.sendOnce(command);
      if (result.status === STATUS.GOOD) return result;
      if (tellsAttention(result) && attentions < ATTENTIONS_MAX) {
        attentions += 1;
        continue;
      }
      if (failures === TRIES_MAX || !mayPass(result)) return result;
      failures += 1;
      await new Promise<void>((go) => this.#clock.after(BUSY_MS, go));
    }
  }

  /**
   * Sends a command, in this turn; resolves with its end, unit attention or
   * not.
   */
  async sendOnce(command: InnerCommand): Promise<InnerResult> {
    if (this.#gone) return ABORTED;
    // Its number may be that of another one by now.
    if (this.#port.unitAt(command.unit.number) !== command.unit) return GONE;
    const result = await this.#send(command);
    this.#commands += 1;
    return result;
  }

  /** Ends the nexus; resolves when none of its commands touches data. */
  async disconnect(): Promise<void> {
    this.#gone = true;
    await this.#nexus.nexusLost();
  }

  /** See `Transport`. */
  sendCommandComplete(task: ScsiTask<InnerContext>): void {
    finish(task, task.status);
  }

  /** See `Transport`. */
  taskEnded(task: ScsiTask<InnerContext>): void {
    finish(task, STATUS.TASK_ABORTED);
  }

  /** See `Transport`. */
  taskManagementFunctionExecuted(): void {
    // It asks for none.
  }

  #send(command: InnerCommand): Promise<InnerResult> {
    const nexus = this.#nexus;
    return new Promise((resolve) => {
      const task = nexus.takeTask();
      this.#fill(task, command);
      task.context.resolve = resolve;
      nexus.commandReceived(task);
    });
  }

  #fill(task: ScsiTask<InnerContext>, command: InnerCommand): void {
    const { unit, cdb, dataIn = NO_BYTES, dataOut = NO_BYTES, row } = command;
    const { movesBytes } = command;
    assert(cdb.length <= CDB_LENGTH_MAX, "a CDB is too long");
    // The port shows every unit by its number.
    const lun = unit.number;
    const nowMs = this.#clock.nowMs();
    fillLocalTask(task, { lun, cdb, dataIn, dataOut, nowMs });
    task.row = row ?? null;
    task.tag = this.takeTag();
    task.attribute = ATTRIBUTE.SIMPLE;
    if (movesBytes !== undefined) task.expectedDataInLength = movesBytes;
  }
}

function newContext(): InnerContext {
  return {
    dataIn: NO_BYTES,
    receivedLength: 0,
    dataOut: NO_BYTES,
    resolve: null,
  };
}

function finish(task: ScsiTask<InnerContext>, status: number): void {
  const { context } = task;
  const { resolve } = context;
  context.resolve = null;
  context.dataIn = NO_BYTES;
  context.dataOut = NO_BYTES;
  resolve?.(
    status === STATUS.GOOD ? GOOD : { status, senseData: senseDataOf(task) },
  );
}

/** SENSE KEY, ASC and ASCQ of sense data, in either format. */
export function codesOfSense(
  senseData: Uint8Array,
): readonly [number, number, number] {
  const descriptors = ((senseData[0] ?? 0) & 0x7f) >= 0x72;
  const [key = 0, asc = 0, ascq = 0] = descriptors
    ? senseData.subarray(1, 4)
    : Uint8Array.of(senseData[2] ?? 0, senseData[12] ?? 0, senseData[13] ?? 0);
  return [key & 0x0f, asc, ascq];
}

/** Whether a command was not done because its unit had something to tell. */
export function tellsAttention({ senseData }: InnerResult): boolean {
  return senseData.length > 0 &&
    codesOfSense(senseData)[0] === SENSE_KEY.UNIT_ATTENTION;
}

// What a second try cannot change ends the copy at once: a command that was
// aborted or refused, a unit that is stopped or wants a person.
function mayPass({ status, senseData }: InnerResult): boolean {
  if (status === STATUS.BUSY || status === STATUS.TASK_SET_FULL) return true;
  if (status !== STATUS.CHECK_CONDITION) return false;
  const [key] = codesOfSense(senseData);
  return key === SENSE_KEY.MEDIUM_ERROR || key === SENSE_KEY.HARDWARE_ERROR ||
    key === SENSE_KEY.ABORTED_COMMAND;
}
