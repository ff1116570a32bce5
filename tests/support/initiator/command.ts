/**
 * One SCSI command in flight: sends its data when the target asks for it, and
 * gathers what comes back.
 *
 * @module
 */

import { PATIENCE_MS, within } from "../deadline.ts";
import {
  ATTRIBUTE,
  FLAG,
  NO_TAG,
  OPCODE,
  type TaskAttribute,
} from "./codes.ts";
import { DataIn } from "./data_in.ts";
import type { Negotiated } from "./negotiation.ts";
import type { Pdu } from "./pdu.ts";
import { dataOut, type RequestNumbers, scsiCommand } from "./requests.ts";
import { parseSense } from "./sense.ts";

/** How a command is sent. */
export interface CommandOptions {
  /** Bytes to read: sets R. */
  readonly read?: number;
  /** Bytes to write: sets W. */
  readonly write?: Uint8Array;
  /** Expected data transfer length, when it is not that of read or write. */
  readonly expectedLength?: number;
  /** Task attribute; simple when not given. */
  readonly attribute?: TaskAttribute;
  /** Immediate delivery. */
  readonly immediate?: boolean;
  /** RFC 7144 command priority. */
  readonly priority?: number;
  /** Immediate data: as agreed (true), none, or this many bytes anyhow. */
  readonly immediateData?: boolean | number;
  /** Unsolicited Data-Out: as agreed (true), none, or so many bytes anyhow. */
  readonly unsolicited?: boolean | number;
  /** Leaves R2Ts unanswered until {@linkcode RunningCommand.release}. */
  readonly holdData?: boolean;
  /** A task tag of the test's choice. */
  readonly initiatorTaskTag?: number;
  /** How long {@linkcode RunningCommand.result} waits. */
  readonly timeoutMs?: number;
}

/** How a command ended. */
export interface CommandResult {
  /** SCSI status. */
  readonly status: number;
  /** iSCSI response code; the status means nothing unless it is 0. */
  readonly response: number;
  /** Key, ASC and ASCQ such as `6/29/00`; empty without sense data. */
  readonly sense: string;
  /** The sense data itself. */
  readonly senseData: Uint8Array;
  /** What was read. */
  readonly data: Uint8Array;
  /** Residual count; 0 without overflow or underflow. */
  readonly residual: number;
  /** Less was moved than expected. */
  readonly underflow: boolean;
  /** More would have been moved than expected. */
  readonly overflow: boolean;
  /** Every PDU that the target sent for the command. */
  readonly responses: readonly Pdu[];
}

/** What a command needs of its session. */
export interface CommandHost {
  /** Values in force. */
  readonly negotiated: Negotiated;
  /** StatSN that is expected next. */
  readonly expStatSN: number;
  /** Sends a PDU; a failure ends the session. */
  post(pdu: Pdu): void;
  /** Notes that the target broke a rule. */
  violation(text: string): void;
  /** Where the session is, for the error of a wait. */
  describe(): string;
}

/** A target's Reject of a request that waits for its answer. */
export class RejectedError extends Error {
  /** Name of the class. */
  override readonly name = "RejectedError";
  /** Reason, such as `REJECT.INVALID_PDU_FIELD`. */
  readonly reason: number;
  /** The Reject itself. */
  readonly pdu: Pdu;

  /** Says which reason. */
  constructor(pdu: Pdu) {
    super(
      `The target rejected the request, reason 0x${pdu.u8(2).toString(16)}`,
    );
    this.reason = pdu.u8(2);
    this.pdu = pdu;
  }
}

/** A command that was started. */
export class RunningCommand {
  /** Logical unit. */
  readonly lun: number | Uint8Array;
  /** Command block. */
  readonly cdb: Uint8Array;
  readonly #host: CommandHost;
  readonly #options: CommandOptions;
  readonly #write: Uint8Array;
  readonly #dataIn: DataIn;
  readonly #responses: Pdu[] = [];
  readonly #result = Promise.withResolvers<CommandResult>();
  #numbers: RequestNumbers | undefined;
  #r2tArrived = Promise.withResolvers<void>();
  #held: Pdu[] = [];
  #holding: boolean;
  #done = false;

  /** Prepares a command; {@linkcode RunningCommand.begin} sends it. */
  constructor(
    host: CommandHost,
    lun: number | Uint8Array,
    cdb: Uint8Array,
    options: CommandOptions,
  ) {
    this.#host = host;
    this.lun = lun;
    this.cdb = cdb;
    this.#options = options;
    this.#write = options.write ?? new Uint8Array(0);
    this.#holding = options.holdData ?? false;
    const { read = 0, expectedLength } = options;
    const readLength = options.write ? read : expectedLength ?? read;
    const writeLength = options.write ? this.#expectedLength : 0;
    this.#dataIn = new DataIn(host.negotiated, readLength, writeLength);
    // Who does not wait for the result must not fail by it.
    this.#result.promise.catch(() => {});
  }

  /** Task tag; known once the command was sent. */
  get initiatorTaskTag(): number {
    return this.#sent().initiatorTaskTag;
  }

  /** CmdSN; known once the command was sent. */
  get cmdSN(): number {
    return this.#sent().cmdSN;
  }

  /** Whether the target ended the command. */
  get done(): boolean {
    return this.#done;
  }

  /** R2Ts that wait for an answer. */
  get heldR2ts(): readonly Pdu[] {
    return this.#held;
  }

  /**
   * Waits for the end of the command.
   *
   * @throws {RejectedError} when the target rejects it
   * @throws {Error} when the connection or the patience ends first
   */
  result(
    timeoutMs: number = this.#options.timeoutMs ?? PATIENCE_MS,
  ): Promise<CommandResult> {
    return within(
      this.#result.promise,
      timeoutMs,
      () => `the end of ${this}; ${this.#host.describe()}`,
    );
  }

  /** Waits for an R2T that is held back, and returns the oldest. */
  async nextR2t(timeoutMs: number = PATIENCE_MS): Promise<Pdu> {
    const arrived = Promise.race([
      this.#r2tArrived.promise,
      this.#result.promise,
    ]);
    await within(arrived, timeoutMs, () => `an R2T for ${this}`);
    const [oldest] = this.#held;
    if (oldest === undefined) throw new Error(`No R2T came for ${this}`);
    return oldest;
  }

  /** Answers the R2Ts that were held back, and all that follow at once. */
  release(): void {
    this.#holding = false;
    for (const r2t of this.#held.splice(0)) this.answer(r2t);
  }

  /** Answers one R2T with the data that it asks for. */
  answer(r2t: Pdu): void {
    const at = this.#held.indexOf(r2t);
    if (at >= 0) this.#held.splice(at, 1);
    if (this.#held.length === 0) this.#r2tArrived = Promise.withResolvers();
    this.#sendData(r2t.targetTransferTag, r2t.u32(40), r2t.u32(44));
  }

  /** Sends the command and the data that need not be asked for. */
  begin(numbers: RequestNumbers): void {
    const { initiatorTaskTag = numbers.initiatorTaskTag } = this.#options;
    this.#numbers = { ...numbers, initiatorTaskTag };
    const immediate = this.#immediateBytes();
    const unsolicited = this.#unsolicitedBytes(immediate);
    this.#host.post(this.#commandPdu(this.#numbers, immediate, unsolicited));
    if (unsolicited > 0) this.#sendData(NO_TAG, immediate, unsolicited);
  }

  /** Takes a PDU of the target; true when it ended the command. */
  accept(pdu: Pdu): boolean {
    this.#responses.push(pdu);
    for (const fault of this.#dataIn.accept(pdu)) {
      this.#host.violation(`${pdu}: ${fault}`);
    }
    if (pdu.opcode === OPCODE.R2T) this.#acceptR2t(pdu);
    const ends = pdu.opcode === OPCODE.SCSI_RESPONSE ||
      (pdu.opcode === OPCODE.DATA_IN && pdu.has(FLAG.STATUS));
    if (ends) this.#finish(pdu);
    return ends;
  }

  /** Ends the command without an answer. */
  fail(reason: Error): void {
    this.#done = true;
    this.#result.reject(reason);
  }

  /** One line for error messages. */
  toString(): string {
    const tag = this.#numbers?.initiatorTaskTag.toString(16) ?? "not sent";
    return `command ${this.cdb.toHex()} (tag ${tag})`;
  }

  get #expectedLength(): number {
    const { expectedLength, read = 0, write } = this.#options;
    return expectedLength ?? write?.length ?? read;
  }

  #sent(): RequestNumbers {
    if (this.#numbers !== undefined) return this.#numbers;
    throw new Error(`The window is closed: not sent yet is ${this}`);
  }

  #immediateBytes(): number {
    const { immediateData = true } = this.#options;
    const { negotiated } = this.#host;
    if (typeof immediateData === "number") return immediateData;
    if (!immediateData || !negotiated.immediateData) return 0;
    return Math.min(
      this.#write.length,
      negotiated.firstBurstBytesMax,
      negotiated.targetSegmentBytesMax,
    );
  }

  #unsolicitedBytes(immediate: number): number {
    const { unsolicited = true } = this.#options;
    const { negotiated } = this.#host;
    if (typeof unsolicited === "number") return unsolicited;
    if (!unsolicited || negotiated.initialR2T) return 0;
    const most = Math.min(this.#write.length, negotiated.firstBurstBytesMax);
    return Math.max(0, most - immediate);
  }

  #commandPdu(
    numbers: RequestNumbers,
    immediate: number,
    unsolicited: number,
  ): Pdu {
    const { read, write, attribute = "simple", priority = 0 } = this.#options;
    const flags = (unsolicited > 0 ? 0 : FLAG.FINAL) |
      (read === undefined ? 0 : FLAG.READ) |
      (write === undefined ? 0 : FLAG.WRITE) | ATTRIBUTE[attribute];
    const both = read !== undefined && write !== undefined;
    return scsiCommand({
      ...numbers,
      lun: this.lun,
      flags,
      cdb: this.cdb,
      expectedDataTransferLength: this.#expectedLength,
      ...(both ? { bidirectionalReadLength: read } : {}),
      immediate: this.#options.immediate ?? false,
      priority,
      data: this.#part(0, immediate),
    });
  }

  // Where the target may ask for more than the test gave, zeroes go out.
  #part(offset: number, length: number): Uint8Array {
    const part = this.#write.subarray(offset, offset + length);
    if (part.length === length) return part;
    const whole = new Uint8Array(length);
    whole.set(part);
    return whole;
  }

  #sendData(tag: number, offset: number, length: number): void {
    const most = this.#host.negotiated.targetSegmentBytesMax;
    let dataSN = 0;
    for (let sent = 0; sent < length; dataSN++) {
      const data = this.#part(offset + sent, Math.min(most, length - sent));
      const bufferOffset = offset + sent;
      sent += data.length;
      this.#host.post(dataOut({
        lun: this.lun,
        initiatorTaskTag: this.initiatorTaskTag,
        targetTransferTag: tag,
        expStatSN: this.#host.expStatSN,
        dataSN,
        bufferOffset,
        final: sent === length,
        data,
      }));
    }
  }

  #acceptR2t(pdu: Pdu): void {
    this.#held.push(pdu);
    const most = this.#host.negotiated.outstandingR2tMax;
    if (this.#held.length > most) {
      this.#host.violation(`${pdu}: ${this.#held.length} R2Ts, agreed ${most}`);
    }
    if (this.#holding) this.#r2tArrived.resolve();
    else this.answer(pdu);
  }

  #finish(pdu: Pdu): void {
    this.#done = true;
    const isResponse = pdu.opcode === OPCODE.SCSI_RESPONSE;
    const senseData = isResponse ? senseOf(pdu.data) : new Uint8Array(0);
    const overflow = pdu.has(FLAG.OVERFLOW);
    const underflow = pdu.has(FLAG.UNDERFLOW);
    this.#result.resolve({
      status: pdu.u8(3),
      response: isResponse ? pdu.u8(2) : 0,
      sense: parseSense(senseData)?.text ?? "",
      senseData,
      data: this.#dataIn.data,
      residual: overflow || underflow ? pdu.u32(44) : 0,
      underflow,
      overflow,
      responses: this.#responses,
    });
  }
}

function senseOf(data: Uint8Array): Uint8Array {
  if (data.length < 2) return new Uint8Array(0);
  const view = new DataView(data.buffer, data.byteOffset);
  return data.subarray(2, 2 + view.getUint16(0));
}
