/**
 * An initiator in memory: it speaks to a target through the core's transport
 * port, without a protocol in between. It can be slow to take and to give
 * data, so that tests stop a command where they want to look, and it notes
 * each rule of the port that the core breaks.
 *
 * @module
 */

import {
  ATTRIBUTE,
  encodeSense,
  type Nexus,
  PROTOCOL_SERVICE_CRC_ERROR,
  type ScsiTask,
  type Sense,
  SENSE_LENGTH_MAX,
  STATUS,
  type TargetPort,
  TASK_MANAGEMENT,
  type TaskManagementFunction,
  type TaskManagementRequest,
  taskManagementRequest,
  type Transport,
} from "../../core/mod.ts";

/** How a command ended. */
export interface CommandResult {
  /** Status code; {@linkcode SILENT}: the task was aborted silently. */
  readonly status: number;
  /** `key/asc/ascq` in hexadecimal, or "" without sense. */
  readonly sense: string;
  /** Sense data in fixed format, for its fields. */
  readonly senseData: Uint8Array;
  /** The sense as the core put it; null: none. */
  readonly senseValue: Sense | null;
  /** Data-In. */
  readonly data: Uint8Array;
  /** Bytes the command would have moved. */
  readonly transferLength: number;
}

/** What a command is sent with. */
export interface CommandOptions {
  /** Bytes the initiator is ready to take. */
  readonly read?: number;
  /** Data that it sends. */
  readonly write?: Uint8Array;
  /** Bytes the initiator is ready to send; default all of `write`. */
  readonly expectedOut?: number;
  /** Bytes of `write` that come with the command; default all. */
  readonly immediate?: number;
  /** Task attribute. */
  readonly attribute?: number;
  /** Command priority; default none. */
  readonly priority?: number;
  /** Tag; default: a fresh one. */
  readonly tag?: number;
  /** Bytes of the CDB that count; default all. */
  readonly cdbLength?: number;
  /** When it arrives, by the clock of the target. */
  readonly arrivedMs?: number;
}

/** What the initiator keeps with a task. */
export interface LocalContext {
  /** Data-In so far. */
  pieces: Uint8Array[];
  /** Bytes of them. */
  receivedLength: number;
  /** The last Data-In said that the command has ended GOOD. */
  ended: boolean;
  /** What it sends. */
  dataOut: Uint8Array;
  /** Tells whoever sent the command. */
  resolve: ((result: CommandResult) => void) | null;
  /** The core waits for room. */
  wakeRoom: (() => void) | null;
  /** The core waits for Data-Out. */
  wakeData: ((whole: boolean) => void) | null;
  /** The core waits for Data-In to arrive. */
  moved: (() => void) | null;
}

type Task = ScsiTask<LocalContext>;

/** Status of a task that was aborted without a status. */
export const SILENT: number = -1;

const ROOM_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

/** One I_T nexus in memory. */
export class LocalInitiator implements Transport<LocalContext> {
  /** Room for Data-In is lent only while this is true. */
  hasRoom = true;
  /** Data-Out beyond the immediate part comes only while this is true. */
  givesData = true;
  /** Data-In arrive at once; else when `resume` is called. */
  arrivesAtOnce = true;
  /** Bytes of room lent at a time, at most all that there is. */
  roomBytes: number;
  /** Rules of the transport port that the core has broken. */
  readonly violations: string[] = [];
  readonly #nexus: Nexus<LocalContext>;
  readonly #room: Uint8Array;
  readonly #functions: Map<TaskManagementRequest, () => void> = new Map();
  readonly #waiting: Set<Task> = new Set();
  readonly #moving: Set<Task> = new Set();
  #lent = 0;
  #nextTag = 1;

  /** Connects to a port under a name, with so much room for Data-In. */
  constructor(port: TargetPort, name: string, roomBytes: number = ROOM_BYTES) {
    this.roomBytes = roomBytes;
    this.#room = new Uint8Array(roomBytes);
    const nexus = port.connect<LocalContext>(
      name,
      transportIdOf(name),
      this,
      newContext,
    );
    if (nexus === null) throw new TypeError("The initiator table is full");
    this.#nexus = nexus;
  }

  /** The nexus, for looking at what the core knows of it. */
  get nexus(): Nexus<LocalContext> {
    return this.#nexus;
  }

  /** The port it talks to. */
  get port(): TargetPort {
    return this.#nexus.port;
  }

  /** Tag that the next command gets. */
  get nextTag(): number {
    return this.#nextTag;
  }

  /** Sends a command; resolves with its end. */
  command(
    lun: number,
    cdb: Uint8Array | readonly number[],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    const task = this.#nexus.takeTask();
    this.#fill(task, lun, cdb, options);
    return new Promise((resolve) => {
      task.context.resolve = resolve;
      this.#nexus.commandReceived(task);
    });
  }

  /** Asks for a task management function; resolves with the answer. */
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

  /** Neither takes nor gives data from now on. */
  hold(): void {
    this.hasRoom = false;
    this.givesData = false;
  }

  /** Takes and gives data from now on, those that were waited for first. */
  resume(): void {
    this.hasRoom = true;
    this.givesData = true;
    this.arrivesAtOnce = true;
    for (const task of [...this.#waiting]) {
      task.context.wakeRoom?.();
      task.context.wakeData?.(true);
    }
    this.arrive();
  }

  /** What is under way to the initiator arrives, or is lost with a reason. */
  arrive(lost: Sense | null = null): void {
    for (const task of [...this.#moving]) {
      task.transportSense ??= lost;
      this.#arrived(task)?.();
    }
  }

  /** Data-Out that was waited for arrives broken; then as `resume`. */
  loseDataOut(): void {
    for (const task of [...this.#waiting]) {
      task.transportSense = PROTOCOL_SERVICE_CRC_ERROR;
      task.context.wakeData?.(false);
    }
    this.resume();
  }

  /** Ends the nexus. */
  disconnect(): Promise<void> {
    return this.#nexus.nexusLost();
  }

  /** See `Transport`. */
  roomForDataIn(task: Task, lengthBytes: number): number {
    this.#lent = this.hasRoom ? Math.min(lengthBytes, this.roomBytes) : 0;
    this.#expect(lengthBytes > 0, "room for nothing was asked for");
    task.dataIn = this.#room;
    task.dataInAt = 0;
    return this.#lent;
  }

  /** See `Transport`. */
  dataInRoom(task: Task): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(task);
      task.context.wakeRoom = () => {
        this.#waiting.delete(task);
        task.context.wakeRoom = null;
        resolve();
      };
    });
  }

  /** See `Transport`. */
  sendDataIn(task: Task, lengthBytes: number, ended: boolean): void {
    const { context } = task;
    this.#expect(lengthBytes <= this.#lent, "more was sent than room lent");
    this.#expect(context.resolve !== null, "Data-In of a task that has ended");
    this.#expect(!context.ended, "Data-In after the last");
    this.#lent = 0;
    context.ended = ended;
    if (!this.arrivesAtOnce) {
      task.moving = true;
      this.#moving.add(task);
    }
    context.receivedLength += lengthBytes;
    this.#expect(
      context.receivedLength <= task.expectedDataInLength,
      "more Data-In than was expected",
    );
    context.pieces.push(this.#room.slice(0, lengthBytes));
  }

  /** See `Transport`. */
  whenMoved(task: Task, moved: () => void): void {
    this.#expect(this.#moving.has(task), "nothing of it is under way");
    task.context.moved = moved;
  }

  /** See `Transport`. */
  receiveDataOut(
    task: Task,
    offset: number,
    lengthBytes: number,
    into: Uint8Array,
    at: number,
  ): Promise<boolean> | boolean {
    const end = offset + lengthBytes;
    this.#expect(
      end <= task.expectedDataOutLength,
      "more Data-Out than was offered",
    );
    const copy = () => into.set(task.context.dataOut.subarray(offset, end), at);
    if (!this.givesData && end > task.immediateLength) {
      return this.#receiveLater(task, copy);
    }
    copy();
    return true;
  }

  /** See `Transport`. */
  sendCommandComplete(task: Task): void {
    const { ended } = task.context;
    const good = task.status === STATUS.GOOD;
    const aborted = task.status === STATUS.TASK_ABORTED;
    const lost = task.transportSense !== null;
    this.#expect(
      good || aborted || lost || !ended,
      "not GOOD after the last Data-In",
    );
    this.#expect(!this.#moving.has(task), "it ends before its data arrive");
    this.#resolve(task, task.status);
  }

  /** See `Transport`. */
  taskEnded(task: Task): void {
    this.#resolve(task, SILENT);
  }

  /** See `Transport`. */
  abortTransfer(task: Task): void {
    task.context.wakeRoom?.();
    task.context.wakeData?.(false);
    this.#arrived(task);
  }

  /** See `Transport`. */
  taskManagementFunctionExecuted(request: TaskManagementRequest): void {
    const answered = this.#functions.get(request);
    this.#expect(answered !== undefined, "a function was answered twice");
    this.#functions.delete(request);
    answered?.();
  }

  #fill(
    task: Task,
    lun: number,
    cdb: Uint8Array | readonly number[],
    options: CommandOptions,
  ): void {
    const write = options.write ?? NO_BYTES;
    [...cdb].forEach((byte, at) => task.cdb.setUint8(at, byte));
    task.cdbLength = options.cdbLength ?? cdb.length;
    task.visibleLun = lun;
    task.tag = options.tag ?? this.#nextTag;
    this.#nextTag = Math.max(this.#nextTag, task.tag + 1);
    task.attribute = options.attribute ?? ATTRIBUTE.SIMPLE;
    task.priority = options.priority ?? 0;
    task.arrivedMs = options.arrivedMs ?? 0;
    task.expectedDataInLength = options.read ?? 0;
    task.expectedDataOutLength = options.expectedOut ?? write.length;
    task.immediate = write;
    task.immediateAt = 0;
    task.immediateLength = options.immediate ?? write.length;
    Object.assign(task.context, newContext(), { dataOut: write });
  }

  #arrived(task: Task): (() => void) | null {
    const { moved } = task.context;
    this.#moving.delete(task);
    task.moving = false;
    task.context.moved = null;
    return moved;
  }

  #receiveLater(task: Task, copy: () => void): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.add(task);
      task.context.wakeData = (whole) => {
        this.#waiting.delete(task);
        task.context.wakeData = null;
        if (whole) copy();
        resolve(whole);
      };
    });
  }

  #resolve(task: Task, status: number): void {
    const { resolve, pieces } = task.context;
    this.#expect(resolve !== null, "a task has ended twice");
    task.context.resolve = null;
    resolve?.({
      status,
      sense: describeSense(task.sense),
      senseData: senseBytes(task.sense),
      senseValue: task.sense,
      data: concat(pieces),
      transferLength: task.transferLength,
    });
  }

  #expect(kept: boolean, violation: string): void {
    if (!kept) this.violations.push(violation);
  }
}

/** Words for a status, as tests write them. */
export const GOOD: number = STATUS.GOOD;

/** Functions by their names. */
export const FUNCTION: typeof TASK_MANAGEMENT = TASK_MANAGEMENT;

function newContext(): LocalContext {
  return {
    pieces: [],
    receivedLength: 0,
    ended: false,
    dataOut: NO_BYTES,
    resolve: null,
    wakeRoom: null,
    wakeData: null,
    moved: null,
  };
}

function describeSense(sense: Sense | null): string {
  if (sense === null) return "";
  return [sense.key, sense.asc, sense.ascq]
    .map((code, index) => code.toString(16).padStart(index === 0 ? 1 : 2, "0"))
    .join("/");
}

function senseBytes(sense: Sense | null): Uint8Array {
  if (sense === null) return NO_BYTES;
  const bytes = new Uint8Array(SENSE_LENGTH_MAX);
  const view = new DataView(bytes.buffer);
  return bytes.subarray(0, encodeSense(view, 0, sense, false));
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The TransportID of an initiator of tests: as iSCSI has them. */
export function transportIdOf(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const id = new Uint8Array(4 + Math.max(20, (text.length + 4) & ~3));
  id[0] = 0x45;
  new DataView(id.buffer).setUint16(2, id.length - 4);
  id.set(text, 4);
  return id;
}
