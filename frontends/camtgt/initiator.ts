/**
 * An initiator of the camtgt wire: a program that drives LUNs as a Fibre
 * Channel host does. It asks for what was lost on the way once more, and keeps
 * commands and functions in the order of its calls.
 *
 * @module
 */

import {
  ATTRIBUTE,
  CDB_LENGTH_MAX,
  type Clock,
  encodeLun,
  type LocalCommand,
  type LocalResult,
  TASK_MANAGEMENT,
  type TaskManagementFunction,
} from "../../core/mod.ts";
import { ATTRIBUTE_CODES, FUNCTION_CODES } from "./codes.ts";
import { FrameLink, type WireStream } from "./frame_link.ts";
import { InitiatorExchange } from "./initiator_exchange.ts";
import { LOGIN_MS_MAX } from "./limits.ts";
import {
  DATA_LENGTH_MAX,
  FRAME,
  type Frame,
  FRAME_FLAG,
  LOGIN_REASON,
  RETRANSMISSION,
} from "./wire/frame.ts";
import {
  decodeLength,
  decodeLogin,
  encodeCommand,
  encodeLogin,
  type LoginPayload,
} from "./wire/payloads.ts";

/** Most bytes that one command moves, either way. */
export const CAM_TRANSFER_MAX: number = 16 * 2 ** 20;

/** Who an initiator is. */
export interface CamInitiatorOptions {
  /** World wide port name: whoever comes again by it finds what it held. */
  readonly wwpn: bigint;
  /** World wide node name; absent: the port name. */
  readonly wwnn?: bigint;
  /** Longest frame of data that it takes, bytes; absent: 64 KiB. */
  readonly dataLengthMax?: number;
}

/** A command of a `CamInitiator`. */
export interface CamCommand extends LocalCommand {
  /** COMMAND PRIORITY (SAM-5 8.7); absent: none. */
  readonly priority?: number;
}

/** How a command ended. */
export type CamResult = LocalResult;

/** A command on its way. */
export interface CamExchange {
  /** Its tag. */
  readonly tag: number;
  /** Its exchange. */
  readonly exchange: number;
  /** Its end; rejects when the link is gone before. */
  readonly ended: Promise<CamResult>;
  /** Asks for ABORT TASK; resolves with the answer. */
  abort(): Promise<CamResponse>;
}

/** The answer of a task management function. */
export interface CamResponse {
  /** One of the response codes of FCP-4 9.5.10: 0 complete, 8 succeeded. */
  readonly code: number;
  /** ADDITIONAL RESPONSE INFORMATION: three bytes as a number. */
  readonly additional: number;
}

/** What can be asked for once more. */
export type CamRetransmission = "DATA_IN" | "DATA_OUT" | "STATUS";

/** What the target port has said of itself. */
export type CamTargetPort = LoginPayload;

const REASONS: ReadonlyMap<number, string> = new Map([
  [LOGIN_REASON.PROTOCOL, "the port does not speak this protocol"],
  [LOGIN_REASON.OFFLINE, "the port is off line"],
  [LOGIN_REASON.FULL, "the port takes no further logins"],
]);

/** An initiator port that is logged in at a target port. */
export class CamInitiator implements AsyncDisposable {
  readonly #link: FrameLink;
  readonly #exchanges: Map<number, InitiatorExchange> = new Map();
  readonly #functions: Map<number, PromiseWithResolvers<CamResponse>> =
    new Map();
  readonly #login: PromiseWithResolvers<LoginPayload> = Promise.withResolvers();
  readonly #gone: PromiseWithResolvers<string> = Promise.withResolvers();
  #target: LoginPayload | null = null;
  #nextExchange = 0;
  #ended = false;

  /** Made by {@linkcode CamInitiator.logIn}. */
  constructor(stream: WireStream, clock: Clock) {
    this.#link = new FrameLink(stream, clock, {
      frame: (frame) => this.#frame(frame),
      closed: (reason) => this.#closed(reason),
      outputBytesMax: Infinity,
    });
  }

  /**
   * Logs in over a stream.
   *
   * @throws {TypeError} when the port refuses, or the stream ends
   */
  static async logIn(
    stream: WireStream,
    clock: Clock,
    { wwpn, wwnn = wwpn, dataLengthMax = DATA_LENGTH_MAX }: CamInitiatorOptions,
  ): Promise<CamInitiator> {
    const initiator = new CamInitiator(stream, clock);
    const link = initiator.#link;
    void link.run();
    link.send(
      { type: FRAME.LOGIN },
      encodeLogin({
        wwnn,
        wwpn,
        dataLengthMax,
        commandsMax: 0,
        functionsMax: 0,
      }),
    );
    const cancel = clock.after(LOGIN_MS_MAX, () => link.close("no answer"));
    try {
      initiator.#target = await initiator.#login.promise;
    } finally {
      cancel();
    }
    return initiator;
  }

  /** The target port. */
  get target(): CamTargetPort {
    if (this.#target === null) throw new TypeError("It has not logged in");
    return this.#target;
  }

  /** Resolves with the reason when the link is gone. */
  get gone(): Promise<string> {
    return this.#gone.promise;
  }

  /** Sends a command, behind those that were sent before. */
  send(command: CamCommand): CamExchange {
    const { lun, signal } = command;
    checkCommand(command);
    const id = this.#takeExchange();
    const tag = command.tag ?? id;
    const exchange = new InitiatorExchange(this.#link, id, tag, command);
    if (this.#ended) exchange.fail(new TypeError("The link is gone"));
    else {
      this.#exchanges.set(id, exchange);
      this.#link.send(
        headerOf(command, id),
        encodeCommand({
          lun: lunField(lun),
          dataLength: command.dataOut?.length || (command.dataInLength ?? 0),
          tag,
          cdb: command.cdb,
        }),
      );
    }
    const abort = () => this.manage(TASK_MANAGEMENT.ABORT_TASK, lun, tag);
    if (signal !== undefined) whenAborted(signal, exchange.ended, abort);
    return { tag, exchange: id, ended: exchange.ended, abort };
  }

  /** Sends a command; resolves with its end. */
  execute(command: CamCommand): Promise<CamResult> {
    return this.send(command).ended;
  }

  /** Asks for a task management function; resolves when it has been done. */
  manage(
    what: TaskManagementFunction | number,
    lun = 0,
    tag = 0,
  ): Promise<CamResponse> {
    const code = typeof what === "number" ? what : FUNCTION_CODES.get(what);
    if (code === undefined) throw new TypeError(`There is no code for ${what}`);
    const exchange = this.#takeExchange();
    const answer = Promise.withResolvers<CamResponse>();
    if (this.#ended) answer.reject(new TypeError("The link is gone"));
    this.#functions.set(exchange, answer);
    this.#link.send({
      type: FRAME.TASK_MANAGEMENT,
      code,
      exchange,
      parameter: tag,
    }, lunField(lun));
    return answer.promise;
  }

  /**
   * Asks for something of an exchange once more, from an offset on; what
   * comes by itself (`send`) asks by itself when something is missing.
   */
  retransmit(
    exchange: number,
    what: CamRetransmission,
    offset = 0,
  ): void {
    this.#link.send({
      type: FRAME.RETRANSMIT,
      code: RETRANSMISSION[what],
      exchange,
      parameter: offset,
    });
  }

  /** Says that Data-In of an exchange were damaged for good. */
  dataLost(exchange: number): void {
    this.#link.send({ type: FRAME.DATA_LOST, exchange });
  }

  /** Logs out; resolves when the port has ended what was under way. */
  async logOut(): Promise<void> {
    if (this.#ended) return;
    this.#link.send({ type: FRAME.LOGOUT });
    await this.gone;
  }

  /** Ends the link without a word, as a cable that is pulled. */
  cut(): void {
    this.#link.close("cut by the initiator");
  }

  /** Logs out. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.logOut();
  }

  #frame(frame: Frame): void {
    switch (frame.type) {
      case FRAME.LOGIN_ACCEPT:
        return this.#accepted(frame);
      case FRAME.LOGIN_REJECT:
        this.#link.close(REASONS.get(frame.code) ?? "the login was refused");
        return;
      case FRAME.LOGOUT:
        this.#link.close("the port has logged out");
        return;
      case FRAME.LOGOUT_ACCEPT:
        this.#link.close("logged out");
        return;
      case FRAME.TASK_MANAGEMENT_RESPONSE:
        return this.#answered(frame);
      default:
        this.#ofExchange(frame);
    }
  }

  #accepted({ payload }: Frame): void {
    const login = decodeLogin(payload);
    if (login === null) this.#link.close("the answer to the login is wrong");
    else this.#login.resolve(login);
  }

  #answered({ exchange, code, parameter }: Frame): void {
    const answer = this.#functions.get(exchange);
    this.#functions.delete(exchange);
    answer?.resolve({ code, additional: parameter });
  }

  #ofExchange(frame: Frame): void {
    const exchange = this.#exchanges.get(frame.exchange);
    if (exchange === undefined) return this.#late(frame);
    switch (frame.type) {
      case FRAME.DATA:
        exchange.dataIn(frame);
        break;
      case FRAME.TRANSFER_READY:
        exchange.sendData(
          frame.parameter,
          decodeLength(frame.payload),
          this.target.dataLengthMax,
        );
        break;
      case FRAME.RESPONSE:
        exchange.response(frame);
        break;
      case FRAME.RETRANSMIT_REJECT:
        exchange.notRetransmitted(frame);
        break;
      case FRAME.ABORTED:
        exchange.aborted(frame);
        break;
      default:
        throw new RangeError(`a target does not send frame type ${frame.type}`);
    }
    if (exchange.over) this.#exchanges.delete(frame.exchange);
  }

  // The port has not heard that the data have come.
  #late({ type, flags, exchange, parameter, payload }: Frame): void {
    if (type !== FRAME.DATA || (flags & FRAME_FLAG.END) === 0) return;
    this.#link.send({
      type: FRAME.ACKNOWLEDGE,
      exchange,
      parameter: parameter + payload.length,
    });
  }

  #closed(reason: string): void {
    this.#ended = true;
    const error = new TypeError(`The link is gone: ${reason}`);
    this.#login.reject(error);
    this.#login.promise.catch(() => {});
    for (const exchange of this.#exchanges.values()) exchange.fail(error);
    this.#exchanges.clear();
    for (const answer of this.#functions.values()) {
      answer.reject(error);
      answer.promise.catch(() => {});
    }
    this.#functions.clear();
    this.#gone.resolve(reason);
  }

  #takeExchange(): number {
    do this.#nextExchange = this.#nextExchange % 0xffffffff + 1; while (
      this.#exchanges.has(this.#nextExchange)
    );
    return this.#nextExchange;
  }
}

function headerOf(command: CamCommand, exchange: number) {
  const { attribute = ATTRIBUTE.SIMPLE, priority = 0 } = command;
  const reads = (command.dataInLength ?? 0) > 0 ? FRAME_FLAG.READ : 0;
  const writes = (command.dataOut?.length ?? 0) > 0 ? FRAME_FLAG.WRITE : 0;
  return {
    type: FRAME.COMMAND,
    code: ATTRIBUTE_CODES.get(attribute) ?? 0,
    flags: reads | writes,
    exchange,
    parameter: priority,
  };
}

function checkCommand({ cdb, dataOut, dataInLength }: CamCommand): void {
  if (cdb.length === 0 || cdb.length > CDB_LENGTH_MAX) {
    throw new RangeError(
      `Cannot send a CDB of ${cdb.length} bytes: 1 to ${CDB_LENGTH_MAX} are ` +
        `possible`,
    );
  }
  const moved = Math.max(dataOut?.length ?? 0, dataInLength ?? 0);
  if (moved <= CAM_TRANSFER_MAX) return;
  throw new RangeError(
    `Cannot move ${moved} bytes by one command: ${CAM_TRANSFER_MAX} is the ` +
      `limit, split it`,
  );
}

function lunField(lun: number): Uint8Array {
  const field = new Uint8Array(8);
  encodeLun(new DataView(field.buffer), 0, lun);
  return field;
}

function whenAborted(
  signal: AbortSignal,
  ended: Promise<unknown>,
  abort: () => Promise<unknown>,
): void {
  const listener = () => void abort().catch(() => {});
  if (signal.aborted) return listener();
  signal.addEventListener("abort", listener, { once: true });
  const forget = () => signal.removeEventListener("abort", listener);
  ended.then(forget, forget);
}
