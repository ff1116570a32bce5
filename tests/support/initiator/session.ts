/**
 * A session in full feature phase: SCSI commands, many in flight at once, task
 * management, pings, text and logout.
 *
 * @module
 */

import {
  type CommandOptions,
  type CommandResult,
  RunningCommand,
} from "./command.ts";
import { FLAG, LOGIN_STATUS, LOGOUT } from "./codes.ts";
import { parsePortal } from "./connection.ts";
import { login, type LoginOptions, LoginRefused } from "./login.ts";
import { concat, type Pdu } from "./pdu.ts";
import {
  type ChannelOptions,
  ProtocolViolation,
  RequestChannel,
} from "./request_channel.ts";
import {
  logoutRequest,
  nopOut,
  type RequestNumbers,
  taskManagement,
  textRequest,
} from "./requests.ts";
import { decodePairs, encodePairs, type Pairs } from "./text.ts";

/** How to open a session. */
export interface SessionOptions extends LoginOptions, ChannelOptions {
  /** Redirects to follow before the login counts as refused; none. */
  readonly redirects?: number;
}

/** What a task management function is about. */
export interface TaskManagementOptions {
  /** Logical unit. */
  readonly lun?: number | Uint8Array;
  /** Task that the function names: gives its tag, its LUN and its CmdSN. */
  readonly task?: RunningCommand;
  /** Tag of the task, when it is no command of this session. */
  readonly referencedTaskTag?: number;
  /** CmdSN of the task. */
  readonly refCmdSN?: number;
  /** False delivers it in the order of the commands. */
  readonly immediate?: boolean;
  /** How long to wait. */
  readonly timeoutMs?: number;
}

/** Answer to a task management function. */
export interface TaskManagementResult {
  /** Response code, such as `TASK_MANAGEMENT_RESPONSE.COMPLETE`. */
  readonly response: number;
  /** The three bytes of RFC 7144. */
  readonly additional: Uint8Array;
  /** The PDU itself. */
  readonly pdu: Pdu;
}

/** How {@linkcode Session.text} sends its request. */
export interface TextOptions {
  /** Most bytes of text in a request: longer ones go out in parts (C bit). */
  readonly requestBytesMax?: number;
  /** Immediate delivery. */
  readonly immediate?: boolean;
}

/** Answer to a Text Request. */
export interface TextResult {
  /** Pairs of all responses, in order; a key may come many times. */
  readonly pairs: readonly (readonly [string, string])[];
  /** Every response. */
  readonly responses: readonly Pdu[];
}

/**
 * Logs in and opens a session; follows redirects when that is wanted.
 *
 * @throws {LoginRefused} with the status, when the target refuses
 * @throws {Error} when the target should prove itself and cannot
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  let outcome = await login(options);
  for (let left = options.redirects ?? 0; left > 0; left--) {
    const address = outcome.keys.get("TargetAddress");
    if (outcome.status >> 8 !== 1 || address === undefined) break;
    outcome.connection.close();
    const { connection: _old, ...rest } = options;
    outcome = await login({ ...rest, portal: parsePortal(address) });
  }
  const { status, targetAuthenticated } = outcome;
  if (status === LOGIN_STATUS.SUCCESS && targetAuthenticated !== false) {
    return new Session(outcome, options);
  }
  outcome.connection.close();
  if (status !== LOGIN_STATUS.SUCCESS) throw new LoginRefused(outcome);
  throw new Error("Cannot trust the target: its CHAP answer is wrong");
}

const QUIET_LOGOUT_MS = 2000;
const TEXT_ROUNDS_MAX = 1000;

/** A session with one connection. */
export class Session extends RequestChannel {
  #loggedOut = false;

  /** Sends a command and waits for its end. */
  async command(
    lun: number | Uint8Array,
    cdb: Uint8Array,
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    return await this.start(lun, cdb, options).result();
  }

  /**
   * Starts a command. It goes out at once, or as soon as the target's command
   * window has room.
   */
  start(
    lun: number | Uint8Array,
    cdb: Uint8Array,
    options: CommandOptions = {},
  ): RunningCommand {
    const running = new RunningCommand(this, lun, cdb, options);
    const immediate = options.immediate ?? false;
    if (immediate) this.#begin(running, immediate);
    else this.whenWindowOpens(() => this.#begin(running, immediate));
    return running;
  }

  #begin(running: RunningCommand, immediate: boolean): void {
    running.begin(this.numbers.take(immediate));
    this.enlist(running.initiatorTaskTag, running);
  }

  /** Asks for a task management function and waits for its answer. */
  async taskManagement(
    code: number,
    options: TaskManagementOptions = {},
  ): Promise<TaskManagementResult> {
    const { task, immediate = true } = options;
    const pdu = await this.request(
      taskManagement({
        ...this.numbers.take(immediate),
        ...taskFields(task),
        ...definedOnly(options),
        function: code,
        immediate,
      }),
      options.timeoutMs,
    );
    return { response: pdu.u8(2), additional: pdu.header.slice(8, 11), pdu };
  }

  /**
   * Sends a ping and waits for its echo. Every PDU that the target sent before
   * has arrived then, so a ping proves that nothing else was sent.
   *
   * @returns the data that came back
   */
  async ping(data: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
    const numbers = this.numbers.take(true);
    return (await this.request(nopOut({ ...numbers, data }))).data;
  }

  /** Negotiates by text, and fetches answers that come in parts. */
  async text(pairs: Pairs, options: TextOptions = {}): Promise<TextResult> {
    const responses: Pdu[] = [];
    const parts = cut(encodePairs(pairs), options.requestBytesMax);
    for (const [index, part] of parts.entries()) {
      const flags = index + 1 < parts.length ? FLAG.CONTINUE : FLAG.FINAL;
      responses.push(await this.#text(flags, part, responses, options));
    }
    const done = parts.length - 1;
    while (responses.at(-1)?.has(FLAG.FINAL) === false) {
      if (responses.length > TEXT_ROUNDS_MAX) throw new Error("Endless text");
      const none = new Uint8Array(0);
      responses.push(await this.#text(FLAG.FINAL, none, responses, options));
    }
    const answer = concat(responses.slice(done).map((pdu) => pdu.data));
    return { pairs: decodePairs(answer), responses };
  }

  #text(
    flags: number,
    data: Uint8Array,
    before: readonly Pdu[],
    options: TextOptions,
  ): Promise<Pdu> {
    const { immediate = false } = options;
    const last = before.at(-1);
    const goesOn = last === undefined ? {} : {
      targetTransferTag: last.targetTransferTag,
      lun: last.header.slice(8, 16),
    };
    const numbers: RequestNumbers = this.numbers.take(immediate);
    const first = before[0]?.initiatorTaskTag ?? numbers.initiatorTaskTag;
    return this.request(textRequest({
      ...numbers,
      ...goesOn,
      initiatorTaskTag: first,
      flags,
      immediate,
      data,
    }));
  }

  /**
   * Logs out; {@linkcode Session.expectClose} then waits for the target to
   * close, which it should.
   *
   * @returns the response code; 0 is success
   */
  async logout(
    reason: number = LOGOUT.CLOSE_SESSION,
    connectionId = 0,
    timeoutMs?: number,
  ): Promise<number> {
    this.#loggedOut = true;
    const numbers = this.numbers.take(true);
    const request = logoutRequest({ ...numbers, reason, connectionId });
    return (await this.request(request, timeoutMs)).u8(2);
  }

  /**
   * Ends the session: by logout while it lasts, else by closing.
   *
   * @throws {ProtocolViolation} when the target broke a rule and no wait of
   *   the test failed by it
   */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.ended && !this.#loggedOut) await this.#logoutQuietly();
    } finally {
      await this.abort();
    }
    this.throwUnseen();
  }

  // The test is over: a connection that is lost now fails it no more, a broken
  // rule does.
  async #logoutQuietly(): Promise<void> {
    try {
      await this.logout(LOGOUT.CLOSE_SESSION, 0, QUIET_LOGOUT_MS);
    } catch (error) {
      if (error instanceof ProtocolViolation) throw error;
    }
  }
}

function taskFields(task: RunningCommand | undefined): {
  lun?: number | Uint8Array;
  referencedTaskTag?: number;
  refCmdSN?: number;
} {
  if (task === undefined) return {};
  const { lun, initiatorTaskTag, cmdSN } = task;
  return { lun, referencedTaskTag: initiatorTaskTag, refCmdSN: cmdSN };
}

function definedOnly(options: TaskManagementOptions): {
  lun?: number | Uint8Array;
  referencedTaskTag?: number;
  refCmdSN?: number;
} {
  const { lun, referencedTaskTag, refCmdSN } = options;
  return {
    ...(lun === undefined ? {} : { lun }),
    ...(referencedTaskTag === undefined ? {} : { referencedTaskTag }),
    ...(refCmdSN === undefined ? {} : { refCmdSN }),
  };
}

function cut(bytes: Uint8Array, most = Infinity): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let rest = bytes;
  while (rest.length > most) {
    parts.push(rest.subarray(0, most));
    rest = rest.subarray(most);
  }
  return [...parts, rest];
}
