/**
 * The stream of PDUs after the login: sends requests and gives each PDU of the
 * target to whoever waits for it.
 *
 * @module
 */

import { PATIENCE_MS, within } from "../deadline.ts";
import { NO_TAG, OPCODE, REJECT } from "./codes.ts";
import { RejectedError } from "./command.ts";
import type { Connection } from "./connection.ts";
import type { LoginOutcome } from "./login.ts";
import type { Negotiated } from "./negotiation.ts";
import { type EncodeOptions, HEADER_BYTES, Pdu } from "./pdu.ts";
import { nopOut } from "./requests.ts";
import { SessionNumbers } from "./session_numbers.ts";

/** How a session behaves. */
export interface ChannelOptions {
  /** False leaves the target's pings to the test. */
  readonly answerPings?: boolean;
  /** Collects broken rules in `violations` instead of ending the session. */
  readonly tolerant?: boolean;
}

/** The target broke a rule of the protocol. */
export class ProtocolViolation extends Error {
  /** Name of the class. */
  override readonly name = "ProtocolViolation";
}

/** Someone who waits for PDUs with a tag. */
export interface Waiter {
  /** Takes a PDU; true when no other is to come. */
  accept(pdu: Pdu): boolean;
  /** Told when none will come. */
  fail(reason: Error): void;
}

interface Watcher {
  readonly matches: (pdu: Pdu) => boolean;
  readonly resolve: (pdu: Pdu) => void;
  readonly reject: (reason: Error) => void;
}

/** Requests and answers of a session with one connection. */
export class RequestChannel {
  /** The connection, for raw bytes. */
  readonly connection: Connection;
  /** How the login went. */
  readonly login: LoginOutcome;
  /** Values in force. */
  readonly negotiated: Negotiated;
  /** CmdSN, StatSN and tags. */
  readonly numbers: SessionNumbers;
  /** Rules that the target broke; only a tolerant session goes on then. */
  readonly violations: string[] = [];
  /** PDUs that nobody waited for: pings, events, rejects, late answers. */
  readonly unsolicited: Pdu[] = [];
  readonly #answerPings: boolean;
  readonly #tolerant: boolean;
  readonly #waiters = new Map<number, Waiter>();
  readonly #watchers = new Set<Watcher>();
  readonly #pump: Promise<void>;
  readonly #queue: (() => void)[] = [];
  #failure: Error | undefined;
  #failureSeen = false;

  /** Takes over the connection of a login that succeeded. */
  constructor(outcome: LoginOutcome, options: ChannelOptions = {}) {
    const last = outcome.replies.at(-1);
    if (last === undefined) throw new TypeError("Cannot go on: no login");
    this.login = outcome;
    this.connection = outcome.connection;
    this.negotiated = outcome.negotiated;
    this.numbers = new SessionNumbers(outcome.exchange.cmdSN, last.pdu);
    this.#answerPings = options.answerPings ?? true;
    this.#tolerant = options.tolerant ?? false;
    this.#pump = this.#run();
  }

  /** Whether the connection ended, here or there. */
  get ended(): boolean {
    return this.#failure !== undefined;
  }

  /** StatSN that is expected next. */
  get expStatSN(): number {
    return this.numbers.expStatSN;
  }

  /** Sends any PDU as it is. */
  send(pdu: Pdu, options: EncodeOptions = {}): Promise<void> {
    return this.connection.send(pdu, options);
  }

  /** Sends a PDU; a failure shows as the end of the connection. */
  post(pdu: Pdu): void {
    this.connection.send(pdu).catch((error) => this.#end(error));
  }

  /**
   * Sends a request and waits for the PDU that answers its tag.
   *
   * @throws {RejectedError} when the target rejects it
   */
  async request(
    pdu: Pdu,
    timeoutMs: number = PATIENCE_MS,
    options: EncodeOptions = {},
  ): Promise<Pdu> {
    const tag = pdu.initiatorTaskTag;
    const answer = Promise.withResolvers<Pdu>();
    const accept = (answered: Pdu) => {
      answer.resolve(answered);
      return true;
    };
    this.enlist(tag, { accept, fail: answer.reject });
    const what = () => `the answer to ${pdu}; ${this.describe()}`;
    try {
      const waiting = within(answer.promise, timeoutMs, what);
      await Promise.all([waiting, this.send(pdu, options)]);
      return await waiting;
    } finally {
      this.forget(tag);
    }
  }

  /**
   * Waits for a PDU that answers no request, or takes the first such PDU that
   * came already.
   *
   * @param matches which PDU
   * @param what what is expected, for the error
   */
  async expect(
    matches: (pdu: Pdu) => boolean,
    what: string,
    timeoutMs: number = PATIENCE_MS,
  ): Promise<Pdu> {
    const at = this.unsolicited.findIndex(matches);
    const [found] = at < 0 ? [] : this.unsolicited.splice(at, 1);
    if (found !== undefined) return found;
    if (this.#failure !== undefined) throw this.#see(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<Pdu>();
    const watcher = { matches, resolve, reject };
    this.#watchers.add(watcher);
    try {
      return await within(promise, timeoutMs, () => this.#missed(what));
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  /** Waits for a Reject, with this reason when one is given. */
  expectReject(reason?: number, timeoutMs?: number): Promise<Pdu> {
    const matches = (pdu: Pdu) =>
      pdu.opcode === OPCODE.REJECT &&
      (reason === undefined || pdu.u8(2) === reason);
    return this.expect(matches, `a Reject ${reason ?? ""}`, timeoutMs);
  }

  /** Waits for an Asynchronous Message, with this event when one is given. */
  expectAsync(event?: number, timeoutMs?: number): Promise<Pdu> {
    const matches = (pdu: Pdu) =>
      pdu.opcode === OPCODE.ASYNC &&
      (event === undefined || pdu.u8(36) === event);
    return this.expect(matches, `an event ${event ?? ""}`, timeoutMs);
  }

  /** Waits until the target closes the connection, then closes here. */
  async expectClose(timeoutMs: number = PATIENCE_MS): Promise<void> {
    const what = () => this.#missed("the target to close");
    await within(this.#pump, timeoutMs, what);
    this.connection.close();
  }

  /** Drops the connection without a logout. */
  async abort(): Promise<void> {
    this.connection.close();
    await this.#pump;
  }

  /** Notes that the target broke a rule; whoever waits fails by it. */
  violation(text: string): void {
    this.violations.push(text);
    if (!this.#tolerant) {
      this.#end(new ProtocolViolation(`The target broke a rule: ${text}`));
    }
  }

  /**
   * Throws what ended the session although nobody waited then.
   *
   * @throws {ProtocolViolation}
   */
  throwUnseen(): void {
    const failure = this.#failure;
    if (failure instanceof ProtocolViolation && !this.#failureSeen) {
      throw failure;
    }
  }

  /** Where the session is, for error messages. */
  describe(): string {
    const { cmdSN, expStatSN, maxCmdSN } = this.numbers;
    const broken = this.violations.join("; ") || "nothing";
    return `next CmdSN ${cmdSN} up to ${maxCmdSN}, StatSN ${expStatSN}, ` +
      `${this.#queue.length} wait for the window, the target broke ${broken}`;
  }

  /** Gives PDUs with a tag to a waiter; the first one keeps a tag. */
  enlist(tag: number, waiter: Waiter): void {
    if (this.#failure !== undefined) waiter.fail(this.#see(this.#failure));
    else if (!this.#waiters.has(tag)) this.#waiters.set(tag, waiter);
  }

  /** No longer gives PDUs with a tag to anyone. */
  forget(tag: number): void {
    this.#waiters.delete(tag);
  }

  /** Does something once the target takes another command. */
  whenWindowOpens(action: () => void): void {
    this.#queue.push(action);
    this.#flushQueue();
  }

  #flushQueue(): void {
    // Without a connection there is no window to wait for.
    while (this.numbers.windowOpen || this.#failure !== undefined) {
      const action = this.#queue.shift();
      if (action === undefined) return;
      action();
    }
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const pdu = await this.connection.next();
        if (pdu === undefined) break;
        this.#dispatch(pdu);
      }
    } catch (error) {
      this.violation(String(error));
    }
    this.#end(new Error("The connection ended"));
  }

  #see(failure: Error): Error {
    this.#failureSeen = true;
    return failure;
  }

  #end(reason: Error): void {
    this.#failure ??= reason;
    if (this.#waiters.size + this.#watchers.size > 0) this.#see(reason);
    for (const waiter of this.#waiters.values()) waiter.fail(reason);
    for (const watcher of this.#watchers) watcher.reject(reason);
    this.#waiters.clear();
    this.#flushQueue();
  }

  #dispatch(pdu: Pdu): void {
    for (const fault of this.numbers.accept(pdu)) {
      this.violation(`${pdu}: ${fault}`);
    }
    const most = this.negotiated.initiatorSegmentBytesMax;
    if (pdu.data.length > most) {
      this.violation(`${pdu}: a segment of more than ${most} bytes`);
    }
    const tag = pdu.initiatorTaskTag;
    const waiter = this.#waiters.get(tag);
    if (waiter === undefined) this.#acceptUnsolicited(pdu);
    else if (waiter.accept(pdu)) this.#waiters.delete(tag);
    this.#flushQueue();
  }

  #acceptUnsolicited(pdu: Pdu): void {
    if (pdu.opcode === OPCODE.REJECT) this.#acceptReject(pdu);
    const isPing = pdu.opcode === OPCODE.NOP_IN &&
      pdu.targetTransferTag !== NO_TAG;
    if (isPing && this.#answerPings) this.answerPing(pdu);
    for (const watcher of this.#watchers) {
      if (watcher.matches(pdu)) {
        this.#watchers.delete(watcher);
        watcher.resolve(pdu);
        return;
      }
    }
    this.unsolicited.push(pdu);
  }

  /** Answers a ping of the target. */
  answerPing(ping: Pdu): void {
    const { cmdSN, expStatSN } = this.numbers;
    this.post(nopOut({
      initiatorTaskTag: NO_TAG,
      targetTransferTag: ping.targetTransferTag,
      lun: ping.header.slice(8, 16),
      cmdSN,
      expStatSN,
    }));
  }

  // A refused Data-Out ends its command by a status, and a tag that is taken
  // belongs to the older command: neither ends a wait (RFC 7143 11.17.1).
  #acceptReject(reject: Pdu): void {
    if (reject.data.length < HEADER_BYTES) {
      this.violation(`${reject}: without the header of the refused PDU`);
      return;
    }
    const refused = new Pdu(reject.data.slice(0, HEADER_BYTES));
    const keeps = refused.opcode === OPCODE.DATA_OUT ||
      refused.opcode === OPCODE.SNACK ||
      reject.u8(2) === REJECT.TASK_IN_PROGRESS;
    if (keeps) return;
    const waiter = this.#waiters.get(refused.initiatorTaskTag);
    this.#waiters.delete(refused.initiatorTaskTag);
    waiter?.fail(new RejectedError(reject));
  }

  #missed(what: string): string {
    const others = this.unsolicited.join("; ") || "nothing";
    return `${what}; unasked came ${others}; ${this.describe()}`;
  }
}
